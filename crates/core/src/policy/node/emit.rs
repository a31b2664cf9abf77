//! YAML, written by hand so that no update of a library rewrites every published document.

use super::{Node, Spelling};

/// Block style, two spaces, lists at the indentation of their key: short, since a standard parameter holds 4 KiB.
pub(super) fn document(node: &Node, spelling: Spelling) -> String {
    let mut out = String::new();
    below(&mut out, node, spelling, 0);
    out
}

/// Writes a node that begins on a line of its own.
fn below(out: &mut String, node: &Node, spelling: Spelling, indent: usize) {
    match node {
        Node::Map(fields) if !fields.is_empty() => {
            for (index, (key, value)) in fields.iter().enumerate() {
                if index > 0 {
                    pad(out, indent);
                }
                out.push_str(&spelling.spell(key));
                out.push(':');
                after_key(out, value, spelling, indent);
            }
        }
        Node::List(entries) if !entries.is_empty() => {
            for (index, entry) in entries.iter().enumerate() {
                if index > 0 {
                    pad(out, indent);
                }
                out.push_str("- ");
                below(out, entry, spelling, indent + 2);
            }
        }
        scalar => line(out, scalar),
    }
}

fn after_key(out: &mut String, value: &Node, spelling: Spelling, indent: usize) {
    let inner = match value {
        Node::Map(fields) if !fields.is_empty() => indent + 2,
        Node::List(entries) if !entries.is_empty() => indent,
        scalar => {
            out.push(' ');
            return line(out, scalar);
        }
    };
    out.push('\n');
    pad(out, inner);
    below(out, value, spelling, inner);
}

fn line(out: &mut String, scalar: &Node) {
    match scalar {
        Node::Text(text) if is_plain(text) => out.push_str(text),
        Node::Text(text) => quote(out, text),
        Node::Count(count) => out.push_str(&count.to_string()),
        Node::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Node::List(_) => out.push_str("[]"),
        Node::Map(_) => out.push_str("{}"),
    }
    out.push('\n');
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Whether every reader of YAML, old or new, takes these characters for a string as they stand.
fn is_plain(text: &str) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || " _-./@+:,;=()'*".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(safe)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !is_keyword(text)
}

/// Words that some version of YAML takes for something else than a string.
fn is_keyword(text: &str) -> bool {
    const KEYWORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    KEYWORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // Beyond these two, what YAML can't hold is refused on the way in.
            '\u{FFFE}' => out.push_str("\\uFFFE"),
            '\u{FFFF}' => out.push_str("\\uFFFF"),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::{Node, document};
    use crate::policy::Spelling;
    use proptest::prelude::*;
    use rstest::rstest;

    fn text(text: &str) -> Node {
        Node::text(text)
    }

    #[rstest]
    #[case("prod", "prod")]
    #[case("prod-*", "prod-*")]
    #[case("system:serviceaccount:payments:api", "system:serviceaccount:payments:api")]
    #[case("It's fine, they said (twice)", "It's fine, they said (twice)")]
    #[case("a: b", "\"a: b\"")]
    #[case("a #b", "\"a #b\"")]
    #[case("ends:", "\"ends:\"")]
    #[case("*", "\"*\"")]
    #[case("No", "\"No\"")]
    #[case("1", "\"1\"")]
    #[case("09:00", "\"09:00\"")]
    #[case("say \"hi\"\\\n", "\"say \\\"hi\\\"\\\\\\n\"")]
    #[case("é", "\"é\"")]
    #[case("", "\"\"")]
    fn quotes_what_needs_it(#[case] raw: &str, #[case] written: &str) {
        assert_eq!(document(&text(raw), Spelling::Document), format!("{written}\n"));
    }

    #[test]
    fn lays_out_nested_collections() {
        let node = Node::Map(vec![
            ("a", Node::List(vec![Node::Map(vec![("b", text("c")), ("d", Node::List(vec![text("e")]))]), text("f")])),
            ("g", Node::Map(vec![("h", Node::Flag(true))])),
            ("i", Node::Map(vec![])),
        ]);
        assert_eq!(document(&node, Spelling::Document), "a:\n- b: c\n  d:\n  - e\n- f\ng:\n  h: true\ni: {}\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn any_string_is_read_back(raw in prop_oneof!["[ -~\n\t]{0,20}", "[a-z:#, -]{0,12}", "\\PC{0,20}"]) {
            let written = document(&Node::Map(vec![("key", Node::List(vec![text(&raw)]))]), Spelling::Document);
            prop_assert_eq!(crate::policy::yaml::tree(&written).unwrap(), serde_json::json!({ "key": [raw] }));
        }
    }
}
