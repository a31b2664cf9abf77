//! Announces what happens: to the audit log, which counts, and to whoever is to be notified.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::audit_log::AuditLog;
use crate::cluster::Cluster;
use crate::notifications::{Letter, Post};

/// So many happenings.
const REMEMBERED: usize = 10_000;

/// Announces.
#[derive(Clone)]
pub(crate) struct Announcer {
    log: AuditLog,
    post: Option<Post>,
    written: Written,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Announced {
    /// It was not announced before.
    pub is_new: bool,
    /// Everybody has taken it; else it is to be announced again.
    pub is_taken: bool,
}

/// What this process has written: what is announced again, since somebody else could not take it, is not written twice.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<HashSet<String>>>);

impl Written {
    fn knows(&self, key: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    /// Remembers it for as long as it may matter: a status says it a moment later.
    fn add(&self, key: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key.to_owned());
    }
}

impl Announcer {
    /// Announces in `log` and, if there is one, to `post`.
    pub fn new(log: AuditLog, post: Option<Post>) -> Self {
        Self { log, post, written: Written::default() }
    }

    /// Where that is.
    pub fn cluster(&self) -> &Cluster {
        &self.log.cluster
    }

    /// Announces `event`, whose `key` is its own: `line` to the log, and once that has it, `letter` to the post.
    pub async fn announce(
        &self,
        key: &str,
        event: &str,
        line: &impl Serialize,
        letter: impl FnOnce() -> Letter,
    ) -> Announced {
        let is_new = !self.written.knows(key);
        if is_new {
            if !self.log.write(event, line) {
                tracing::warn!(key, "standard output can't keep up; telling it again");
                return Announced { is_new: false, is_taken: false };
            }
            self.written.add(key);
        }
        let is_taken = match &self.post {
            Some(post) => post.send(letter()).await,
            None => true,
        };
        Announced { is_new, is_taken }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_known_and_memory_is_bounded() {
        let written = Written::default();
        assert!(!written.knows("a"));
        written.add("a");
        assert!(written.clone().knows("a"), "by every clone");
        for _ in 0..2 {
            written.0.lock().unwrap().extend((0..REMEMBERED).map(|n| n.to_string()));
            written.add("a");
            assert!(written.knows("a") && written.0.lock().unwrap().len() == 1);
        }
    }
}
