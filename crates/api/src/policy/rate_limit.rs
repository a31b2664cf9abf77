//! RateLimitPolicy.

use schemars::{Schema, SchemaGenerator};
use sentinel_core::policy;
use serde_json::json;

use super::object::policy_object;
use super::schema;

policy_object! {
    /// Prevents break-glass abuse by enforcing cooldowns and quotas. The first rule whose profiles match applies; where none
    /// does, nothing is limited. A SentinelProfile names its RateLimitPolicy in spec.policies.rateLimit.
    pub struct RateLimitPolicySpec of RateLimitPolicy means policy::RateLimitPolicy;
    kind: "RateLimitPolicy",
    plural: "ratelimitpolicies",
    shortname: "rlpol",
    doc: "A rate limit policy: prevents break-glass abuse by enforcing cooldowns and quotas. Published to SSM Parameter Store.",
    rules: "The rules, tried in order: the first whose profiles match applies. At least one of cooldown, maxPerUser, or maxPerProfile must be set in each.",
}

const LIMITED: &str = "has(self.cooldown) || has(self.maxPerUser) || has(self.maxPerProfile)";
const UNLIMITED: &str = "rule must have at least one limit (cooldown, maxPerUser, or maxPerProfile)";
const COUNTED: &str = "!(has(self.maxPerUser) || has(self.maxPerProfile)) || has(self.quotaWindow)";
const UNCOUNTED: &str =
    "missing quota_window: write quotaWindow, the time that maxPerUser and maxPerProfile count over, e.g. 24h";

fn rules_schema(_: &mut SchemaGenerator) -> Schema {
    let profiles = "Matching profiles (empty = any). `*` matches any characters but `:`.";
    let cooldown = "Minimum time between break-glass events for same user+profile, a Go duration (e.g. 30m).";
    let window = "Time window for counting maxPerUser/maxPerProfile, a Go duration (e.g. 24h). Required if quotas set.";
    let properties = json!({
        "name": schema::name(),
        "profiles": schema::names(profiles),
        "cooldown": schema::duration(cooldown),
        "maxPerUser": schema::count("Maximum events per user, on all profiles, within quotaWindow."),
        "maxPerProfile": schema::count("Maximum events per profile, of all users, within quotaWindow."),
        "quotaWindow": schema::duration(window),
        "escalationThreshold": schema::count("Trigger escalated notification when exceeded. It never blocks."),
    });
    schema::rules(&["name"], &properties, &[(LIMITED, UNLIMITED), (COUNTED, UNCOUNTED)])
}
