use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::tree;

fn refusal(text: &str) -> String {
    tree(text).unwrap_err().to_string()
}

#[rstest]
#[case("a: 1", json!({"a": 1}))]
#[case("a: 1.0", json!({"a": 1.0}))]
#[case("a: \"1\"", json!({"a": "1"}))]
#[case("a: no", json!({"a": "no"}))]
#[case("a: 09:00", json!({"a": "09:00"}))]
#[case("a: R & D * 2", json!({"a": "R & D * 2"}))]
#[case("a: 'it''s &x *y'  # &c *d", json!({"a": "it's &x *y"}))]
#[case("a: |\n  &x\n  *y\n", json!({"a": "&x\n*y\n"}))]
#[case("a: prod-*", json!({"a": "prod-*"}))]
#[case("---\na: [b, {c: d}]\n...\n", json!({"a": ["b", {"c": "d"}]}))]
#[case("{\"a\": \"\\ud83d\\ude00 &\"}", json!({"a": "😀 &"}))]
#[case("{\"a\": 1.0, \"b\": 1}", json!({"a": 1.0, "b": 1}))]
#[case("{a: b}", json!({"a": "b"}))]
#[case("", Value::Null)]
fn reads(#[case] text: &str, #[case] expected: Value) {
    assert_eq!(tree(text).unwrap(), expected);
    assert!(expected["a"] != json!(1) || tree(text).unwrap()["a"].is_u64());
}

#[rstest]
#[case("a: &x b\nc: *x", "anchors and aliases are refused")]
#[case("a: &x b", "anchors and aliases are refused")]
#[case("a: *x", "anchors and aliases are refused")]
#[case("a: &x\n  - b\n", "anchors and aliases are refused")]
#[case("&x a: b", "anchors and aliases are refused")]
#[case("a: *", "not a YAML document")]
#[case("a: b\n---\na: b", "more than one YAML document")]
#[case("a: b\na: c", "duplicate key `a`")]
#[case("a:\n- b: 1\n  b: 2", "a[0]: duplicate key `b`")]
#[case("{\"a\": {\"b\": 1, \"b\": 2}}", "a: duplicate key `b`")]
#[case("a: !tag b", "tags are refused")]
#[case("a: .inf", "infinity and NaN")]
#[case(&format!("a: {}b{}", "[".repeat(32), "]".repeat(32)), "nests deeper than 32 levels")]
#[case("? [a]\n: b", "not a YAML document")]
#[case("a: [b", "not a YAML document")]
#[case("a: b\n\tc: d", "not a YAML document")]
#[case("%YAML 1.2\n---\na: b", "directives are refused")]
fn refuses(#[case] text: &str, #[case] message: &str) {
    assert!(refusal(text).contains(message), "{}", refusal(text));
}

#[test]
fn one_answer_has_every_duplicate() {
    assert_eq!(
        refusal("a: 1\na: 2\nb: {c: 1, c: 2}"),
        "duplicate key `a`: keep one of them; b: duplicate key `c`: keep one of them"
    );
}

#[rstest]
#[case::brackets("[".repeat(1 << 20))]
#[case::braces("{a: ".repeat(1 << 18))]
#[case::sequences("- ".repeat(1 << 19))]
#[case::many_entries(format!("[{}]", "a,".repeat(1 << 19)))]
#[case::too_long("a".repeat((1 << 19) + 1))]
#[case::directives("%TAG !a! tag:a,2000:\n".repeat(1 << 15))]
#[case::deep(format!("{}{}", "[".repeat(40), "]".repeat(40)))]
#[case::blocks((0..200).map(|depth| " ".repeat(depth) + "a:\n").collect())]
#[case::laughs(billion_laughs())]
#[case::anchors("- &a\n".repeat(1 << 17))]
#[case::documents("--- a\n".repeat(1 << 17))]
#[case::hidden_by_quotes("{\"}\":".repeat(11_900))]
#[case::hidden_by_comments("? [ #]\n".repeat(7_900))]
#[case::hidden_by_line_breaks("{\u{2028}a:\u{2028}".repeat(20_000))]
#[case::hidden_by_tags("{!<}> a: ".repeat(7_900))]
#[case::hidden_by_words("{b' , \"'}\": ".repeat(7_900))]
#[case::hidden_by_lines("{\"\n}\": ".repeat(11_900))]
fn refuses_what_is_costly(#[case] text: String) {
    assert!(tree(&text).is_err());
}

/// Found by fuzzing: what is in a text is not taken for nesting.
#[rstest]
#[case(format!("- reason: '{}'\n", "[".repeat(40)))]
#[case("- {reason: \"see [1\", users: [\"a\", 'b']}\n".repeat(300))]
#[case("- reason: see [1\n".repeat(300))]
#[case("- {\n  users: [\n    a,\n  ],\n  }\n".repeat(300))]
fn brackets_in_texts_are_no_nesting(#[case] text: String) {
    assert!(tree(&text).is_ok(), "{:?}", tree(&text));
}

/// 30 levels, each an alias of the one before, three times.
fn billion_laughs() -> String {
    let level = |n: usize| format!("a{}: &a{} [*a{n}, *a{n}, *a{n}]", n + 1, n + 1);
    let mut lines = vec!["a0: &a0 [ha, ha, ha]".to_owned()];
    lines.extend((0..30).map(level));
    lines.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof!["[ -~\n]{0,60}", "[-a:&*\\[\\]{},\"'|>!#? \n]{0,40}", "\\PC{0,40}"]) {
        let _ = tree(&text);
    }
}
