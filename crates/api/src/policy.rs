//! AccessPolicy: a policy document as an object.

use kube::{CustomResource, KubeSchema};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use sentinel_core::policy::{self, Problem, Problems, Spelling};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::condition::Condition;
use crate::strict::{Unknown, refuse_unknown};

/// Who may use which profile, when, and how. Rules are tried in order; the first whose conditions all hold decides; where
/// none does, access is denied. A SentinelProfile uses the AccessPolicy of its own name, unless its spec.policies.access
/// names another.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "sentinel.dev",
    version = "v1alpha1",
    kind = "AccessPolicy",
    plural = "accesspolicies",
    shortname = "acp",
    category = "sentinel",
    status = "PolicyStatus",
    derive = "PartialEq",
    doc = "An access policy: who may use which profile, when, and how. Published to SSM Parameter Store.",
    printcolumn(name = "Accepted", type_ = "string", json_path = ".status.conditions[?(@.type=='Accepted')].status", description = "The broker enforces it"),
    printcolumn(name = "Published", type_ = "string", json_path = ".status.conditions[?(@.type=='Published')].status", description = "SSM holds what it says"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Published')].reason"),
    printcolumn(name = "Parameter", type_ = "string", json_path = ".status.parameter.name"),
    printcolumn(name = "Version", type_ = "integer", json_path = ".status.parameter.version", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("size(self.metadata.name) <= 253").message("the name is too long for a parameter")
)]
#[serde(rename_all = "camelCase")]
pub struct AccessPolicySpec {
    /// Version of the policy language: always "1".
    #[x_kube(validation = Rule::new("self == '1'").message("unsupported policy version, supported versions: [1]"))]
    pub version: String,
    /// The rules, tried in order.
    #[schemars(length(min = 1, max = 1000))]
    pub rules: Vec<RawRule>,
    /// Whether the document is published to SSM Parameter Store. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish: Option<bool>,
    /// What happens to the parameter when this object is deleted. Default: Delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// Keys that nobody knows; kept so that they can be refused.
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// What happens to a parameter with its object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// It is deleted.
    #[default]
    Delete,
    /// It stays as it was last published.
    Retain,
}

/// A rule as its author wrote it. Core judges it, so that every problem of a document is told at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RawRule(pub Value);

impl JsonSchema for RawRule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rule".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // A literal: every level must keep unknown keys, or a pruned `user:` would widen a rule to everybody.
        Schema::try_from(rule_schema()).unwrap_or_default()
    }
}

impl AccessPolicySpec {
    const KNOWN: &'static [&'static str] = &["version", "rules", "publish", "deletionPolicy"];

    /// The policy, or every problem of the spec at once.
    pub fn resolve(&self) -> Result<policy::AccessPolicy, Problems> {
        let mut problems = refuse_unknown(&self.unknown, "", Self::KNOWN);
        let rules: Vec<&Value> = self.rules.iter().map(|rule| &rule.0).collect();
        let document = json!({"version": self.version, "rules": rules});
        match policy::AccessPolicy::from_value(&document, Spelling::Manifest) {
            Ok(policy) => Problems::refuse(problems, policy),
            Err(found) => {
                problems.extend(found);
                Err(refusal(problems))
            }
        }
    }

    /// Whether the document goes to SSM.
    pub fn publishes(&self) -> bool {
        self.publish.unwrap_or(true)
    }
}

/// The problems as one error; there is at least one.
fn refusal(problems: Vec<Problem>) -> Problems {
    Problems::refuse(problems, ()).err().unwrap_or_else(|| Problem::new("", "the document is refused").into())
}

/// Status of a policy object of any kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyStatus {
    /// The generation that the operator has seen last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`: the broker enforces it. `Published`: SSM holds what it says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_string()]))]
    pub conditions: Vec<Condition>,
    /// The parameter that holds the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<PublishedParameter>,
}

/// What the operator wrote last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishedParameter {
    /// Name of the SSM parameter.
    pub name: String,
    /// Its version in SSM.
    pub version: i64,
    /// SHA-256 (hex) of its value.
    pub hash: String,
    /// When it was written, RFC 3339.
    pub published_at: String,
}

fn rule_schema() -> Value {
    let keep = "x-kubernetes-preserve-unknown-fields";
    let strings = |description: &str| json!({"type": "array", "description": description, "maxItems": 1000, "items": {"type": "string", "minLength": 1, "maxLength": 2048}});
    let hour = |description: &str| json!({"type": "string", "description": description, "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"});
    let time = json!({
        "type": "object", keep: true,
        "description": "Time window in which the rule applies. Absent: any time.",
        "properties": {
            "days": {"type": "array", "description": "Weekdays. Empty: any day.", "maxItems": 7, "items": {"type": "string", "enum": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]}},
            "hours": {"type": "object", keep: true, "description": "Time of day. Absent: all day.", "properties": {
                "start": hour("Begin of the window, inclusive, HH:MM."),
                "end": hour("End of the window, exclusive, HH:MM. Not before start: windows do not pass midnight."),
            }},
            "timezone": {"type": "string", "description": "IANA time zone, e.g. Europe/London. Absent: UTC.", "maxLength": 64},
        }
    });
    let conditions = json!({
        "type": "object", keep: true,
        "description": "All of them must hold.",
        "properties": {
            "profiles": strings("Profile names; `*` matches any characters but `:`. Empty: any profile."),
            "users": strings("User names (a pod is system:serviceaccount:<namespace>:<name>); `*` matches any characters but `:`. Empty: any user."),
            "mode": {"type": "array", "description": "Credential modes. Empty: any mode.", "maxItems": 3, "items": {"type": "string", "enum": ["server", "cli", "credential_process"]}},
            "time": time,
            "device": {"type": "object", keep: true, "description": "Device posture, for Sentinel's clients on laptops. A pod has none: such a rule never matches a pod."},
        }
    });
    json!({
        "type": "object", keep: true,
        "required": ["name", "effect"],
        "properties": {
            "name": {"type": "string", "description": "Name of the rule, unique in its policy.", "minLength": 1, "maxLength": 2048},
            "effect": {"type": "string", "description": "What happens when the conditions hold.", "enum": ["allow", "deny", "require_approval", "require_server", "require_server_session"]},
            "sessionTable": {"type": "string", "description": "DynamoDB table for session tracking; it wins over the profile's and the installation's. For require_server_session.", "maxLength": 255},
            "conditions": conditions,
            "reason": {"type": "string", "description": "Why, for logs and for whoever is refused.", "maxLength": 2048},
            "maxServerDuration": {"type": "string", "description": "Longest life of the credentials, a Go duration (15m, 1h). Absent: no cap.", "maxLength": 64},
        }
    })
}
