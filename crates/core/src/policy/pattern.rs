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

    /// Whether `name` is what this pattern means. Linear in the length of both.
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

/// As `*` never crosses a `:`, each part between colons is matched on its own.
fn glob_matches(glob: &str, name: &str) -> bool {
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

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn agrees_with_trying_everything(glob in "[ab:*]{1,8}", name in "[ab:]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let pattern: Pattern = glob.parse().unwrap();
            prop_assert_eq!(pattern.matches(&name), naive(&chars(&glob), &chars(&name)));
        }
    }
}
