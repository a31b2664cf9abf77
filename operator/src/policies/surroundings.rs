//! What lints may know beside the document: the profiles that exist, and whether the installation has a session table.

use kube::core::DeserializeGuard;
use kube::{Resource as _, ResourceExt as _};
use sentinel_api::SentinelProfile;
use sentinel_core::policy::lint::{KnownProfile, Surroundings};

/// A profile in a store: one that can't be read is there too.
type AnyProfile = DeserializeGuard<SentinelProfile>;

/// The surroundings of every policy, where `profiles` are all.
pub(crate) fn surroundings<'a>(
    profiles: impl IntoIterator<Item = &'a AnyProfile>,
    default_table: bool,
) -> Surroundings {
    let staying = profiles.into_iter().filter(|profile| profile.meta().deletion_timestamp.is_none());
    let known = staying.map(|profile| (profile.name_any(), KnownProfile { has_table: has_table(profile) }));
    Surroundings { profiles: Some(known.collect()), default_table: Some(default_table) }
}

/// Where nobody can tell there is one: a lint is sure, or silent.
fn has_table(profile: &AnyProfile) -> bool {
    profile.0.as_ref().map_or(true, |profile| profile.spec.session_table.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn profile(name: &str, spec: &Value, deleted: Option<&str>) -> AnyProfile {
        let metadata = json!({"name": name, "deletionTimestamp": deleted});
        serde_json::from_value(json!({"metadata": metadata, "spec": spec})).unwrap()
    }

    #[test]
    fn what_goes_is_gone_and_what_nobody_can_read_is_no_mistake() {
        let good = json!({"roleArn": "arn:aws:iam::111122223333:role/a", "region": "eu-west-1"});
        let mut tracked = good.clone();
        tracked["sessionTable"] = json!("t-1");
        let all = [
            profile("plain", &good, None),
            profile("tracked", &tracked, None),
            profile("broken", &json!(7), None),
            profile("going", &good, Some("2026-11-22T20:00:00Z")),
        ];
        let around = surroundings(&all, true);
        let known: Vec<(String, bool)> =
            around.profiles.unwrap().into_iter().map(|(name, known)| (name, known.has_table)).collect();
        assert_eq!(known, [("broken".into(), true), ("plain".into(), false), ("tracked".into(), true)]);
        assert_eq!(around.default_table, Some(true));
    }
}
