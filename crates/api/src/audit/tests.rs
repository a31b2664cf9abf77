use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::{AccessPolicySpec, SentinelProfile};

const NOW: &str = "2026-03-02T12:00:00Z";

fn profile(extra: &Value) -> Result<Profile, String> {
    let mut spec = json!({"roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1"});
    spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let profile: SentinelProfile = serde_json::from_value(json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelProfile", "metadata": {"name": "prod"}, "spec": spec})).unwrap();
    profile.resolve().map_err(|problems| problems.to_string())
}

fn policy(rules: &Value) -> Arc<AccessPolicy> {
    let spec: AccessPolicySpec = serde_json::from_value(json!({"version": "1", "rules": rules})).unwrap();
    Arc::new(spec.resolve().unwrap())
}

fn pod(extra: &Value) -> PodEvidence {
    let text = |key: &str| extra[key].as_str().map(str::to_owned);
    PodEvidence {
        namespace: "payments".into(),
        name: "api-0".into(),
        uid: "u".into(),
        profile: text("profile"),
        injected: extra["injected"] == true,
        version: text("version"),
    }
}

/// Profile prod, whose one rule requires a session, with a table, and a pod that is as it should be.
fn evidence() -> Evidence {
    Evidence {
        profiles: [("prod".to_owned(), profile(&json!({"sessionTable": "sessions"})))].into(),
        access: [("prod".to_owned(), policy(&json!([{"name": "api", "effect": "require_server_session"}])))].into(),
        default_table: DefaultTable::None,
        pods: vec![pod(&json!({"profile": "prod", "injected": true, "version": "0.1.0"}))],
        version: "0.3.0".into(),
        minors_behind: 2,
        ..Evidence::default()
    }
}

fn kinds(evidence: &Evidence) -> Vec<FindingKind> {
    audit(evidence, NOW.parse().unwrap()).findings.iter().map(|finding| finding.kind).collect()
}

#[test]
fn what_complies_is_told_with_what_is_required() {
    let report = audit(&evidence(), NOW.parse().unwrap());
    assert_eq!(report.findings, []);
    let line = ProfileLine {
        name: "prod".into(),
        required_by: vec!["api".into()],
        tables: vec!["sessions".into()],
        pods: 1,
        findings: 0,
    };
    assert_eq!(report.profiles, [line]);
}

#[rstest]
#[case::bare(json!({"profile": "prod"}), Some(FindingKind::NotInjected))]
#[case::of_no_profile(json!({}), None)]
#[case::unversioned(json!({"profile": "prod", "injected": true}), Some(FindingKind::OldSidecar))]
#[case::just_in_time(json!({"profile": "prod", "injected": true, "version": "0.1.7"}), None)]
#[case::too_old(json!({"profile": "prod", "injected": true, "version": "0.0.9"}), Some(FindingKind::OldSidecar))]
#[case::newer(json!({"profile": "prod", "injected": true, "version": "0.4.0"}), None)]
fn pods(#[case] of: Value, #[case] found: Option<FindingKind>) {
    let evidence = Evidence { pods: vec![pod(&of)], ..evidence() };
    assert_eq!(kinds(&evidence), Vec::from_iter(found));
    let report = audit(&evidence, NOW.parse().unwrap());
    assert_eq!(report.profiles[0].findings, usize::from(found.is_some()), "counted with its profile");
}

#[test]
fn rows_that_outlive_their_pods_and_tables_that_may_have_some() {
    let row = StrayRow { table: "sessions".into(), problem: "AccessDenied".into(), ..StrayRow::default() };
    let of_a_pod = StrayRow { session: Some("0123".into()), pod: Some("payments/api-0".into()), ..row.clone() };
    let evidence = Evidence { stray: [("prod".to_owned(), vec![of_a_pod, row])].into(), ..evidence() };
    let report = audit(&evidence, NOW.parse().unwrap());
    let told: Vec<String> =
        report.findings.iter().map(|one| format!("{} {} {}", one.kind, one.object, one.message)).collect();
    assert_eq!(
        told,
        [
            "RowWithoutPod row 0123 in table sessions is active, its pod payments/api-0 is gone, and it could not be ended: AccessDenied",
            "RowWithoutPod table sessions could not be searched for active rows without a pod: AccessDenied"
        ]
    );
    assert_eq!(report.profiles[0].findings, 2);
}

#[rstest]
#[case::of_a_live_pod("u", true, "2026-03-02T11:00:00Z", false)]
#[case::of_nobody("gone", true, "2026-03-02T11:00:00Z", true)]
#[case::just_made("gone", true, "2026-03-02T11:58:30Z", false)]
#[case::ended("gone", false, "2026-03-02T11:00:00Z", false)]
fn sessions(#[case] pod_uid: &str, #[case] live: bool, #[case] created: &str, #[case] found: bool) {
    let session = SessionEvidence {
        pod_uid: pod_uid.into(),
        live,
        created: Some(created.parse().unwrap()),
        profile: "prod".into(),
        ..SessionEvidence::default()
    };
    let expected = if found { vec![FindingKind::SessionWithoutPod] } else { vec![] };
    assert_eq!(kinds(&Evidence { sessions: vec![session], ..evidence() }), expected);
}

#[rstest]
#[case::nowhere(json!({}), json!({}), DefaultTable::None, true)]
#[case::in_the_rule(json!({"sessionTable": "sessions"}), json!({}), DefaultTable::None, false)]
#[case::in_the_profile(json!({}), json!({"sessionTable": "sessions"}), DefaultTable::None, false)]
#[case::in_the_installation(json!({}), json!({}), DefaultTable::Named("sessions".into()), false)]
#[case::nobody_knows(json!({}), json!({}), DefaultTable::Unknown, false)]
#[case::another_profile(json!({"conditions": {"profiles": ["dev"]}}), json!({}), DefaultTable::None, false)]
#[case::this_profile(json!({"conditions": {"profiles": ["pr*"]}}), json!({}), DefaultTable::None, true)]
#[case::laptops(json!({"conditions": {"mode": ["cli"]}}), json!({}), DefaultTable::None, false)]
#[case::sidecars_too(json!({"conditions": {"mode": ["cli", "server"]}}), json!({}), DefaultTable::None, true)]
#[case::not_required(json!({"effect": "require_server"}), json!({}), DefaultTable::None, false)]
fn tables(#[case] rule: Value, #[case] spec: Value, #[case] default_table: DefaultTable, #[case] found: bool) {
    let mut whole = json!({"name": "api", "effect": "require_server_session"});
    whole.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    let evidence = Evidence {
        profiles: [("prod".to_owned(), profile(&spec))].into(),
        access: [("prod".to_owned(), policy(&json!([whole])))].into(),
        default_table,
        ..evidence()
    };
    assert_eq!(kinds(&evidence), if found { vec![FindingKind::NoTable] } else { vec![] });
}

#[test]
fn policies_and_profiles_that_are_not_in_force_are_found() {
    let refused = RefusedPolicy { kind: "AccessPolicy".into(), name: "prod".into(), problem: "no rules".into() };
    let without = Evidence { access: BTreeMap::new(), refused: vec![refused], ..evidence() };
    assert_eq!(kinds(&without), [FindingKind::ProfileUnusable, FindingKind::PolicyRefused]);
    let invalid = Evidence { profiles: [("prod".to_owned(), profile(&json!({"roleArn": "x"})))].into(), ..evidence() };
    assert_eq!(kinds(&invalid), [FindingKind::ProfileUnusable]);
}
