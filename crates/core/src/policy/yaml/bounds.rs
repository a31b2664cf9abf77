//! What a text may cost before it is parsed.

use super::brackets::Brackets;

/// Bytes of a document.
pub(in crate::policy) const MAX_TEXT: usize = 1 << 19;
/// Characters that can begin an entry; the parser keeps two events of about 130 bytes for each.
const MAX_MARKS: usize = 24_000;
/// Steps of the YAML parser, which at each entry goes through all brackets that are open: about 12 ms.
const MAX_STEPS: usize = 3_000_000;

/// Refuses what is costly to parse, in one pass over the bytes. Blind to quotes, so the bound is far from any honest text.
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.len() > MAX_TEXT {
        return Err(format!("the document has {} bytes: at most {MAX_TEXT} are allowed", text.len()));
    }
    if text.starts_with('%') || text.contains("\n%") {
        return Err("YAML directives are refused: remove the line that begins with %".to_owned());
    }
    if count_marks(text) > MAX_MARKS {
        return Err(format!(
            "the document has too many entries: at most about {MAX_MARKS} are allowed; split the policy"
        ));
    }
    Ok(())
}

/// Refuses what is costly to the YAML parser alone.
pub(super) fn check_nesting(text: &str) -> Result<(), String> {
    // Most texts have so few of both that nothing needs to be known of their order, and counting is quick.
    let brackets = text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    if brackets.saturating_mul(count_marks(text)) > MAX_STEPS && count_steps(text) > MAX_STEPS {
        return Err(
            "the document has too many brackets that are not closed on the line on which they are opened: close them there"
                .to_owned(),
        );
    }
    Ok(())
}

fn count_marks(text: &str) -> usize {
    let mut before = b'\n';
    text.bytes().map(|byte| marks(std::mem::replace(&mut before, byte), byte)).sum()
}

fn count_steps(text: &str) -> usize {
    let (mut before, mut steps) = (b'\n', 0);
    let mut brackets = Brackets::default();
    for byte in text.bytes() {
        brackets.take(before, byte);
        steps += marks(before, byte) * brackets.open();
        before = byte;
    }
    steps
}

/// How many entries may begin with `byte`.
fn marks(before: u8, byte: u8) -> usize {
    match byte {
        b'[' | b'{' if Brackets::opens_after(before) => 1,
        b',' => 1,
        // After a quote or a bracket a colon needs no space.
        b':' if matches!(before, b'"' | b'\'' | b']' | b'}') => 1,
        blank if ends_a_sign(blank) && matches!(before, b'-' | b':') => 1,
        blank if ends_a_sign(blank) && before == b'?' => 2,
        _ => 0,
    }
}

/// Blanks; the parser's line breaks beyond ASCII are taken for every other character there.
fn ends_a_sign(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n') || !byte.is_ascii()
}
