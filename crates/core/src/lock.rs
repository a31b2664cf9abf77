//! Access locks: who gets nothing for now, whatever policies, approvals and break-glass say.
//!
//! ```text
//!   users      ─┐
//!   namespaces ─┼─ each list that is given must name the pod (AND); within a list one entry is enough (OR)
//!   profiles   ─┘
//! ```

use jiff::Timestamp;

use crate::identity::parse_service_account_user;
use crate::policy::{Pattern, Problem, Problems, is_invisible};

/// The longest reason, in characters.
pub const MAX_REASON: usize = 1000;
/// The most entries of one list.
pub const MAX_ENTRIES: usize = 1000;

/// What somebody wrote who wants to lock; nothing of it is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockDraft {
    /// Users.
    pub users: Option<Vec<String>>,
    /// Namespaces.
    pub namespaces: Option<Vec<String>>,
    /// Profiles.
    pub profiles: Option<Vec<String>>,
    /// Why.
    pub reason: String,
    /// Until when, RFC 3339.
    pub expires_at: Option<String>,
}

/// A lock. Made by [`AccessLock::read`], and, where a draft is not legal, by [`AccessLock::widest`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessLock {
    users: Option<Vec<Pattern>>,
    namespaces: Option<Vec<Pattern>>,
    profiles: Option<Vec<Pattern>>,
    reason: String,
    expires_at: Option<Timestamp>,
}

/// Whom a lock may hit: a pod on a profile.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// `system:serviceaccount:<namespace>:<name>`.
    pub user: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// The profile that it asks for.
    pub profile: &'a str,
}

impl<'a> Target<'a> {
    /// `user` on `profile`; none where the user is no service account.
    pub fn of_user(user: &'a str, profile: &'a str) -> Option<Self> {
        parse_service_account_user(user).map(|(namespace, _)| Self { user, namespace, profile })
    }
}

impl AccessLock {
    /// The lock that `draft` means, or every problem of it at once.
    pub fn read(draft: &LockDraft) -> Result<Self, Problems> {
        let (lock, problems) = read(draft);
        Problems::refuse(problems, lock)
    }

    /// A lock of everything that `draft` might mean: what can't be read narrows nothing, and an end that can't be read is none.
    pub fn widest(draft: &LockDraft) -> Self {
        read(draft).0
    }

    /// Whether it stops `target` at the moment `at`.
    pub fn holds(&self, target: Target<'_>, at: Timestamp) -> bool {
        !self.is_over(at) && self.hits(target)
    }

    /// Whether `target` is one of those that it names, at any time.
    pub fn hits(&self, target: Target<'_>) -> bool {
        let named = |list: &Option<Vec<Pattern>>, name: &str| {
            list.as_ref().is_none_or(|list| list.iter().any(|pattern| pattern.matches(name)))
        };
        named(&self.users, target.user)
            && named(&self.namespaces, target.namespace)
            && named(&self.profiles, target.profile)
    }

    /// Whether its end has come: from that very moment on it holds no more.
    pub fn is_over(&self, at: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= at)
    }

    /// When it ends; none: when it is deleted.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

fn read(draft: &LockDraft) -> (AccessLock, Vec<Problem>) {
    let mut problems = vec![];
    let lock = AccessLock {
        users: list("users", draft.users.as_deref(), user_problem, &mut problems),
        namespaces: list("namespaces", draft.namespaces.as_deref(), name_problem, &mut problems),
        profiles: list("profiles", draft.profiles.as_deref(), name_problem, &mut problems),
        reason: draft.reason.clone(),
        expires_at: end(draft.expires_at.as_deref(), &mut problems),
    };
    if draft.users.is_none() && draft.namespaces.is_none() && draft.profiles.is_none() {
        let message = "users, namespaces or profiles is required: to lock everybody, say namespaces: [\"*\"]";
        problems.insert(0, Problem::new("", message));
    }
    problems.extend(reason_problem(&draft.reason));
    (lock, problems)
}

/// The patterns of a list; none where it isn't given, or where one of them can't be read.
fn list(
    key: &str,
    texts: Option<&[String]>,
    judge: fn(&Pattern) -> Option<String>,
    problems: &mut Vec<Problem>,
) -> Option<Vec<Pattern>> {
    let texts = texts?;
    let before = problems.len();
    if texts.is_empty() || texts.len() > MAX_ENTRIES {
        let message = format!("1 to {MAX_ENTRIES} entries are expected; to name everybody, leave {key} out");
        problems.push(Problem::new(key, message));
    }
    let mut patterns = vec![];
    for (index, text) in texts.iter().enumerate() {
        match text.parse::<Pattern>().map_err(|error| error.to_string()) {
            Ok(pattern) => {
                let message = judge(&pattern);
                problems.extend(message.map(|message| Problem::new(format!("{key}[{index}]"), message)));
                patterns.push(pattern);
            }
            Err(message) => problems.push(Problem::new(format!("{key}[{index}]"), message)),
        }
    }
    (problems.len() == before).then_some(patterns)
}

/// A lock that can't hit anybody is worse than none: its author believes in it.
fn user_problem(pattern: &Pattern) -> Option<String> {
    let mut parts = pattern.as_str().split(':');
    let is = |part: Option<&str>, word: &str| {
        part.and_then(|part| part.parse::<Pattern>().ok()).is_some_and(|part| part.matches(word))
    };
    let named = |part: Option<&str>| part.is_some_and(|part| !part.is_empty());
    let can_match = is(parts.next(), "system")
        && is(parts.next(), "serviceaccount")
        && named(parts.next())
        && named(parts.next())
        && parts.next().is_none();
    (!can_match).then(|| {
        format!(
            "`{pattern}` names no pod: system:serviceaccount:<namespace>:<name> is expected, and * stops at each `:`"
        )
    })
}

fn name_problem(pattern: &Pattern) -> Option<String> {
    pattern.as_str().contains(':').then(|| format!("`{pattern}` can't be a name: no name has a `:`"))
}

fn end(text: Option<&str>, problems: &mut Vec<Problem>) -> Option<Timestamp> {
    let parsed = text?.parse();
    if parsed.is_err() {
        let message = "a moment as in RFC 3339 is expected: 2026-11-22T18:00:00Z";
        problems.push(Problem::new("expiresAt", message));
    }
    parsed.ok()
}

fn reason_problem(reason: &str) -> Option<Problem> {
    let message = if reason.trim().is_empty() {
        "a reason is required: whoever is refused reads it".to_owned()
    } else if reason.chars().count() > MAX_REASON {
        format!("at most {MAX_REASON} characters are allowed")
    } else if let Some(found) = reason.chars().find(|c| is_invisible(*c)) {
        format!("one line without control and invisible characters is expected: remove U+{:04X}", u32::from(found))
    } else {
        return None;
    };
    Some(Problem::new("reason", message))
}

#[cfg(test)]
#[path = "lock_tests.rs"]
mod tests;
