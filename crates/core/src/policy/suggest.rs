//! "did you mean …?"

use super::spelling::Spelling;

/// Words that people write, and where what they mean stands. Written in snake_case.
const ELSEWHERE: &[(&str, &str)] = &[
    ("policies", "rules"),
    ("match", "conditions"),
    ("when", "conditions"),
    ("approver", "approvers"),
    ("table", "session_table"),
    ("tz", "timezone"),
    ("weekdays", "days"),
];

/// The key that was probably meant by `written`, among `keys`.
pub(crate) fn key(written: &str, keys: &[&'static str], spelling: Spelling) -> Option<String> {
    let spelled = |key: &&'static str| spelling.spell(key).into_owned();
    if written.len() > 64 {
        return None;
    }
    let alike = keys.iter().find(|key| squash(key) == squash(written)).map(spelled);
    alike
        .or_else(|| elsewhere(written, keys).map(|key| spelled(&key)))
        .or_else(|| nearest(written, keys.iter().map(spelled)))
}

fn elsewhere(written: &str, keys: &[&'static str]) -> Option<&'static str> {
    let (_, meant) = ELSEWHERE.iter().find(|(word, _)| *word == written)?;
    keys.contains(meant).then_some(*meant)
}

/// Without case and separators: `session_table`, `sessionTable` and `Session-Table` are one.
fn squash(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn nearest(written: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let allowed = (written.chars().count() / 3).clamp(1, 3);
    let near = known.map(|key| (distance(written, &key), key)).filter(|(distance, _)| *distance <= allowed);
    near.min_by_key(|(distance, _)| *distance).map(|(_, key)| key)
}

/// Levenshtein's edit distance, row by row.
fn distance(from: &str, to: &str) -> usize {
    let first: Vec<usize> = (0..=to.chars().count()).collect();
    let last = from.chars().enumerate().fold(first, |above, (row, letter)| next_row(&above, row + 1, letter, to));
    last.last().copied().unwrap_or_default()
}

fn next_row(above: &[usize], row: usize, letter: char, to: &str) -> Vec<usize> {
    let mut left = row;
    let diagonal_and_up = above.iter().zip(above.iter().skip(1));
    let rest = to.chars().zip(diagonal_and_up).map(|(other, (diagonal, up))| {
        left = (left + 1).min(up + 1).min(diagonal + usize::from(letter != other));
        left
    });
    std::iter::once(row).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::{Spelling, distance, key};
    use rstest::rstest;

    const KEYS: &[&str] = &["name", "effect", "session_table", "conditions", "reason", "rules", "profiles", "users"];

    #[rstest]
    #[case("session_table", Spelling::Manifest, Some("sessionTable"))]
    #[case("sessionTable", Spelling::Document, Some("session_table"))]
    #[case("user", Spelling::Document, Some("users"))]
    #[case("Users", Spelling::Document, Some("users"))]
    #[case("profile", Spelling::Manifest, Some("profiles"))]
    #[case("policies", Spelling::Document, Some("rules"))]
    #[case("match", Spelling::Document, Some("conditions"))]
    #[case("table", Spelling::Manifest, Some("sessionTable"))]
    #[case("efect", Spelling::Document, Some("effect"))]
    #[case("colour", Spelling::Document, None)]
    #[case("", Spelling::Document, None)]
    fn suggests(#[case] written: &str, #[case] spelling: Spelling, #[case] meant: Option<&str>) {
        assert_eq!(key(written, KEYS, spelling).as_deref(), meant);
    }

    #[rstest]
    #[case("", "abc", 3)]
    #[case("kitten", "sitting", 3)]
    #[case("same", "same", 0)]
    fn measures(#[case] from: &str, #[case] to: &str, #[case] expected: usize) {
        assert_eq!(distance(from, to), expected);
        assert_eq!(distance(to, from), expected);
    }
}
