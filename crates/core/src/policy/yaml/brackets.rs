//! How many brackets may be open, at most, for a reader who can't always tell a bracket from a character of a text.
//!
//! Every bracket that may open a collection counts. One that closes does so only where that is sure, or a text could hide
//! how deep it is: `{"}": {"}": {"}": …`. Sure is the same line, outside of quotes, if each quote of the line stands where
//! only a quoted text can begin. Inside of a collection that begins on the line this is exact; a line that begins inside of
//! a quoted text, unknown to this, is counted the other way round, and what it closes then it has opened itself.

/// The brackets of the text so far.
#[derive(Debug, Default)]
pub(super) struct Brackets {
    open: usize,
    line: Line,
}

/// What is known of the line.
#[derive(Debug, Default)]
struct Line {
    /// Brackets that were opened outside of quotes, and are not closed.
    closable: usize,
    /// The quote inside of which this is.
    quote: Option<u8>,
    /// After a backslash in a quoted text.
    escaped: bool,
    /// The last byte that is no blank.
    last: u8,
    /// A quote or a comment stood where nobody knows what it means.
    unsure: bool,
}

impl Brackets {
    /// How many may be open.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// Reads one byte more.
    pub(super) fn take(&mut self, before: u8, byte: u8) {
        if byte == b'\n' {
            self.line = Line::default();
            return;
        }
        let opens = matches!(byte, b'[' | b'{') && Self::opens_after(before);
        self.open += usize::from(opens);
        if self.line.quote.is_some() {
            self.line.quoted(byte);
        } else if self.line.plain(before, byte, opens) {
            self.open = self.open.saturating_sub(1);
        }
        if !matches!(byte, b' ' | b'\t') {
            self.line.last = byte;
        }
    }

    /// Whether a bracket after this byte can open a collection; elsewhere it is a part of a word. The parser knows line breaks
    /// beyond ASCII.
    pub(super) fn opens_after(before: u8) -> bool {
        before.is_ascii_whitespace()
            || !before.is_ascii()
            || matches!(before, b'[' | b'{' | b',' | b':' | b'-' | b'?' | b'"' | b'\'')
    }
}

impl Line {
    fn quoted(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if self.quote == Some(byte) {
            self.quote = None;
        } else {
            self.escaped = byte == b'\\' && self.quote == Some(b'"');
        }
    }

    /// Whether a bracket is surely closed.
    fn plain(&mut self, before: u8, byte: u8, opens: bool) -> bool {
        match byte {
            b'"' | b'\'' if self.begins_a_value(before) => self.quote = Some(byte),
            // Tags may hold brackets.
            b'"' | b'\'' | b'#' | b'!' => self.unsure = true,
            b'[' | b'{' if opens => self.closable += 1,
            b']' | b'}' if self.closable > 0 && !self.unsure => {
                self.closable -= 1;
                return true;
            }
            _ => {}
        }
        false
    }

    /// Whether a word can't go on here.
    fn begins_a_value(&self, before: u8) -> bool {
        matches!(self.last, b'[' | b'{' | b',') || self.last == b':' && matches!(before, b' ' | b'\t')
    }
}
