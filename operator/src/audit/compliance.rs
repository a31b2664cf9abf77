//! What an audit says of each profile. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sentinel_api::audit::{AuditReport, Finding};
use sentinel_api::{ProfileStatus, condition, set_condition};

const COMPLIANT: &str = "Compliant";
/// More than these help nobody in one message.
const MOST: usize = 5;

/// By profile: the reason where it doesn't comply, and a sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compliance(BTreeMap<String, (Option<String>, String)>);

impl Compliance {
    /// Of every profile in `report`.
    pub fn of(report: &AuditReport) -> Self {
        let said = |name: &String| {
            let about = report.findings.iter().filter(|finding| finding.profile.as_ref() == Some(name));
            said(&about.collect::<Vec<_>>())
        };
        Self(report.profiles.iter().map(|profile| (profile.name.clone(), said(&profile.name))).collect())
    }
}

fn said(findings: &[&Finding]) -> (Option<String>, String) {
    let Some(first) = findings.first() else {
        return (None, "the last audit found nothing".to_owned());
    };
    let shown = findings.iter().take(MOST).map(|one| format!("{}: {} {}", one.kind, one.object, one.message));
    let more = findings.len().saturating_sub(MOST);
    let rest = (more > 0).then(|| format!("and {more} more: kubectl sentinel audit"));
    (Some(first.kind.to_string()), shown.chain(rest).collect::<Vec<_>>().join("; "))
}

/// Sets the condition of profile `name`, if an audit has seen it.
pub(crate) fn tell(
    compliance: &Compliance,
    name: &str,
    status: &mut ProfileStatus,
    generation: Option<i64>,
    now: Timestamp,
) {
    let Some((reason, message)) = compliance.0.get(name) else { return };
    let says = condition(
        COMPLIANT,
        reason.is_none(),
        reason.as_deref().unwrap_or("NothingFound"),
        message.clone(),
        generation,
        now,
    );
    set_condition(&mut status.conditions, says);
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinel_api::ConditionStatus;
    use sentinel_api::audit::{FindingKind, ProfileLine};

    fn finding(profile: &str, number: usize) -> Finding {
        Finding {
            kind: FindingKind::NotInjected,
            profile: Some(profile.to_owned()),
            object: format!("pod payments/api-{number}"),
            message: "has no sidecar".to_owned(),
        }
    }

    fn condition_of(compliance: &Compliance, name: &str) -> Option<(ConditionStatus, String, String)> {
        let mut status = ProfileStatus::default();
        tell(compliance, name, &mut status, Some(1), Timestamp::UNIX_EPOCH);
        status.conditions.pop().map(|one| (one.status, one.reason, one.message))
    }

    #[test]
    fn each_profile_is_told_its_own() {
        let line = |name: &str| ProfileLine { name: name.to_owned(), ..ProfileLine::default() };
        let findings = (0..7).map(|number| finding("prod", number)).collect();
        let report = AuditReport { profiles: vec![line("dev"), line("prod")], findings };
        let compliance = Compliance::of(&report);
        let (status, reason, message) = condition_of(&compliance, "prod").unwrap();
        assert_eq!((status, reason.as_str()), (ConditionStatus::False, "NotInjected"));
        assert!(message.starts_with("NotInjected: pod payments/api-0 has no sidecar; "), "{message}");
        assert!(message.ends_with("api-4 has no sidecar; and 2 more: kubectl sentinel audit"), "{message}");
        let (status, reason, _) = condition_of(&compliance, "dev").unwrap();
        assert_eq!((status, reason.as_str()), (ConditionStatus::True, "NothingFound"));
        assert_eq!(condition_of(&compliance, "new"), None, "no audit has seen it yet");
    }
}
