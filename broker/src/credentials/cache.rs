//! Issued credentials, one set a session: the next inputs replace the last.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use sentinel_core::protocol::Credentials;
use sentinel_core::session::SessionId;
use sentinel_decision::Cause;
use tokio::time::Instant;

use super::template::{Issue, Key};
use crate::moment::Moment;

/// How long a failure is repeated where there is nothing to serve.
const REPEAT_FAILURE: Duration = Duration::from_secs(1);
/// How long a failed renewal waits where there still is something to serve.
const RENEW_AGAIN: Duration = Duration::from_secs(10);

/// What the cache has.
#[derive(Debug)]
pub enum Lookup {
    /// In the first half of its life, or renewed in vain a moment ago.
    Fresh(Credentials),
    /// In its second half: to be served, and renewed behind that.
    Aging(Credentials),
    /// The last try failed a moment ago.
    Failed(Cause),
    /// To be issued.
    Nothing,
}

/// The cache.
#[derive(Debug, Default)]
pub struct Cache {
    slots: Mutex<HashMap<SessionId, Slot>>,
}

#[derive(Debug)]
struct Slot {
    key: Key,
    held: Option<Held>,
    failure: Option<(Instant, Cause)>,
}

#[derive(Debug)]
struct Held {
    credentials: Credentials,
    half_life: Timestamp,
}

impl Cache {
    /// What there is for `key` of `session`.
    pub fn look_up(&self, session: &SessionId, key: &Key, now: Moment) -> Lookup {
        let slots = self.slots();
        let Some(slot) = slots.get(session).filter(|slot| slot.key == *key) else { return Lookup::Nothing };
        let failed = |pause| slot.failure.as_ref().filter(|(at, _)| now.since(*at) < pause);
        match slot.held.as_ref().filter(|held| held.credentials.expiration > now.wall) {
            Some(held) if now.wall < held.half_life || failed(RENEW_AGAIN).is_some() => {
                Lookup::Fresh(held.credentials.clone())
            }
            Some(held) => Lookup::Aging(held.credentials.clone()),
            None => failed(REPEAT_FAILURE).map_or(Lookup::Nothing, |(_, cause)| Lookup::Failed(cause.clone())),
        }
    }

    /// Keeps what came of `issue`; what is told never ends after the grant.
    pub fn keep(&self, session: &SessionId, key: Key, issue: &Issue, mut credentials: Credentials) {
        credentials.expiration = credentials.expiration.min(issue.until);
        let life = credentials.expiration.duration_since(issue.at);
        let half_life = issue.at.checked_add(life / 2).unwrap_or(issue.at);
        let held = Some(Held { credentials, half_life });
        self.slots().insert(session.clone(), Slot { key, held, failure: None });
    }

    /// Remembers that there was nothing to be had; what is held stays. Says whether that is new.
    pub fn failed(&self, session: &SessionId, key: Key, cause: Cause, now: Moment) -> bool {
        let mut slots = self.slots();
        let slot = slots.entry(session.clone()).or_insert(Slot { key, held: None, failure: None });
        if slot.key != key {
            *slot = Slot { key, held: None, failure: None };
        }
        slot.failure.replace((now.steady, cause)).is_none()
    }

    /// Forgets a session.
    pub fn evict(&self, session: &SessionId) {
        self.slots().remove(session);
    }

    /// Forgets what has expired, and the sessions that `is_live` doesn't know.
    pub fn forget(&self, now: Moment, is_live: impl Fn(&SessionId) -> bool) {
        self.slots().retain(|session, slot| {
            let held = slot.held.as_ref().is_some_and(|held| held.credentials.expiration > now.wall);
            let failed = slot.failure.as_ref().is_some_and(|(at, _)| now.since(*at) < RENEW_AGAIN);
            (held || failed) && is_live(session)
        });
    }

    /// How many sessions have credentials.
    pub fn len(&self) -> usize {
        self.slots().len()
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<SessionId, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
