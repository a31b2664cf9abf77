//! What governs requests and emergencies now: profiles, the policies that they name, and who the service accounts are.

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::core::{DeserializeGuard, PartialObjectMeta};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Resource as _, ResourceExt as _};
use sentinel_api::{Pins, Profile, SentinelProfile};
use sentinel_core::governing::Ungoverned;
use sentinel_core::policy::{ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy};
use sentinel_core::time::GoDuration;

use crate::policies::{ApprovalPolicies, BreakGlassPolicies, PolicyKind, RateLimitPolicies};
use crate::watches::Watches;

/// A policy that a profile names, by its name: what it says, or why it can't be used. None: the profile names none.
pub(crate) type Named<P> = Option<(String, Result<P, String>)>;

/// The same, borrowed, as core asks for it.
#[expect(clippy::ref_option, reason = "as it is kept")]
pub(crate) fn named<P>(policy: &Named<P>) -> Option<(&str, Result<&P, String>)> {
    policy.as_ref().map(|(name, policy)| (name.as_str(), policy.as_ref().map_err(Clone::clone)))
}

/// What a request or an emergency stands on.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    /// Its profile.
    pub profile: Result<Profile, Ungoverned>,
    /// What a grant would be for, or what is missing for one.
    pub pins: Result<Pins, String>,
}

/// The law as the watches know it.
#[derive(Clone)]
pub(crate) struct Law {
    profiles: Store<DeserializeGuard<SentinelProfile>>,
    service_accounts: Store<PartialObjectMeta<ServiceAccount>>,
    approval: Store<DeserializeGuard<<ApprovalPolicies as PolicyKind>::Object>>,
    break_glass: Store<DeserializeGuard<<BreakGlassPolicies as PolicyKind>::Object>>,
    rate_limit: Store<DeserializeGuard<<RateLimitPolicies as PolicyKind>::Object>>,
}

impl Law {
    /// As `watches` know it.
    pub fn of(watches: &Watches) -> Self {
        Self {
            profiles: watches.profiles.store.clone(),
            service_accounts: watches.service_accounts.store.clone(),
            approval: watches.approval_policies.store.clone(),
            break_glass: watches.break_glass_policies.store.clone(),
            rate_limit: watches.rate_limit_policies.store.clone(),
        }
    }

    /// Of one service account on one profile.
    pub fn ground(&self, profile: &str, namespace: &str, service_account: &str) -> Ground {
        let found = self.profile(profile);
        let account = self.service_accounts.get(&ObjectRef::new(service_account).within(namespace));
        let pins = match (&found, account.and_then(|account| account.uid())) {
            (Err(why), _) => Err(why.to_string()),
            (Ok(_), None) => Err(format!("there is no service account `{service_account}` in this namespace")),
            (Ok((profile, uid)), Some(account)) => Ok(Pins::of(profile, uid, &account)),
        };
        Ground { profile: found.map(|(profile, _)| profile), pins }
    }

    fn profile(&self, name: &str) -> Result<(Profile, String), Ungoverned> {
        let unusable = |problem| Ungoverned::Profile { profile: name.to_owned(), problem };
        let found = self.profiles.get(&ObjectRef::new(name)).ok_or_else(|| unusable("it does not exist".to_owned()))?;
        if found.meta().deletion_timestamp.is_some() {
            return Err(unusable("it is being deleted".to_owned()));
        }
        let profile = found.0.as_ref().map_err(|error| unusable(error.to_string()))?;
        let resolved = profile.resolve().map_err(|problems| unusable(problems.to_string()))?;
        Ok((resolved, profile.uid().unwrap_or_default()))
    }

    /// Who approves on `profile`.
    pub fn approval(&self, profile: &Result<Profile, Ungoverned>) -> Named<ApprovalPolicy> {
        policy::<ApprovalPolicies>(&self.approval, profile, |profile| profile.approval_policy.as_ref())
    }

    /// Who breaks the glass on `profile`.
    pub fn break_glass(&self, profile: &Result<Profile, Ungoverned>) -> Named<BreakGlassPolicy> {
        policy::<BreakGlassPolicies>(&self.break_glass, profile, |profile| profile.break_glass_policy.as_ref())
    }

    /// How often.
    pub fn rate_limit(&self, profile: &Result<Profile, Ungoverned>) -> Named<RateLimitPolicy> {
        policy::<RateLimitPolicies>(&self.rate_limit, profile, |profile| profile.rate_limit_policy.as_ref())
    }

    /// How far back any RateLimitPolicy looks; none where one of them can't be read.
    pub fn longest_window(&self) -> Option<GoDuration> {
        let all = self.rate_limit.state();
        let windows = all.iter().map(|guard| Some(guard.0.as_ref().ok()?.spec.resolve().ok()?.longest_window()));
        windows.collect::<Option<Vec<_>>>().map(|windows| windows.into_iter().max().unwrap_or_default())
    }
}

fn policy<K: PolicyKind>(
    store: &Store<DeserializeGuard<K::Object>>,
    profile: &Result<Profile, Ungoverned>,
    name: impl FnOnce(&Profile) -> Option<&String>,
) -> Named<K::Policy>
where
    K::Object: Clone,
{
    let name = name(profile.as_ref().ok()?)?;
    let says = match store.get(&ObjectRef::new(name)) {
        None => Err("it does not exist".to_owned()),
        Some(guard) if guard.meta().deletion_timestamp.is_some() => Err("it is being deleted".to_owned()),
        Some(guard) => match &guard.0 {
            Ok(object) => K::policy(object).map_err(|problems| problems.to_string()),
            Err(error) => Err(error.to_string()),
        },
    };
    Some((name.clone(), says))
}
