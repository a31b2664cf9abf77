//! AccessLock.

use sentinel_api::{AccessLock, AccessLockSpec};
use sentinel_core::lock::Target;
use sentinel_core::policy::{Problem, Problems};

use super::{Around, Judged, No};
use crate::preview;

impl Judged for AccessLock {
    fn judge(&self, old: Option<&Self>, around: Around<'_>) -> Result<(), No> {
        let mut problems: Vec<Problem> = vec![];
        let judged = self.spec.resolve();
        if let (Ok(lock), None) = (&judged, old)
            && lock.is_over(around.at)
        {
            problems.push(Problem::new("spec.expiresAt", "it has passed already: the lock would stop nobody"));
        }
        problems.extend(judged.err().into_iter().flatten());
        problems.extend(stamp_problem(&self.spec, old.map(|old| &old.spec), &around.by.user));
        problems.extend(old.into_iter().flat_map(|old| frozen_problems(&self.spec, &old.spec)));
        Ok(Problems::refuse(problems, ())?)
    }

    fn warnings(&self, around: Around<'_>) -> Vec<String> {
        let Ok(lock) = self.spec.resolve() else { return vec![] };
        let named = around.view.count_sessions(|holder| {
            Target::of_user(&holder.user, &holder.profile).is_some_and(|target| lock.holds(target, around.at))
        });
        let name = self.metadata.name.as_deref().unwrap_or_default();
        match named {
            None => vec![preview::unknown(&format!("AccessLock `{name}`"))],
            Some(accounts) if accounts.is_empty() => {
                vec!["as of now, it names no live session: it stops those that come".to_owned()]
            }
            Some(accounts) => {
                let sessions: usize = accounts.values().sum();
                let begin = format!("as of now, it refuses {sessions} live {}", plural(sessions, "session"));
                vec![preview::naming(begin, &accounts)]
            }
        }
    }
}

/// Who made it: stamped by the mutating webhook, so that another name is somebody's who came after it.
fn stamp_problem(new: &AccessLockSpec, old: Option<&AccessLockSpec>, by: &str) -> Option<Problem> {
    let expected = old.map_or(Some(by), |old| old.created_by.as_deref());
    let message = "it is stamped by Sentinel with who makes the lock, and never changes: leave it out";
    (new.created_by.as_deref() != expected).then(|| Problem::new("spec.createdBy", message))
}

fn frozen_problems(new: &AccessLockSpec, old: &AccessLockSpec) -> Vec<Problem> {
    let lists = [
        ("users", &new.users, &old.users),
        ("namespaces", &new.namespaces, &old.namespaces),
        ("profiles", &new.profiles, &old.profiles),
    ];
    let changed = lists.into_iter().filter(|(_, new, old)| new != old);
    changed
        .map(|(key, ..)| {
            Problem::new(format!("spec.{key}"), "it never changes: make another lock, then delete this one")
        })
        .collect()
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}
