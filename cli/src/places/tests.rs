use rstest::rstest;

use super::*;

const YAML: &str = "# first\nversion: \"1\"\nrules:\n- name: a   # why\n  effect: alow\n  conditions:\n    users: [x, 'y z', \"é\", ü]\n    profiles:\n    - p\n    mode:\n  \
    reason: |\n    two\n    lines\n- {name: b, effect: \"deny\"}\na.b:\n  c: 1\nname: once\nname: twice\n";

fn place(text: &str, path: &str, spot: Option<&Spot>) -> Option<(usize, usize, String)> {
    let text = Text::new(text.to_owned());
    let place = text.place(path, spot)?;
    let marked = text.line(place.line).chars().skip(place.column - 1).take(place.length).collect();
    Some((place.line, place.column, marked))
}

#[rstest]
#[case("version", 2, 10, "\"1\"")]
#[case("rules[0].effect", 5, 11, "alow")]
#[case("rules[0].name", 4, 9, "a")]
#[case("rules[0].conditions", 6, 3, "conditions")]
#[case("rules[0].conditions.users[1]", 7, 16, "'y z'")]
#[case("rules[0].conditions.users[3]", 7, 28, "ü")]
#[case("rules[0].conditions.profiles[0]", 9, 7, "p")]
#[case::null("rules[0].conditions.mode", 10, 5, "mode")]
#[case::lines("rules[0].reason", 12, 5, "t")]
#[case::flow("rules[1]", 14, 3, "{")]
#[case::flow_value("rules[1].effect", 14, 21, "\"deny\"")]
#[case::dots("a.b.c", 16, 6, "1")]
#[case::missing("rules[0].conditions.time.hours", 6, 3, "conditions")]
#[case::beyond("rules[7].name", 3, 1, "rules")]
#[case::whole("", 2, 1, "v")]
fn a_value_has_a_place(#[case] path: &str, #[case] line: usize, #[case] column: usize, #[case] marked: &str) {
    assert_eq!(place(YAML, path, None), Some((line, column, marked.to_owned())));
}

#[rstest]
#[case("rules[0]", "effect", 5, 3)]
#[case("rules[1]", "name", 14, 4)]
#[case::at_the_end_of_the_path("rules[0].conditions", "conditions", 6, 3)]
#[case::the_later_one("", "name", 18, 1)]
fn a_key_has_a_place(#[case] path: &str, #[case] key: &str, #[case] line: usize, #[case] column: usize) {
    let spot = Spot::Key(key.to_owned());
    assert_eq!(place(YAML, path, Some(&spot)), Some((line, column, key.to_owned())));
    assert_eq!(place(YAML, path, Some(&Spot::Key("nothing".to_owned()))), None);
}

#[test]
fn json_has_places_too() {
    let text = "{\n\t\"rules\": [\n\t\t{\"name\": \"a\",\"effect\":\"alow\"}\n\t]\n}\n";
    assert_eq!(place(text, "rules[0].effect", None), Some((3, 25, "\"alow\"".to_owned())));
    assert_eq!(place(text, "rules[0]", Some(&Spot::Key("name".to_owned()))), Some((3, 4, "\"name\"".to_owned())));
}

#[test]
fn a_text_that_ends_early_has_places_as_far_as_it_goes() {
    let text = "rules:\n- name: a\n  effect: [b\n";
    assert_eq!(place(text, "rules[0].name", None), Some((2, 9, "a".to_owned())));
    for text in ["", "# nothing\n", "\t\u{0}", "]"] {
        Text::new(text.to_owned()).place("rules[0]", None);
    }
}
