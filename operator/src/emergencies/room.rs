//! How much the ledger holds.

use jiff::Timestamp;
use sentinel_api::EventRefusal;
use sentinel_core::ledger::{Entry, Ledger};
use sentinel_core::time::GoDuration;

/// As large as the ledger may be, in bytes of JSON: the API server takes 1 MiB of one ConfigMap.
const MOST: usize = 900 * 1024;
/// For so long an event is remembered, though no policy of today looks back as far: one of tomorrow may.
const MEMORY: GoDuration = GoDuration::from_secs(30 * 24 * 3600);

/// The ledger without what nothing counts any more, if there is room for it. It never forgets what some limit counts: when it is full,
/// nobody breaks the glass. `longest`: how far back any limit looks; none: nobody knows, so everything counts.
pub(super) fn fitted(ledger: &Ledger, longest: Option<GoDuration>, now: Timestamp) -> Result<Ledger, EventRefusal> {
    let Some(longest) = longest else {
        return if fits(ledger) { Ok(ledger.clone()) } else { Err(full(ledger, None)) };
    };
    let remembered = ledger.pruned(longest.max(MEMORY), now);
    if fits(&remembered) {
        return Ok(remembered);
    }
    let counted = ledger.pruned(longest, now);
    if fits(&counted) { Ok(counted) } else { Err(full(&counted, Some(longest))) }
}

fn fits(ledger: &Ledger) -> bool {
    serde_json::to_vec(ledger).is_ok_and(|text| text.len() <= MOST)
}

fn full(ledger: &Ledger, longest: Option<GoDuration>) -> EventRefusal {
    let leaves = |entry: &Entry| Some(entry.until.max(longest?.after(entry.at)));
    let next = ledger.entries().iter().filter_map(leaves).min();
    let count = ledger.entries().len().saturating_sub(1);
    EventRefusal {
        limit: "ledgerFull".to_owned(),
        message: format!(
            "the ledger is full: {count} events count against some RateLimitPolicy, and none of them may be forgotten; shorten the longest quotaWindow, or come back later"
        ),
        come_back_at: next.map(|at| at.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 3600;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// One event a second.
    fn ledger(events: i64, user: usize) -> Ledger {
        let entry = |n| {
            let invoker = serde_json::json!({"user": "u".repeat(user)});
            serde_json::json!({"event": format!("{n:036}"), "invoker": invoker, "profile": "prod", "at": at(n), "until": at(n + 1)})
        };
        let entries: Vec<_> = (0..events).map(entry).collect();
        serde_json::from_value(serde_json::json!({ "entries": entries })).unwrap()
    }

    #[test]
    fn it_holds_thousands_of_common_events() {
        assert!(fits(&ledger(4000, 40)));
        assert!(!fits(&ledger(4000, 1024)));
    }

    #[test]
    fn what_no_limit_counts_is_remembered_for_a_while() {
        let (ledger, hour) = (ledger(10, 8), GoDuration::from_secs(3600));
        assert_eq!(fitted(&ledger, Some(hour), at(29 * DAY)).unwrap(), ledger);
        assert_eq!(fitted(&ledger, Some(hour), at(31 * DAY)).unwrap().entries().len(), 0);
        assert_eq!(fitted(&ledger, Some(GoDuration::from_secs(40 * DAY)), at(31 * DAY)).unwrap(), ledger);
        assert_eq!(fitted(&ledger, None, at(400 * DAY)).unwrap(), ledger, "nobody knows what counts");
    }

    #[test]
    fn room_is_made_of_what_no_limit_counts_alone() {
        let (ledger, hour) = (ledger(5000, 128), GoDuration::from_secs(1800));
        let fitted = fitted(&ledger, Some(hour), at(5000)).unwrap();
        assert_eq!(fitted.entries().len(), 1799, "those that began within the window");
        assert_eq!(fitted.entries().last(), ledger.entries().last());
    }

    #[test]
    fn when_all_of_it_counts_it_is_full_and_says_until_when() {
        let (ledger, month) = (ledger(5000, 256), GoDuration::from_secs(30 * DAY));
        let refusal = fitted(&ledger, Some(month), at(5000)).unwrap_err();
        assert_eq!((refusal.limit.as_str(), refusal.come_back_at), ("ledgerFull", Some(at(30 * DAY).to_string())));
        assert!(refusal.message.contains("4999 events count"), "{}", refusal.message);
        assert_eq!(fitted(&ledger, None, at(400 * DAY)).unwrap_err().come_back_at, None);
    }
}
