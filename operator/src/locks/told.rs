//! What is to be told of locks. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use kube::ResourceExt as _;
use kube::core::DynamicObject;
use kube::runtime::watcher::Event;
use sentinel_api::audit_log::{LockLine, SENTINEL, UNKNOWN};
use sentinel_api::{AccessLockSpec, AccessLockStatus, LockTold};

use crate::cluster::Cluster;
use crate::desk::created_at;
use crate::report::part;

/// What happens to a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It was made, or holds again.
    Created,
    /// It ended at its end.
    Expired,
    /// It was deleted before.
    Deleted,
}

/// Something to be told: what, of which lock, and when it was.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Untold {
    pub change: Change,
    pub lock: Arc<DynamicObject>,
    pub at: Timestamp,
}

/// The locks that there are, by UID, and what was told of each.
#[derive(Debug, Default)]
pub(crate) struct Book {
    known: BTreeMap<String, Page>,
    /// What a watch that begins has told so far.
    listed: BTreeSet<String>,
}

#[derive(Debug)]
struct Page {
    lock: Arc<DynamicObject>,
    told: Option<LockTold>,
}

impl Book {
    /// What `event` says that was not told, the oldest first.
    pub fn hear(&mut self, event: Event<DynamicObject>, now: Timestamp) -> Vec<Untold> {
        match event {
            Event::Init => {
                self.listed.clear();
                vec![]
            }
            Event::InitApply(lock) => {
                self.listed.insert(lock.uid().unwrap_or_default());
                self.see(lock, now)
            }
            Event::InitDone => self.miss(now),
            Event::Apply(lock) => self.see(lock, now),
            Event::Delete(lock) => {
                let uid = lock.uid().unwrap_or_default();
                self.see(lock, now);
                self.lose(&uid, now)
            }
        }
    }

    /// The locks of which something is to be told still, though nothing new was heard: their end has come.
    pub fn due(&mut self, now: Timestamp) -> Vec<Untold> {
        self.known.values().flat_map(|page| page.untold(now)).collect()
    }

    /// Notes that `untold` was told.
    pub fn told(&mut self, untold: &Untold) {
        if let Some(page) = self.known.get_mut(&untold.lock.uid().unwrap_or_default()) {
            page.told = Some(untold.told());
        }
    }

    fn see(&mut self, lock: DynamicObject, now: Timestamp) -> Vec<Untold> {
        let uid = lock.uid().unwrap_or_default();
        // What we know we told is newer than what a watch says that is late.
        let told = match self.known.get(&uid) {
            Some(page) => page.told,
            None => part::<AccessLockStatus>(&lock.data, "status").unwrap_or_default().told,
        };
        let page = Page { lock: Arc::new(lock), told };
        let untold = page.untold(now);
        self.known.insert(uid, page);
        untold
    }

    /// Whatever isn't in the list was deleted while nobody watched.
    fn miss(&mut self, now: Timestamp) -> Vec<Untold> {
        let missing: Vec<String> = self.known.keys().filter(|uid| !self.listed.contains(*uid)).cloned().collect();
        missing.iter().flat_map(|uid| self.lose(uid, now)).collect()
    }

    fn lose(&mut self, uid: &str, now: Timestamp) -> Vec<Untold> {
        let Some(page) = self.known.remove(uid) else { return vec![] };
        let deleted = page.is_held(now).then(|| page.says(Change::Deleted, now));
        page.untold(now).into_iter().chain(deleted).collect()
    }
}

impl Page {
    fn untold(&self, now: Timestamp) -> Vec<Untold> {
        let made = match self.told {
            None => Some(created_at(&self.lock)),
            // Somebody has put its end off, so it holds again.
            Some(LockTold::Ended) => self.is_held(now).then_some(now),
            Some(LockTold::Created) => None,
        };
        let over = end(&self.lock).filter(|end| *end <= now && self.told != Some(LockTold::Ended));
        let changes = made.map(|at| (Change::Created, at)).into_iter().chain(over.map(|at| (Change::Expired, at)));
        changes.map(|(change, at)| self.says(change, at)).collect()
    }

    fn is_held(&self, now: Timestamp) -> bool {
        end(&self.lock).is_none_or(|end| end > now)
    }

    fn says(&self, change: Change, at: Timestamp) -> Untold {
        Untold { change, lock: self.lock.clone(), at }
    }
}

impl Untold {
    /// What is told by that.
    pub fn told(&self) -> LockTold {
        match self.change {
            Change::Created => LockTold::Created,
            Change::Expired | Change::Deleted => LockTold::Ended,
        }
    }

    /// As the log calls it.
    pub fn event(&self) -> &'static str {
        match self.change {
            Change::Created => "lock.created",
            Change::Expired | Change::Deleted => "lock.ended",
        }
    }

    /// The same whenever this is told again, and for nothing else: a lock whose end is put off begins more than once.
    pub fn key(&self) -> String {
        format!("{}.{}.{}", self.lock.uid().unwrap_or_default(), self.event(), self.at.as_millisecond())
    }

    /// The line.
    pub fn line<'a>(&self, cluster: &'a Cluster) -> LockLine<'a> {
        let spec = spec(&self.lock);
        let (actor, ended) = match self.change {
            Change::Created => (spec.created_by.unwrap_or_else(|| UNKNOWN.to_owned()), None),
            Change::Expired => (SENTINEL.to_owned(), Some("expired")),
            Change::Deleted => (UNKNOWN.to_owned(), Some("deleted")),
        };
        LockLine {
            timestamp: self.at,
            event: self.event().into(),
            actor: actor.into(),
            reason: spec.reason.into(),
            ended: ended.map(Into::into),
            expires_at: end(&self.lock),
            users: spec.users,
            namespaces: spec.namespaces,
            profiles: spec.profiles,
            name: self.lock.name_any().into(),
            uid: self.lock.uid().unwrap_or_default().into(),
            cluster: cluster.id.as_str().into(),
            cluster_name: cluster.name.as_str().into(),
        }
    }
}

/// What can be read of it.
fn spec(lock: &DynamicObject) -> AccessLockSpec {
    part(&lock.data, "spec").unwrap_or_default()
}

/// As the broker understands it.
fn end(lock: &DynamicObject) -> Option<Timestamp> {
    spec(lock).widest().expires_at()
}

#[cfg(test)]
#[path = "told_tests.rs"]
mod tests;
