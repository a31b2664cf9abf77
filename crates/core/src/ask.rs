//! What access requests and break-glass events have in common: a service account, a profile, for how long, and why.

use crate::policy::{ApprovalPolicy, BreakGlassPolicy, Problem, Problems, is_invisible};
use crate::time::GoDuration;

/// What somebody wrote who asks; nothing of it is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskDraft {
    /// The profile.
    pub profile: String,
    /// The service account, of the object's own namespace.
    pub service_account: String,
    /// For how long.
    pub duration: String,
    /// Why.
    pub justification: String,
}

/// What is asked for. Made by [`Ask::read`] only, so every part of it is legal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    profile: String,
    service_account: String,
    duration: GoDuration,
    justification: String,
}

/// What may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Least characters of a justification.
    pub least: usize,
    /// Most characters of a justification.
    pub most: usize,
    /// The longest duration.
    pub longest: GoDuration,
}

impl Terms {
    /// Those of an access request.
    pub const REQUEST: Self = Self { least: 10, most: 500, longest: ApprovalPolicy::MAX_DURATION };
    /// Those of a break-glass event. The rule that governs it may allow less.
    pub const BREAK_GLASS: Self = Self { least: 20, most: 1000, longest: BreakGlassPolicy::MAX_DURATION };
}

impl Ask {
    /// What `draft` asks for, or every problem of it at once.
    pub fn read(draft: &AskDraft, terms: Terms) -> Result<Self, Problems> {
        let mut problems = vec![];
        problems.extend(name_problem("profile", &draft.profile, 128));
        problems.extend(name_problem("serviceAccount", &draft.service_account, 253));
        let duration = duration(&draft.duration, terms.longest).unwrap_or_else(|problem| {
            problems.push(problem);
            GoDuration::ZERO
        });
        problems.extend(justification_problem(&draft.justification, terms));
        let AskDraft { profile, service_account, justification, .. } = draft.clone();
        Problems::refuse(problems, Self { profile, service_account, duration, justification })
    }

    /// The profile.
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// The service account.
    pub fn service_account(&self) -> &str {
        &self.service_account
    }

    /// For how long.
    pub fn duration(&self) -> GoDuration {
        self.duration
    }

    /// Why.
    pub fn justification(&self) -> &str {
        &self.justification
    }
}

/// What is wrong with what somebody adds later: a comment, a reason, a review. It may have several lines.
pub fn note_problem(key: &str, text: &str, most: usize) -> Option<Problem> {
    let message = if text.trim().is_empty() {
        "it says nothing: write something, or leave it out".to_owned()
    } else if text.chars().count() > most {
        format!("{} characters are too many: at most {most} are allowed", text.chars().count())
    } else if let Some(found) = text.chars().find(|c| !matches!(c, '\n' | '\t') && is_invisible(*c)) {
        format!("control and invisible characters are not allowed: remove U+{:04X}", u32::from(found))
    } else {
        return None;
    };
    Some(Problem::new(key, message))
}

/// One exact name: who asks for `*` would ask for a profile that nobody has.
fn name_problem(key: &str, name: &str, most: usize) -> Option<Problem> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    let is_name = bytes.len() <= most && bytes.iter().all(|b| legal(*b)) && ends(bytes.first()) && ends(bytes.last());
    let message = format!("the name of one object is expected: at most {most} characters of a-z 0-9 - and .");
    (!is_name).then(|| Problem::new(key, message))
}

fn duration(text: &str, longest: GoDuration) -> Result<GoDuration, Problem> {
    let problem = |message: String| Problem::new("duration", message);
    let duration: GoDuration = text.parse().map_err(|error| problem(format!("{error}")))?;
    if duration <= GoDuration::ZERO {
        return Err(problem(format!("`{duration}` is no time at all: more than 0s is expected")));
    }
    if duration > longest {
        return Err(problem(format!("`{duration}` exceeds maximum of {longest}")));
    }
    Ok(duration)
}

/// Blanks at the ends justify nothing.
fn justification_problem(text: &str, terms: Terms) -> Option<Problem> {
    let (Terms { least, most, .. }, said) = (terms, text.trim().chars().count());
    let message = if said < least {
        format!("{said} characters are too few: at least {least} are expected, for whoever decides or reads it later")
    } else if text.chars().count() > most {
        format!("{} characters are too many: at most {most} are allowed", text.chars().count())
    } else if let Some(found) = text.chars().find(|c| is_invisible(*c)) {
        format!("one line without control and invisible characters is expected: remove U+{:04X}", u32::from(found))
    } else {
        return None;
    };
    Some(Problem::new("justification", message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn draft() -> AskDraft {
        AskDraft {
            profile: "prod".into(),
            service_account: "api".into(),
            duration: "1h".into(),
            justification: "deploy the hot fix of ticket 7".into(),
        }
    }

    #[test]
    fn takes_what_is_legal_to_the_edge() {
        for (terms, justification, duration) in [
            (Terms::REQUEST, "é".repeat(10), "8h"),
            (Terms::REQUEST, "é".repeat(500), "1ns"),
            (Terms::BREAK_GLASS, "é".repeat(20), "4h"),
            (Terms::BREAK_GLASS, "é".repeat(1000), "90m"),
        ] {
            let ask = Ask::read(&AskDraft { justification, duration: duration.into(), ..draft() }, terms).unwrap();
            assert_eq!(ask.duration(), duration.parse().unwrap());
        }
    }

    #[rstest]
    #[case::no_profile(AskDraft { profile: String::new(), ..draft() }, "profile: the name of one object")]
    #[case::a_glob(AskDraft { profile: "prod-*".into(), ..draft() }, "profile: the name of one object")]
    #[case::long(AskDraft { profile: "p".repeat(129), ..draft() }, "profile: the name of one object")]
    #[case::a_user(AskDraft { service_account: "system:serviceaccount:a:b".into(), ..draft() }, "serviceAccount: the name")]
    #[case::a_dash(AskDraft { service_account: "-api".into(), ..draft() }, "serviceAccount: the name")]
    #[case::capitals(AskDraft { service_account: "Api".into(), ..draft() }, "serviceAccount: the name")]
    #[case::no_unit(AskDraft { duration: "60".into(), ..draft() }, "duration: invalid duration '60'")]
    #[case::nothing(AskDraft { duration: "0s".into(), ..draft() }, "duration: `0s` is no time at all")]
    #[case::negative(AskDraft { duration: "-1h".into(), ..draft() }, "duration: `-1h0m0s` is no time at all")]
    #[case::too_long(AskDraft { duration: "8h0m0.000000001s".into(), ..draft() }, "exceeds maximum of 8h0m0s")]
    #[case::short(AskDraft { justification: "é".repeat(9), ..draft() }, "justification: 9 characters are too few")]
    #[case::blanks(AskDraft { justification: " ".repeat(20), ..draft() }, "justification: 0 characters are too few")]
    #[case::many(AskDraft { justification: "é".repeat(501), ..draft() }, "justification: 501 characters are too many")]
    #[case::lines(AskDraft { justification: "two lines of\nthis".into(), ..draft() }, "remove U+000A")]
    fn refuses(#[case] draft: AskDraft, #[case] message: &str) {
        let problems = Ask::read(&draft, Terms::REQUEST).unwrap_err();
        assert!(problems.to_string().contains(message), "{problems}");
        assert_eq!(problems.len(), 1, "{problems}");
    }

    #[test]
    fn an_emergency_is_shorter_and_says_more() {
        let bad = AskDraft { duration: "5h".into(), justification: "é".repeat(19), ..draft() };
        let problems = Ask::read(&bad, Terms::BREAK_GLASS).unwrap_err();
        assert!(problems.to_string().contains("exceeds maximum of 4h0m0s"), "{problems}");
        assert!(problems.to_string().contains("19 characters are too few: at least 20"), "{problems}");
        let long = AskDraft { justification: "é".repeat(1001), ..draft() };
        assert!(Ask::read(&long, Terms::BREAK_GLASS).is_err());
    }

    #[rstest]
    #[case::lines("fixed by\n\trolling back", None)]
    #[case::blanks(" \n", Some("it says nothing"))]
    #[case::long("12345678901234567890123456", Some("26 characters are too many"))]
    #[case::an_escape("\u{1b}[31m", Some("remove U+001B"))]
    fn notes(#[case] text: &str, #[case] message: Option<&str>) {
        let said = note_problem("comment", text, 25).map(|problem| problem.to_string());
        assert_eq!(said.is_some(), message.is_some(), "{said:?}");
        assert!(said.unwrap_or_default().contains(message.unwrap_or_default()));
    }

    #[test]
    fn every_problem_comes_at_once() {
        assert_eq!(Ask::read(&AskDraft::default(), Terms::REQUEST).unwrap_err().len(), 4);
    }
}
