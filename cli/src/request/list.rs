//! `requests`: who asks for what, and where it stands.

use std::io::Write;

use jiff::Timestamp;
use kube::api::DynamicObject;
use sentinel_api::{AccessRequest, AccessRequestStatus, RequestPhase};

use super::args::{RequestsArgs, Status};
use crate::asking::{Case as _, Me, age_of, granted};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::listing::{self, Listing, Patterns};
use crate::report::{Format, Report};

/// What is told at once is in the report; changes go to `out` as they come.
pub(crate) fn run(args: &RequestsArgs, format: Format, out: &mut dyn Write) -> Result<Report, Failure> {
    let profiles = Patterns::read("--profile", &args.profiles)?;
    let cluster = Cluster::connect(&args.list.connect)?;
    let mine = args.mine.then(|| Me::ask(&cluster)).transpose()?;
    let filter = Filter { profiles, phases: args.statuses.iter().copied().map(Status::phase).collect(), mine };
    listing::run(&filter, &cluster, &args.list, format, out)
}

/// Of each kind that is given one must fit.
struct Filter {
    profiles: Patterns,
    phases: Vec<RequestPhase>,
    mine: Option<Me>,
}

impl Listing for Filter {
    type Kind = AccessRequest;
    const NOUN: &'static str = "requests";
    const COLUMNS: &'static [&'static str] =
        &["REQUESTER", "SERVICE-ACCOUNT", "PROFILE", "DURATION", "STATUS", "GRANTED", "BY", "EXPIRES", "AGE"];
    const MORE: &'static [&'static str] = &["ID", "JUSTIFICATION", "COMMENT"];

    fn fits(&self, object: &DynamicObject) -> bool {
        let request = AccessRequest::seen(object);
        self.profiles.fit(&request.spec.profile)
            && (self.phases.is_empty() || self.phases.contains(&super::phase(&request)))
            && self.mine.as_ref().is_none_or(|me| me.is(request.spec.requester.as_ref()))
    }

    fn cells(object: &DynamicObject, now: Timestamp) -> Vec<String> {
        let request = AccessRequest::seen(object);
        let granted = granted(&request).map(|condition| format!("{:?}", condition.status));
        let AccessRequestStatus { phase, expires_at, request_id, .. } = request.status.clone().unwrap_or_default();
        let spec = request.spec;
        vec![
            spec.requester.map(|stamp| stamp.user).unwrap_or_default(),
            spec.service_account,
            spec.profile,
            spec.duration,
            format!("{phase:?}"),
            granted.unwrap_or_default(),
            spec.decided_by.map(|stamp| stamp.user).unwrap_or_default(),
            expires_at.unwrap_or_default(),
            age_of(&request.metadata, now),
            request_id.unwrap_or_default(),
            spec.justification,
            spec.comment.unwrap_or_default(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Table;
    use serde_json::json;

    #[test]
    fn columns_are_kubectls() {
        let object = json!({
            "metadata": {"name": "r", "namespace": "payments", "creationTimestamp": "1970-01-01T00:00:00Z"},
            "spec": {"profile": "prod", "serviceAccount": "api", "duration": "1h", "justification": "deploy it", "requester": {"user": "eve"},
                "decidedBy": {"user": "ann"}, "comment": "go"},
            "status": {"phase": "Approved", "requestId": "0123abcd", "expiresAt": "1970-01-01T01:00:00Z",
                "conditions": [{"type": "Granted", "status": "True", "reason": "Approved", "message": "", "lastTransitionTime": "1970-01-01T00:00:00Z"}]},
        });
        let text = Table::<Filter>::new(Format::Wide)
            .whole(&[serde_json::from_value(object).unwrap()], "1970-01-01T00:03:00Z".parse().unwrap());
        assert_eq!(
            text,
            "NAMESPACE   NAME   REQUESTER   SERVICE-ACCOUNT   PROFILE   DURATION   STATUS     GRANTED   BY    EXPIRES                AGE   ID         JUSTIFICATION   COMMENT\n\
             payments    r      eve         api               prod      1h         Approved   True      ann   1970-01-01T01:00:00Z   3m    0123abcd   deploy it       go\n"
        );
    }
}
