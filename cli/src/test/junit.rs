//! The report that CI systems read.

use super::{Outcome, Results};

/// One suite of all cases.
pub(super) fn report(file: &str, results: &Results) -> String {
    let cases: String = results.outcomes.iter().map(|outcome| case(file, outcome)).collect();
    let (file, tests, failures) = (escape(file), results.cases, results.differing);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{tests}\" failures=\"{failures}\">\n\
         <testsuite name=\"{file}\" tests=\"{tests}\" failures=\"{failures}\">\n{cases}</testsuite>\n</testsuites>\n"
    )
}

fn case(file: &str, outcome: &Outcome) -> String {
    let (name, file) = (escape(&outcome.name), escape(file));
    if outcome.ok {
        return format!("<testcase name=\"{name}\" classname=\"{file}\"/>\n");
    }
    let differences: Vec<_> = outcome.differences.iter().map(|difference| difference.found.to_string()).collect();
    let differences = escape(&differences.join("\n"));
    format!(
        "<testcase name=\"{name}\" classname=\"{file}\"><failure message=\"differs\">{differences}</failure></testcase>\n"
    )
}

/// Fit for text and attributes. What XML can't hold at all becomes the mark of what can't be shown.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(c),
            '\u{FFFE}' | '\u{FFFF}' => safe.push('\u{FFFD}'),
            c if c.is_control() => safe.push('\u{FFFD}'),
            c => safe.push(c),
        }
    }
    safe
}
