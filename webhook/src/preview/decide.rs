//! The live sessions under what holds and under what would hold. Pure: the moment comes with the question.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use sentinel_core::identity::parse_service_account_user;
use sentinel_core::policy::{AccessPolicy, Mode, Request, Verdict};

/// Who holds a live session: one user on one profile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holder {
    /// User of the session.
    pub user: Box<str>,
    /// Profile of the session.
    pub profile: Box<str>,
}

impl Holder {
    /// `<namespace>/<service account>`.
    pub fn account(&self) -> String {
        account(&self.user)
    }
}

/// A holder with the number of its live sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Who.
    pub holder: Holder,
    /// How many.
    pub sessions: usize,
}

/// What decides about a profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Law {
    /// The access policy that governs it; none: nobody gets it.
    pub policy: Option<Arc<AccessPolicy>>,
    /// The session table where the matched rule names none.
    pub table: Option<String>,
}

/// A profile before and after what is asked for.
#[derive(Clone, Debug)]
pub struct Change {
    /// Name of the profile.
    pub profile: String,
    /// What holds.
    pub before: Law,
    /// What would hold.
    pub after: Law,
}

/// What would become of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// It has access and would have none.
    Refused,
    /// It has access and would need an approval.
    NeedsApproval,
    /// An approval helps and would not any more.
    BeyondApproval,
    /// It has no access and would have it.
    Allowed,
    /// It has no access, and an approval would help.
    OpenToApproval,
}

/// The sessions that a change concerns, and what would become of those that would not stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// How many live sessions there are on the changed profiles.
    pub sessions: usize,
    /// How many would turn, by service account.
    pub turns: BTreeMap<Turn, BTreeMap<String, usize>>,
}

/// Decides each holder once before and once after. None: `goes_on`, asked before each, said no.
pub fn preview(changes: &[Change], held: &[Held], at: Timestamp, mut goes_on: impl FnMut() -> bool) -> Option<Preview> {
    let changes: BTreeMap<&str, &Change> = changes.iter().map(|change| (change.profile.as_str(), change)).collect();
    let mut preview = Preview::default();
    for Held { holder, sessions } in held {
        if !goes_on() {
            return None;
        }
        let Some(change) = changes.get(&*holder.profile) else { continue };
        preview.sessions += sessions;
        if let Some(turn) = turn(change.before.verdict(holder, at), change.after.verdict(holder, at)) {
            *preview.turns.entry(turn).or_default().entry(account(&holder.user)).or_default() += sessions;
        }
    }
    Some(preview)
}

impl Law {
    /// As the broker asks: a sidecar is always in mode `server`, and the profile's table goes before the installation's.
    fn verdict(&self, holder: &Holder, at: Timestamp) -> Verdict {
        let Some(policy) = &self.policy else { return Verdict::Deny };
        let request = Request {
            user: &holder.user,
            profile: &holder.profile,
            mode: Mode::Server,
            session_table: self.table.as_deref(),
            at,
        };
        policy.decide(&request).effect
    }
}

fn turn(before: Verdict, after: Verdict) -> Option<Turn> {
    match (before, after) {
        (Verdict::Allow, Verdict::Deny) => Some(Turn::Refused),
        (Verdict::Allow, Verdict::RequireApproval) => Some(Turn::NeedsApproval),
        (Verdict::RequireApproval, Verdict::Deny) => Some(Turn::BeyondApproval),
        (Verdict::Deny | Verdict::RequireApproval, Verdict::Allow) => Some(Turn::Allowed),
        (Verdict::Deny, Verdict::RequireApproval) => Some(Turn::OpenToApproval),
        (Verdict::Allow, Verdict::Allow)
        | (Verdict::Deny, Verdict::Deny)
        | (Verdict::RequireApproval, Verdict::RequireApproval) => None,
    }
}

/// `<namespace>/<service account>`.
fn account(user: &str) -> String {
    parse_service_account_user(user).map_or_else(|| user.to_owned(), |(namespace, name)| format!("{namespace}/{name}"))
}
