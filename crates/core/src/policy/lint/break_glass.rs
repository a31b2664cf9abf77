//! The checks of a break-glass policy.

use super::report::{Place, Report};
use super::unreachable::ByProfile;
use super::{Check, profiles, window};
use crate::policy::break_glass::BreakGlassRule;
use crate::policy::text::excerpt;

/// Every check, rule by rule.
pub(super) fn lint(rules: &[BreakGlassRule], report: &mut Report<'_>) {
    let by_profile = ByProfile::new(rules, false);
    for (index, rule) in rules.iter().enumerate() {
        let place = Place::new(index, &rule.name);
        by_profile.lint(&place, report);
        lint_breadth(rule, &place, report);
        profiles::lint(&rule.profiles, &place, "profiles", report);
        lint_users(rule, &place, report);
        if let Some(time) = &rule.time {
            window::lint(time, &place, "time", true, report);
        }
    }
}

fn lint_breadth(rule: &BreakGlassRule, place: &Place<'_>, report: &mut Report<'_>) {
    if rule.profiles.is_empty() {
        report.note(Check::AnyProfile, place, "", || {
            format!("rule '{}' opens any profile in an emergency: list profiles", place.name())
        });
    }
    if rule.allowed_reason_codes.is_empty() {
        report.note(Check::AnyReasonCode, place, "", || {
            format!(
                "rule '{}' takes any reason code: list those that it is for, such as [incident, security]",
                place.name()
            )
        });
    }
}

fn lint_users(rule: &BreakGlassRule, place: &Place<'_>, report: &mut Report<'_>) {
    for (entry, user) in rule.users.iter().enumerate().filter(|(_, user)| user.is_glob()) {
        report.note_entry(Check::GlobOfUsers, place, "users", entry, || {
            format!(
                "rule '{}' lets whoever matches '{}' break the glass: name each person, or a group",
                place.name(),
                excerpt(user.as_str())
            )
        });
    }
}
