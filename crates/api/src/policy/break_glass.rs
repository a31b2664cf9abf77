//! BreakGlassPolicy.

use schemars::{Schema, SchemaGenerator};
use sentinel_core::policy::{self, ReasonCode};
use serde_json::json;

use super::object::policy_object;
use super::schema;

policy_object! {
    /// Who can invoke emergency access, and under what conditions. The first rule whose profiles match applies; where none
    /// does, nobody can. A SentinelProfile names its BreakGlassPolicy in spec.policies.breakGlass.
    pub struct BreakGlassPolicySpec of BreakGlassPolicy means policy::BreakGlassPolicy;
    kind: "BreakGlassPolicy",
    plural: "breakglasspolicies",
    shortname: "bgpol",
    doc: "A break-glass policy: who can invoke emergency access, and under what conditions. Published to SSM Parameter Store.",
    rules: "The rules, tried in order: the first whose profiles match applies.",
}

fn rules_schema(_: &mut SchemaGenerator) -> Schema {
    let codes: Vec<&str> = ReasonCode::ALL.iter().map(|code| code.as_str()).collect();
    let profiles = "Matching profiles (empty = any). `*` matches any characters but `:`.";
    let users = "Authorized users (required): people or groups. `*` matches any characters but `:`.";
    let reasons = "Allowed reasons (empty = any): incident (production incident response), maintenance (emergency maintenance), \
        security (security incident response), recovery (disaster recovery), other (other emergency, requires detailed \
        justification).";
    let most = "Max break-glass duration, a Go duration (e.g. 2h), at most 4h. Omit for no limit of its own.";
    let properties = json!({
        "name": schema::name(),
        "profiles": schema::names(profiles),
        "users": schema::some_names(users, "rule must have at least one user: list people or groups"),
        "allowedReasonCodes": schema::words(reasons, &codes),
        "time": schema::window("Time restrictions (optional). Omit for any time."),
        "maxDuration": schema::duration_up_to(most, 4, "max_duration"),
    });
    schema::rules(&["name", "users"], &properties, &[])
}
