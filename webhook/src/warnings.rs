//! Warnings as the API server passes them on: it cuts each at 256 characters where all together have more than 4096.

use sentinel_core::policy::lint::Lint;

/// A longer warning may be cut by the API server.
pub const ITEM_LIMIT: usize = 256;
/// All warnings of an answer together.
const TOTAL_LIMIT: usize = 4096;
/// So many findings are told.
const LINTS: usize = 10;

/// The first findings, and how to see the others.
pub fn of_lints(lints: &[Lint]) -> Vec<String> {
    let told = lints.iter().take(LINTS).map(ToString::to_string);
    let more = lints.len().saturating_sub(LINTS);
    let rest = (more > 0).then(|| format!("and {more} more: kubectl sentinel lint"));
    told.chain(rest).collect()
}

/// What gets through whole: long ones in the middle of a word if need be, and no more than all the room.
pub fn fit(warnings: Vec<String>) -> Vec<String> {
    let mut room = TOTAL_LIMIT;
    let fits = |text: &String| {
        room = room.saturating_sub(text.chars().count());
        room > 0
    };
    warnings.into_iter().map(short).take_while(fits).collect()
}

/// The end of a finding names its check, and its beginning the place: the middle goes.
fn short(text: String) -> String {
    let length = text.chars().count();
    if length <= ITEM_LIMIT {
        return text;
    }
    let (head, tail) = (ITEM_LIMIT * 3 / 4, ITEM_LIMIT / 4 - 3);
    let begin: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{begin} … {end}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinel_core::policy::lint::Check;

    #[test]
    fn ten_findings_are_told_and_the_others_counted() {
        let lint = |n: usize| Lint { check: Check::AnyUser, path: format!("rules[{n}]"), message: "wide".into() };
        let told = |count| of_lints(&(0..count).map(lint).collect::<Vec<_>>());
        assert_eq!(told(10).len(), 10);
        let twelve = told(12);
        assert_eq!(
            (twelve[0].as_str(), twelve[10].as_str()),
            ("rules[0]: wide (any-user)", "and 2 more: kubectl sentinel lint")
        );
    }

    #[test]
    fn what_is_too_long_keeps_its_beginning_and_its_end() {
        let exact = "ä".repeat(256);
        let long = format!("rules[0]: {} (any-user)", "ä".repeat(2048));
        let fitted = fit(vec![exact.clone(), long]);
        assert_eq!(fitted[0], exact);
        assert!(fitted[1].starts_with("rules[0]: ä") && fitted[1].ends_with("ä (any-user)"), "{fitted:?}");
        assert_eq!(fitted[1].chars().count(), 256);
    }

    #[test]
    fn all_together_stay_within_the_limit() {
        let fitted = fit(vec!["x".repeat(256); 20]);
        assert!(fitted.iter().map(String::len).sum::<usize>() <= 4096 && fitted.len() >= 15);
    }
}
