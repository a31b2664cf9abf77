//! AccessPolicy.

use schemars::{Schema, SchemaGenerator};
use sentinel_core::policy::{self, Effect, Mode};
use serde_json::json;

use super::object::policy_object;
use super::schema;

policy_object! {
    /// Who may use which profile, when, and how. Rules are tried in order; the first whose conditions all hold decides; where
    /// none does, access is denied. A SentinelProfile uses the AccessPolicy of its own name, unless its spec.policies.access
    /// names another.
    pub struct AccessPolicySpec of AccessPolicy means policy::AccessPolicy;
    kind: "AccessPolicy",
    plural: "accesspolicies",
    shortname: "acp",
    doc: "An access policy: who may use which profile, when, and how. Published to SSM Parameter Store.",
    rules: "The rules, evaluated in order: the first match wins. If no rule matches, access is denied.",
}

fn rules_schema(_: &mut SchemaGenerator) -> Schema {
    let effects: Vec<&str> = Effect::ALL.iter().map(|effect| effect.as_str()).collect();
    let effect = "What happens when all conditions match: allow (issue credentials), deny (no credentials), require_approval \
        (must be approved before access), require_server (only via server mode; a pod's always is), require_server_session \
        (only via server mode with session tracking).";
    let table = "DynamoDB table for session tracking (optional, used with require_server_session). It wins over the \
        profile's and the installation's.";
    let properties = json!({
        "name": schema::name(),
        "effect": schema::word(effect, &effects),
        "sessionTable": schema::text(table, 255),
        "conditions": conditions(),
        "reason": schema::text("Explanation for logging, and for whoever is refused.", 2048),
        "maxServerDuration": schema::duration("Longest life of the credentials, a Go duration (15m, 1h). Omit for no cap."),
    });
    schema::rules(&["name", "effect"], &properties, &[])
}

fn conditions() -> serde_json::Value {
    let modes: Vec<&str> = Mode::ALL.iter().map(|mode| mode.as_str()).collect();
    let profiles =
        "AWS profile names, which are the names of SentinelProfiles (empty = any). `*` matches any characters but `:`.";
    let users = "Usernames (empty = any). A pod's is system:serviceaccount:<namespace>:<name>. `*` matches any characters but `:`.";
    let device = "Device posture, for Sentinel's clients on laptops. A pod has none: such a rule never matches a pod.";
    let properties = json!({
        "profiles": schema::names(profiles),
        "users": schema::names(users),
        "mode": schema::words("Credential modes: server, cli, credential_process (empty = any). A pod's is server.", &modes),
        "time": schema::window("Time constraints (optional). Omit for any time."),
        "device": schema::object(device, &json!({})),
    });
    schema::object("All conditions must match.", &properties)
}
