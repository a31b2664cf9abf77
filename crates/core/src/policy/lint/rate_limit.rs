//! The checks of a rate limit policy.

use std::rc::Rc;

use super::report::{Place, Report};
use super::unreachable::ByProfile;
use super::{Check, profiles, quota};
use crate::policy::rate_limit::RateLimitRule;
use crate::time::GoDuration;

/// Every check, rule by rule.
pub(super) fn lint(rules: &[RateLimitRule], report: &mut Report<'_>) {
    let last = rules.len().saturating_sub(1);
    let work = Rc::clone(&report.work);
    let limited = quota::limited(rules, report.around, &work);
    let by_profile = ByProfile::new(rules, true);
    for (index, rule) in rules.iter().enumerate() {
        let place = Place::new(index, &rule.name);
        by_profile.lint(&place, report);
        if rule.profiles.is_empty() && index < last {
            report.note(Check::AnyProfile, &place, "", || {
                format!(
                    "rule '{}' is for any profile, so no rule after it counts: put it last, or list profiles",
                    place.name()
                )
            });
        }
        profiles::lint(&rule.profiles, &place, "profiles", report);
        lint_cooldown(rule, &place, report);
        if let Some(limited) = &limited {
            quota::lint(limited, rule, &place, report);
        }
    }
}

fn lint_cooldown(rule: &RateLimitRule, place: &Place<'_>, report: &mut Report<'_>) {
    const MINUTE: GoDuration = GoDuration::from_secs(60);
    if let Some(cooldown) = cooldown(rule).filter(|cooldown| *cooldown < MINUTE) {
        report.note(Check::ShortCooldown, place, "cooldown", || {
            format!("rule '{}' has a cooldown of {cooldown}, which slows nobody down: write 1m or more", place.name())
        });
    }
}

/// The wait between two events, if there is one.
pub(super) fn cooldown(rule: &RateLimitRule) -> Option<GoDuration> {
    rule.cooldown.filter(|cooldown| *cooldown > GoDuration::ZERO)
}
