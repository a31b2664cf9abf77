use std::collections::BTreeMap;

use proptest::prelude::*;
use rstest::rstest;
use sentinel_api::SentinelSessionSpec;
use sentinel_aws::{AwsError, ErrorKind};
use sentinel_core::session::{KubernetesFacts, SessionId};

use super::super::facts::Ruling;
use super::*;

const LIVE: PodState = PodState::Live { started: false };
const STARTED: PodState = PodState::Live { started: true };

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn id() -> SessionId {
    SessionId::derive("cluster", "uid", "prod")
}

fn spec(revoked: bool) -> SentinelSessionSpec {
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

fn row(status: RowStatus, second: i64) -> SessionRow {
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
        credentials_until: Some(at(900)),
    }
}

fn down() -> Reading {
    Reading::Failed(AwsError {
        service: "DynamoDB",
        operation: "BatchGetItem",
        subject: "table `a`".into(),
        kind: ErrorKind::Unavailable,
        message: "down".into(),
    })
}

fn found(row: SessionRow) -> Reading {
    Reading::Row(Box::new(row))
}

fn status_of(phase: Phase, tables: &[&str]) -> SessionStatus {
    SessionStatus { phase, tables: tables.iter().map(ToString::to_string).collect(), ..SessionStatus::default() }
}

fn tracked() -> Ruling {
    Ruling { candidates: vec!["a".into()], table: Some("a".into()), allowed: true }
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

/// The world outside the plan: one pod, one object, two tables.
#[derive(Clone, Debug)]
struct World {
    status: SessionStatus,
    revoked: bool,
    pod: PodState,
    rows: BTreeMap<String, Option<SessionRow>>,
    down: bool,
    second: i64,
}

#[derive(Clone, Copy, Debug)]
enum Happening {
    BrokerIssues(usize),
    PersonRevokes,
    OthersRevoke(usize),
    OthersDelete(usize),
    TablesGoDown,
    TablesComeBack,
    SidecarStarts,
    PodEnds,
    TimePasses(i64),
    /// A pass of the operator, killed after so many of its writes.
    OperatorPasses(usize),
}

const TABLES: [&str; 2] = ["a", "b"];

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        3 => (0..2_usize).prop_map(Happening::BrokerIssues),
        1 => Just(Happening::PersonRevokes),
        1 => (0..2_usize).prop_map(Happening::OthersRevoke),
        2 => (0..2_usize).prop_map(Happening::OthersDelete),
        1 => Just(Happening::TablesGoDown),
        1 => Just(Happening::TablesComeBack),
        1 => Just(Happening::SidecarStarts),
        1 => Just(Happening::PodEnds),
        2 => (1..40_000_i64).prop_map(Happening::TimePasses),
        8 => (0..4_usize).prop_map(Happening::OperatorPasses),
    ];
    prop::collection::vec(one, 1..40)
}

impl World {
    fn new() -> Self {
        let rows = TABLES.map(|table| (table.to_owned(), None)).into();
        Self { status: SessionStatus::default(), revoked: false, pod: LIVE, rows, down: false, second: 0 }
    }

    fn plan(&self) -> Plan {
        let reading = |row: &Option<SessionRow>| match row {
            _ if self.down => down(),
            Some(row) => found(row.clone()),
            None => Reading::Missing,
        };
        let readings = self.rows.iter().map(|(table, row)| (table.clone(), reading(row))).collect();
        let ruling = Ruling { candidates: TABLES.map(str::to_owned).to_vec(), ..tracked() };
        Case {
            status: self.status.clone(),
            revoked: self.revoked,
            pod: self.pod,
            ruling,
            readings,
            second: self.second,
        }
        .plan()
    }

    fn happens(&mut self, what: Happening) {
        match what {
            Happening::BrokerIssues(table) => self.broker_issues(TABLES[table]),
            Happening::PersonRevokes => self.revoked = true,
            Happening::OthersRevoke(table) => {
                if let Some(row) = self.rows.get_mut(TABLES[table]).and_then(Option::as_mut) {
                    end(row, RowStatus::Revoked);
                }
            }
            Happening::OthersDelete(table) => drop(self.rows.insert(TABLES[table].into(), None)),
            Happening::TablesGoDown => self.down = true,
            Happening::TablesComeBack => self.down = false,
            Happening::SidecarStarts if self.pod == LIVE => self.pod = STARTED,
            Happening::SidecarStarts => {}
            Happening::PodEnds => self.pod = PodState::Ended,
            Happening::TimePasses(seconds) => self.second += seconds,
            Happening::OperatorPasses(writes) => self.operator_passes(writes),
        }
    }

    /// The broker's law: never for the revoked, expired or gone; a first row only for what was never active.
    fn broker_issues(&mut self, table: &str) {
        let may =
            !self.revoked && matches!(self.status.phase, Phase::Pending | Phase::Active) && self.pod != PodState::Ended;
        if !may || self.down {
            return;
        }
        let never = self.status.phase == Phase::Pending;
        let row_at = row(RowStatus::Active, self.second);
        match self.rows.get_mut(table).and_then(Option::as_mut) {
            Some(found) if found.status == RowStatus::Active => found.last_access_at = at(self.second),
            None if never => drop(self.rows.insert(table.to_owned(), Some(row_at))),
            Some(_) | None => {}
        }
    }

    /// Rows first, then the status, as `apply` does; a killed pass stops in between.
    fn operator_passes(&mut self, writes: usize) {
        let plan = self.plan();
        let count = plan.rows.len();
        for (table, step) in plan.rows.into_iter().take(writes) {
            let row = self.rows.get_mut(&table).unwrap();
            match (step, row) {
                (RowStep::Restore(new), row @ None) => *row = Some(*new),
                (RowStep::Revoke { .. }, Some(row)) => end(row, RowStatus::Revoked),
                (RowStep::Expire { .. }, Some(row)) => end(row, RowStatus::Expired),
                (RowStep::Extend(until), Some(row)) if row.status == RowStatus::Active => row.expires_at = until,
                _ => {}
            }
        }
        if writes > count {
            self.status = plan.status;
        }
    }

    fn recovers(&mut self) {
        self.down = false;
        for _ in 0..3 {
            self.operator_passes(usize::MAX);
        }
    }

    fn statuses(&self) -> Vec<RowStatus> {
        self.rows.values().flatten().map(|row| row.status).collect()
    }
}

fn end(row: &mut SessionRow, status: RowStatus) {
    if row.status == RowStatus::Active {
        row.status = status;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_happens(happenings in happenings()) {
        let mut world = World::new();
        for what in happenings {
            let before = world.clone();
            world.happens(what);
            let (was, is) = (before.status.phase, world.status.phase);
            if matches!(was, Phase::Revoked | Phase::Expired) {
                prop_assert_eq!(was, is, "{:?} brought back what had ended", what);
            }
            if was != Phase::Active && is == Phase::Active {
                prop_assert_ne!(before.pod, PodState::Ended, "active without a live pod");
            }
            for (table, row) in &before.rows {
                let ended = row.as_ref().is_some_and(|row| row.status != RowStatus::Active);
                let back = world.rows[table].as_ref().is_some_and(|row| row.status == RowStatus::Active);
                prop_assert!(!(ended && back), "{:?} brought back a row of {}", what, table);
            }
        }
        let was = world.status.clone();
        world.recovers();
        match world.status.phase {
            Phase::Revoked | Phase::Expired => prop_assert!(!world.statuses().contains(&RowStatus::Active)),
            Phase::Active => {
                for table in &was.tables {
                    prop_assert!(world.rows[table].is_some(), "the row in {} is lost", table);
                }
                prop_assert!(!world.statuses().contains(&RowStatus::Revoked));
                let soonest = world.rows.values().flatten().filter(|row| row.status == RowStatus::Active).map(|row| row.expires_at).min();
                prop_assert!(soonest.is_none_or(|end| end > at(world.second)), "a live row has run out");
            }
            Phase::Pending => prop_assert!(world.statuses().is_empty()),
        }
        if world.revoked && !matches!(was.phase, Phase::Expired) {
            prop_assert_eq!(world.status.phase, Phase::Revoked);
        }
        if world.pod == PodState::Ended {
            prop_assert!(world.plan().settled);
        }
    }
}
