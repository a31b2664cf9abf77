//! SentinelProfile: what a laptop's AWS profile is.

use std::collections::BTreeMap;
use std::time::Duration;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use sentinel_core::access_request::ServiceAccountRequests;
use sentinel_core::policy::{Problem, Problems};
use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::durations::bounded;
use crate::strict::{Unknown, refuse_unknown};
use crate::words::words;

mod tags;

pub use tags::ConnectedPod;

/// Life of issued credentials where a profile says nothing.
pub const DEFAULT_SESSION_DURATION: Duration = Duration::from_mins(15);
/// For how long a sidecar answers from memory where a profile says nothing.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(5);

const MAX_SESSION_DURATION: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// An AWS role under a name. Pods ask for it with the annotation `sentinel.dev/profile: <name>`; the access policy of the
/// same name (or spec.policies.access) says who gets it.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "sentinel.dev",
    version = "v1alpha1",
    kind = "SentinelProfile",
    shortname = "sprof",
    category = "sentinel",
    status = "ProfileStatus",
    derive = "PartialEq",
    derive = "Default",
    doc = "An AWS role under a name, which pods ask for and policies grant.",
    printcolumn(name = "Role", type_ = "string", json_path = ".spec.roleArn"),
    printcolumn(name = "Policy", type_ = "string", json_path = ".status.accessPolicy"),
    printcolumn(name = "Table", type_ = "string", json_path = ".spec.sessionTable"),
    printcolumn(name = "Accepted", type_ = "string", json_path = ".status.conditions[?(@.type=='Accepted')].status"),
    printcolumn(name = "Policy-Found", type_ = "string", json_path = ".status.conditions[?(@.type=='PolicyFound')].status"),
    printcolumn(name = "Table-Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='TableReady')].status"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("size(self.metadata.name) <= 128").message("a profile's name is at most 128 characters")
)]
#[serde(rename_all = "camelCase")]
pub struct SentinelProfileSpec {
    /// ARN of the role that the broker assumes. Its trust policy must allow the broker sts:AssumeRole, sts:TagSession and
    /// sts:SetSourceIdentity.
    #[schemars(length(min = 20, max = 2048))]
    #[x_kube(validation = Rule::new("self.matches('^arn:[a-z0-9-]+:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$')").message("an IAM role's ARN is expected: arn:aws:iam::111122223333:role/name"))]
    pub role_arn: String,
    /// AWS region: for the STS endpoint, and AWS_REGION of the pod where it sets none.
    #[schemars(length(min = 1, max = 32), regex(pattern = "^[a-z0-9-]+$"))]
    pub region: String,
    /// Life of issued credentials, a Go duration from 15m to 1h. Default: 15m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub session_duration: Option<String>,
    /// External id for AssumeRole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 1224), regex(pattern = r"^[\w+=,.@:/-]*$"))]
    pub external_id: Option<String>,
    /// Session tags beside Sentinel's own. Values may use ${namespace}, ${serviceAccount}, ${pod} and ${cluster}, each cut to 63
    /// characters. Keys beginning `sentinel-` are refused. STS packs about 450 bytes of tags, Sentinel's own included.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[x_kube(validation = Rule::new("self.all(k, !k.lowerAscii().startsWith('sentinel-'))").message("keys beginning `sentinel-` are Sentinel's own"))]
    #[schemars(extend("maxProperties" = 40))]
    pub session_tags: BTreeMap<String, String>,
    /// DynamoDB table of the sessions. A rule's sessionTable wins over it; it wins over the installation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 255), regex(pattern = "^[a-zA-Z0-9_.-]+$"))]
    pub session_table: Option<String>,
    /// For how long a sidecar answers from memory before it asks the broker again, a Go duration from 1s to 60s: a policy
    /// change or a revocation bites within it. Default: 5s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub lease: Option<String>,
    /// For how long a sidecar serves what it holds while nobody can decide, a Go duration; 0s: not at all. Default: until
    /// the credentials expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub outage_grace: Option<String>,
    /// What a revocation does about credentials that are out already. `Session`: IAM denies them, too, by an inline policy of
    /// the role. `SessionOrRole`: where that policy is full, IAM denies whatever the role issued through Sentinel before that
    /// moment. Absent: they live until they expire. The installation must allow it (hardRevocation.enabled).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hard_revocation: Option<HardRevocation>,
    /// The policies that govern this profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<ProfilePolicies>,
    /// Who decides AccessRequests that service accounts make. AutoApproveOnly: the ApprovalPolicy's autoApprove, and no person, since
    /// whoever can act as a service account could ask as it and approve as themselves. Approvers: the approvers, too. Default:
    /// AutoApproveOnly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "service_account_requests")]
    pub service_account_requests: Option<ServiceAccountRequests>,
    /// Keys that nobody knows; kept so that they can be refused.
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// How far a revocation goes in IAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum HardRevocation {
    /// The revoked session's credentials are denied.
    Session,
    /// So they are; and where the role has no room for one more session, all that was issued before that moment.
    SessionOrRole,
}

/// Names of the policies that govern a profile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfilePolicies {
    /// Name of the AccessPolicy. Default: the profile's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// Name of the ApprovalPolicy. Absent: no approvals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// Name of the BreakGlassPolicy. Absent: no break-glass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<String>,
    /// Name of the RateLimitPolicy. Absent: no limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<String>,
    /// Keys that nobody knows; kept so that they can be refused.
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// Status of a profile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileStatus {
    /// The generation that the operator has seen last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`: the spec can be used. `PolicyFound`: the access policy that governs it exists and is accepted. `TableReady`:
    /// every session table that it or its policy names can be used. `RoleFull`, with hardRevocation: the role has no room left for
    /// another revoked session.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_string()]))]
    pub conditions: Vec<Condition>,
    /// Name of the AccessPolicy that governs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_policy: Option<String>,
    /// IAM denies what the role issued through Sentinel before this moment, RFC 3339: pods get new credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub denied_before: Option<String>,
    /// Active rows of its sessions without a pod that could not be ended, and tables that could not be searched for such rows. Looked for hourly,
    /// and every minute while there are any; at most 20 are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stray_rows: Vec<StrayRow>,
}

/// A row without a pod, or a table that may have some.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StrayRow {
    /// The table.
    pub table: String,
    /// The session of the row. Absent: the table could not be searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The pod that is gone: namespace/name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// What is in the way.
    pub problem: String,
}

/// A profile that was judged: every field is legal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Name of the object.
    pub name: String,
    /// Role to assume.
    pub role_arn: String,
    /// Region.
    pub region: String,
    /// Life of issued credentials.
    pub session_duration: Duration,
    /// External id.
    pub external_id: Option<String>,
    /// Tags as written; see [`Profile::tags_for`].
    pub session_tags: BTreeMap<String, String>,
    /// The profile's own table.
    pub session_table: Option<String>,
    /// Lease of the sidecars.
    pub lease: Duration,
    /// Outage grace; None: until the credentials expire.
    pub outage_grace: Option<Duration>,
    /// How far a revocation goes in IAM; None: not there.
    pub hard_revocation: Option<HardRevocation>,
    /// What the role issued before this moment is of no use any more, as the status says it.
    pub denied_before: Option<String>,
    /// Name of the AccessPolicy that governs it.
    pub access_policy: String,
    /// Name of the ApprovalPolicy.
    pub approval_policy: Option<String>,
    /// Name of the BreakGlassPolicy.
    pub break_glass_policy: Option<String>,
    /// Name of the RateLimitPolicy.
    pub rate_limit_policy: Option<String>,
    /// Who decides the requests of service accounts.
    pub service_account_requests: ServiceAccountRequests,
}

impl SentinelProfile {
    /// The judged profile, or every problem of the spec at once.
    pub fn resolve(&self) -> Result<Profile, Problems> {
        let name = self.metadata.name.clone().unwrap_or_default();
        let denied_before = self.status.as_ref().and_then(|status| status.denied_before.clone());
        self.spec.resolve(&name).map(|profile| Profile { denied_before, ..profile })
    }
}

impl SentinelProfileSpec {
    const KNOWN: &'static [&'static str] = &[
        "roleArn",
        "region",
        "sessionDuration",
        "externalId",
        "sessionTags",
        "sessionTable",
        "lease",
        "outageGrace",
        "hardRevocation",
        "policies",
        "serviceAccountRequests",
    ];

    fn resolve(&self, name: &str) -> Result<Profile, Problems> {
        let mut problems = refuse_unknown(&self.unknown, "spec", Self::KNOWN);
        let policies = self.policies.clone().unwrap_or_default();
        problems.extend(policies.problems());
        problems.extend(tags::problems(name, &self.session_tags));
        problems.extend(self.shape_problems());
        let mut keep = |result: Result<Duration, Problem>| {
            result.unwrap_or_else(|problem| {
                problems.push(problem);
                Duration::ZERO
            })
        };
        let session_duration = keep(bounded(
            self.session_duration.as_deref(),
            "spec.sessionDuration",
            DEFAULT_SESSION_DURATION..=MAX_SESSION_DURATION,
            DEFAULT_SESSION_DURATION,
        ));
        let lease = keep(bounded(
            self.lease.as_deref(),
            "spec.lease",
            Duration::from_secs(1)..=Duration::from_mins(1),
            DEFAULT_LEASE,
        ));
        let outage_grace = self
            .outage_grace
            .as_deref()
            .map(|text| keep(bounded(Some(text), "spec.outageGrace", Duration::ZERO..=DAY, Duration::ZERO)));
        let profile = Profile {
            name: name.to_owned(),
            role_arn: self.role_arn.clone(),
            region: self.region.clone(),
            session_duration,
            external_id: self.external_id.clone(),
            session_tags: self.session_tags.clone(),
            session_table: self.session_table.clone(),
            lease,
            outage_grace,
            hard_revocation: self.hard_revocation,
            denied_before: None,
            access_policy: policies.access.unwrap_or_else(|| name.to_owned()),
            approval_policy: policies.approval,
            break_glass_policy: policies.break_glass,
            rate_limit_policy: policies.rate_limit,
            service_account_requests: self.service_account_requests.unwrap_or(ServiceAccountRequests::AutoApproveOnly),
        };
        Problems::refuse(problems, profile)
    }

    /// What the schema refuses already, for objects that were stored under an older one.
    fn shape_problems(&self) -> Vec<Problem> {
        let mut problems = vec![];
        if !is_role_arn(&self.role_arn) {
            let message =
                format!("`{}` is no IAM role: arn:aws:iam::111122223333:role/name is expected", self.role_arn);
            problems.push(Problem::new("spec.roleArn", message));
        }
        if self.region.is_empty() {
            problems.push(Problem::new("spec.region", "a region is expected, e.g. eu-west-1"));
        }
        if self.session_table.as_deref().is_some_and(|table| !is_table_name(table)) {
            let message = "a DynamoDB table's name is expected: 3–255 characters of A-Z a-z 0-9 _ . -";
            problems.push(Problem::new("spec.sessionTable", message));
        }
        problems
    }
}

impl ProfilePolicies {
    fn problems(&self) -> Vec<Problem> {
        refuse_unknown(&self.unknown, "spec.policies", &["access", "approval", "breakGlass", "rateLimit"])
    }
}

fn service_account_requests(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    words(ServiceAccountRequests::ALL.iter().map(|word| word.as_str()))
}

fn is_role_arn(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [prefix, partition, service, region, account, resource] = parts.as_slice() else { return false };
    let named = resource.strip_prefix("role/").is_some_and(|name| !name.is_empty());
    *prefix == "arn"
        && !partition.is_empty()
        && *service == "iam"
        && region.is_empty()
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && named
        && arn.len() <= 2048
}

fn is_table_name(name: &str) -> bool {
    (3..=255).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> SentinelProfileSpec {
        SentinelProfileSpec {
            role_arn: "arn:aws:iam::111122223333:role/prod".into(),
            region: "eu-west-1".into(),
            ..Default::default()
        }
    }

    #[test]
    fn defaults_are_the_designs() {
        let profile = spec().resolve("prod").unwrap();
        assert_eq!(profile.session_duration, Duration::from_mins(15));
        assert_eq!(profile.lease, Duration::from_secs(5));
        assert_eq!(profile.outage_grace, None);
        assert_eq!(profile.access_policy, "prod");
        assert_eq!(profile.service_account_requests, ServiceAccountRequests::AutoApproveOnly);
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let mut bad = SentinelProfileSpec {
            role_arn: "arn:aws:iam::1:user/x".into(),
            session_duration: Some("2h".into()),
            lease: Some("5".into()),
            session_tags: [("Sentinel-x".to_owned(), "v".to_owned())].into(),
            ..spec()
        };
        bad.unknown.insert("sesionTable".into(), serde_json::json!("t"));
        let problems = bad.resolve("prod").unwrap_err().to_string();
        for part in [
            "spec.roleArn",
            "spec.sessionDuration: `2h` is out of range",
            "spec.lease: `5` is not a duration",
            "`sentinel-`",
            "did you mean `sessionTable`?",
        ] {
            assert!(problems.contains(part), "{part} is not in {problems}");
        }
    }
}
