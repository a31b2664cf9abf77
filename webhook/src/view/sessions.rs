//! SentinelSessions, read without what nobody here asks for: who holds them, and whether they live.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::Resource;
use sentinel_api::SentinelSession;
use serde::{Deserialize, Deserializer};

use crate::preview::{Held, Holder};

/// A SentinelSession as it comes from the API server. Whatever its fields hold, reading it does not fail for one that a
/// newer version writes.
#[derive(Clone, Debug, Deserialize)]
pub struct AnySession {
    #[serde(deserialize_with = "slim")]
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Spec {
    #[serde(default)]
    profile: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    revoked: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Status {
    phase: Option<String>,
}

impl AnySession {
    /// Who holds it; none: nobody any more.
    pub fn holder(&self) -> Option<Holder> {
        let running = matches!(self.status.phase.as_deref(), None | Some("Pending" | "Active"));
        let lives = running && !self.spec.revoked && self.metadata.deletion_timestamp.is_none();
        lives.then(|| Holder { user: self.spec.user.as_str().into(), profile: self.spec.profile.as_str().into() })
    }
}

/// How many sessions each user holds on each of the `profiles`.
pub fn held(sessions: &HashMap<String, Holder>, profiles: &[&str]) -> Vec<Held> {
    let mut counts: HashMap<&Holder, usize> = HashMap::new();
    for holder in sessions.values().filter(|holder| profiles.contains(&&*holder.profile)) {
        *counts.entry(holder).or_default() += 1;
    }
    counts.into_iter().map(|(holder, sessions)| Held { holder: holder.clone(), sessions }).collect()
}

/// How many of the sessions that `named` picks each service account holds. None: `until` has come first.
pub fn count(
    sessions: &HashMap<String, Holder>,
    named: impl Fn(&Holder) -> bool,
    until: Instant,
) -> Option<BTreeMap<String, usize>> {
    let mut counts = BTreeMap::new();
    for holder in sessions.values() {
        if Instant::now() >= until {
            return None;
        }
        if named(holder) {
            *counts.entry(holder.account()).or_default() += 1;
        }
    }
    Some(counts)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    name: Option<String>,
    namespace: Option<String>,
    resource_version: Option<String>,
    deletion_timestamp: Option<Time>,
}

fn slim<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    let Meta { name, namespace, resource_version, deletion_timestamp } = Meta::deserialize(deserializer)?;
    Ok(ObjectMeta { name, namespace, resource_version, deletion_timestamp, ..ObjectMeta::default() })
}

impl Resource for AnySession {
    type DynamicType = ();
    type Scope = <SentinelSession as Resource>::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        SentinelSession::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        SentinelSession::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        SentinelSession::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        SentinelSession::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::new(json!({}), true)]
    #[case::pending(json!({"status": {"phase": "Pending"}}), true)]
    #[case::active(json!({"status": {"phase": "Active", "requests": 7}}), true)]
    #[case::expired(json!({"status": {"phase": "Expired"}}), false)]
    #[case::revoked(json!({"status": {"phase": "Revoked"}}), false)]
    #[case::of_a_newer_version(json!({"status": {"phase": "Paused"}}), false)]
    #[case::just_revoked(json!({"spec": {"revoked": true}, "status": {"phase": "Active"}}), false)]
    #[case::going(json!({"metadata": {"deletionTimestamp": "2026-11-22T10:00:00Z"}}), false)]
    fn lives_while_it_is_pending_or_active_and_not_revoked(#[case] changes: Value, #[case] lives: bool) {
        let mut session = json!({"metadata": {"name": "s", "namespace": "a", "managedFields": [{"manager": "x"}]},
            "spec": {"profile": "prod", "user": "system:serviceaccount:a:b", "pod": "p", "podUID": "u"}});
        json_patch::merge(&mut session, &changes);
        let session: AnySession = serde_json::from_value(session).unwrap();
        let holder = Holder { user: "system:serviceaccount:a:b".into(), profile: "prod".into() };
        assert_eq!(session.holder(), lives.then_some(holder));
        assert!(session.meta().managed_fields.is_none());
    }

    #[test]
    fn counting_ends_when_its_time_is_over() {
        let holder = Holder { user: "system:serviceaccount:a:b".into(), profile: "p".into() };
        let all = [("1".to_owned(), holder)].into();
        let (over, later) = (Instant::now(), Instant::now() + std::time::Duration::from_mins(1));
        assert_eq!(count(&all, |_| true, over), None);
        assert_eq!(count(&all, |_| true, later), Some([("a/b".to_owned(), 1)].into()));
    }

    #[test]
    fn sessions_are_counted_by_holder_on_the_profiles_asked_for() {
        let holder = |user: &str, profile: &str| Holder { user: user.into(), profile: profile.into() };
        let all = [("1", "a", "p"), ("2", "a", "p"), ("3", "b", "p"), ("4", "a", "q"), ("5", "a", "r")];
        let all = all.into_iter().map(|(id, user, profile)| (id.to_owned(), holder(user, profile))).collect();
        let mut found = held(&all, &["p", "q"]);
        found.sort_by(|one, other| one.holder.cmp(&other.holder));
        let expected = [("a", "p", 2), ("a", "q", 1), ("b", "p", 1)];
        assert_eq!(found, expected.map(|(user, profile, sessions)| Held { holder: holder(user, profile), sessions }));
    }
}
