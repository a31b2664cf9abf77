//! Rules that are found by the profile alone: the first whose profiles match is the one that counts, whatever else it says.

use super::document::DocumentRule;
use super::pattern::Pattern;
use crate::time::TimeWindow;

/// A rule of such a kind.
pub(crate) trait ProfileRule: DocumentRule + Clone {
    /// Unique within its document.
    fn name(&self) -> &str;

    /// Empty is any profile.
    fn profiles(&self) -> &[Pattern];

    /// Its time window, if it has one.
    fn window(&mut self) -> Option<&mut TimeWindow>;
}

/// The first rule for the profile, with its place in the document.
pub(crate) fn first<'a, R: ProfileRule>(rules: &'a [R], profile: &str) -> Option<(usize, &'a R)> {
    rules.iter().enumerate().find(|(_, rule)| any_or(rule.profiles(), |pattern| pattern.matches(profile)))
}

/// An empty list matches anything.
pub(crate) fn any_or<T>(list: &[T], matches: impl Fn(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(matches)
}

/// Whether one of the names by which a person goes is what one of the patterns means.
pub(crate) fn any_matches(patterns: &[Pattern], names: &[&str]) -> bool {
    patterns.iter().any(|pattern| names.iter().any(|name| pattern.matches(name)))
}
