//! What others wrote, shown.

use sentinel_core::policy::is_invisible;

/// Nothing of it moves the cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if is_invisible(c) { '\u{FFFD}' } else { c }).collect()
}

/// The same of a text that may have several lines, as one.
pub(crate) fn in_one_line(text: &str) -> String {
    printable(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// As one word of a shell.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_one_and_nothing_moves_the_cursor() {
        assert_eq!(in_one_line("fixed\n\tby \u{1b}[2Jann "), "fixed by \u{FFFD}[2Jann");
        assert_eq!(printable("a\nb"), "a\u{FFFD}b");
    }
}
