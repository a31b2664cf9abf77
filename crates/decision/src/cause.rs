//! Why nothing is issued: made once, carried unchanged to the answer, the Event and the log. The text is made here only.

use jiff::Timestamp;
use sentinel_core::policy::Decision;
use sentinel_core::protocol::code;
use sentinel_core::tags::ROOM;

use crate::entry::{LockEntry, Revoked};
use crate::facts::Caller;
use crate::opened::Tried;
use crate::sight::Stale;

/// Whether somebody said no, or nobody could say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 403.
    Denied,
    /// 503.
    Unavailable,
}

/// Why nothing is issued.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "each one's text says what it is")]
pub enum Cause {
    // Decided: no.
    #[error(
        "pod {pod} is gone, or its label sentinel.dev/injected was removed: nothing is issued to it any more. See: kubectl get pod {}",
        kubectl(pod)
    )]
    PodGone { pod: String },
    #[error("pod {pod} has ended: nothing is issued to it any more")]
    PodEnded { pod: String },
    #[error("the token is for service account `{token}`, but pod {pod} runs as `{pod_has}`")]
    OtherServiceAccount { pod: String, token: String, pod_has: String },
    #[error(
        "pod {pod} was not injected (its label sentinel.dev/injected: \"true\" or its container sentinel-sidecar is missing): create it anew with the annotation sentinel.dev/profile. See: kubectl describe pod {}",
        kubectl(pod)
    )]
    NotInjected { pod: String },
    #[error(
        "pod {pod} asks for profile `{asked}`, but its annotation sentinel.dev/profile says `{annotated}`: create it anew. See: kubectl describe pod {}",
        kubectl(pod)
    )]
    OtherProfile { pod: String, asked: String, annotated: String },
    #[error("there is no SentinelProfile `{profile}`. See: kubectl get sentinelprofiles")]
    ProfileMissing { profile: String },
    #[error("SentinelProfile `{profile}` is being deleted. See: kubectl describe sentinelprofile {profile}")]
    ProfileDeleting { profile: String },
    #[error("SentinelProfile `{profile}` can't be used: {problems}. See: kubectl describe sentinelprofile {profile}")]
    ProfileInvalid { profile: String, problems: String },
    #[error(
        "profile `{profile}` is locked for pod {pod} by AccessLock `{}`{}. See: kubectl get accesslock {}",
        lock.name,
        terms(lock),
        lock.name
    )]
    Locked { lock: Box<LockEntry>, profile: String, pod: String },
    #[error(
        "SentinelSession {session} can't be read: {problem}. See: kubectl get sentinelsession {} -o yaml",
        kubectl(session)
    )]
    SessionInvalid { session: String, problem: String },
    #[error(
        "SentinelSession {session} is not the one of pod {pod}: somebody has tampered with it; delete the pod, and its session goes with it. See: kubectl get sentinelsession {} -o yaml",
        kubectl(session)
    )]
    SessionOfAnother { session: String, pod: String },
    #[error(
        "the session of pod {pod} is revoked{}, for good: a new pod gets a new session. See: kubectl get sentinelsessions {}",
        by_and_why(revoked),
        namespace_of(pod)
    )]
    Revoked { revoked: Revoked, pod: String },
    #[error(
        "the session of pod {pod} has ended: a new pod gets a new session. See: kubectl get sentinelsessions {}",
        namespace_of(pod)
    )]
    SessionEnded { pod: String },
    #[error(
        "profile `{profile}` is governed by AccessPolicy `{policy}`, which does not exist: access is denied. See: kubectl get accesspolicies"
    )]
    PolicyMissing { policy: String, profile: String },
    #[error(
        "profile `{profile}` is governed by AccessPolicy `{policy}`, which is being deleted: access is denied. See: kubectl describe accesspolicy {policy}"
    )]
    PolicyDeleting { policy: String, profile: String },
    #[error(
        "AccessPolicy `{policy}` can't be used, so access is denied: {problems}. See: kubectl describe accesspolicy {policy}"
    )]
    PolicyInvalid { policy: String, problems: String },
    #[error(
        "AccessPolicy `{policy}` denies profile `{profile}`{}{tried}. See: kubectl describe accesspolicy {policy}",
        rule_and_reason(decision)
    )]
    Denied { decision: Box<Decision>, policy: String, profile: String, tried: Box<Tried> },
    #[error(
        "AccessPolicy `{policy}` wants an approval for profile `{profile}`{}: approval is required{tried}. See: kubectl describe accesspolicy {policy}",
        rule_and_reason(decision)
    )]
    ApprovalRequired { decision: Box<Decision>, policy: String, profile: String, tried: Box<Tried> },

    // Could not decide.
    #[error("{0}: nothing new is issued until it does. See the broker's log, and: kubectl get --raw /readyz")]
    Stale(Stale),
    #[error("pod {pod} could not be read: {problem}")]
    PodUnknown { pod: String, problem: String },
    #[error(
        "pod {pod} has no SentinelSession {session} yet: the operator makes it; is it running? See: kubectl get sentinelsession {}",
        kubectl(session)
    )]
    SessionMissing { session: String, pod: String },
    #[error(
        "row `{session}` is missing from session table `{table}`, though the session has been active: nothing is issued until the operator has restored it. See: kubectl get sentinelsession {session} -n {namespace} -o yaml"
    )]
    RowMissing { session: String, namespace: String, table: String },
    #[error(
        "row `{session}` of session table `{table}` {problem}. See: kubectl get sentinelsession {session} -n {namespace} -o yaml"
    )]
    RowUnusable { session: String, namespace: String, table: String, problem: String },
    #[error("the session table could not be used: {0}")]
    Table(String),
    #[error(
        "credentials could not be issued: {0}. The role's trust policy must allow the broker sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity"
    )]
    Sts(String),
    #[error(
        "credentials could not be issued: {problem}: the session tags of SentinelProfile `{profile}` come to {bytes} bytes with Sentinel's own, and STS packs about {ROOM}: fewer or shorter sessionTags, or, with EKS Pod Identity, an association of the broker without session tags. See: kubectl get sentinelprofile {profile} -o yaml"
    )]
    TagsTooLarge { profile: String, bytes: usize, problem: String },
    #[error("the decision took longer than {0} ms; the work goes on, and the next request may find it done")]
    Deadline(u128),
    #[error("the grant of profile `{profile}` changes faster than credentials can be issued for it")]
    Restless { profile: String },
    #[error("the broker failed inside; see its log")]
    Internal,
}

impl Cause {
    /// The pod of `caller` is not there.
    pub fn pod_gone(caller: &Caller) -> Self {
        Self::PodGone { pod: caller.pod_path() }
    }

    /// Decided, or could not decide.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Stale(_)
            | Self::PodUnknown { .. }
            | Self::SessionMissing { .. }
            | Self::RowMissing { .. }
            | Self::RowUnusable { .. }
            | Self::Table(_)
            | Self::Sts(_)
            | Self::TagsTooLarge { .. }
            | Self::Deadline(_)
            | Self::Restless { .. }
            | Self::Internal => Kind::Unavailable,
            _ => Kind::Denied,
        }
    }

    /// The protocol's word.
    pub fn code(&self) -> &'static str {
        match (self, self.kind()) {
            (Self::Revoked { .. }, _) => code::SESSION_REVOKED,
            (Self::Locked { .. }, _) => code::ACCESS_LOCKED,
            (Self::ApprovalRequired { .. }, _) => code::APPROVAL_REQUIRED,
            (_, Kind::Denied) => code::ACCESS_DENIED,
            (_, Kind::Unavailable) => code::UNAVAILABLE,
        }
    }

    /// One word for programs: what Events and logs are told apart by.
    pub fn word(&self) -> &'static str {
        match self {
            Self::PodGone { .. } => "PodGone",
            Self::PodEnded { .. } => "PodEnded",
            Self::OtherServiceAccount { .. } => "OtherServiceAccount",
            Self::NotInjected { .. } => "NotInjected",
            Self::OtherProfile { .. } => "OtherProfile",
            Self::ProfileMissing { .. } => "ProfileMissing",
            Self::ProfileDeleting { .. } => "ProfileDeleting",
            Self::ProfileInvalid { .. } => "ProfileInvalid",
            Self::Locked { .. } => "Locked",
            Self::SessionInvalid { .. } => "SessionInvalid",
            Self::SessionOfAnother { .. } => "SessionOfAnother",
            Self::Revoked { .. } => "SessionRevoked",
            Self::SessionEnded { .. } => "SessionEnded",
            Self::PolicyMissing { .. } => "PolicyMissing",
            Self::PolicyDeleting { .. } => "PolicyDeleting",
            Self::PolicyInvalid { .. } => "PolicyInvalid",
            Self::Denied { .. } => "PolicyDenied",
            Self::ApprovalRequired { .. } => "ApprovalRequired",
            Self::Stale(_) => "StaleWatch",
            Self::PodUnknown { .. } => "PodUnknown",
            Self::SessionMissing { .. } => "SessionMissing",
            Self::RowMissing { .. } => "RowMissing",
            Self::RowUnusable { .. } => "RowUnusable",
            Self::Table(_) => "SessionTable",
            Self::Sts(_) => "AssumeRole",
            Self::TagsTooLarge { .. } => "TagsTooLarge",
            Self::Deadline(_) => "Deadline",
            Self::Restless { .. } => "Restless",
            Self::Internal => "Internal",
        }
    }

    /// The policy's decision, where it was the policy that refused.
    pub fn decision(&self) -> Option<&Decision> {
        match self {
            Self::Denied { decision, .. } | Self::ApprovalRequired { decision, .. } => Some(decision),
            _ => None,
        }
    }

    /// Until when it surely holds, where that is known: nobody need ask again before, and a lease ends there.
    pub fn holds_until(&self) -> Option<Timestamp> {
        match self {
            Self::Locked { lock, .. } => lock.lock.expires_at(),
            _ => self.decision().and_then(|decision| decision.holds_until),
        }
    }

    /// What tells it apart from others of the same word: the rule, or the lock.
    pub fn by(&self) -> &str {
        match self {
            Self::Locked { lock, .. } => &lock.name,
            _ => self.decision().map(|decision| decision.rule.as_str()).unwrap_or_default(),
        }
    }

    /// The reason for the log and the answer: the policy's or the lock's own, else our word.
    pub fn reason(&self) -> String {
        let own = match self {
            Self::Locked { lock, .. } => Some(lock.lock.reason().to_owned()),
            _ => self.decision().map(|decision| decision.reason.to_string()),
        };
        own.filter(|reason| !reason.is_empty()).unwrap_or_else(|| self.word().to_owned())
    }
}

impl From<Stale> for Cause {
    fn from(stale: Stale) -> Self {
        Self::Stale(stale)
    }
}

impl Caller {
    /// `<namespace>/<pod>`.
    pub fn pod_path(&self) -> String {
        format!("{}/{}", self.namespace, self.pod)
    }
}

/// `<namespace>/<name>` as kubectl takes it.
fn kubectl(path: &str) -> String {
    path.split_once('/').map_or_else(|| path.to_owned(), |(namespace, name)| format!("{name} -n {namespace}"))
}

/// kubectl's option for the namespace of `<namespace>/<name>`.
fn namespace_of(path: &str) -> String {
    path.split_once('/').map(|(namespace, _)| format!("-n {namespace}")).unwrap_or_default()
}

fn by_and_why(revoked: &Revoked) -> String {
    let by = revoked.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let why = revoked.reason.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    format!("{by}{why}")
}

/// By whom a lock is, until when, why, and what is wrong with it.
fn terms(entry: &LockEntry) -> String {
    let LockEntry { lock, by, problems, .. } = entry;
    let by = by.as_ref().map(|by| format!(" of {by}")).unwrap_or_default();
    let until = lock.expires_at().map(|until| format!(" until {until}")).unwrap_or_default();
    let why = if lock.reason().is_empty() { String::new() } else { format!(": {}", lock.reason()) };
    let wrong = problems.as_ref().map(|problems| {
        format!(" (the lock can't be read, so it locks everything that it might mean: {problems}; mend or delete it)")
    });
    format!("{by}{until}{why}{}", wrong.unwrap_or_default())
}

fn rule_and_reason(decision: &Decision) -> String {
    let rule = if decision.rule.is_empty() { String::new() } else { format!(" by rule `{}`", decision.rule) };
    let reason = decision.reason.to_string();
    if reason.is_empty() { rule } else { format!("{rule}: {reason}") }
}
