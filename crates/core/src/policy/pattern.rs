//! What `profiles` and `users` compare with: a literal, or a glob.

use std::fmt;
use std::str::FromStr;

/// A literal or a glob. `*` matches any run of characters except `:`; everything else matches itself, case-sensitively.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern {
    text: String,
    is_glob: bool,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// It would match nothing, or, in other evaluators, anything.
    #[error("an empty string matches nobody: remove it, or leave the whole list out to match any")]
    Empty,
    /// Invisible characters make two names look alike.
    #[error("control and invisible formatting characters are not allowed (found U+{0:04X})")]
    Invisible(u32),
    /// Longer than any name.
    #[error("longer than {0} bytes")]
    TooLong(usize),
}

/// The longest pattern, and the longest string anywhere in a document.
pub(crate) const MAX_STRING: usize = 2048;

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
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(InvalidPattern::Empty);
        }
        if text.len() > MAX_STRING {
            return Err(InvalidPattern::TooLong(MAX_STRING));
        }
        match text.chars().find(|c| is_invisible(*c)) {
            Some(c) => Err(InvalidPattern::Invisible(c.into())),
            None => Ok(Self { text: text.to_owned(), is_glob: text.contains('*') }),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// Control characters, and those that change the direction or the look of a text without being seen.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
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
