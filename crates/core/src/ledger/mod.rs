//! The ledger of emergencies: how often the glass may be broken.
//!
//! It remembers every event that began, by UID, for as long as some limit counts it, whatever has become of the event's object or
//! its namespace since. Whoever admits an event writes the new ledger where the old one was, or begins again: so two at the same
//! instant can't both pass a limit of one.

mod refused;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::person::Identity;
use crate::policy::{RateLimitPolicy, RateLimitRule};
use crate::time::GoDuration;

pub use refused::{Hit, Limit, Refused};

/// What escalation counts over where a rule has no `quota_window`.
const DAY: GoDuration = GoDuration::from_secs(24 * 3600);

/// Every emergency that a limit may count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    entries: Vec<Entry>,
}

/// One emergency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// UID of the event.
    pub event: String,
    /// Who broke the glass.
    pub invoker: Identity,
    /// On which profile.
    pub profile: String,
    /// When it began.
    pub at: Timestamp,
    /// When it ends or ended, exclusive.
    pub until: Timestamp,
}

/// An event that asks to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its UID.
    pub event: String,
    /// Who.
    pub invoker: Identity,
    /// On which profile.
    pub profile: String,
    /// For how long.
    pub duration: GoDuration,
}

/// An event that may begin as soon as `ledger` is where the old one was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// With it.
    pub ledger: Ledger,
    /// What was written of it: its beginning and its end count.
    pub entry: Entry,
    /// How many of the invoker's events the window has, where that is more than the rule's `escalation_threshold`.
    pub escalates: Option<usize>,
}

impl Ledger {
    /// What it remembers, the oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Lets `event` begin at `now`, if `rule` does; no rule limits nothing but two of one invoker on one profile at the same time.
    /// One that it has admitted before is admitted as it was then: whoever was killed in between may ask again.
    pub fn admit(&self, event: &Candidate, rule: Option<&RateLimitRule>, now: Timestamp) -> Result<Admitted, Refused> {
        if let Some(entry) = self.entries.iter().find(|entry| entry.event == event.event) {
            let escalates = rule.and_then(|rule| self.escalation(&entry.invoker, rule, now));
            return Ok(Admitted { ledger: self.clone(), entry: entry.clone(), escalates });
        }
        Refused::unless_none(self.hits(event, rule, now), now)?;
        let Candidate { event, invoker, profile, duration } = event.clone();
        let entry = Entry { event, invoker, profile, at: now, until: duration.after(now) };
        let mut ledger = self.clone();
        ledger.entries.push(entry.clone());
        let escalates = rule.and_then(|rule| ledger.escalation(&entry.invoker, rule, now));
        Ok(Admitted { ledger, entry, escalates })
    }

    /// The same, with `event` ended at `at`. It counts on, but another may be active.
    #[must_use]
    pub fn closed(&self, event: &str, at: Timestamp) -> Self {
        let mut ledger = self.clone();
        for entry in ledger.entries.iter_mut().filter(|entry| entry.event == event) {
            entry.until = entry.until.min(at);
        }
        ledger
    }

    /// The same, without what ended and began longer ago than `longest`, which must be the longest window of any policy.
    #[must_use]
    pub fn pruned(&self, longest: GoDuration, now: Timestamp) -> Self {
        let counts = |entry: &&Entry| entry.until > now || longest.after(entry.at) > now;
        Self { entries: self.entries.iter().filter(counts).cloned().collect() }
    }

    /// Every limit that `event` runs into, in the order in which they are told.
    fn hits(&self, event: &Candidate, rule: Option<&RateLimitRule>, now: Timestamp) -> Vec<Hit> {
        let limits = [
            self.active(event, now),
            rule.and_then(|rule| self.cooldown(event, rule, now)),
            rule.and_then(|rule| self.quota(Limit::MaxPerUser, rule, now, |entry| entry.invoker.is(&event.invoker))),
            rule.and_then(|rule| self.quota(Limit::MaxPerProfile, rule, now, |entry| entry.profile == event.profile)),
        ];
        limits.into_iter().flatten().collect()
    }

    fn of_both<'a>(&'a self, event: &'a Candidate) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(|entry| entry.profile == event.profile && entry.invoker.is(&event.invoker))
    }

    fn active(&self, event: &Candidate, now: Timestamp) -> Option<Hit> {
        let until = self.of_both(event).map(|entry| entry.until).max()?;
        (until > now).then_some(Hit { limit: Limit::OneActive, count: 1, until })
    }

    /// From the newest on, whatever has become of it.
    fn cooldown(&self, event: &Candidate, rule: &RateLimitRule, now: Timestamp) -> Option<Hit> {
        let newest = self.of_both(event).map(|entry| entry.at).max()?;
        let until = rule.cooldown?.after(newest);
        (until > now).then_some(Hit { limit: Limit::Cooldown, count: 1, until })
    }

    /// One is possible again as soon as so many have left the window that fewer than allowed remain.
    fn quota(
        &self,
        limit: Limit,
        rule: &RateLimitRule,
        now: Timestamp,
        counts: impl Fn(&Entry) -> bool,
    ) -> Option<Hit> {
        let most = match limit {
            Limit::MaxPerUser => rule.max_per_user?,
            _ => rule.max_per_profile?,
        };
        let mut leaving = self.leaving(rule.quota_window?, now, counts);
        leaving.sort_unstable();
        let surplus = leaving.len().checked_sub(usize::try_from(most).unwrap_or(usize::MAX))?;
        let until = *leaving.get(surplus)?;
        Some(Hit { limit, count: leaving.len(), until })
    }

    /// When each of those that count leaves the window.
    fn leaving(&self, window: GoDuration, now: Timestamp, counts: impl Fn(&Entry) -> bool) -> Vec<Timestamp> {
        let counted = self.entries.iter().filter(|entry| counts(entry));
        counted.map(|entry| window.after(entry.at)).filter(|end| *end > now).collect()
    }

    fn escalation(&self, invoker: &Identity, rule: &RateLimitRule, now: Timestamp) -> Option<usize> {
        let threshold = usize::try_from(rule.escalation_threshold?).unwrap_or(usize::MAX);
        let window = rule.escalation_window();
        let count = self.leaving(window, now, |entry| entry.invoker.is(invoker)).len();
        (count > threshold).then_some(count)
    }
}

impl RateLimitRule {
    fn escalation_window(&self) -> GoDuration {
        self.quota_window.filter(|window| !window.is_zero()).unwrap_or(DAY)
    }

    /// How far back it looks.
    fn longest_window(&self) -> GoDuration {
        let escalation = self.escalation_threshold.map(|_| self.escalation_window());
        [self.cooldown, self.quota_window, escalation].into_iter().flatten().max().unwrap_or_default()
    }
}

impl RateLimitPolicy {
    /// How far back any of its rules looks.
    pub fn longest_window(&self) -> GoDuration {
        self.rules().iter().map(RateLimitRule::longest_window).max().unwrap_or_default()
    }
}
