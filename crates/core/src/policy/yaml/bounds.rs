//! What a text may cost before it is parsed.

/// Bytes of a document.
const MAX_TEXT: usize = 1 << 20;
/// Nested `[` and `{`; the parser's time grows with depth × size.
const MAX_DEPTH: usize = 32;
/// Characters that can begin an entry; the parser keeps two events of about 130 bytes for each.
const MAX_MARKS: usize = 24_000;

/// Refuses what is costly to parse, in one pass over the bytes. Blind to quotes, so the bounds are far from any honest text.
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.len() > MAX_TEXT {
        return Err(format!("the document has {} bytes: at most {MAX_TEXT} are allowed", text.len()));
    }
    if text.starts_with('%') || text.contains("\n%") {
        return Err("YAML directives are refused: remove the line that begins with %".to_owned());
    }
    let (marks, depth) = measure(text);
    if depth > MAX_DEPTH {
        return Err(format!(
            "the document nests deeper than {MAX_DEPTH} levels: no policy needs that; check its brackets"
        ));
    }
    if marks > MAX_MARKS {
        return Err(format!(
            "the document has too many entries: at most about {MAX_MARKS} are allowed; split the policy"
        ));
    }
    Ok(())
}

/// How many entries there may be, and how deep brackets nest.
fn measure(text: &str) -> (usize, usize) {
    let (mut marks, mut depth, mut deepest) = (0, 0_usize, 0);
    let mut before = b'\n';
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' if opens_after(before) => {
                (marks, depth) = (marks + 1, depth + 1);
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => marks += 1,
            // After a quote or a bracket a colon needs no space.
            b':' if matches!(before, b'"' | b'\'' | b']' | b'}') => marks += 1,
            b' ' | b'\t' | b'\r' | b'\n' if matches!(before, b'-' | b':') => marks += 1,
            b' ' | b'\t' | b'\r' | b'\n' if before == b'?' => marks += 2,
            _ => {}
        }
        before = byte;
    }
    (marks, deepest)
}

/// Whether a bracket after this byte can open a collection; elsewhere it is a part of a word.
fn opens_after(before: u8) -> bool {
    before.is_ascii_whitespace() || matches!(before, b'[' | b'{' | b',' | b':' | b'-' | b'?' | b'"' | b'\'')
}
