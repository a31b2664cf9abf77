//! Rules whose order takes the point from one of them.

use super::Check;
use super::access::grants;
use super::report::{Place, Report, Work};
use super::rule_set::RuleSet;
use super::taken::Rules;
use super::when::When;
use crate::policy::effect::Effect;
use crate::policy::pattern::Pattern;
use crate::policy::rule::Rule;
use crate::policy::text::excerpt;

/// A grant before a deny, and what of the deny it takes.
pub(super) struct Before<'a> {
    grant: usize,
    what: &'a Pattern,
    /// It is granted everything that the deny would refuse it, so that naming it does nothing.
    wholly: bool,
}

/// The first grant that takes a name of a deny's lists wholly, or else lets a user whom it names in with a crowd.
pub(super) fn allowed_before<'a>(rules: &Rules<'_>, index: usize, rule: &'a Rule, work: &Work) -> Option<Before<'a>> {
    if rule.effect != Effect::Deny || rule.conditions.device.is_some() || rules.when.get(index) == Some(&When::Never) {
        return None;
    }
    let is_grant = |other: usize| rules.all.get(other).is_some_and(|other| grants(other.effect));
    let earlier = rules.earlier(index).and(&RuleSet::of(rules.all.len(), is_grant));
    if earlier.is_empty() {
        return None;
    }
    dead_entry(rules, index, rule, &earlier, work).or_else(|| named_user(rules, index, rule, &earlier, work))
}

fn dead_entry<'a>(
    rules: &Rules<'_>,
    index: usize,
    rule: &'a Rule,
    earlier: &RuleSet,
    work: &Work,
) -> Option<Before<'a>> {
    let when = rules.when.get(index)?;
    let (profiles, users) = (&rule.conditions.profiles, &rule.conditions.users);
    let earlier = rules.in_all_modes(rule, earlier);
    let in_profiles = rules.profiles.covering_all(profiles, &earlier, work)?;
    let in_users = rules.users.covering_all(users, &earlier, work)?;
    let users = users.iter().map(|user| (user, &rules.users, &in_profiles));
    let profiles = profiles.iter().map(|profile| (profile, &rules.profiles, &in_users));
    users.chain(profiles).filter(|(_, _, others)| !others.is_empty()).find_map(|(what, list, others)| {
        let grants = list.covering(what.as_str(), work)?.and(others);
        let grant = grants.iter().find(|grant| rules.covers_time(*grant, when))?;
        Some(Before { grant, what, wholly: true })
    })
}

fn named_user<'a>(
    rules: &Rules<'_>,
    index: usize,
    rule: &'a Rule,
    earlier: &RuleSet,
    work: &Work,
) -> Option<Before<'a>> {
    let when = rules.when.get(index)?;
    let earlier = rules.in_some_mode(rule, earlier);
    let mut looked_at = RuleSet::none(rules.all.len());
    for user in rule.conditions.users.iter().filter(|user| !user.is_glob()) {
        let named = rules.users.naming(user.as_str());
        for grant in rules.users.covering(user.as_str(), work)?.and(&earlier).iter() {
            if named.contains(grant) || looked_at.contains(grant) {
                continue;
            }
            looked_at.insert(grant);
            let other = rules.all.get(grant)?;
            let open = rules.when.get(grant).is_some_and(|own| own.meets(when));
            if open && lists_meet(&other.conditions.profiles, &rule.conditions.profiles, work) {
                return Some(Before { grant, what: user, wholly: false });
            }
        }
    }
    None
}

/// Whether some name is surely in both.
fn lists_meet(one: &[Pattern], other: &[Pattern], work: &Work) -> bool {
    let meet = |a: &Pattern, b: &Pattern| work.spend(16 + a.as_str().len() + b.as_str().len()) && a.meets(b);
    one.is_empty() || other.is_empty() || one.iter().any(|a| other.iter().any(|b| meet(a, b)))
}

/// Says so.
pub(super) fn note_allowed(before: &Before<'_>, place: &Place<'_>, rules: &Rules<'_>, report: &mut Report<'_>) {
    let (deny, what) = (place.name(), excerpt(before.what.as_str()));
    report.note(Check::AllowBeforeDeny, place, "", || {
        let grant = name_of(rules, before.grant);
        if before.wholly {
            format!(
                "rule '{deny}' names '{what}' for nothing: rule '{grant}' before it grants all that it would deny there: move \
                 '{deny}' up, or take '{what}' out of it"
            )
        } else {
            format!(
                "rule '{deny}' denies '{what}' by name, and rule '{grant}' before it lets them in with everybody else: move \
                 '{deny}' up, or list in it the profiles that it is for"
            )
        }
    });
}

/// The first earlier rule for the same requests that is laxer, and whose window crosses this one's.
pub(super) fn crossed_before(rules: &Rules<'_>, index: usize, rule: &Rule, work: &Work) -> Option<usize> {
    let Some(When::Within(span)) = rules.when.get(index) else { return None };
    let crosses = |other: usize| match (rules.when.get(other), rules.all.get(other)) {
        (Some(When::Within(own)), Some(other)) => {
            own.crosses(span) && strictness(other.effect) < strictness(rule.effect)
        }
        _ => false,
    };
    let crossing = RuleSet::of(rules.all.len(), |other| other < index && work.spend(1) && crosses(other));
    let crossing = crossing.and(&rules.earlier(index));
    if crossing.is_empty() || rule.conditions.device.is_some() {
        return None;
    }
    let mut this = RuleSet::none(rules.all.len());
    this.insert(index);
    let is_as_wide = |other: usize| {
        let other = rules.all.get(other).and_then(|other| superset(rules, other, &this, work));
        other.is_some_and(|wider| !wider.is_empty())
    };
    superset(rules, rule, &crossing, work)?.iter().find(|other| is_as_wide(*other))
}

/// Those of `within` that match, at their times, whatever `rule` does.
fn superset(rules: &Rules<'_>, rule: &Rule, within: &RuleSet, work: &Work) -> Option<RuleSet> {
    let profiles = rules.profiles.covering_all(&rule.conditions.profiles, within, work)?;
    let users = rules.users.covering_all(&rule.conditions.users, &profiles, work)?;
    Some(rules.in_all_modes(rule, &users))
}

fn strictness(effect: Effect) -> u8 {
    match effect {
        Effect::Allow => 0,
        Effect::RequireServer => 1,
        Effect::RequireServerSession => 2,
        Effect::RequireApproval => 3,
        Effect::Deny => 4,
    }
}

/// Says so.
pub(super) fn note_crossed(other: usize, place: &Place<'_>, rules: &Rules<'_>, report: &mut Report<'_>) {
    report.note(Check::OverlappingTimeWindows, place, "conditions.time", || {
        let (earlier, later) = (name_of(rules, other), place.name());
        format!(
            "the windows of '{earlier}' and '{later}' overlap, and '{earlier}' decides where they do, which is laxer: end one where \
             the other begins, or put '{later}' first"
        )
    });
}

/// The name of a rule, short enough for a message.
pub(super) fn name_of(rules: &Rules<'_>, index: usize) -> String {
    rules.all.get(index).map(|rule| excerpt(&rule.name)).unwrap_or_default()
}
