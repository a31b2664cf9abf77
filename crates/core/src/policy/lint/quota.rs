//! Quotas that nobody reaches.

use std::collections::BTreeMap;

use super::profiles::matching;
use super::rate_limit::cooldown;
use super::report::{Place, Report, Work};
use super::{Check, KnownProfile, Surroundings};
use crate::policy::pattern::Pattern;
use crate::policy::rate_limit::RateLimitRule;
use crate::time::GoDuration;

/// Every profile that a policy limits, with its cooldown.
pub(super) type Limited<'a> = BTreeMap<&'a str, Option<GoDuration>>;

/// Checks a quota per user: it counts the user's events on all profiles, and each cooldown bounds those on one.
pub(super) fn lint(limited: &Limited<'_>, rule: &RateLimitRule, place: &Place<'_>, report: &mut Report<'_>) {
    let (Some(quota), Some(window), Some(wait)) = (rule.max_per_user, rule.quota_window, cooldown(rule)) else {
        return;
    };
    // Most quotas are far below: they don't need the profiles counted.
    if in_window(wait, window) >= i64::from(quota) {
        return;
    }
    let Some(most) = most_events(limited, window, &report.work).filter(|most| *most < i64::from(quota)) else { return };
    report.note(Check::UnreachableQuota, place, "cooldown", || {
        format!(
            "rule '{}' allows {quota} events of a user in {window}, but the cooldowns leave at most {most} on all profiles that \
             this policy limits: lower the quota, or shorten the cooldown ({wait})",
            place.name()
        )
    });
}

/// The most events of one user, on all profiles, that a quota may find in its window; none if nobody can tell.
fn most_events(limited: &Limited<'_>, window: GoDuration, work: &Work) -> Option<i64> {
    work.spend(limited.len() * 2).then_some(())?;
    let all = limited
        .values()
        .try_fold(0_i64, |all, wait| Some(all.saturating_add(in_window((*wait)?, window)).saturating_add(1)));
    // On the profile that is asked for, a wait has just passed: one event less.
    all?.checked_sub(1)
}

/// All of them; none if others exist, or nobody knows: an event on a profile that another policy limits counts, too.
pub(super) fn limited<'a>(rules: &'a [RateLimitRule], around: &'a Surroundings, work: &'a Work) -> Option<Limited<'a>> {
    let known = around.profiles.as_ref()?;
    let mut limited = Limited::new();
    for rule in rules {
        for name in named(&rule.profiles, known, work) {
            work.spend(name.len() + 8).then_some(())?;
            limited.entry(name).or_insert(cooldown(rule));
        }
    }
    let all = known.keys().all(|name| limited.contains_key(name.as_str()));
    (!limited.is_empty() && all).then_some(limited)
}

fn named<'a>(profiles: &'a [Pattern], known: &'a BTreeMap<String, KnownProfile>, work: &'a Work) -> Vec<&'a str> {
    if profiles.is_empty() {
        return known.keys().map(String::as_str).collect();
    }
    if profiles.iter().all(|profile| !profile.is_glob()) {
        return profiles.iter().map(Pattern::as_str).collect();
    }
    profiles.iter().flat_map(|profile| matching(profile, known, work)).map(|(name, _)| name).collect()
}

/// Waits in a window: so many events fit in before another one, if each waits.
fn in_window(wait: GoDuration, window: GoDuration) -> i64 {
    window.as_nanos().checked_div(wait.as_nanos()).unwrap_or(i64::MAX)
}
