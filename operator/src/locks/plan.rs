//! The status of a lock. Pure.

use std::time::Duration;

use jiff::Timestamp;
use sentinel_api::{AccessLockStatus, condition, set_condition};
use sentinel_core::lock::AccessLock;

use crate::report::shortened;

/// Sessions are counted again after this.
const COUNT_AGAIN: Duration = Duration::from_mins(5);

/// Of what is wrong, so many bytes.
const LONGEST: usize = 4000;

/// A lock as the broker understands it.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    /// What it locks.
    pub lock: AccessLock,
    /// What is wrong with it, if something is.
    pub problems: Option<String>,
}

/// What to write, and when to look again.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// The status.
    pub status: AccessLockStatus,
    /// None: when the lock changes.
    pub again_in: Option<Duration>,
}

/// The status of `judged`, which names so many `sessions`, after `old`.
pub(crate) fn plan(
    judged: &Judged,
    sessions: usize,
    old: &AccessLockStatus,
    generation: Option<i64>,
    now: Timestamp,
) -> Plan {
    let over = judged.lock.is_over(now);
    let mut status = AccessLockStatus { observed_generation: generation, ..old.clone() };
    status.sessions = (!over).then(|| i64::try_from(sessions).unwrap_or(i64::MAX));
    for (type_, (holds, reason, message)) in [("Accepted", accepted(judged)), ("Active", active(judged, over))] {
        set_condition(&mut status.conditions, condition(type_, holds, reason, message, generation, now));
    }
    let end = judged.lock.expires_at().and_then(|end| Duration::try_from(end.duration_since(now)).ok());
    Plan { status, again_in: (!over).then(|| end.map_or(COUNT_AGAIN, |end| end.min(COUNT_AGAIN))) }
}

fn accepted(judged: &Judged) -> (bool, &'static str, String) {
    match &judged.problems {
        None => (true, "Valid", "the lock can be read".to_owned()),
        Some(problems) => {
            let message =
                format!("it locks everything that it might mean; mend or delete it: {}", shortened(problems, LONGEST));
            (false, "Invalid", message)
        }
    }
}

fn active(judged: &Judged, over: bool) -> (bool, &'static str, String) {
    match judged.lock.expires_at() {
        Some(end) if over => (false, "Expired", format!("it ended at {end}: it stops nobody, and can be deleted")),
        Some(end) => (true, "Holds", format!("who is named gets no credentials until {end}")),
        None => (true, "Holds", "who is named gets no credentials until the lock is deleted".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use sentinel_core::lock::LockDraft;

    fn judged(end: Option<i64>, problems: Option<&str>) -> Judged {
        let expires_at = end.map(|end| at(end).to_string());
        let draft = LockDraft { expires_at, ..LockDraft::default() };
        Judged { lock: AccessLock::widest(&draft), problems: problems.map(str::to_owned) }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[rstest]
    #[case::for_good(None, None, ["Valid", "Holds"], Some(3), Some(300))]
    #[case::far_end(Some(2000), None, ["Valid", "Holds"], Some(3), Some(300))]
    #[case::near_end(Some(1001), None, ["Valid", "Holds"], Some(3), Some(1))]
    #[case::at_its_end(Some(1000), None, ["Valid", "Expired"], None, None)]
    #[case::past_its_end(Some(999), None, ["Valid", "Expired"], None, None)]
    #[case::unreadable(None, Some("spec: what?"), ["Invalid", "Holds"], Some(3), Some(300))]
    #[case::unreadable_and_over(Some(999), Some("spec: what?"), ["Invalid", "Expired"], None, None)]
    fn table(
        #[case] end: Option<i64>,
        #[case] problems: Option<&str>,
        #[case] reasons: [&str; 2],
        #[case] sessions: Option<i64>,
        #[case] again: Option<u64>,
    ) {
        let plan = plan(&judged(end, problems), 3, &AccessLockStatus::default(), Some(7), at(1000));
        let found: Vec<&str> = plan.status.conditions.iter().map(|one| one.reason.as_str()).collect();
        assert_eq!(found, reasons);
        assert_eq!((plan.status.sessions, plan.again_in), (sessions, again.map(Duration::from_secs)));
        assert_eq!(plan.status.observed_generation, Some(7));
    }

    #[test]
    fn the_same_again_writes_nothing_new() {
        let first = plan(&judged(None, None), 3, &AccessLockStatus::default(), Some(1), at(1000)).status;
        assert_eq!(plan(&judged(None, None), 3, &first, Some(1), at(1300)).status, first);
    }
}
