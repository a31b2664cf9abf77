//! ApprovalPolicy.

use schemars::{Schema, SchemaGenerator};
use sentinel_core::policy;
use serde_json::{Value, json};

use super::object::policy_object;
use super::schema;

policy_object! {
    /// Who can approve requests, and conditions for auto-approval. The first rule whose profiles match applies; where none
    /// does, nobody can approve. A SentinelProfile names its ApprovalPolicy in spec.policies.approval.
    pub struct ApprovalPolicySpec of ApprovalPolicy means policy::ApprovalPolicy;
    kind: "ApprovalPolicy",
    plural: "approvalpolicies",
    shortname: "apprpol",
    doc: "An approval policy: who can approve requests, and conditions for auto-approval. Published to SSM Parameter Store.",
    rules: "The rules, tried in order: the first whose profiles match applies.",
}

fn rules_schema(_: &mut SchemaGenerator) -> Schema {
    let profiles = "Matching profiles (empty = any). `*` matches any characters but `:`.";
    let approvers = "Users who can approve (required): exact names of people or groups.";
    let properties = json!({
        "name": schema::name(),
        "profiles": schema::names(profiles),
        "approvers": schema::some_names(approvers, "rule must have at least one approver: list people or groups"),
        "autoApprove": auto_approve(),
    });
    schema::rules(&["name", "approvers"], &properties, &[])
}

fn auto_approve() -> Value {
    let users = "Users who can self-approve (empty = any user). `*` matches any characters but `:`.";
    let most = "Maximum request duration for auto-approval, a Go duration (e.g. 1h), at most 8h. Omit for no limit of its own.";
    let properties = json!({
        "users": schema::names(users),
        "time": schema::window("Time window for auto-approval. Omit for any time."),
        "maxDuration": schema::duration_up_to(most, 8, "max_duration"),
    });
    let narrowed = "has(self.users) && size(self.users) > 0 || has(self.time) || has(self.maxDuration)";
    let unnarrowed = "auto_approve must have at least one condition (users, time, or maxDuration)";
    schema::must(
        schema::object("Auto-approval conditions (optional). All conditions must match.", &properties),
        &[(narrowed, unnarrowed)],
    )
}
