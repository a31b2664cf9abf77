//! Session tags, within the limits of STS.
//!
//! Two kinds of limit. The documented ones (50 tags, keys of 128 and values of 256 characters) always hold. The packed size of
//! tags and session policy has an undocumented one: a refusal with `PackedPolicyTooLarge` says only by how many percent. What
//! has been reported of them comes to about 450 bytes of tags, far below the documented limits, so names are cut before that.

use crate::identity::shorten;
use crate::session::SessionId;

/// STS takes no longer key.
pub const KEY_LIMIT: usize = 128;
/// STS takes no longer value.
pub const VALUE_LIMIT: usize = 256;
/// A longer name is cut in a tag, and carries a hash of the whole. Whatever makes pods by itself makes no longer names.
pub const NAME_LIMIT: usize = 63;
/// Bytes of keys and values that STS packs for sure, as far as anybody knows.
pub const ROOM: usize = 450;

/// The name of a pod where otherwise there is no room: RoleSessionName and the session row have it, too.
const SHORT_POD: usize = 24;
/// What the session policy that ends a grant takes of the room.
pub const POLICY_SHARE: usize = 90;
/// Of each tag, beside its key and value.
const OVERHEAD: usize = 2;

/// Whose credentials they are.
#[derive(Clone, Copy, Debug)]
pub struct Tagged<'a> {
    /// Namespace of the pod.
    pub namespace: &'a str,
    /// Its service account.
    pub service_account: &'a str,
    /// Its name.
    pub pod: &'a str,
    /// The profile.
    pub profile: &'a str,
    /// The session.
    pub session: &'a SessionId,
}

/// Sentinel's own tags and `further` ones. Their keys differ from those of EKS Pod Identity, which are transitive and may not be
/// set again.
pub fn session_tags(whose: Tagged<'_>, further: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut tags = own(whose, NAME_LIMIT);
    if packed_size(&tags) + packed_size(&further) + POLICY_SHARE > ROOM {
        tags = own(whose, SHORT_POD);
    }
    tags.extend(further);
    tags
}

/// What these tags take of [`ROOM`].
pub fn packed_size(tags: &[(String, String)]) -> usize {
    tags.iter().map(|(key, value)| key.len() + value.len() + OVERHEAD).sum()
}

/// A name as tags have it.
pub fn name_in_tag(name: &str) -> String {
    shorten(name, NAME_LIMIT)
}

/// Whether STS takes these characters in a key or value; it takes letters of other scripts too, which would need its tables.
pub fn is_legal(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c))
}

/// A cluster's name for people, as AWS takes it in tags.
pub fn cluster_name(text: &str) -> Result<String, String> {
    if text.len() <= KEY_LIMIT && is_legal(text) {
        return Ok(text.to_owned());
    }
    Err(format!("at most {KEY_LIMIT} of A-Z a-z 0-9, spaces and _.:/=+-@ are expected: AWS takes no other in a tag"))
}

fn own(whose: Tagged<'_>, pod_limit: usize) -> Vec<(String, String)> {
    [
        ("sentinel-namespace", name_in_tag(whose.namespace)),
        ("sentinel-service-account", name_in_tag(whose.service_account)),
        ("sentinel-pod", shorten(whose.pod, pod_limit)),
        ("sentinel-profile", name_in_tag(whose.profile)),
        ("sentinel-session", whose.session.to_string()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tags(names: [&str; 4], further: &[(&str, &str)]) -> Vec<(String, String)> {
        let [namespace, service_account, pod, profile] = names;
        let session = SessionId::derive("c", "u", "p");
        let further = further.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        session_tags(Tagged { namespace, service_account, pod, profile, session: &session }, further)
    }

    fn value<'a>(tags: &'a [(String, String)], key: &str) -> &'a str {
        tags.iter().find(|(own, _)| own == key).map_or("", |(_, value)| value)
    }

    #[test]
    fn a_clusters_name_can_be_a_tag() {
        for good in ["", "eks-1", "arn:aws:eks:eu-west-1:111122223333:cluster/one"] {
            assert_eq!(cluster_name(good).as_deref(), Ok(good));
        }
        for bad in ["büro", "a,b", "a\nb", &"x".repeat(129)] {
            assert!(cluster_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn usual_names_are_whole() {
        let tags = tags(["payments", "api", "api-7c9d8b5f6d-x2x4z", "prod"], &[("team", "payments")]);
        assert_eq!(value(&tags, "sentinel-pod"), "api-7c9d8b5f6d-x2x4z");
        assert_eq!((value(&tags, "sentinel-service-account"), value(&tags, "team")), ("api", "payments"));
    }

    #[test]
    fn where_there_is_no_room_the_pod_gives_way_first() {
        let pod = "p".repeat(60);
        let roomy = tags(["n", "s", &pod, "prod"], &[]);
        assert_eq!(value(&roomy, "sentinel-pod"), pod);
        let long = "v".repeat(200);
        let tight = tags(["n", "s", &pod, "prod"], &[("k", &long)]);
        assert_eq!(value(&tight, "sentinel-pod").len(), SHORT_POD);
        assert_eq!(value(&tight, "k"), long, "what others asked for is not touched");
    }

    proptest! {
        #[test]
        fn sentinels_own_always_have_room(ns in "[a-z0-9]{1,63}", sa in "[a-z0-9.-]{1,253}", pod in "[a-z0-9.-]{1,253}", profile in "[a-z0-9.-]{1,128}") {
            let tags = tags([&ns, &sa, &pod, &profile], &[]);
            prop_assert!(packed_size(&tags) + POLICY_SHARE <= ROOM, "{}", packed_size(&tags));
            prop_assert!(tags.iter().all(|(key, value)| is_legal(key) && is_legal(value)));
            prop_assert_eq!(value(&tags, "sentinel-namespace"), ns);
        }
    }
}
