//! When each table is looked at. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sentinel_api::ConditionStatus;
use tokio::time::Instant;

use super::verdict::Verdict;

/// Of a table that can be used.
const READY: Duration = Duration::from_mins(5);
/// Of one that can't, for whoever is mending it.
const NOT_READY: Duration = Duration::from_secs(15);
/// Of one about which nothing could be learnt.
const UNKNOWN: Duration = Duration::from_mins(1);

/// By table: when it is looked at next.
#[derive(Debug, Default)]
pub(super) struct Schedule(BTreeMap<String, Instant>);

impl Schedule {
    /// The tables of `named` that are due; a table that wasn't named before is at once, and one that isn't any more is forgotten.
    pub fn due(&mut self, named: &BTreeSet<String>, now: Instant) -> Vec<String> {
        self.0.retain(|table, _| named.contains(table));
        for table in named {
            self.0.entry(table.clone()).or_insert(now);
        }
        self.0.iter().filter(|(_, at)| **at <= now).map(|(table, _)| table.clone()).collect()
    }

    /// `table` was looked at.
    pub fn looked(&mut self, table: &str, verdict: &Verdict, now: Instant) {
        let wait = match verdict.status {
            ConditionStatus::True => READY,
            ConditionStatus::False => NOT_READY,
            ConditionStatus::Unknown => UNKNOWN,
        };
        self.0.insert(table.to_owned(), now + wait);
    }

    /// When the next one is due.
    pub fn next(&self, now: Instant) -> Instant {
        self.0.values().min().copied().unwrap_or(now + READY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_waits_its_turn_by_what_was_found() {
        let (mut schedule, now) = (Schedule::default(), Instant::now());
        let named: BTreeSet<String> = ["broken", "good", "silent"].map(str::to_owned).into();
        assert_eq!(schedule.due(&named, now), ["broken", "good", "silent"]);
        let found =
            [("broken", ConditionStatus::False), ("good", ConditionStatus::True), ("silent", ConditionStatus::Unknown)];
        for (table, status) in found {
            schedule.looked(table, &Verdict { status, reason: "", text: String::new() }, now);
        }
        let mut at = |seconds| schedule.due(&named, now + Duration::from_secs(seconds));
        assert_eq!(at(14), Vec::<String>::new());
        assert_eq!(at(15), ["broken"]);
        assert_eq!(at(60), ["broken", "silent"]);
        assert_eq!(at(300), ["broken", "good", "silent"]);
        assert_eq!(schedule.next(now), now + NOT_READY);
    }

    #[test]
    fn a_table_that_comes_back_is_looked_at_at_once() {
        let (mut schedule, now) = (Schedule::default(), Instant::now());
        let named: BTreeSet<String> = ["t".to_owned()].into();
        let ready = Verdict { status: ConditionStatus::True, reason: "Ready", text: String::new() };
        schedule.looked("t", &ready, now);
        assert_eq!(schedule.due(&BTreeSet::new(), now), Vec::<String>::new());
        assert_eq!(schedule.due(&named, now), ["t"]);
    }
}
