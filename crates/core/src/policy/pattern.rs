//! What `profiles` and `users` compare with: a literal, or a glob.

use std::fmt;
use std::str::FromStr;

use super::text::{InvalidText, check_line};

/// A literal or a glob. `*` matches any run of characters except `:`; everything else matches itself, case-sensitively.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern {
    text: String,
    is_glob: bool,
}

impl Pattern {
    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it has a `*`.
    pub fn is_glob(&self) -> bool {
        self.is_glob
    }

    /// What every name that it matches begins with.
    pub(crate) fn prefix(&self) -> &str {
        self.text.split('*').next().unwrap_or_default()
    }

    /// Whether some name is what both mean. As `*` never crosses a `:`, each part between colons is looked at on its own.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        if !(self.is_glob && other.is_glob) {
            return self.matches(&other.text) || other.matches(&self.text);
        }
        let mut parts = other.text.split(':');
        let all = self.text.split(':').all(|part| parts.next().is_some_and(|other| parts_meet(part, other)));
        all && parts.next().is_none()
    }

    /// Whether `name` is what this pattern means. Linear in the length of both. The text of another pattern is matched exactly
    /// where this one matches whatever that one does.
    pub fn matches(&self, name: &str) -> bool {
        if self.is_glob { glob_matches(&self.text, name) } else { self.text == name }
    }
}

impl FromStr for Pattern {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_line(text)?;
        Ok(Self { text: text.to_owned(), is_glob: text.contains('*') })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// As `*` never crosses a `:`, each part between colons is matched on its own. One star, as most globs have, needs no parts.
fn glob_matches(glob: &str, name: &str) -> bool {
    if let Some((prefix, suffix)) = glob.split_once('*').filter(|(_, rest)| !rest.contains('*')) {
        let inner = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(suffix));
        return inner.is_some_and(|inner| !inner.contains(':'));
    }
    let mut parts = name.split(':');
    let all = glob.split(':').all(|part| parts.next().is_some_and(|text| part_matches(part, text)));
    all && parts.next().is_none()
}

/// Prefix and suffix must stand at the ends; taking each middle piece as early as possible leaves most room for the rest,
/// so nothing is ever tried twice.
fn part_matches(glob: &str, text: &str) -> bool {
    let Some((prefix, rest)) = glob.split_once('*') else { return glob == text };
    let (middle, suffix) = rest.rsplit_once('*').unwrap_or(("", rest));
    let inner = text.strip_prefix(prefix).and_then(|text| text.strip_suffix(suffix));
    inner.is_some_and(|inner| holds_in_order(inner, middle))
}

/// With stars in both, the ends must agree; between them there is room for the middle of either.
fn parts_meet(one: &str, other: &str) -> bool {
    match (one.split_once('*'), other.split_once('*')) {
        (None, _) => part_matches(other, one),
        (_, None) => part_matches(one, other),
        (Some((begin, rest)), Some((other_begin, other_rest))) => {
            let end = rest.rsplit('*').next().unwrap_or_default();
            let other_end = other_rest.rsplit('*').next().unwrap_or_default();
            (begin.starts_with(other_begin) || other_begin.starts_with(begin))
                && (end.ends_with(other_end) || other_end.ends_with(end))
        }
    }
}

fn holds_in_order(text: &str, pieces: &str) -> bool {
    let mut rest = text;
    pieces.split('*').all(|piece| match rest.split_once(piece) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::Pattern;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("prod", "prod", true)]
    #[case("prod", "Prod", false)]
    #[case("prod", " prod", false)]
    #[case("prod-*", "prod-", true)]
    #[case("prod-*", "prod-eu", true)]
    #[case("prod-*", "production", false)]
    #[case("*", "", true)]
    #[case("*", "anything at all", true)]
    #[case("*", "a:b", false)]
    #[case("*:*", "a:b", true)]
    #[case("*-*-*", "a-b", false)]
    #[case("a*a", "a", false)]
    #[case("a*b*c", "abbbc", true)]
    #[case("*ab*ab", "ab", false)]
    #[case("**", "x", true)]
    #[case("system:serviceaccount:payments:*", "system:serviceaccount:payments:api", true)]
    #[case("system:serviceaccount:*", "system:serviceaccount:payments:api", false)]
    #[case("system:serviceaccount:*:*", "system:serviceaccount:payments:api", true)]
    #[case("system:*", "system:a:", false)]
    #[case("*é*", "café!", true)]
    fn matches(#[case] pattern: &str, #[case] name: &str, #[case] expected: bool) {
        assert_eq!(pattern.parse::<Pattern>().unwrap().matches(name), expected, "{pattern} / {name}");
    }

    #[rstest]
    fn refuses(#[values("", "a\nb", "a\u{0}", "a\u{202e}b", "\u{200b}", &"x".repeat(2049))] text: &str) {
        assert!(text.parse::<Pattern>().is_err());
    }

    #[test]
    fn a_hostile_glob_is_cheap() {
        let pattern: Pattern = "a*".repeat(1000).parse().unwrap();
        let name = "a".repeat(100_000) + "b:";
        assert!((0..20).all(|_| !pattern.matches(&name)));
    }

    /// Tries everything.
    fn naive(glob: &[char], name: &[char]) -> bool {
        match glob.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => {
                naive(rest, name) || name.first().is_some_and(|c| *c != ':') && naive(glob, &name[1..])
            }
            Some((c, rest)) => name.first() == Some(c) && naive(rest, &name[1..]),
        }
    }

    /// Every name of up to 5 of these letters.
    fn names(letters: &[char]) -> impl Iterator<Item = String> {
        let letters = letters.to_vec();
        (0..=5).flat_map(move |length| {
            let letters = letters.clone();
            (0..letters.len().pow(length))
                .map(move |n| (0..length).map(|place| letters[n / letters.len().pow(place) % letters.len()]).collect())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

        #[test]
        fn agrees_with_trying_everything(glob in "[ab:*]{1,8}", name in "[ab:]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let pattern: Pattern = glob.parse().unwrap();
            prop_assert_eq!(pattern.matches(&name), naive(&chars(&glob), &chars(&name)));
        }

        #[test]
        fn what_covers_matches_no_less(one in "[ab:*]{1,6}", other in "[ab:*]{1,6}") {
            let (one, other): (Pattern, Pattern) = (one.parse().unwrap(), other.parse().unwrap());
            let names = || names(&['a', 'b', 'x', ':']);
            let covers = names().all(|name| one.matches(&name) || !other.matches(&name));
            prop_assert!(covers || !one.matches(other.as_str()), "{} doesn't cover {}", one, other);
            let meets = names().any(|name| one.matches(&name) && other.matches(&name));
            prop_assert!(one.meets(&other) || !meets, "{} meets {}", one, other);
            prop_assert_eq!(one.meets(&other), other.meets(&one));
        }

        /// Short enough for the names that are tried to settle it.
        #[test]
        fn covering_and_meeting_miss_nothing(one in "[ab:*]{1,3}", other in "[ab:*]{1,3}") {
            let (one, other): (Pattern, Pattern) = (one.parse().unwrap(), other.parse().unwrap());
            let names = || names(&['a', 'b', 'x', ':']);
            prop_assert_eq!(one.matches(other.as_str()), names().all(|name| one.matches(&name) || !other.matches(&name)));
            prop_assert_eq!(one.meets(&other), names().any(|name| one.matches(&name) && other.matches(&name)));
        }
    }
}
