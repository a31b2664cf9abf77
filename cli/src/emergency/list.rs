//! `events`: who broke the glass, and where that stands.

use std::io::Write;

use jiff::Timestamp;
use kube::api::DynamicObject;
use sentinel_api::{BreakGlassEvent, BreakGlassEventStatus, ConditionStatus, EventPhase};

use super::args::{EventsArgs, Status};
use super::{is_over, phase, reviewed};
use crate::asking::{Case as _, Me, age_of, granted};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::listing::{self, Listing, Patterns};
use crate::report::{Format, Report};

/// What is told at once is in the report; changes go to `out` as they come.
pub(crate) fn run(args: &EventsArgs, format: Format, out: &mut dyn Write) -> Result<Report, Failure> {
    let profiles = Patterns::read("--profile", &args.profiles)?;
    let cluster = Cluster::connect(&args.list.connect)?;
    let mine = args.mine.then(|| Me::ask(&cluster)).transpose()?;
    let phases = args.statuses.iter().copied().map(Status::phase).collect();
    let filter = Filter { profiles, phases, mine, unreviewed: args.unreviewed };
    listing::run(&filter, &cluster, &args.list, format, out)
}

/// Of each kind that is given one must fit.
#[derive(Default)]
struct Filter {
    profiles: Patterns,
    phases: Vec<EventPhase>,
    mine: Option<Me>,
    unreviewed: bool,
}

impl Listing for Filter {
    type Kind = BreakGlassEvent;
    const NOUN: &'static str = "events";
    const COLUMNS: &'static [&'static str] = &[
        "INVOKER",
        "SERVICE-ACCOUNT",
        "PROFILE",
        "CODE",
        "STATUS",
        "GRANTED",
        "EXPIRES",
        "COME-BACK",
        "REVIEWED",
        "AGE",
    ];
    const MORE: &'static [&'static str] = &["ID", "JUSTIFICATION", "REFUSAL"];

    fn fits(&self, object: &DynamicObject) -> bool {
        let event = BreakGlassEvent::seen(object);
        self.profiles.fit(&event.spec.profile)
            && (self.phases.is_empty() || self.phases.contains(&phase(&event)))
            && self.mine.as_ref().is_none_or(|me| me.is(event.spec.invoker.as_ref()))
            && (!self.unreviewed || is_unreviewed(&event))
    }

    fn cells(object: &DynamicObject, now: Timestamp) -> Vec<String> {
        let event = BreakGlassEvent::seen(object);
        let granted = granted(&event).map(|condition| format!("{:?}", condition.status));
        let reviewed = reviewed(&event).map(|status| format!("{status:?}"));
        let BreakGlassEventStatus { phase, expires_at, request_id, refusal, .. } =
            event.status.clone().unwrap_or_default();
        let refusal = refusal.unwrap_or_default();
        let spec = event.spec;
        vec![
            spec.invoker.map(|stamp| stamp.user).unwrap_or_default(),
            spec.service_account,
            spec.profile,
            spec.reason_code,
            format!("{phase:?}"),
            granted.unwrap_or_default(),
            expires_at.unwrap_or_default(),
            refusal.come_back_at.unwrap_or_default(),
            reviewed.unwrap_or_default(),
            age_of(&event.metadata, now),
            request_id.unwrap_or_default(),
            spec.justification,
            refusal.message,
        ]
    }
}

/// What was never active is nothing to review.
fn is_unreviewed(event: &BreakGlassEvent) -> bool {
    let began = event.status.as_ref().is_some_and(|status| status.activated_at.is_some());
    began && is_over(event) && event.spec.review.is_none() && reviewed(event) != Some(ConditionStatus::True)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Table;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn event(status: &Value, review: Option<&str>) -> DynamicObject {
        serde_json::from_value(json!({
            "metadata": {"name": "e", "namespace": "payments", "creationTimestamp": "1970-01-01T00:00:00Z"},
            "spec": {"profile": "prod", "serviceAccount": "api", "reasonCode": "incident", "duration": "1h", "justification": "on fire", "invoker": {"user": "ann"}, "review": review},
            "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn columns_are_kubectls() {
        let refusal = json!({"limit": "cooldown", "message": "wait", "comeBackAt": "1970-01-01T00:10:00Z"});
        let object = event(&json!({"phase": "Refused", "requestId": "0123abcd", "refusal": refusal}), None);
        let text = Table::<Filter>::new(Format::Wide).whole(&[object], "1970-01-01T00:03:00Z".parse().unwrap());
        assert_eq!(
            text,
            "NAMESPACE   NAME   INVOKER   SERVICE-ACCOUNT   PROFILE   CODE       STATUS    GRANTED   EXPIRES   COME-BACK              REVIEWED   AGE   ID         JUSTIFICATION   REFUSAL\n\
             payments    e      ann       api               prod      incident   Refused                       1970-01-01T00:10:00Z              3m    0123abcd   on fire         wait\n"
        );
    }

    #[rstest]
    #[case::over(json!({"phase": "Closed", "activatedAt": "1970-01-01T00:00:00Z"}), None, true)]
    #[case::reviewed(json!({"phase": "Expired", "activatedAt": "1970-01-01T00:00:00Z"}), Some("all good"), false)]
    #[case::active(json!({"phase": "Active", "activatedAt": "1970-01-01T00:00:00Z"}), None, false)]
    #[case::never_active(json!({"phase": "Refused"}), None, false)]
    fn which_want_a_review(#[case] status: Value, #[case] review: Option<&str>, #[case] wanted: bool) {
        let filter = Filter { unreviewed: true, ..Filter::default() };
        assert_eq!(filter.fits(&event(&status, review)), wanted);
    }
}
