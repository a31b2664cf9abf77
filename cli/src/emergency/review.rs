//! `review`: what an emergency was for, written afterwards, once.

use jiff::Timestamp;
use sentinel_api::{BreakGlassEvent, ConditionStatus, EventPhase, MAX_REVIEW, PersonStamp};
use serde_json::{Value, json};

use super::args::ReviewArgs;
use super::{phase, reviewed, told};
use crate::asking::{Outcome, Said, Word, find, is_late, names, note, notes, person, place, say, stamped, text};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::{Format, Report};
use crate::until;

pub(crate) fn run(args: &ReviewArgs, format: Format) -> Result<Report, Failure> {
    let review = note("--note", Some(&args.note), MAX_REVIEW)?;
    let patience = until::patience(args.timeout)?;
    let cluster = Cluster::connect(&args.connect)?;
    let events = find::<BreakGlassEvent>(&cluster, std::slice::from_ref(&args.name))?;
    events.iter().try_for_each(not_active)?;
    let word = Word { spec: change(review.as_deref(), stamped(&cluster)), or: None, is_open, is_heard };
    let said = say(&cluster, events, &word, patience)?;
    report(&said, !patience.is_zero(), format)
}

/// The API server refuses it, too; here is what to do.
fn not_active(event: &BreakGlassEvent) -> Result<(), Failure> {
    if phase(event) != EventPhase::Active || event.spec.closed {
        return Ok(());
    }
    let (names, place) = (names(event), place(event));
    Err(Failure::Usage(format!(
        "{names} is still active, and a review comes afterwards. To end it: kubectl sentinel close {place}"
    )))
}

fn change(review: Option<&str>, by: Option<PersonStamp>) -> Value {
    let mut spec = json!({"review": review});
    if let (Some(by), Some(spec)) = (by, spec.as_object_mut()) {
        spec.insert("reviewedBy".to_owned(), json!(by));
    }
    spec
}

fn is_open(event: &BreakGlassEvent) -> bool {
    event.spec.review.is_none()
}

fn is_heard(event: &BreakGlassEvent) -> bool {
    reviewed(event) == Some(ConditionStatus::True)
}

/// Exit 1 unless this review is the one that is there.
fn report(said: &[Said<BreakGlassEvent>], waited: bool, format: Format) -> Result<Report, Failure> {
    let now = Timestamp::now();
    let text: String = said.iter().map(|one| text(begin(&one.outcome), one, now)).collect();
    let all: Vec<Value> = said.iter().map(told::line).collect();
    let mut notes = notes(said, waited);
    notes.extend(said.iter().filter_map(before));
    let found = is_late(said, waited) || !said.iter().all(|one| is_there(&one.outcome));
    Ok(Report { stdout: format.render(text, &all)?, notes, found })
}

fn begin(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Heard => "reviewed",
        Outcome::Written => "reviewed, not confirmed yet",
        Outcome::Before | Outcome::Refused(_) | Outcome::Gone => "not reviewed",
    }
}

fn is_there(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Heard | Outcome::Written)
}

fn before(one: &Said<BreakGlassEvent>) -> Option<String> {
    let by = person(one.case.spec.reviewed_by.as_ref());
    (one.outcome == Outcome::Before)
        .then(|| format!("error: {by} has written a review already, and a review never changes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn event(phase: &str, review: Option<&str>) -> BreakGlassEvent {
        let object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "BreakGlassEvent", "metadata": {"name": "e", "namespace": "payments"},
            "spec": {"profile": "prod", "serviceAccount": "api", "reasonCode": "incident", "duration": "1h", "justification": "the database is on fire",
                "review": review, "reviewedBy": {"user": "ann"}},
            "status": {"phase": phase}});
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn a_review_comes_afterwards() {
        let error = not_active(&event("Active", None)).unwrap_err().to_string();
        assert!(error.contains("BreakGlassEvent e -n payments is still active"), "{error}");
        assert!(error.ends_with("kubectl sentinel close e -n payments"), "{error}");
        assert!(not_active(&event("Closed", None)).is_ok());
    }

    #[rstest]
    #[case::done(Outcome::Heard, "reviewed: BreakGlassEvent e", 0)]
    #[case::unconfirmed(Outcome::Written, "reviewed, not confirmed yet: ", 1)]
    #[case::before(Outcome::Before, "not reviewed: BreakGlassEvent e", 1)]
    fn each_outcome_has_its_words(#[case] outcome: Outcome, #[case] begin: &str, #[case] code: u8) {
        let report = report(&[Said { case: event("Closed", Some("r")), outcome }], true, Format::Text).unwrap();
        assert!(report.stdout.starts_with(begin), "{}", report.stdout);
        assert_eq!((u8::from(report.found), report.notes.len()), (code, usize::from(code)));
    }
}
