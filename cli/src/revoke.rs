//! `revoke`: sessions that are stopped for good, and what that doesn't stop.
//!
//! ```text
//!   names or a pod ─▶ whom ─▶ a merge patch each ─▶ wait (one watch) ─▶ told
//! ```

mod args;
mod told;
mod wait;
mod whom;

use sentinel_api::{Phase, SentinelSession};
use serde_json::{Value, json};

pub(crate) use args::RevokeArgs;

use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::{Format, Report};
use crate::sessions::Seen;
use crate::until;
use told::{Outcome, Told};

/// As the definition says it.
const LONGEST_REASON: usize = 1000;

pub(crate) fn run(args: &RevokeArgs, format: Format) -> Result<Report, Failure> {
    let reason = reason(&args.reason)?;
    let patience = until::patience(args.timeout)?;
    let cluster = Cluster::connect(&args.connect)?;
    let found = whom::find(&cluster, args)?;
    let change = change(&reason, cluster.user());
    let mut told = Vec::new();
    for session in found {
        let outcome = revoke(&cluster, &session, &change)?;
        told.push(Told { session, outcome });
    }
    let wanted: Vec<String> =
        told.iter().filter(|one| one.outcome == Outcome::Written).map(|one| one.session.name.clone()).collect();
    if !(wanted.is_empty() || patience.is_zero()) {
        for session in wait::until_revoked(&cluster, wanted, patience)? {
            told.iter_mut().filter(|one| one.session.name == session.name).for_each(|one| one.confirmed(&session));
        }
    }
    told::report(&told, &reason, !patience.is_zero(), format)
}

fn reason(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    let wrong =
        |why: &str| Err(Failure::Usage(format!("--reason {why}: say in one line why, whoever is refused reads it")));
    match text.chars().count() {
        0 => wrong("is empty"),
        long if long > LONGEST_REASON => wrong("is longer than 1000 characters"),
        _ if text.chars().any(char::is_control) => wrong("has a line break or a control character"),
        _ => Ok(text.to_owned()),
    }
}

/// Without a version: whoever else changes the session meanwhile doesn't stop it from being stopped. The name is what the webhook
/// stamps anyway; it counts where the webhook is down.
fn change(reason: &str, user: Option<String>) -> Value {
    let mut spec = json!({"revoked": true, "revokedReason": reason});
    if let (Some(user), Some(spec)) = (user, spec.as_object_mut()) {
        spec.insert("revokedBy".to_owned(), user.into());
    }
    json!({"spec": spec})
}

fn revoke(cluster: &Cluster, session: &Seen, change: &Value) -> Result<Outcome, Failure> {
    if session.revoked || session.status.phase == Phase::Revoked {
        return Ok(Outcome::Before);
    }
    if session.status.phase == Phase::Expired {
        return Ok(Outcome::Ended);
    }
    let stopped = cluster.merge::<SentinelSession>(&session.namespace, &session.name, change);
    stopped.map(|_| Outcome::Written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("  ", "is empty")]
    #[case("a\nb", "line break")]
    #[case(&"x".repeat(1001), "longer than 1000")]
    fn a_reason_is_one_line(#[case] text: &str, #[case] message: &str) {
        assert!(reason(text).unwrap_err().to_string().contains(message));
        assert_eq!(reason(" leak ").unwrap(), "leak");
    }

    #[test]
    fn the_patch_says_who_where_that_is_known() {
        assert_eq!(change("r", None), json!({"spec": {"revoked": true, "revokedReason": "r"}}));
        assert_eq!(change("r", Some("dana".into()))["spec"]["revokedBy"], "dana");
    }
}
