//! `close`: the end of an emergency, before its time.

use jiff::Timestamp;
use sentinel_api::{BreakGlassEvent, EventPhase, MAX_CLOSED_REASON, PersonStamp};
use serde_json::{Value, json};

use super::args::CloseArgs;
use super::{is_over, told};
use crate::asking::{Outcome, Said, Word, find, is_late, note, notes, say, stamped, text};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::{Format, Report};
use crate::until;

pub(crate) fn run(args: &CloseArgs, format: Format) -> Result<Report, Failure> {
    let reason = note("--reason", args.reason.as_deref(), MAX_CLOSED_REASON)?;
    let patience = until::patience(args.timeout)?;
    let cluster = Cluster::connect(&args.connect)?;
    let events = find::<BreakGlassEvent>(&cluster, &args.names)?;
    // Whoever can't sign as the installation wants it closes all the same: nothing is gained by an emergency that goes on.
    let unsigned = change(reason.clone(), None);
    let word = Word { spec: change(reason, stamped(&cluster)), or: Some(unsigned), is_open, is_heard: is_over };
    let said = say(&cluster, events, &word, patience)?;
    report(&said, !patience.is_zero(), format)
}

fn change(reason: Option<String>, by: Option<PersonStamp>) -> Value {
    let mut spec = json!({"closed": true});
    if let Some(spec) = spec.as_object_mut() {
        spec.extend(reason.map(|reason| ("closedReason".to_owned(), reason.into())));
        spec.extend(by.map(|by| ("closedBy".to_owned(), json!(by))));
    }
    spec
}

fn is_open(event: &BreakGlassEvent) -> bool {
    !event.spec.closed && !is_over(event)
}

/// Exit 1 unless each is over.
fn report(said: &[Said<BreakGlassEvent>], waited: bool, format: Format) -> Result<Report, Failure> {
    let now = Timestamp::now();
    let text: String = said.iter().map(|one| text(begin(one), one, now)).collect();
    let all: Vec<Value> = said.iter().map(told::line).collect();
    let fails = |one: &Said<_>| matches!(one.outcome, Outcome::Refused(_) | Outcome::Gone);
    let found = is_late(said, waited) || said.iter().any(fails);
    Ok(Report { stdout: format.render(text, &all)?, notes: notes(said, waited), found })
}

fn begin(one: &Said<BreakGlassEvent>) -> &'static str {
    match one.outcome {
        Outcome::Heard if super::phase(&one.case) == EventPhase::Closed => "closed",
        Outcome::Heard | Outcome::Before => "is over",
        Outcome::Written => "closed, not confirmed yet",
        Outcome::Refused(_) | Outcome::Gone => "not closed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn event(phase: &str, closed: bool) -> BreakGlassEvent {
        let object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "BreakGlassEvent", "metadata": {"name": "e", "namespace": "payments"},
            "spec": {"profile": "prod", "serviceAccount": "api", "reasonCode": "incident", "duration": "1h", "justification": "the database is on fire", "closed": closed},
            "status": {"phase": phase}});
        serde_json::from_value(object).unwrap()
    }

    #[rstest]
    #[case("Pending", false, true)]
    #[case("Active", false, true)]
    #[case("Active", true, false)]
    #[case("Expired", false, false)]
    #[case("Refused", false, false)]
    fn what_is_not_over_can_be_closed(#[case] phase: &str, #[case] closed: bool, #[case] open: bool) {
        assert_eq!(is_open(&event(phase, closed)), open);
    }

    #[rstest]
    #[case::done(
        Outcome::Heard,
        "Closed",
        "closed: BreakGlassEvent e -n payments: service account api on profile prod for 1h, incident\n  closed by",
        0
    )]
    #[case::a_race(Outcome::Heard, "Expired", "is over: BreakGlassEvent e", 0)]
    #[case::before(Outcome::Before, "Expired", "is over: BreakGlassEvent e", 0)]
    #[case::unconfirmed(Outcome::Written, "Active", "closed, not confirmed yet: BreakGlassEvent e", 1)]
    #[case::refused(Outcome::Refused("no".into()), "Active", "not closed: BreakGlassEvent e", 1)]
    fn each_outcome_has_its_words(
        #[case] outcome: Outcome,
        #[case] phase: &str,
        #[case] begin: &str,
        #[case] code: u8,
    ) {
        let report = report(&[Said { case: event(phase, true), outcome }], true, Format::Text).unwrap();
        assert!(report.stdout.starts_with(begin), "{}", report.stdout);
        assert_eq!(u8::from(report.found), code);
    }

    #[test]
    fn the_patch_says_who_where_that_is_known() {
        let by = PersonStamp { user: "ann".into(), ..PersonStamp::default() };
        let spec = change(Some("out".into()), Some(by));
        assert_eq!(spec, json!({"closed": true, "closedReason": "out", "closedBy": {"user": "ann"}}));
        assert_eq!(change(None, None), json!({"closed": true}));
    }
}
