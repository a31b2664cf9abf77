//! The profile's other policies: who may approve, who may break the glass, and what limits that.

use k8s_openapi::ClusterResourceScope;
use kube::Resource;
use sentinel_api::{
    ApprovalPolicy, ApprovalPolicySpec, BreakGlassPolicy, BreakGlassPolicySpec, Profile, RateLimitPolicy,
    RateLimitPolicySpec,
};
use sentinel_core::governing::{ByProfile, Governing, Ungoverned, govern, limits};
use sentinel_core::policy::{self, ApprovalRule, BreakGlassRule, Problems};
use sentinel_decision::Loose;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cluster::Cluster;
use crate::failure::Failure;

/// The policies that a profile names; none of them where the profile can't be used.
#[derive(Default)]
pub(super) struct Governors {
    pub(super) approval: Option<Found<policy::ApprovalPolicy>>,
    pub(super) break_glass: Option<Found<policy::BreakGlassPolicy>>,
    pub(super) rate_limit: Option<Found<policy::RateLimitPolicy>>,
}

/// A policy that the profile names, or what is wrong with it.
pub(super) struct Found<P> {
    pub(super) name: String,
    pub(super) exists: bool,
    pub(super) policy: Result<P, String>,
}

/// A policy that the profile names, printed.
#[derive(Serialize)]
pub(super) struct OtherPolicy {
    kind: &'static str,
    name: String,
    exists: bool,
    /// Why it says nothing of the profile, though it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl Governors {
    pub(super) fn read(cluster: &Cluster, profile: &Profile) -> Result<Self, Failure> {
        let Profile { approval_policy, break_glass_policy, rate_limit_policy, .. } = profile;
        Ok(Self {
            approval: read::<ApprovalPolicy, _, _>(cluster, approval_policy.as_deref(), |spec: ApprovalPolicySpec| {
                spec.resolve()
            })?,
            break_glass: read::<BreakGlassPolicy, _, _>(
                cluster,
                break_glass_policy.as_deref(),
                |spec: BreakGlassPolicySpec| spec.resolve(),
            )?,
            rate_limit: read::<RateLimitPolicy, _, _>(
                cluster,
                rate_limit_policy.as_deref(),
                |spec: RateLimitPolicySpec| spec.resolve(),
            )?,
        })
    }

    /// The rule that says who may approve.
    pub(super) fn approvers(&self, profile: &str) -> Option<Governing<'_, ApprovalRule>> {
        govern(profile, named(self.approval.as_ref())).ok()
    }

    /// The rule that says who may break the glass. Nobody may where what limits it can't be read.
    pub(super) fn breakers(&self, profile: &str) -> Option<Governing<'_, BreakGlassRule>> {
        limits(profile, named(self.rate_limit.as_ref())).ok()?;
        govern(profile, named(self.break_glass.as_ref())).ok()
    }

    /// All of them, printed.
    pub(super) fn told(&self, profile: &str) -> Vec<OtherPolicy> {
        let approval = told(self.approval.as_ref(), |named| govern(profile, named).err());
        let break_glass = told(self.break_glass.as_ref(), |named| govern(profile, named).err());
        let rate_limit = told(self.rate_limit.as_ref(), |named| limits(profile, named).err());
        [approval, break_glass, rate_limit].into_iter().flatten().collect()
    }
}

impl OtherPolicy {
    pub(super) fn line(&self) -> String {
        let Self { kind, name, exists, problem } = self;
        match problem {
            _ if !exists => format!("{kind} {name}: is missing"),
            Some(problem) => format!("{kind} {name}: exists, but {problem}"),
            None => format!("{kind} {name}: exists"),
        }
    }
}

type Named<'a, P> = Option<(&'a str, Result<&'a P, String>)>;

fn named<P>(found: Option<&Found<P>>) -> Named<'_, P> {
    found.map(|found| (found.name.as_str(), found.policy.as_ref().map_err(Clone::clone)))
}

fn told<'a, P: ByProfile>(
    found: Option<&'a Found<P>>,
    wrong: impl FnOnce(Named<'a, P>) -> Option<Ungoverned>,
) -> Option<OtherPolicy> {
    let Found { name, exists, .. } = found?;
    let problem = wrong(named(found)).filter(|_| *exists).map(|problem| problem.to_string());
    Some(OtherPolicy { kind: P::KIND, name: name.clone(), exists: *exists, problem })
}

fn read<K, S, P>(
    cluster: &Cluster,
    name: Option<&str>,
    judge: fn(S) -> Result<P, Problems>,
) -> Result<Option<Found<P>>, Failure>
where
    K: Resource<DynamicType = (), Scope = ClusterResourceScope> + std::fmt::Debug + 'static,
    S: DeserializeOwned,
{
    let Some(name) = name else { return Ok(None) };
    let object = cluster.find::<Loose<K>>(name)?;
    let exists = object.is_some();
    let policy = match object {
        None => Err("it does not exist".to_owned()),
        Some(object) if object.is_deleting() => Err("it is being deleted".to_owned()),
        Some(object) => object.spec().and_then(|spec| judge(spec).map_err(|problems| problems.to_string())),
    };
    Ok(Some(Found { name: name.to_owned(), exists, policy }))
}
