//! What a string of a document may be.

/// The longest string anywhere in a document, in bytes.
pub(crate) const MAX_STRING: usize = 2048;

/// Why a text may not stand in a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// In a list it would match nobody, and elsewhere it says nothing.
    #[error("an empty string is not allowed here: give it a value, or leave it out")]
    Empty,
    /// Invisible characters make two names look alike.
    #[error("control and invisible characters are not allowed: remove U+{0:04X}")]
    Invisible(u32),
    /// Longer than any name.
    #[error("{0} bytes are too long: at most {MAX_STRING} are allowed")]
    TooLong(usize),
}

/// A name or a pattern: one visible line that isn't empty.
pub(crate) fn check_line(text: &str) -> Result<(), InvalidText> {
    if text.is_empty() { Err(InvalidText::Empty) } else { check(text, is_invisible) }
}

/// A sentence for people: may be empty, and may have several lines.
pub(crate) fn check_prose(text: &str) -> Result<(), InvalidText> {
    check(text, |c| !matches!(c, '\n' | '\t') && is_invisible(c))
}

fn check(text: &str, refused: impl Fn(char) -> bool) -> Result<(), InvalidText> {
    if text.len() > MAX_STRING {
        return Err(InvalidText::TooLong(text.len()));
    }
    text.chars().find(|c| refused(*c)).map_or(Ok(()), |c| Err(InvalidText::Invisible(c.into())))
}

/// Control characters, and those that change the direction or the look of a text without being seen.
pub fn is_invisible(c: char) -> bool {
    let formatting =
        matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
    c.is_control() || formatting
}

/// The beginning of a text that somebody else wrote, short enough for a message and without anything invisible.
pub(crate) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 64;
    let mut short: String = text.chars().take(LENGTH).map(|c| if is_invisible(c) { '\u{FFFD}' } else { c }).collect();
    if text.chars().nth(LENGTH).is_some() {
        short.push('…');
    }
    short
}
