//! Names that AWS sees: the user of a pod, its RoleSessionName, its SourceIdentity.
//!
//! STS takes 2–64 characters of `[A-Za-z0-9_+=,.@-]` in the two names. Kubernetes names are of `[a-z0-9.-]`, so only their
//! length can be a problem: too long ones are cut and carry a hash of the whole.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::session::SessionId;

const STS_NAME_LIMIT: usize = 64;
/// What is left for `<sa>@<ns>` in a SourceIdentity: 64 − `sentinel.` − `.` − 8 (request id) − `.` − 16 (session id).
const WHO_LIMIT: usize = 29;

/// A pod's user: `system:serviceaccount:<namespace>:<name>`.
pub fn service_account_user(namespace: &str, service_account: &str) -> String {
    format!("system:serviceaccount:{namespace}:{service_account}")
}

/// Splits `system:serviceaccount:<namespace>:<name>`.
pub fn parse_service_account_user(user: &str) -> Option<(&str, &str)> {
    let (namespace, name) = user.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    (!namespace.is_empty() && !name.is_empty() && !name.contains(':')).then_some((namespace, name))
}

/// What opened the door.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GrantedBy {
    /// The access policy alone.
    Direct,
    /// The access request or break-glass event with this id (8 hex characters).
    Request(String),
}

/// STS SourceIdentity `sentinel.<sa>@<ns>.<direct|request id>.<session id>`; the session id is never shortened, because
/// hard revocation matches on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceIdentity(String);

impl SourceIdentity {
    /// The source identity of a session.
    pub fn new(namespace: &str, service_account: &str, by: &GrantedBy, session: &SessionId) -> Self {
        let who = shorten(&format!("{service_account}@{namespace}"), WHO_LIMIT);
        let by = match by {
            GrantedBy::Direct => "direct",
            GrantedBy::Request(id) => id.get(..8).unwrap_or(id),
        };
        Self(format!("sentinel.{who}.{by}.{session}"))
    }

    /// As sent to STS.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RoleSessionName `<namespace>.<pod>`: stable over refreshes, because some services (MSK) tie connections to it.
pub fn role_session_name(namespace: &str, pod: &str) -> String {
    shorten(&format!("{namespace}.{pod}"), STS_NAME_LIMIT)
}

/// `name` if it fits, else its beginning, `-`, and 7 hex characters of its hash. Kubernetes names are ASCII; should a
/// caller pass others, the cut falls on a character boundary.
pub(crate) fn shorten(name: &str, limit: usize) -> String {
    if name.len() <= limit {
        return name.to_owned();
    }
    let mut hash = hex::encode(Sha256::digest(name.as_bytes()));
    hash.truncate(7);
    let mut end = limit - hash.len() - 1;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{hash}", name.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn legal(name: &str) -> bool {
        (2..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
    }

    #[test]
    fn reads_like_the_design() {
        let session = SessionId::derive("c", "u", "p");
        let identity = SourceIdentity::new("payments", "api", &GrantedBy::Direct, &session);
        assert_eq!(identity.as_str(), format!("sentinel.api@payments.direct.{session}"));
        assert_eq!(role_session_name("payments", "api-0"), "payments.api-0");
    }

    #[test]
    fn users_are_told_apart() {
        assert_eq!(parse_service_account_user("system:serviceaccount:a:b"), Some(("a", "b")));
        for user in ["alice", "system:serviceaccount:a", "system:serviceaccount::b", "system:serviceaccount:a:b:c"] {
            assert_eq!(parse_service_account_user(user), None, "{user}");
        }
    }

    proptest! {
        #[test]
        fn names_are_legal_for_sts(ns in "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", sa in "[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", id in "[0-9a-f]{8}") {
            let session = SessionId::derive("c", &ns, &sa);
            for by in [GrantedBy::Direct, GrantedBy::Request(id.clone())] {
                let identity = SourceIdentity::new(&ns, &sa, &by, &session);
                prop_assert!(legal(identity.as_str()), "{}", identity);
                prop_assert!(identity.as_str().ends_with(session.as_str()));
            }
            prop_assert!(legal(&role_session_name(&ns, &sa)));
        }
    }
}
