//! Names that AWS sees: the user of a pod, its RoleSessionName, its SourceIdentity.
//!
//! STS takes 2–64 characters of `[A-Za-z0-9_+=,.@-]` in the two names. Kubernetes names are of `[a-z0-9.-]`, so only their
//! length can be a problem: too long ones are cut and carry a hash of the whole.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
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

/// 8 lowercase hex characters that name one access request or break-glass event: in AWS (SourceIdentity), in logs and in
/// notifications. For people and their searches; what must be told apart for certain goes by UID.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

impl RequestId {
    /// The id of the object `uid` in the cluster `cluster_id` (UID of namespace kube-system).
    pub fn derive(cluster_id: &str, uid: &str) -> Self {
        Self(digest(&[cluster_id, uid], 8))
    }

    /// The 8 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a text is no request id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a request id: 8 lowercase hex characters are expected")]
pub struct InvalidRequestId(String);

impl FromStr for RequestId {
    type Err = InvalidRequestId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let legal = text.len() == 8 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if legal { Ok(Self(text.to_owned())) } else { Err(InvalidRequestId(text.chars().take(32).collect())) }
    }
}

impl TryFrom<String> for RequestId {
    type Error = InvalidRequestId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

/// What opened the door.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GrantedBy {
    /// The access policy alone.
    Direct,
    /// The access request or break-glass event with this id.
    Request(RequestId),
}

impl GrantedBy {
    /// `direct`, or the request's id.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Direct => "direct",
            Self::Request(id) => id.as_str(),
        }
    }
}

/// STS SourceIdentity `sentinel.<sa>@<ns>.<direct|request id>.<session id>`; the session id is never shortened, because
/// hard revocation matches on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceIdentity(String);

impl SourceIdentity {
    /// The source identity of a session.
    pub fn new(namespace: &str, service_account: &str, by: &GrantedBy, session: &SessionId) -> Self {
        let who = shorten(&format!("{service_account}@{namespace}"), WHO_LIMIT);
        Self(format!("sentinel.{who}.{}.{session}", by.as_str()))
    }

    /// What every source identity of `session` matches, and no other, where `*` stands for anything: an IAM `StringLike`.
    pub fn pattern(session: &SessionId) -> String {
        format!("sentinel.*.{session}")
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

/// The first `digits` hex digits of SHA-256 over the parts, each with its length before it: ("ab", "c") and ("a", "bc") must not meet.
pub(crate) fn digest(parts: &[&str], digits: usize) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut hex = hex::encode(hash.finalize());
    hex.truncate(digits);
    hex
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

    #[test]
    fn a_request_has_a_short_name() {
        let id = RequestId::derive("cluster", "uid");
        assert_eq!(id, RequestId::derive("cluster", "uid"));
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert_ne!(RequestId::derive("ab", "c"), RequestId::derive("a", "bc"));
        for text in ["", "0123456", "0123456G", "0123456A", "012345678", "direct"] {
            assert!(text.parse::<RequestId>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn names_are_legal_for_sts(ns in "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", sa in "[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", id in "[0-9a-f]{8}") {
            let session = SessionId::derive("c", &ns, &sa);
            for by in [GrantedBy::Direct, GrantedBy::Request(id.parse().unwrap())] {
                let identity = SourceIdentity::new(&ns, &sa, &by, &session);
                prop_assert!(legal(identity.as_str()), "{}", identity);
                prop_assert!(identity.as_str().ends_with(session.as_str()));
            }
            prop_assert!(legal(&role_session_name(&ns, &sa)));
        }
    }
}
