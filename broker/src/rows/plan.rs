//! What is to be done with a row. Pure.

use sentinel_decision::Cause;
use std::time::Duration;

use super::memory::Memory;
use crate::moment::Moment;

/// A row is touched at most this often.
const TOUCH_EVERY: Duration = Duration::from_mins(1);
/// But for the first time, so that a new session does not look unused for a minute. One write more in a session's life.
const FIRST_TOUCH_AFTER: Duration = Duration::from_secs(5);
/// How long an ended row is refused from memory: for good would be right too, were it not for restored tables.
const ENDED_FOR: Duration = Duration::from_mins(1);

/// What is to be done.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// The row was written within the minute.
    Nothing,
    /// The row has ended.
    Refuse(Cause),
    /// There has never been a row.
    Create,
    /// The row must say for which role and until when credentials will be about.
    RecordIssue,
    /// The row must say that it is used, and its answer whether it still may be.
    Touch,
}

/// The next step for a row that this replica remembers as `memory`.
pub fn plan(memory: Option<&Memory>, may_start: bool, issue: bool, now: Moment) -> Step {
    let within = |at: Option<tokio::time::Instant>, time| at.is_some_and(|at| now.since(at) < time);
    if let Some((at, cause)) = memory.and_then(|memory| memory.ended.as_ref())
        && within(Some(*at), ENDED_FOR)
    {
        return Step::Refuse(cause.clone());
    }
    let written = memory.and_then(|memory| memory.written);
    let pause = if memory.is_some_and(|memory| memory.new) { FIRST_TOUCH_AFTER } else { TOUCH_EVERY };
    match (written, issue) {
        (None, _) if may_start && memory.is_none_or(|memory| memory.ended.is_none()) => Step::Create,
        (_, true) => Step::RecordIssue,
        (at, false) if within(at, pause) => Step::Nothing,
        (_, false) => Step::Touch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn memory(written_ago: Option<u64>, ended_ago: Option<u64>, now: Moment) -> Memory {
        let ago = |seconds| now.steady - Duration::from_secs(seconds);
        Memory {
            written: written_ago.map(ago),
            ended: ended_ago.map(|at| (ago(at), Cause::Internal)),
            ..Memory::default()
        }
    }

    #[rstest]
    #[case::never_active_is_created(None, true, true, Step::Create)]
    #[case::without_an_issue_too(None, true, false, Step::Create)]
    #[case::once_active_is_never_created(None, false, true, Step::RecordIssue)]
    #[case::a_new_replica_touches(None, false, false, Step::Touch)]
    #[case::remembered_is_never_created_again(Some((Some(5), None)), true, true, Step::RecordIssue)]
    #[case::within_the_minute(Some((Some(59), None)), true, false, Step::Nothing)]
    #[case::after_the_minute(Some((Some(60), None)), true, false, Step::Touch)]
    #[case::ended(Some((Some(5), Some(59))), true, true, Step::Refuse(Cause::Internal))]
    #[case::ended_long_ago_is_asked_again(Some((Some(90), Some(60))), true, false, Step::Touch)]
    #[case::ended_at_first_sight_is_not_created(Some((None, Some(60))), true, false, Step::Touch)]
    #[tokio::test(start_paused = true)]
    async fn steps(
        #[case] remembered: Option<(Option<u64>, Option<u64>)>,
        #[case] may_start: bool,
        #[case] issue: bool,
        #[case] expected: Step,
    ) {
        tokio::time::advance(Duration::from_secs(1000)).await;
        let now = Moment::now();
        let memory = remembered.map(|(written, ended)| memory(written, ended, now));
        assert_eq!(plan(memory.as_ref(), may_start, issue, now), expected);
    }

    #[rstest]
    #[case(4, Step::Nothing)]
    #[case(5, Step::Touch)]
    #[tokio::test(start_paused = true)]
    async fn a_new_row_is_touched_soon(#[case] seconds: u64, #[case] expected: Step) {
        tokio::time::advance(Duration::from_secs(1000)).await;
        let now = Moment::now();
        let memory = Memory { new: true, ..memory(Some(seconds), None, now) };
        assert_eq!(plan(Some(&memory), true, false, now), expected);
    }
}
