//! Profiles that nobody has.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::report::{Place, Report, Work};
use super::{Check, KnownProfile};
use crate::policy::pattern::Pattern;
use crate::policy::text::excerpt;
use crate::policy::unknown::nearest;

/// Checks a rule's profiles, which stand at `path`.
pub(super) fn lint(profiles: &[Pattern], place: &Place<'_>, path: &str, report: &mut Report<'_>) {
    let Some(known) = &report.around.profiles else { return };
    for (entry, profile) in profiles.iter().enumerate() {
        // Without a comparison left nobody is sure.
        let exists = matching(profile, known, &report.work).next().is_some() || !report.work.spend(1);
        if !exists {
            report.note_entry(Check::UnknownProfile, place, path, entry, || unknown(profile, place, known));
        }
    }
}

/// The known profiles that a pattern means. What begins differently isn't looked at.
pub(super) fn matching<'a>(
    profile: &'a Pattern,
    known: &'a BTreeMap<String, KnownProfile>,
    work: &'a Work,
) -> impl Iterator<Item = (&'a str, KnownProfile)> {
    let begin = profile.prefix();
    let from = known.range::<str, _>((Bound::Included(begin), Bound::Unbounded));
    // A name is the first that begins with itself.
    let near =
        from.take(if profile.is_glob() { usize::MAX } else { 1 }).take_while(move |(name, _)| name.starts_with(begin));
    let near = near.take_while(|(name, _)| work.spend(name.len() + 8));
    near.filter(|(name, _)| profile.matches(name)).map(|(name, known)| (name.as_str(), *known))
}

fn unknown(profile: &Pattern, place: &Place<'_>, known: &BTreeMap<String, KnownProfile>) -> String {
    let (rule, shown) = (place.name(), excerpt(profile.as_str()));
    if profile.is_glob() {
        return format!(
            "rule '{rule}': no profile that exists matches '{shown}': correct it, or make the SentinelProfile"
        );
    }
    // What differs much in length isn't near, and looking at each of very many costs too much.
    let length = profile.as_str().len();
    let is_near = |name: &&str| name.len() <= 64 && name.len().abs_diff(length) <= length / 3 + 1;
    let names: Vec<&str> = known.keys().map(String::as_str).filter(is_near).take(100).collect();
    match nearest(profile.as_str(), &names) {
        Some(meant) => format!("rule '{rule}': there is no profile '{shown}': did you mean '{}'?", excerpt(meant)),
        None => format!("rule '{rule}': there is no profile '{shown}': correct it, or make the SentinelProfile"),
    }
}
