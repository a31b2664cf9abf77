//! What is to be done with a row. Pure.

use std::time::Duration;

use sentinel_decision::Cause;

use super::memory::Memory;
use crate::credentials::Issue;
use crate::moment::Moment;

/// How long an ended row is refused from memory: for good would be right too, were it not for restored tables.
const ENDED_FOR: Duration = Duration::from_mins(1);

/// What is to be done.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// The row rests.
    Nothing,
    /// The row has ended.
    Refuse(Cause),
    /// There has never been a row.
    Create,
    /// The row must say whether there may be credentials; if it doesn't say of whom and until when, it is written.
    Check,
    /// The row must say that it is used and what credentials may be about, and its answer whether they still may be.
    Write,
}

/// The next step for a row that this replica remembers as `memory`; `issue`: what is about to be issued, if anything is.
pub fn plan(memory: Option<&Memory>, may_start: bool, issue: Option<&Issue>, now: Moment) -> Step {
    let ended = memory.and_then(|memory| memory.ended.as_ref());
    if let Some((at, cause)) = ended
        && now.since(*at) < ENDED_FOR
    {
        return Step::Refuse(cause.clone());
    }
    let Some(known) = memory.and_then(|memory| memory.known.as_ref()) else {
        return if may_start && ended.is_none() { Step::Create } else { Step::Check };
    };
    let covered = |issue| known.bound.as_ref().is_some_and(|bound| bound.covers(issue));
    match issue {
        _ if known.is_due(now) || ended.is_some() => Step::Write,
        Some(issue) if !covered(issue) => Step::Write,
        Some(_) => Step::Check,
        None => Step::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::super::bound::Bound;
    use super::super::memory::Known;
    use super::*;
    use crate::credentials::examples::issue;
    use rstest::rstest;
    use std::sync::Arc;

    /// Of a row that was written so many seconds ago and rests for a minute; its bound is so many seconds ahead.
    fn memory(written_ago: Option<u64>, ended_ago: Option<u64>, ahead: u64, now: Moment) -> Memory {
        let ago = |seconds| now.steady - Duration::from_secs(seconds);
        let known = |seconds| Known {
            written: ago(seconds),
            ..Known::written(
                now.wall,
                Duration::from_mins(1),
                Some(Arc::new(Bound::of(&issue(now.wall), Duration::from_secs(ahead)))),
                now,
            )
        };
        Memory {
            known: written_ago.map(known),
            ended: ended_ago.map(|at| (ago(at), Cause::Internal)),
            ..Memory::default()
        }
    }

    #[rstest]
    #[case::never_active_is_created(None, true, true, Step::Create)]
    #[case::without_an_issue_too(None, true, false, Step::Create)]
    #[case::once_active_is_never_created(None, false, true, Step::Check)]
    #[case::a_new_replica_reads(None, false, false, Step::Check)]
    #[case::remembered_is_never_created_again(Some((Some(5), None)), true, true, Step::Check)]
    #[case::an_issue_joins_the_write_that_is_due(Some((Some(60), None)), true, true, Step::Write)]
    #[case::within_the_pause(Some((Some(59), None)), true, false, Step::Nothing)]
    #[case::after_the_pause(Some((Some(60), None)), true, false, Step::Write)]
    #[case::ended(Some((Some(5), Some(59))), true, true, Step::Refuse(Cause::Internal))]
    #[case::ended_long_ago_is_asked_again(Some((Some(5), Some(60))), true, false, Step::Write)]
    #[case::ended_at_first_sight_is_not_created(Some((None, Some(60))), true, false, Step::Check)]
    #[tokio::test(start_paused = true)]
    async fn steps(
        #[case] remembered: Option<(Option<u64>, Option<u64>)>,
        #[case] may_start: bool,
        #[case] issuing: bool,
        #[case] expected: Step,
    ) {
        tokio::time::advance(Duration::from_secs(1000)).await;
        let now = Moment::now();
        let memory = remembered.map(|(written, ended)| memory(written, ended, 0, now));
        let issue = issuing.then(|| issue(now.wall));
        assert_eq!(plan(memory.as_ref(), may_start, issue.as_ref(), now), expected);
    }

    #[rstest]
    #[case::as_far_as_was_said(30, Step::Check)]
    #[case::further(31, Step::Write)]
    #[tokio::test(start_paused = true)]
    async fn what_was_not_said_ahead_is_said_first(#[case] later: u64, #[case] expected: Step) {
        tokio::time::advance(Duration::from_secs(1000)).await;
        let now = Moment::now();
        let memory = memory(Some(5), None, 30, now);
        let issue = issue(now.wall + Duration::from_secs(later));
        assert_eq!(plan(Some(&memory), false, Some(&issue), now), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn another_role_or_name_is_said_first() {
        tokio::time::advance(Duration::from_secs(1000)).await;
        let now = Moment::now();
        let memory = memory(Some(5), None, 30, now);
        let (mut role, mut name) = (issue(now.wall), issue(now.wall));
        role.request.role_arn = "arn:aws:iam::111122223333:role/other".to_owned();
        name.request.source_identity = "sentinel.api@payments.0123abcd.0123456789abcdef".to_owned();
        for issue in [role, name] {
            assert_eq!(plan(Some(&memory), false, Some(&issue), now), Step::Write);
        }
    }
}
