//! What to say about a key that nobody knows.

/// "unknown key", with the known key that its author most likely meant: `` `session_table`: did you mean `sessionTable`? ``
pub fn unknown_key(key: &str, known: &[&str]) -> String {
    match nearest(key, known) {
        Some(near) => format!("unknown key `{key}`: did you mean `{near}`?"),
        None => format!("unknown key `{key}`: known here are {}", known.join(", ")),
    }
}

/// The known key nearest to `key`: equal but for case, `_` and `-`, or at most a third of its letters away.
fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
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
    use super::*;

    #[test]
    fn suggests_what_was_meant() {
        let known = ["name", "effect", "sessionTable", "conditions", "reason", "users", "profiles"];
        for (key, meant) in
            [("session_table", "sessionTable"), ("user", "users"), ("condition", "conditions"), ("Effect", "effect")]
        {
            assert_eq!(nearest(key, &known), Some(meant), "{key}");
        }
        assert_eq!(nearest("colour", &known), None);
    }

    #[test]
    fn distance_is_levenshteins() {
        for (a, b, steps) in [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)] {
            assert_eq!(distance(a, b), steps, "{a} {b}");
        }
    }
}
