//! Who had what, from when until when.

use jiff::{SignedDuration, Timestamp};
use sentinel_api::audit_log::DecisionLine;

use super::door::kept;

/// Credentials that are renewed within this are the same access: their life is told in whole seconds, by clocks that differ.
const SLACK: SignedDuration = SignedDuration::from_secs(5);

/// One session, let in by one leave, without a gap.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    /// When its last credentials end.
    pub(super) until: Timestamp,
    /// How often credentials were issued; 0: some that were issued before were given out.
    pub(super) issues: u64,
    pub(super) role_arn: Option<String>,
    pub(super) source_identity: Option<String>,
    pub(super) leave: Leave,
}

/// By what it was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leave {
    pub(super) policy_path: String,
    pub(super) rule: String,
    pub(super) policy_effect: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) event_id: Option<String>,
}

impl Span {
    /// Of a line that allows.
    pub(super) fn of(line: &DecisionLine<'_>) -> Self {
        let lifetime = SignedDuration::from_secs(line.session_duration_seconds.unwrap_or_default().max(0));
        Self {
            from: line.timestamp,
            until: line.timestamp.saturating_add(lifetime).unwrap_or(Timestamp::MAX),
            issues: u64::from(line.role_arn.is_some()),
            role_arn: line.role_arn.as_ref().map(kept),
            source_identity: line.source_identity.as_ref().map(kept),
            leave: Leave {
                policy_path: kept(&line.policy_path),
                rule: kept(&line.rule),
                policy_effect: line.policy_effect.as_ref().map(kept),
                request_id: line.approved_request_id.as_ref().map(kept),
                event_id: line.break_glass_event_id.as_ref().map(kept),
            },
        }
    }

    fn joins(&self, other: &Self) -> bool {
        let meets = |one: &Self, other: &Self| one.from <= other.until.saturating_add(SLACK).unwrap_or(Timestamp::MAX);
        let role = self.role_arn.is_none() || other.role_arn.is_none() || self.role_arn == other.role_arn;
        role && self.leave == other.leave && meets(self, other) && meets(other, self)
    }

    fn join(&mut self, other: Self) {
        self.from = self.from.min(other.from);
        self.until = self.until.max(other.until);
        self.issues += other.issues;
        self.role_arn = self.role_arn.take().or(other.role_arn);
        self.source_identity = self.source_identity.take().or(other.source_identity);
    }
}

/// Puts `span` to the others of its session, in whatever order they come: what meets becomes one.
pub(super) fn add(spans: &mut Vec<Span>, mut span: Span) {
    // It may be the bridge between two, so each that it takes in makes it longer.
    while let Some(at) = spans.iter().position(|one| one.joins(&span)) {
        span.join(spans.swap_remove(at));
    }
    spans.push(span);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(from: i64, life: i64, rule: &str) -> Span {
        let at = |second| Timestamp::from_second(second).unwrap();
        let leave = Leave {
            policy_path: String::new(),
            rule: rule.to_owned(),
            policy_effect: None,
            request_id: None,
            event_id: None,
        };
        Span { from: at(from), until: at(from + life), issues: 1, role_arn: None, source_identity: None, leave }
    }

    fn all(spans: impl IntoIterator<Item = Span>) -> Vec<Span> {
        let mut all = vec![];
        for span in spans {
            add(&mut all, span);
        }
        all.sort_by_key(|span| (span.from, span.leave.rule.clone()));
        all
    }

    #[test]
    fn renewals_are_one_and_gaps_and_other_leaves_are_not() {
        let found = all([span(0, 900, "a"), span(899, 900, "a"), span(2000, 900, "a"), span(2100, 900, "b")]);
        let found: Vec<(i64, i64, u64, &str)> = found
            .iter()
            .map(|one| (one.from.as_second(), one.until.as_second(), one.issues, one.leave.rule.as_str()))
            .collect();
        assert_eq!(found, [(0, 1799, 2, "a"), (2000, 2900, 1, "a"), (2100, 3000, 1, "b")]);
    }

    proptest! {
        #[test]
        fn the_order_of_the_lines_changes_nothing(
            (some, shuffled) in prop::collection::vec((0i64..1000, 0i64..100), 0..30)
                .prop_flat_map(|some| (Just(some.clone()), Just(some).prop_shuffle()))
        ) {
            let spans = |some: Vec<(i64, i64)>| all(some.into_iter().map(|(from, life)| span(from, life, "a")));
            prop_assert_eq!(spans(some), spans(shuffled));
        }
    }
}
