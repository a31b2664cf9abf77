//! Which policy governs a profile, and what it says about a session's table.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use kube::core::DeserializeGuard;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Resource as _, ResourceExt as _};
use sentinel_api::{AccessPolicy, Profile, SentinelProfile};
use sentinel_core::policy::{self, Effect, Mode, Request, Rule, Verdict};

use super::facts::Ruling;
use crate::tables::Named;

/// Profiles and policies, judged.
pub(crate) struct Governance {
    profiles: Store<DeserializeGuard<SentinelProfile>>,
    policies: Store<DeserializeGuard<AccessPolicy>>,
    default_table: Option<String>,
    judged: Mutex<HashMap<String, Judged>>,
}

/// A policy at one version; `None`: it denies everything.
#[derive(Clone)]
struct Judged {
    version: Option<String>,
    policy: Option<Arc<policy::AccessPolicy>>,
}

impl Governance {
    /// Of these stores, where `default_table` is the installation's.
    pub fn new(
        profiles: Store<DeserializeGuard<SentinelProfile>>,
        policies: Store<DeserializeGuard<AccessPolicy>>,
        default_table: Option<String>,
    ) -> Self {
        Self { profiles, policies, default_table, judged: Mutex::default() }
    }

    /// Whether there is a profile of this name.
    pub fn knows(&self, profile: &str) -> bool {
        self.profiles.get(&ObjectRef::new(profile)).is_some()
    }

    /// What is said about `user` on `profile`.
    pub fn ruling(&self, profile: &str, user: &str, at: Timestamp) -> Ruling {
        let judged = self.profile(profile);
        let table =
            judged.as_ref().and_then(|profile| profile.session_table.clone()).or_else(|| self.default_table.clone());
        let hard = judged.as_ref().is_some_and(|profile| profile.hard_revocation.is_some());
        let policy = judged.as_ref().and_then(|profile| self.policy(&profile.access_policy));
        let Some(policy) = policy else {
            return Ruling { candidates: table.clone().into_iter().collect(), table, allowed: false, hard };
        };
        let request = Request { user, profile, mode: Mode::Server, session_table: table.as_deref(), at };
        let decision = policy.decide(&request);
        let named: BTreeSet<&str> = policy.session_tables().chain(table.as_deref()).collect();
        Ruling {
            candidates: named.into_iter().map(str::to_owned).collect(),
            allowed: decision.effect == Verdict::Allow,
            table: decision.session_table,
            hard,
        }
    }

    /// Every table that any profile, policy or the installation names.
    pub fn tables(&self) -> BTreeSet<String> {
        let profiles = self.profiles.state();
        let of_profiles = profiles.iter().filter_map(|guard| guard.0.as_ref().ok()?.spec.session_table.clone());
        let policies = self.policies.state();
        let of_policies = policies.iter().filter_map(|guard| self.policy(&guard.name_any()));
        let of_policies = of_policies.flat_map(|policy| policy.session_tables().map(str::to_owned).collect::<Vec<_>>());
        of_profiles.chain(of_policies).chain(self.default_table.clone()).collect()
    }

    /// Every table that a profile may use by now.
    pub fn profile_tables(&self) -> BTreeSet<String> {
        let profiles = self.profiles.state();
        let judged = profiles.iter().filter_map(|guard| guard.0.as_ref().ok()?.resolve().ok());
        judged.flat_map(|profile| self.named(&profile).tables).collect()
    }

    /// The tables that `profile` may use: its own or the installation's, and those that rules name for it.
    pub fn named(&self, profile: &Profile) -> Named {
        let own = profile.session_table.clone().or_else(|| self.default_table.clone());
        let policy = self.policy(&profile.access_policy);
        let rules: Vec<&Rule> =
            policy.iter().flat_map(|policy| policy.rules()).filter(|rule| grants(rule, profile)).collect();
        let requires = |rule: &&&Rule| rule.effect == Effect::RequireServerSession && rule.session_table.is_none();
        let requiring = rules.iter().filter(requires).map(|rule| rule.name.clone()).collect();
        let of_rules = rules.iter().filter_map(|rule| rule.session_table.clone());
        let tables: BTreeSet<String> = of_rules.chain(own).collect();
        Named { tables: tables.into_iter().collect(), requiring }
    }

    fn profile(&self, name: &str) -> Option<Profile> {
        let guard = self.profiles.get(&ObjectRef::new(name))?;
        guard.0.as_ref().ok()?.resolve().ok()
    }

    fn policy(&self, name: &str) -> Option<Arc<policy::AccessPolicy>> {
        let guard = self.policies.get(&ObjectRef::new(name))?;
        let version = guard.resource_version();
        let mut judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = judged.get(name).filter(|known| known.version == version) {
            return known.policy.clone();
        }
        let policy = judge(&guard);
        judged.insert(name.to_owned(), Judged { version, policy: policy.clone() });
        policy
    }
}

fn grants(rule: &Rule, profile: &Profile) -> bool {
    rule.effect != Effect::Deny && rule.may_match_sidecars_of(&profile.name)
}

/// A policy that is refused or leaving says nothing, so everything under it is denied.
fn judge(guard: &DeserializeGuard<AccessPolicy>) -> Option<Arc<policy::AccessPolicy>> {
    if guard.meta().deletion_timestamp.is_some() {
        return None;
    }
    guard.0.as_ref().ok()?.spec.resolve().ok().map(Arc::new)
}
