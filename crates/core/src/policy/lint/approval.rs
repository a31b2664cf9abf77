//! The checks of an approval policy.

use super::report::{Place, Report};
use super::unreachable::ByProfile;
use super::{Check, profiles, window};
use crate::policy::approval::{ApprovalRule, AutoApprove};

/// Every check, rule by rule.
pub(super) fn lint(rules: &[ApprovalRule], report: &mut Report<'_>) {
    let by_profile = ByProfile::new(rules, false);
    for (index, rule) in rules.iter().enumerate() {
        let place = Place::new(index, &rule.name);
        by_profile.lint(&place, report);
        if rule.profiles.is_empty() {
            report.note(Check::AnyProfile, &place, "", || {
                format!("rule '{}' lets its approvers approve any profile: list profiles", place.name())
            });
        }
        profiles::lint(&rule.profiles, &place, "profiles", report);
        if let Some(auto) = &rule.auto_approve {
            lint_auto(auto, &place, report);
        }
    }
}

fn lint_auto(auto: &AutoApprove, place: &Place<'_>, report: &mut Report<'_>) {
    if auto.users.is_empty() {
        report.note(Check::AnyUser, place, "", || {
            format!(
                "rule '{}' approves requests of any user by itself: list users of the automatic approval",
                place.name()
            )
        });
    }
    if let Some(time) = &auto.time {
        window::lint(time, place, "", true, report);
    }
}
