//! What to say about a key that nobody knows.

use super::text::excerpt;

/// Words that people write (the reference's own older fragments among them), and the key that they mean.
const ELSEWHERE: &[(&str, &str)] = &[
    ("policies", "rules"),
    ("match", "conditions"),
    ("when", "conditions"),
    ("table", "sessiontable"),
    ("tz", "timezone"),
    ("weekdays", "days"),
    ("reasoncodes", "allowedreasoncodes"),
    ("reasons", "allowedreasoncodes"),
    ("duration", "maxduration"),
    ("window", "quotawindow"),
    ("threshold", "escalationthreshold"),
];

/// "unknown key", with the known key that its author most likely meant: `` `session_table`: did you mean `sessionTable`? ``
pub fn unknown_key<K: AsRef<str>>(key: &str, known: &[K]) -> String {
    let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    let shown = excerpt(key);
    match meant(key, &known) {
        Some(meant) => format!("unknown key `{shown}`: did you mean `{meant}`?"),
        None => format!("unknown key `{shown}`: known here are {}", known.join(", ")),
    }
}

fn meant<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let key_plain = plain(key);
    let elsewhere = ELSEWHERE.iter().find(|(word, _)| *word == key_plain);
    let by_word = elsewhere.and_then(|(_, meant)| known.iter().copied().find(|candidate| plain(candidate) == *meant));
    by_word.or_else(|| nearest(key, known))
}

/// The known key nearest to `key`: equal but for case, `_` and `-`, or at most a third of its letters away.
pub(crate) fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = plain(key);
    known
        .iter()
        .map(|candidate| (distance(&plain, &self::plain(candidate)), *candidate))
        .min()
        .filter(|(steps, candidate)| *steps * 3 <= candidate.len().max(3))
        .map(|(_, candidate)| candidate)
}

/// Lower case without `_` and `-`, and no longer than any key of ours could need.
fn plain(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).take(64).collect()
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.chars()) {
            let steps = if x == y { diagonal } else { 1 + diagonal.min(*cell).min(left) };
            diagonal = *cell;
            *cell = steps;
            left = steps;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("session_table", Some("sessionTable"))]
    #[case("user", Some("users"))]
    #[case("profile", Some("profiles"))]
    #[case("condition", Some("conditions"))]
    #[case("Effect", Some("effect"))]
    #[case("efect", Some("effect"))]
    #[case("match", Some("conditions"))]
    #[case("table", Some("sessionTable"))]
    #[case("policies", None)]
    #[case("colour", None)]
    #[case("", None)]
    fn suggests_what_was_meant(#[case] key: &str, #[case] expected: Option<&str>) {
        let known = ["name", "effect", "sessionTable", "conditions", "reason", "users", "profiles"];
        assert_eq!(meant(key, &known), expected);
    }

    #[test]
    fn says_what_is_known_where_it_has_no_idea() {
        assert_eq!(
            unknown_key("colour\n", &["name", "effect"]),
            "unknown key `colour\u{fffd}`: known here are name, effect"
        );
    }

    #[test]
    fn distance_is_levenshteins() {
        for (a, b, steps) in [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)] {
            assert_eq!(distance(a, b), steps, "{a} {b}");
            assert_eq!(distance(b, a), steps, "{b} {a}");
        }
    }
}
