//! The audit as text.

use sentinel_api::audit::{AuditReport, ProfileLine};

use crate::report::lines;
use crate::words::printable;

/// Profiles first, then what doesn't comply.
pub(super) fn text(audited: &AuditReport) -> String {
    let profiles = audited.profiles.iter().map(|profile| printable(&line(profile)));
    let findings =
        audited.findings.iter().map(|one| printable(&format!("  {}: {}: {}", one.kind, one.object, one.message)));
    let none = audited.profiles.is_empty().then(|| "there are no SentinelProfiles".to_owned());
    let head = format!("findings: {}", audited.findings.len());
    lines(none.into_iter().chain(profiles).chain([head]).chain(findings))
}

fn line(profile: &ProfileLine) -> String {
    let ProfileLine { name, required_by, tables, pods, findings } = profile;
    let sessions = match required_by.as_slice() {
        [] => "requires no session".to_owned(),
        rules => format!("requires a session by rule {}", rules.join(", ")),
    };
    let tables = if tables.is_empty() { "no table".to_owned() } else { format!("table {}", tables.join(", ")) };
    format!("{name}: {sessions}; {tables}; live pods: {pods}; findings: {findings}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinel_api::audit::{Finding, FindingKind};

    #[test]
    fn an_audit_reads_in_lines() {
        let profile = ProfileLine {
            name: "prod".into(),
            required_by: vec!["api".into(), "web".into()],
            tables: vec!["t".into()],
            pods: 2,
            findings: 1,
        };
        let finding = Finding {
            kind: FindingKind::NotInjected,
            profile: Some("prod".into()),
            object: "pod payments/api-0".into(),
            message: "has no sidecar".into(),
        };
        let audited = AuditReport {
            profiles: vec![profile, ProfileLine { name: "dev".into(), ..ProfileLine::default() }],
            findings: vec![finding],
        };
        let expected = "prod: requires a session by rule api, web; table t; live pods: 2; findings: 1\n\
                        dev: requires no session; no table; live pods: 0; findings: 0\n\
                        findings: 1\n  NotInjected: pod payments/api-0: has no sidecar\n";
        assert_eq!(text(&audited), expected);
        assert_eq!(text(&AuditReport::default()), "there are no SentinelProfiles\nfindings: 0\n");
    }
}
