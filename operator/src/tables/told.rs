//! The condition `TableReady` of a profile: what is known of all its tables. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sentinel_api::{ConditionStatus, ProfileStatus, condition, set_condition};

use super::verdict::Verdict;

const TABLE_READY: &str = "TableReady";
/// More than these help nobody in one message.
const MOST: usize = 5;

/// Which tables a profile may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// Its own or the installation's, and those that rules name for it.
    pub tables: Vec<String>,
    /// The rules that require a session and name no table.
    pub requiring: Vec<String>,
}

/// By table: what is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdicts(pub(super) BTreeMap<String, Verdict>);

/// Sets the condition of a profile that names `named`. A profile without a table that needs none is told nothing, and one whose
/// table nobody has looked at yet keeps what it was told before.
pub(crate) fn tell(
    verdicts: &Verdicts,
    named: &Named,
    status: &mut ProfileStatus,
    generation: Option<i64>,
    now: Timestamp,
) {
    let Some(verdicts) = verdicts.of(named) else { return };
    match together(&verdicts) {
        Some((holds, reason, message)) => {
            set_condition(&mut status.conditions, condition(TABLE_READY, holds, reason, message, generation, now));
        }
        None => status.conditions.retain(|old| old.type_ != TABLE_READY),
    }
}

impl Verdicts {
    /// One for each table of a profile, once each was looked at.
    fn of(&self, named: &Named) -> Option<Vec<Verdict>> {
        let known = named.tables.iter().map(|table| self.0.get(table).cloned());
        let no_table = (named.tables.is_empty() && !named.requiring.is_empty()).then(|| none_named(&named.requiring));
        known.chain(no_table.map(Some)).collect()
    }
}

fn none_named(rules: &[String]) -> Verdict {
    let text = format!(
        "no session table is named, and rule {} requires one: it denies. Set sessionTable in the rule, the profile or the installation",
        rules.join(", ")
    );
    Verdict { status: ConditionStatus::False, reason: "NoTable", text }
}

/// The worst speaks first and gives the reason.
fn together(verdicts: &[Verdict]) -> Option<(ConditionStatus, &'static str, String)> {
    let mut sorted: Vec<&Verdict> = verdicts.iter().collect();
    sorted.sort_by_key(|verdict| badness(verdict));
    let worst = sorted.first()?;
    let more = sorted.len().saturating_sub(MOST);
    let rest = (more > 0).then(|| format!("and {more} more tables"));
    let texts = sorted.iter().take(MOST).map(|verdict| verdict.text.clone()).chain(rest);
    Some((worst.status, worst.reason, texts.collect::<Vec<_>>().join(". ")))
}

fn badness(verdict: &Verdict) -> u8 {
    match (verdict.status, verdict.reason) {
        (ConditionStatus::False, _) => 0,
        (ConditionStatus::Unknown, _) => 1,
        (ConditionStatus::True, "Ready") => 3,
        (ConditionStatus::True, _) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn known() -> Verdicts {
        let verdict = |table: &str, status, reason| {
            (table.to_owned(), Verdict { status, reason, text: format!("{table} is {reason}") })
        };
        Verdicts(
            [
                verdict("good", ConditionStatus::True, "Ready"),
                verdict("plain", ConditionStatus::True, "Improvable"),
                verdict("silent", ConditionStatus::Unknown, "NoAnswer"),
                verdict("absent", ConditionStatus::False, "TableNotFound"),
            ]
            .into(),
        )
    }

    fn named(tables: &[&str], requiring: &[&str]) -> Named {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Named { tables: own(tables), requiring: own(requiring) }
    }

    fn told(named: &Named, before: ProfileStatus) -> Option<(ConditionStatus, String, String)> {
        let mut status = before;
        tell(&known(), named, &mut status, Some(1), AT);
        status.conditions.pop().map(|one| (one.status, one.reason, one.message))
    }

    #[rstest]
    #[case(named(&["good"], &[]), ConditionStatus::True, "Ready", "good is Ready")]
    #[case(named(&["good", "plain"], &["api"]), ConditionStatus::True, "Improvable", "plain is Improvable. good is Ready")]
    #[case(named(&["plain", "silent"], &[]), ConditionStatus::Unknown, "NoAnswer", "silent is NoAnswer. plain is Improvable")]
    #[case(named(&["silent", "absent"], &[]), ConditionStatus::False, "TableNotFound", "absent is TableNotFound. silent is NoAnswer")]
    #[case(named(&[], &["api", "web"]), ConditionStatus::False, "NoTable", "no session table is named, and rule api, web requires one: it denies. Set sessionTable in the rule, the profile or the installation")]
    fn the_worst_table_speaks_first(
        #[case] named: Named,
        #[case] status: ConditionStatus,
        #[case] reason: &str,
        #[case] message: &str,
    ) {
        assert_eq!(told(&named, ProfileStatus::default()), Some((status, reason.to_owned(), message.to_owned())));
    }

    #[test]
    fn nothing_is_said_where_no_table_is_needed_and_nothing_new_before_anybody_looked() {
        assert_eq!(told(&named(&[], &[]), ProfileStatus::default()), None);
        assert_eq!(told(&named(&["new"], &[]), ProfileStatus::default()), None);
        let old = condition(TABLE_READY, true, "Ready", "old", Some(1), AT);
        let before = || ProfileStatus { conditions: vec![old.clone()], ..ProfileStatus::default() };
        assert_eq!(told(&named(&["new"], &[]), before()).unwrap().2, "old");
        assert_eq!(told(&named(&[], &[]), before()), None);
    }

    #[test]
    fn a_long_list_is_cut() {
        let tables = vec!["good"; 7];
        let message = told(&named(&tables, &[]), ProfileStatus::default()).unwrap().2;
        assert!(message.ends_with("good is Ready. and 2 more tables"), "{message}");
    }
}
