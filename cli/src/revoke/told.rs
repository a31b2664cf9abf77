//! What came of it, what it doesn't stop, and what does.

use sentinel_api::{Condition, ConditionStatus, HARD_REVOKED};
use sentinel_core::identity::parse_service_account_user;
use serde::Serialize;

use crate::failure::Failure;
use crate::report::{Format, Report, lines};
use crate::sessions::Seen;
use crate::words::{printable, quoted};

/// What came of revoking a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Outcome {
    /// It is written, and status and row say so.
    Revoked,
    /// It is written: the broker refuses. Nobody has said yet that the row says so.
    Written,
    /// Somebody has done so before.
    Before,
    /// Its pod is gone.
    Ended,
}

/// A session, and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) session: Seen,
    pub(super) outcome: Outcome,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    outcome: Outcome,
    namespace: &'a str,
    session: &'a str,
    pod: &'a str,
    profile: &'a str,
    user: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials_until: Option<&'a str>,
    /// The reason of the condition HardRevoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    hard_revoked: Option<&'a str>,
}

/// Exit 1 if one that was waited for isn't confirmed.
pub(super) fn report(told: &[Told], reason: &str, waited: bool, format: Format) -> Result<Report, Failure> {
    let text: String = told.iter().map(Told::text).collect();
    let all: Vec<Line<'_>> = told.iter().map(Told::line).collect();
    let late = waited && told.iter().any(|one| one.outcome == Outcome::Written);
    let mut notes = vec![];
    if late {
        notes.push("note: the operator has not confirmed it in time, so the table may not say so yet; it does as soon as it works: kubectl -n sentinel-system get pods".to_owned());
    }
    notes.extend(next_pods(told, reason));
    Ok(Report { notes, found: late, ..Report::fine(format.render(text, &all)?) })
}

/// A revocation is of one pod's session.
fn next_pods(told: &[Told], reason: &str) -> Vec<String> {
    let mut commands: Vec<String> = told.iter().filter_map(|one| one.lock(reason)).collect();
    commands.sort();
    commands.dedup();
    let head = "note: the next pod is a new session, and gets credentials if the policy allows it. To stop the service account too:";
    if commands.is_empty() { commands } else { [vec![head.to_owned()], commands].concat() }
}

impl Told {
    /// As the operator has written it.
    pub(super) fn confirmed(&mut self, session: &Seen) {
        (self.session, self.outcome) = (session.clone(), Outcome::Revoked);
    }

    fn text(&self) -> String {
        let Seen { namespace, name, pod, profile, .. } = &self.session;
        let what = format!("session {name} of pod {namespace}/{pod} on profile {profile}");
        let (by, why) = (self.by().unwrap_or("unknown"), self.why().unwrap_or("no reason was given"));
        let said = match self.outcome {
            Outcome::Revoked => format!("revoked: {what}, by {by}"),
            Outcome::Written => format!("revoked, not confirmed yet: {what}"),
            Outcome::Before => format!("was revoked before: {what}, by {by}: {why}"),
            Outcome::Ended => format!("has ended already, with its pod: {what}"),
        };
        lines([printable(&said), format!("  {}", self.bites())])
    }

    /// From when it is refused, and until when what it got is good.
    fn bites(&self) -> String {
        let denial = self.denial().map(|denial| match denial.status {
            ConditionStatus::True => printable(&denial.message),
            _ => format!("credentials that were issued to it are not denied in IAM: {}", printable(&denial.message)),
        });
        let until = denial.unwrap_or_else(|| self.until());
        match self.outcome {
            Outcome::Revoked | Outcome::Written => {
                format!("refused within one lease of the profile (5s by default); {until}")
            }
            Outcome::Before | Outcome::Ended => until,
        }
    }

    fn denial(&self) -> Option<&Condition> {
        self.session.status.conditions.iter().find(|condition| condition.type_ == HARD_REVOKED)
    }

    fn until(&self) -> String {
        match &self.session.status.credentials_until {
            Some(until) => {
                format!("credentials that were issued to it stay good until {until} at the latest, and for an hour at most")
            }
            None if self.session.status.started_at.is_some() => {
                "credentials that were issued to it stay good until they expire: the profile's sessionDuration, 15m by default".to_owned()
            }
            None => "as far as is known, it never had credentials".to_owned(),
        }
    }

    fn by(&self) -> Option<&str> {
        self.session.status.revoked_by.as_deref().or(self.session.revoked_by.as_deref())
    }

    fn why(&self) -> Option<&str> {
        self.session.status.revoked_reason.as_deref().or(self.session.revoked_reason.as_deref())
    }

    fn lock(&self, reason: &str) -> Option<String> {
        let (namespace, account) = parse_service_account_user(&self.session.user)?;
        let profile = quoted(&self.session.profile);
        Some(format!(
            "  kubectl sentinel lock --user {namespace}/{account} --profile {profile} --reason {}",
            quoted(reason)
        ))
    }

    fn line(&self) -> Line<'_> {
        let session = &self.session;
        Line {
            outcome: self.outcome,
            namespace: &session.namespace,
            session: &session.name,
            pod: &session.pod,
            profile: &session.profile,
            user: &session.user,
            revoked_by: self.by(),
            revoked_reason: self.why(),
            credentials_until: session.status.credentials_until.as_deref(),
            hard_revoked: self.denial().map(|denial| denial.reason.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn told(outcome: Outcome) -> Told {
        let mut session = Seen {
            namespace: "payments".into(),
            name: "0123456789abcdef".into(),
            user: "system:serviceaccount:payments:api".into(),
            profile: "prod".into(),
            pod: "api-0".into(),
            revoked_by: Some("dana".into()),
            ..Seen::default()
        };
        session.status.credentials_until = Some("2026-03-02T12:15:00Z".into());
        Told { session, outcome }
    }

    #[rstest]
    #[case(
        Outcome::Revoked,
        "revoked: session 0123456789abcdef of pod payments/api-0 on profile prod, by dana\n  refused within one lease",
        0
    )]
    #[case(Outcome::Written, "revoked, not confirmed yet: session", 1)]
    #[case(
        Outcome::Before,
        "was revoked before: session 0123456789abcdef of pod payments/api-0 on profile prod, by dana: no reason was given\n  credentials that",
        0
    )]
    #[case(Outcome::Ended, "has ended already, with its pod", 0)]
    fn each_outcome_has_its_words(#[case] outcome: Outcome, #[case] begin: &str, #[case] code: u8) {
        let report = report(&[told(outcome)], "key's in a paste", true, Format::Text).unwrap();
        assert!(report.stdout.starts_with(begin), "{}", report.stdout);
        assert!(report.stdout.contains("stay good until 2026-03-02T12:15:00Z"), "{}", report.stdout);
        assert_eq!(u8::from(report.found), code);
        let lock = r"kubectl sentinel lock --user payments/api --profile prod --reason 'key'\''s in a paste'";
        assert!(report.notes.last().unwrap().contains(lock), "{:?}", report.notes);
        assert!(report.notes.iter().any(|note| note.contains("a new session")));
    }

    #[rstest]
    #[case(true, "Denied", "; IAM has it")]
    #[case(false, "RoleFull", "; credentials that were issued to it are not denied in IAM: IAM has it")]
    fn what_iam_denies_is_told(#[case] holds: bool, #[case] reason: &'static str, #[case] said: &str) {
        let mut told = told(Outcome::Revoked);
        let now = jiff::Timestamp::UNIX_EPOCH;
        let denial = sentinel_api::condition(HARD_REVOKED, holds, reason, "IAM has it".to_owned(), None, now);
        told.session.status.conditions.push(denial);
        assert!(told.text().contains(said), "{}", told.text());
        assert_eq!(serde_json::to_value(told.line()).unwrap()["hardRevoked"], reason);
    }

    #[test]
    fn who_does_not_wait_is_not_told_that_it_is_late() {
        let report = report(&[told(Outcome::Written)], "r", false, Format::Json).unwrap();
        assert!(!report.found && report.notes.len() == 2, "{report:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&report.stdout).unwrap()[0]["outcome"], "Written");
    }
}
