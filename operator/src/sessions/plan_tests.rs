use std::collections::BTreeMap;

use rstest::rstest;
use sentinel_api::SentinelSessionSpec;
use sentinel_aws::{AwsError, ErrorKind};
use sentinel_core::session::{KubernetesFacts, SessionId};

use super::super::facts::Ruling;
use super::super::status::with_failure;
use super::*;

pub(super) const LIVE: PodState = PodState::Live { started: false };
pub(super) const STARTED: PodState = PodState::Live { started: true };

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(super) fn id() -> SessionId {
    SessionId::derive("cluster", "uid", "prod")
}

pub(super) fn spec(revoked: bool) -> SentinelSessionSpec {
    SentinelSessionSpec {
        profile: "prod".into(),
        user: "system:serviceaccount:payments:api".into(),
        pod: "api-0".into(),
        pod_uid: "uid".into(),
        revoked,
        revoked_reason: revoked.then(|| "leak".to_owned()),
        ..SentinelSessionSpec::default()
    }
}

pub(super) fn row(status: RowStatus, second: i64) -> SessionRow {
    SessionRow {
        id: id(),
        user: "system:serviceaccount:payments:api".into(),
        profile: "prod".into(),
        server_instance_id: "payments/api-0".into(),
        status,
        started_at: at(0),
        last_access_at: at(second),
        expires_at: extended(at(second)),
        created_at: at(0),
        updated_at: at(second),
        request_count: 3,
        source_identity: "sentinel.api@payments.direct.0".into(),
        ttl: None,
        revoked_by: (status == RowStatus::Revoked).then(|| "dana".to_owned()),
        revoked_reason: (status == RowStatus::Revoked).then(|| "left".to_owned()),
        kubernetes: KubernetesFacts::default(),
        role_arn: Some("arn:aws:iam::111122223333:role/prod".into()),
        roles: ["arn:aws:iam::111122223333:role/prod".into()].into(),
        credentials_until: Some(at(900)),
    }
}

pub(super) fn down() -> Reading {
    Reading::Failed(AwsError {
        service: "DynamoDB",
        operation: "BatchGetItem",
        subject: "table `a`".into(),
        kind: ErrorKind::Unavailable,
        message: "down".into(),
    })
}

pub(super) fn found(row: SessionRow) -> Reading {
    Reading::Row(Box::new(row))
}

fn status_of(phase: Phase, tables: &[&str]) -> SessionStatus {
    SessionStatus { phase, tables: tables.iter().map(ToString::to_string).collect(), ..SessionStatus::default() }
}

fn tracked() -> Ruling {
    Ruling { candidates: vec!["a".into()], table: Some("a".into()), allowed: true, hard: false }
}

struct Case {
    status: SessionStatus,
    revoked: bool,
    pod: PodState,
    ruling: Ruling,
    readings: BTreeMap<String, Reading>,
    second: i64,
}

fn case(phase: Phase, readings: impl IntoIterator<Item = (&'static str, Reading)>) -> Case {
    let readings: BTreeMap<String, Reading> =
        readings.into_iter().map(|(table, reading)| (table.to_owned(), reading)).collect();
    let status = status_of(phase, if phase == Phase::Pending { &[] } else { &["a"] });
    Case { status, revoked: false, pod: STARTED, ruling: tracked(), readings, second: 60 }
}

impl Case {
    fn plan(&self) -> Plan {
        self.plan_of(&spec(self.revoked))
    }

    fn plan_of(&self, spec: &SentinelSessionSpec) -> Plan {
        plan(&Facts {
            id: &id(),
            cluster: "cluster",
            namespace: "payments",
            spec,
            generation: Some(2),
            status: &self.status,
            pod: self.pod,
            ruling: &self.ruling,
            denial: None,
            readings: &self.readings,
            now: at(self.second),
        })
    }
}

fn verbs(plan: &Plan) -> Vec<&'static str> {
    let verb = |step: &RowStep| match step {
        RowStep::Restore(row) if row.status == RowStatus::Revoked => "restore revoked",
        RowStep::Restore(_) => "restore",
        RowStep::Revoke { .. } => "revoke",
        RowStep::Expire { .. } => "expire",
        RowStep::Extend(_) => "extend",
    };
    plan.rows.iter().map(|(_, step)| verb(step)).collect()
}

#[rstest]
#[case::no_row_yet(case(Phase::Pending, [("a", Reading::Missing)]), Phase::Pending, &[])]
#[case::first_row(case(Phase::Pending, [("a", found(row(RowStatus::Active, 5)))]), Phase::Active, &[])]
#[case::row_of_a_moment_ago(case(Phase::Active, [("a", found(row(RowStatus::Active, 50)))]), Phase::Active, &[])]
#[case::lost_row(case(Phase::Active, [("a", Reading::Missing)]), Phase::Active, &["restore"])]
#[case::unread(case(Phase::Active, [("a", Reading::Unread)]), Phase::Active, &[])]
#[case::table_down(case(Phase::Active, [("a", down())]), Phase::Active, &[])]
#[case::half_life(Case { second: 6 * 3600 + 60, ..case(Phase::Active, [("a", found(row(RowStatus::Active, 50)))]) }, Phase::Active, &["extend"])]
#[case::revoked_here(Case { revoked: true, ..case(Phase::Active, [("a", found(row(RowStatus::Active, 50)))]) }, Phase::Revoked, &["revoke"])]
#[case::revoked_here_while_down(Case { revoked: true, ..case(Phase::Active, [("a", down())]) }, Phase::Revoked, &[])]
#[case::revoked_before_any_row(Case { revoked: true, ..case(Phase::Pending, [("a", Reading::Missing)]) }, Phase::Revoked, &[])]
#[case::revoked_by_others(case(Phase::Active, [("a", found(row(RowStatus::Revoked, 50)))]), Phase::Revoked, &[])]
#[case::revoked_in_one_is_revoked_in_all(case(Phase::Active, [("a", found(row(RowStatus::Revoked, 50))), ("b", found(row(RowStatus::Active, 50)))]), Phase::Revoked, &["revoke"])]
#[case::a_late_row_of_the_revoked(case(Phase::Revoked, [("a", found(row(RowStatus::Active, 50)))]), Phase::Revoked, &["revoke"])]
#[case::a_deleted_row_of_the_revoked(case(Phase::Revoked, [("a", Reading::Missing)]), Phase::Revoked, &["restore revoked"])]
#[case::revoked_and_gone(Case { pod: PodState::Ended, ..case(Phase::Revoked, [("a", Reading::Missing)]) }, Phase::Revoked, &[])]
#[case::pod_gone(Case { pod: PodState::Ended, ..case(Phase::Active, [("a", found(row(RowStatus::Active, 50)))]) }, Phase::Expired, &["expire"])]
#[case::pod_gone_before_any_row(Case { pod: PodState::Ended, ..case(Phase::Pending, [("a", Reading::Missing)]) }, Phase::Expired, &[])]
#[case::pod_gone_and_row_lost(Case { pod: PodState::Ended, ..case(Phase::Active, [("a", Reading::Missing)]) }, Phase::Expired, &[])]
#[case::pod_gone_while_revoking(Case { pod: PodState::Ended, revoked: true, ..case(Phase::Active, [("a", found(row(RowStatus::Active, 50)))]) }, Phase::Revoked, &["revoke"])]
#[case::expired_stays(case(Phase::Expired, [("a", found(row(RowStatus::Active, 50)))]), Phase::Expired, &["expire"])]
#[case::expired_by_others(case(Phase::Active, [("a", found(row(RowStatus::Expired, 50)))]), Phase::Expired, &[])]
#[case::a_row_elsewhere_keeps_it(case(Phase::Active, [("a", found(row(RowStatus::Expired, 50))), ("b", found(row(RowStatus::Active, 50)))]), Phase::Active, &[])]
#[case::a_row_that_may_live_elsewhere_keeps_it(Case { status: status_of(Phase::Active, &["a", "b"]), ..case(Phase::Active, [("a", found(row(RowStatus::Expired, 50))), ("b", down())]) }, Phase::Active, &[])]
#[case::another_candidate_gets_nothing(case(Phase::Active, [("a", found(row(RowStatus::Active, 50))), ("b", Reading::Missing)]), Phase::Active, &[])]
#[case::untracked_and_starting(Case { ruling: Ruling { allowed: true, ..Ruling::default() }, pod: LIVE, ..case(Phase::Pending, []) }, Phase::Pending, &[])]
#[case::untracked_and_started(Case { ruling: Ruling { allowed: true, ..Ruling::default() }, ..case(Phase::Pending, []) }, Phase::Active, &[])]
#[case::untracked_and_denied(Case { ruling: Ruling::default(), ..case(Phase::Pending, []) }, Phase::Pending, &[])]
#[case::a_table_comes_later(Case { status: status_of(Phase::Active, &[]), ..case(Phase::Active, [("a", Reading::Missing)]) }, Phase::Active, &["restore"])]
fn table(#[case] case: Case, #[case] phase: Phase, #[case] steps: &[&str]) {
    let plan = case.plan();
    assert_eq!(plan.status.phase, phase);
    assert_eq!(verbs(&plan), steps);
}

#[test]
fn the_status_tells_what_the_row_says() {
    let plan = case(Phase::Pending, [("a", found(row(RowStatus::Active, 5)))]).plan();
    let status = plan.status;
    assert_eq!(
        (status.table.as_deref(), status.tables.as_slice(), status.requests),
        (Some("a"), ["a".to_owned()].as_slice(), Some(3))
    );
    assert_eq!(status.started_at.as_deref(), Some("2027-01-15T08:00:00Z"));
    assert_eq!(status.last_access.as_deref(), Some("2027-01-15T08:00:05Z"));
    assert_eq!(status.expires_at.as_deref(), Some("2027-01-15T20:00:05Z"));
    assert_eq!(status.credentials_until.as_deref(), Some("2027-01-15T08:15:00Z"));
    assert_eq!(status.role_arn.as_deref(), Some("arn:aws:iam::111122223333:role/prod"));
    assert_eq!((status.conditions[0].type_.as_str(), status.conditions[0].reason.as_str()), ("Tracked", "RowFound"));
    assert_eq!(status.observed_generation, Some(2));
}

#[test]
fn a_restored_row_says_what_the_status_remembers() {
    let before = case(Phase::Pending, [("a", found(row(RowStatus::Active, 5)))]).plan().status;
    let plan = Case { status: before, ..case(Phase::Active, [("a", Reading::Missing)]) }.plan();
    let [(table, RowStep::Restore(restored))] = plan.rows.as_slice() else { panic!("{:?}", plan.rows) };
    let expected = SessionRow {
        expires_at: extended(at(60)),
        updated_at: at(60),
        kubernetes: KubernetesFacts {
            cluster: "cluster".into(),
            namespace: "payments".into(),
            service_account: "api".into(),
            pod: "api-0".into(),
            pod_uid: "uid".into(),
        },
        ..row(RowStatus::Active, 5)
    };
    assert_eq!((table.as_str(), &**restored), ("a", &expected));
    assert_eq!(plan.session_note.unwrap().reason, "RowRestored");
}

#[test]
fn a_stamp_names_who_revoked_it_in_status_row_and_event() {
    let stamped = SentinelSessionSpec { revoked_by: Some("olga".to_owned()), ..spec(true) };
    let plan = case(Phase::Active, [("a", found(row(RowStatus::Active, 50)))]).plan_of(&stamped);
    assert_eq!(plan.status.revoked_by.as_deref(), Some("olga"));
    assert!(plan.pod_note.unwrap().text.contains("was revoked by olga: leak"));
    let [(_, RowStep::Revoke { revocation, .. })] = plan.rows.as_slice() else { panic!("{:?}", plan.rows) };
    assert_eq!((revocation.by.as_str(), revocation.reason.as_str()), ("olga", "leak"));
}

#[test]
fn who_revoked_it_and_why_is_told_once() {
    let first = Case { revoked: true, ..case(Phase::Active, [("a", found(row(RowStatus::Active, 50)))]) }.plan();
    assert_eq!(
        (first.status.revoked_by.as_deref(), first.status.revoked_reason.as_deref()),
        (Some("unknown (kubernetes)"), Some("leak"))
    );
    assert!(first.pod_note.unwrap().text.contains("was revoked by unknown (kubernetes): leak"));
    let again = Case {
        status: first.status.clone(),
        revoked: true,
        ..case(Phase::Active, [("a", found(row(RowStatus::Revoked, 50)))])
    }
    .plan();
    assert_eq!((again.pod_note, again.status.revoked_by.as_deref()), (None, Some("unknown (kubernetes)")));
    let foreign = case(Phase::Active, [("a", found(row(RowStatus::Revoked, 50)))]).plan();
    assert_eq!(
        (foreign.status.revoked_by.as_deref(), foreign.status.revoked_reason.as_deref()),
        (Some("dana"), Some("left"))
    );
    assert_eq!(foreign.status.revoked_at.as_deref(), Some("2027-01-15T08:00:50Z"));
}

#[test]
fn an_outage_is_told_once_and_then_taken_back() {
    let out = case(Phase::Active, [("a", down())]).plan().status;
    assert_eq!(
        (out.conditions[0].reason.as_str(), out.conditions[0].status),
        ("Unavailable", sentinel_api::ConditionStatus::False)
    );
    let still = Case { status: out.clone(), second: 120, ..case(Phase::Active, [("a", down())]) }.plan().status;
    assert_eq!(still, out, "an outage must not write every session at every try");
    let back = Case { status: out, second: 180, ..case(Phase::Active, [("a", found(row(RowStatus::Active, 50)))]) }
        .plan()
        .status;
    assert_eq!(back.conditions[0].reason, "RowFound");
}

#[test]
fn it_is_settled_when_every_table_has_answered() {
    let gone = |reading| Case { pod: PodState::Ended, ..case(Phase::Active, [("a", reading)]) }.plan().settled;
    assert!(gone(found(row(RowStatus::Active, 5))) && gone(Reading::Missing));
    assert!(!gone(down()) && !gone(Reading::Unread));
    assert!(!case(Phase::Active, [("a", Reading::Missing)]).plan().settled);
    assert!(!case(Phase::Revoked, [("a", Reading::Missing)]).plan().settled, "the broker may still make a row");
}

/// The same row in two tables, with 3 requests each.
fn in_two() -> Case {
    let mut two =
        case(Phase::Active, [("a", found(row(RowStatus::Active, 50))), ("b", found(row(RowStatus::Active, 40)))]);
    two.status = SessionStatus { tables: vec!["a".into(), "b".into()], ..two.plan().status };
    two
}

#[rstest]
#[case::lost(Reading::Missing)]
#[case::unread(Reading::Unread)]
#[case::down(down())]
fn a_row_that_says_nothing_takes_nothing_with_it(#[case] silent: Reading) {
    let mut two = in_two();
    let later = SessionRow { started_at: at(20), credentials_until: Some(at(500)), ..row(RowStatus::Active, 40) };
    two.readings = [("a".to_owned(), silent), ("b".to_owned(), found(later))].into();
    let (was, is) = (two.status.clone(), two.plan().status);
    assert_eq!(is.requests, Some(6));
    assert_eq!(is.started_at, was.started_at);
    assert_eq!(is.last_access, was.last_access);
    assert_eq!(is.credentials_until, was.credentials_until);
}

#[rstest]
#[case::one([Reading::Missing, found(row(RowStatus::Active, 40))], &[3])]
#[case::both([Reading::Missing, Reading::Missing], &[6, 0])]
#[case::the_other_is_down([Reading::Missing, down()], &[0])]
fn a_restored_row_counts_nothing_twice(#[case] readings: [Reading; 2], #[case] counts: &[u64]) {
    let [a, b] = readings;
    let mut two = in_two();
    two.readings = [("a".to_owned(), a), ("b".to_owned(), b)].into();
    let restored = |(_, step)| match step {
        RowStep::Restore(row) => row.request_count,
        other => panic!("{other:?}"),
    };
    assert_eq!(two.plan().rows.into_iter().map(restored).collect::<Vec<_>>(), counts);
}

#[test]
fn of_two_rows_the_one_that_speaks_says_until_when() {
    let mut two = in_two();
    two.second = 6 * 3600 + 45;
    let plan = two.plan();
    assert_eq!(verbs(&plan), ["extend"]);
    assert_eq!(plan.status.expires_at, Some(text(extended(at(50)))), "b was extended, a speaks");
}

#[test]
fn a_table_that_takes_no_writes_is_told_once() {
    let Reading::Failed(error) = down() else { unreachable!() };
    let mut revoking = Case { revoked: true, ..case(Phase::Active, [("a", found(row(RowStatus::Active, 50)))]) };
    let told = with_failure(revoking.plan().status, Some(&revoking.status), &error, at(60));
    (revoking.status, revoking.second) = (told.clone(), 120);
    assert_eq!(with_failure(revoking.plan().status, Some(&told), &error, at(120)), told);
}
