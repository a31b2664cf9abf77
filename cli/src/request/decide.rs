//! `approve`, `deny`, `cancel`: a decision, after a look at what is decided.

use jiff::Timestamp;
use kube::ResourceExt as _;
use sentinel_api::{AccessRequest, MAX_COMMENT, PersonStamp, RequestPhase};
use sentinel_core::access_request::Ruling;
use serde::Serialize;
use serde_json::{Value, json};

use super::args::{ApproveArgs, DecideArgs};
use super::{phase, told};
use crate::asking::{Outcome, Said, Word, find, granted, is_late, note, notes, say, stamped, text};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::{Format, Report};
use crate::terminal::{Ask, Question};
use crate::until;

const QUESTION: Question = Question { asks: "Approve?", no: "nothing was approved", otherwise: "--yes approves" };

/// What is asked for is shown, and somebody asked.
pub(crate) fn approve(args: &ApproveArgs, format: Format, ask: Ask) -> Result<Report, Failure> {
    let look = |requests: &[AccessRequest]| {
        let open: Vec<&AccessRequest> = requests.iter().filter(|request| is_open(request)).collect();
        if args.yes || open.is_empty() {
            return Ok(());
        }
        let now = Timestamp::now();
        QUESTION.consent(&open.iter().map(|request| told::about(request, now)).collect::<String>(), ask)
    };
    decide(&args.decide, Ruling::Approved, format, look)
}

pub(crate) fn deny(args: &DecideArgs, format: Format) -> Result<Report, Failure> {
    decide(args, Ruling::Denied, format, |_| Ok(()))
}

pub(crate) fn cancel(args: &DecideArgs, format: Format) -> Result<Report, Failure> {
    decide(args, Ruling::Cancelled, format, |_| Ok(()))
}

fn decide(
    args: &DecideArgs,
    ruling: Ruling,
    format: Format,
    look: impl FnOnce(&[AccessRequest]) -> Result<(), Failure>,
) -> Result<Report, Failure> {
    let comment = note("--comment", args.comment.as_deref(), MAX_COMMENT)?;
    let patience = until::patience(args.timeout)?;
    let cluster = Cluster::connect(&args.connect)?;
    let requests = find::<AccessRequest>(&cluster, &args.names)?;
    look(&requests)?;
    let spec = change(ruling, comment, stamped(&cluster));
    let word = Word { spec, or: None, is_open, is_heard };
    let said = say(&cluster, requests, &word, patience)?;
    report(&said, ruling, !patience.is_zero(), format)
}

fn change(ruling: Ruling, comment: Option<String>, by: Option<PersonStamp>) -> Value {
    let mut spec = json!({"decision": ruling.as_str()});
    if let Some(spec) = spec.as_object_mut() {
        spec.extend(comment.map(|comment| ("comment".to_owned(), comment.into())));
        spec.extend(by.map(|by| ("decidedBy".to_owned(), json!(by))));
    }
    spec
}

fn is_open(request: &AccessRequest) -> bool {
    phase(request) == RequestPhase::Pending && request.spec.decision.is_none()
}

/// Decided; or seen, and it doesn't count.
fn is_heard(request: &AccessRequest) -> bool {
    let observed = request.status.as_ref().and_then(|status| status.observed_generation);
    phase(request) != RequestPhase::Pending
        || (request.spec.decision.is_some() && observed >= request.metadata.generation)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    outcome: &'static str,
    namespace: String,
    name: String,
    status: RequestPhase,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<PersonStamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// Exit 1 unless all of them stand as they were to.
fn report(said: &[Said<AccessRequest>], ruling: Ruling, waited: bool, format: Format) -> Result<Report, Failure> {
    let now = Timestamp::now();
    let text: String = said.iter().map(|one| text(&begin(one, ruling), one, now)).collect();
    let all: Vec<Line> = said.iter().map(line).collect();
    let mut notes = notes(said, waited);
    notes.extend(said.iter().filter_map(who_may));
    let found = is_late(said, waited) || !said.iter().all(|one| stands_so(one, ruling));
    Ok(Report { stdout: format.render(text, &all)?, notes, found })
}

/// What was written and not waited for may still become so.
fn stands_so(one: &Said<AccessRequest>, ruling: Ruling) -> bool {
    one.outcome == Outcome::Written || is(&one.case, ruling)
}

fn is(request: &AccessRequest, ruling: Ruling) -> bool {
    let wanted = match ruling {
        Ruling::Approved => RequestPhase::Approved,
        Ruling::Denied => RequestPhase::Denied,
        Ruling::Cancelled => RequestPhase::Cancelled,
    };
    phase(request) == wanted
}

fn begin(one: &Said<AccessRequest>, ruling: Ruling) -> String {
    let wanted = ruling.as_str().to_lowercase();
    match &one.outcome {
        Outcome::Heard if is(&one.case, ruling) => wanted,
        Outcome::Written => format!("{wanted}, not confirmed yet"),
        Outcome::Before if is(&one.case, ruling) => format!("was {wanted} before"),
        Outcome::Heard | Outcome::Before | Outcome::Refused(_) | Outcome::Gone => format!("not {wanted}"),
    }
}

/// Who is refused asks somebody else.
fn who_may(one: &Said<AccessRequest>) -> Option<String> {
    let approvers = one.case.status.as_ref().map(|status| status.approvers.join(", "))?;
    let refused = matches!(one.outcome, Outcome::Refused(_)) && !approvers.is_empty();
    refused.then(|| format!("note: {} waits for: {approvers}", one.case.name_any()))
}

fn line(one: &Said<AccessRequest>) -> Line {
    let status = one.case.status.clone().unwrap_or_default();
    let message = match &one.outcome {
        Outcome::Refused(why) => Some(why.clone()),
        _ => granted(&one.case).map(|condition| condition.message.clone()),
    };
    Line {
        outcome: one.outcome.word(),
        namespace: one.case.namespace().unwrap_or_default(),
        name: one.case.name_any(),
        status: status.phase,
        expires_at: status.expires_at,
        decided_by: one.case.spec.decided_by.clone(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn request(phase: &str, decision: Option<&str>, generation: (i64, i64)) -> AccessRequest {
        let object = json!({
            "apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessRequest",
            "metadata": {"name": "r", "namespace": "payments", "generation": generation.0},
            "spec": {"profile": "prod", "serviceAccount": "api", "duration": "1h", "justification": "deploy it", "decision": decision,
                "decidedBy": {"user": "ann"}},
            "status": {"phase": phase, "observedGeneration": generation.1, "approvers": ["ben"]},
        });
        serde_json::from_value(object).unwrap()
    }

    #[rstest]
    #[case::undecided("Pending", None, (1, 1), true, false)]
    #[case::not_seen_yet("Pending", Some("Approved"), (2, 1), false, false)]
    #[case::seen_and_worth_nothing("Pending", Some("Approved"), (2, 2), false, true)]
    #[case::decided("Approved", Some("Approved"), (2, 1), false, true)]
    #[case::expired("Expired", None, (1, 1), false, true)]
    fn what_can_be_said_and_what_is_heard(
        #[case] phase: &str,
        #[case] decision: Option<&str>,
        #[case] generation: (i64, i64),
        #[case] open: bool,
        #[case] heard: bool,
    ) {
        let request = request(phase, decision, generation);
        assert_eq!((is_open(&request), is_heard(&request)), (open, heard));
    }

    #[rstest]
    #[case::done(Outcome::Heard, "Approved", "approved: AccessRequest r -n payments: service account api", 0)]
    #[case::worth_nothing(Outcome::Heard, "Pending", "not approved: AccessRequest r", 1)]
    #[case::before(Outcome::Before, "Approved", "was approved before: AccessRequest r", 0)]
    #[case::too_late(Outcome::Before, "Denied", "not approved: AccessRequest r", 1)]
    #[case::unconfirmed(Outcome::Written, "Pending", "approved, not confirmed yet: AccessRequest r", 1)]
    #[case::refused(Outcome::Refused("admission webhook says no".into()), "Pending", "not approved: AccessRequest r", 1)]
    #[case::gone(Outcome::Gone, "Pending", "not approved: AccessRequest r", 1)]
    fn each_outcome_has_its_words(
        #[case] outcome: Outcome,
        #[case] phase: &str,
        #[case] begin: &str,
        #[case] code: u8,
    ) {
        let said = [Said { case: request(phase, Some("Approved"), (2, 2)), outcome: outcome.clone() }];
        let report = report(&said, Ruling::Approved, true, Format::Text).unwrap();
        assert!(report.stdout.starts_with(begin), "{}", report.stdout);
        assert_eq!(u8::from(report.found), code);
        if let Outcome::Refused(why) = outcome {
            assert_eq!(report.notes, [format!("error: {why}"), "note: r waits for: ben".to_owned()]);
        }
    }

    #[test]
    fn who_does_not_wait_is_not_told_that_it_is_late() {
        let said = [Said { case: request("Pending", None, (1, 1)), outcome: Outcome::Written }];
        let report = report(&said, Ruling::Denied, false, Format::Json).unwrap();
        assert!(!report.found && report.notes.is_empty(), "{report:?}");
        assert_eq!(serde_json::from_str::<Value>(&report.stdout).unwrap()[0]["outcome"], "Written");
    }

    #[test]
    fn the_patch_says_who_where_that_is_known() {
        let by = PersonStamp { user: "ann".into(), ..PersonStamp::default() };
        let spec = change(Ruling::Denied, Some("no".into()), Some(by));
        assert_eq!(spec, json!({"decision": "Denied", "comment": "no", "decidedBy": {"user": "ann"}}));
        assert_eq!(change(Ruling::Cancelled, None, None), json!({"decision": "Cancelled"}));
    }
}
