//! The plan in a small world: one pod, three tables, a broker, people, others who write to the tables, clocks that differ, and
//! an operator whose writes fail. It remembers nothing between its passes but what is in the object, as after a restart.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sentinel_aws::AwsError;

use super::super::facts::Ruling;
use super::super::status::with_failure;
use super::tests::{LIVE, STARTED, at, down, found, id, row, spec};
use super::*;

const TABLES: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Debug)]
struct World {
    status: SessionStatus,
    revoked: bool,
    pod: PodState,
    rows: BTreeMap<String, Option<SessionRow>>,
    down: [bool; 3],
    ruling: Ruling,
    second: i64,
    /// How far the clocks of operator and broker are off.
    skew: [i64; 2],
}

#[derive(Clone, Debug)]
enum Happening {
    BrokerIssues,
    PersonRevokes,
    OthersChange(usize, RowStatus),
    OthersDelete(usize),
    Outage([bool; 3]),
    Law { table: Option<usize>, named: [bool; 3], allowed: bool },
    SidecarStarts,
    PodEnds,
    TimePasses(i64),
    ClocksDiffer([i64; 2]),
    OperatorPasses(Pass),
}

/// A pass of the operator.
#[derive(Clone, Debug)]
struct Pass {
    /// Whether it reads the rows.
    reads: bool,
    /// Which row writes fail.
    fail: [bool; 3],
    /// Whether the status is written.
    reports: bool,
    /// What happens after it has read and before it writes.
    meanwhile: Option<Box<Happening>>,
}

const WHOLE: Pass = Pass { reads: true, fail: [false; 3], reports: true, meanwhile: None };

fn by_others() -> impl Strategy<Value = Happening> {
    let status = prop_oneof![Just(RowStatus::Active), Just(RowStatus::Revoked), Just(RowStatus::Expired)];
    prop_oneof![
        6 => Just(Happening::BrokerIssues),
        1 => Just(Happening::PersonRevokes),
        2 => (0..3_usize, status).prop_map(|(table, status)| Happening::OthersChange(table, status)),
        2 => (0..3_usize).prop_map(Happening::OthersDelete),
        2 => any::<[bool; 3]>().prop_map(Happening::Outage),
        2 => (prop::option::of(0..3_usize), any::<[bool; 3]>(), prop::bool::weighted(0.8))
            .prop_map(|(table, named, allowed)| Happening::Law { table, named, allowed }),
        1 => Just(Happening::SidecarStarts),
        1 => Just(Happening::PodEnds),
        2 => (1..40_000_i64).prop_map(Happening::TimePasses),
        1 => [-120..=120_i64, -120..=120_i64].prop_map(Happening::ClocksDiffer),
    ]
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let meanwhile = prop::option::weighted(0.3, by_others().prop_map(Box::new));
    let fail = || prop::bool::weighted(0.2);
    let pass = (prop::bool::weighted(0.8), [fail(), fail(), fail()], prop::bool::weighted(0.8), meanwhile);
    let pass = pass.prop_map(|(reads, fail, reports, meanwhile)| Pass { reads, fail, reports, meanwhile });
    let one = prop_oneof![2 => by_others(), 1 => pass.prop_map(Happening::OperatorPasses)];
    prop::collection::vec(one, 1..50)
}

fn place(table: &str) -> usize {
    TABLES.iter().position(|name| *name == table).unwrap()
}

impl World {
    fn new() -> Self {
        let rows = TABLES.map(|table| (table.to_owned(), None)).into();
        let ruling = Ruling { candidates: vec!["a".into()], table: Some("a".into()), allowed: true, hard: false };
        let status = SessionStatus::default();
        Self { status, revoked: false, pod: LIVE, rows, down: [false; 3], ruling, second: 0, skew: [0; 2] }
    }

    /// The tables that the operator can know of: named by the law now, or known to have been used.
    fn known(&self) -> Vec<String> {
        let known = |table: &&'static str| {
            [&self.ruling.candidates, &self.status.tables].iter().any(|names| names.iter().any(|name| name == table))
        };
        TABLES.into_iter().filter(known).map(str::to_owned).collect()
    }

    fn known_rows(&self) -> Vec<&SessionRow> {
        self.known().iter().filter_map(|table| self.rows[table].as_ref()).collect()
    }

    fn plan(&self, reads: bool) -> Plan {
        let reading = |table: &str| match &self.rows[table] {
            _ if !reads => Reading::Unread,
            _ if self.down[place(table)] => down(),
            Some(row) => found(row.clone()),
            None => Reading::Missing,
        };
        let readings = self.known().into_iter().map(|table| (table.clone(), reading(&table))).collect();
        plan(&Facts {
            id: &id(),
            cluster: "cluster",
            namespace: "payments",
            spec: &spec(self.revoked),
            generation: Some(2),
            status: &self.status,
            pod: self.pod,
            ruling: &self.ruling,
            denial: None,
            readings: &readings,
            now: at(self.second + self.skew[0]),
        })
    }

    fn happens(&mut self, what: Happening) {
        match what {
            Happening::BrokerIssues => self.broker_issues(),
            Happening::PersonRevokes => self.revoked = true,
            Happening::OthersChange(table, status) => {
                if let Some(row) = self.rows.get_mut(TABLES[table]).and_then(Option::as_mut) {
                    row.status = status;
                }
            }
            Happening::OthersDelete(table) => drop(self.rows.insert(TABLES[table].into(), None)),
            Happening::Outage(down) => self.down = down,
            Happening::Law { table, named, allowed } => {
                let candidates = (0..3).filter(|n| named[*n] || table == Some(*n)).map(|n| TABLES[n].to_owned());
                let table = table.map(|n| TABLES[n].to_owned());
                self.ruling = Ruling { candidates: candidates.collect(), table, allowed, hard: false };
            }
            Happening::SidecarStarts if self.pod == LIVE => self.pod = STARTED,
            Happening::SidecarStarts => {}
            Happening::PodEnds => self.pod = PodState::Ended,
            Happening::TimePasses(seconds) => self.second += seconds,
            Happening::ClocksDiffer(skew) => self.skew = skew,
            Happening::OperatorPasses(pass) => self.operator_passes(pass),
        }
    }

    /// The broker's law: nothing for the revoked, ended and gone; a row only where the session has never had one.
    fn broker_issues(&mut self) {
        let status = &self.status;
        let Some(table) = self.ruling.table.clone().filter(|_| self.ruling.allowed) else { return };
        let live = matches!(status.phase, Phase::Pending | Phase::Active) && self.pod != PodState::Ended;
        if self.revoked || !live || self.down[place(&table)] {
            return;
        }
        let ever_active = status.phase != Phase::Pending || status.started_at.is_some();
        let may_start = !ever_active || (!status.tables.is_empty() && !status.tables.contains(&table));
        let now = at(self.second + self.skew[1]);
        match self.rows.get_mut(&table).unwrap() {
            Some(row) if row.status == RowStatus::Active => {
                (row.last_access_at, row.updated_at) = (now, now);
                row.request_count += 1;
                row.credentials_until = row.credentials_until.max(Some(now + jiff::SignedDuration::from_mins(15)));
            }
            none @ None if may_start => *none = Some(row(RowStatus::Active, self.second + self.skew[1])),
            Some(_) | None => {}
        }
    }

    /// Rows first, then the status, each on its condition, as `apply` does.
    fn operator_passes(&mut self, pass: Pass) {
        let plan = self.plan(pass.reads);
        let now = at(self.second + self.skew[0]);
        if let Some(what) = pass.meanwhile {
            self.happens(*what);
        }
        let mut failure = None;
        for (table, step) in plan.rows {
            if pass.fail[place(&table)] || self.down[place(&table)] {
                failure = Some(error());
            } else {
                write(self.rows.get_mut(&table).unwrap(), step, now);
            }
        }
        if pass.reports {
            let before = self.status.clone();
            self.status = match failure {
                Some(error) => with_failure(plan.status, Some(&before), &error, now),
                None => plan.status,
            };
        }
    }
}

fn error() -> AwsError {
    match down() {
        Reading::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

fn write(row: &mut Option<SessionRow>, step: RowStep, now: Timestamp) {
    match (step, row) {
        (RowStep::Restore(new), row @ None) => *row = Some(*new),
        (step, Some(row)) if row.status == RowStatus::Active => match step {
            RowStep::Revoke { revocation, ttl } => {
                (row.status, row.updated_at, row.ttl) = (RowStatus::Revoked, now, Some(ttl));
                (row.revoked_by, row.revoked_reason) = (Some(revocation.by), Some(revocation.reason));
            }
            RowStep::Expire { ttl } => (row.status, row.updated_at, row.ttl) = (RowStatus::Expired, now, Some(ttl)),
            RowStep::Extend(until) => (row.expires_at, row.updated_at) = (until, now),
            RowStep::Restore(_) => {}
        },
        _ => {}
    }
}

/// What one happening may not do.
fn check_step(was: &World, is: &World, what: &Happening) -> Result<(), TestCaseError> {
    let (before, after) = (&was.status, &is.status);
    if matches!(before.phase, Phase::Revoked | Phase::Expired) {
        prop_assert_eq!(before.phase, after.phase, "what had ended came back");
    }
    if before.phase != Phase::Active && after.phase == Phase::Active {
        prop_assert_ne!(was.pod, PodState::Ended, "active without a live pod");
    }
    prop_assert!(
        after.requests >= before.requests,
        "the count went from {:?} to {:?}",
        before.requests,
        after.requests
    );
    prop_assert!(after.credentials_until >= before.credentials_until, "the end of the credentials came nearer");
    prop_assert!(before.tables.iter().all(|table| after.tables.contains(table)), "a table was forgotten");
    let others = |what: &Happening| matches!(what, Happening::OthersChange(..));
    let by_others = others(what)
        || matches!(what, Happening::OperatorPasses(Pass { meanwhile: Some(meanwhile), .. }) if others(meanwhile));
    for (table, row) in was.rows.iter().filter(|_| !by_others) {
        let ended = row.as_ref().is_some_and(|row| row.status != RowStatus::Active);
        let back = is.rows[table].as_ref().is_some_and(|row| row.status == RowStatus::Active);
        prop_assert!(!(ended && back), "the row in {} came back", table);
    }
    Ok(())
}

/// What must hold after one pass in which nothing fails, whatever was before: no step is lost.
fn check_whole_pass(world: &mut World) -> Result<(), TestCaseError> {
    world.down = [false; 3];
    let was = world.clone();
    let said = was.revoked || was.known_rows().iter().any(|row| row.status == RowStatus::Revoked);
    world.operator_passes(WHOLE);
    check_step(&was, world, &Happening::OperatorPasses(WHOLE))?;
    let statuses: Vec<RowStatus> = world.known_rows().iter().map(|row| row.status).collect();
    if said && was.status.phase != Phase::Expired {
        prop_assert_eq!(world.status.phase, Phase::Revoked, "a revocation was not heard");
    }
    if was.pod == PodState::Ended {
        prop_assert!(matches!(world.status.phase, Phase::Revoked | Phase::Expired), "the pod has ended");
        prop_assert!(world.plan(true).settled);
    }
    match world.status.phase {
        Phase::Revoked | Phase::Expired => prop_assert!(!statuses.contains(&RowStatus::Active), "{:?}", statuses),
        Phase::Active => prop_assert!(!statuses.contains(&RowStatus::Revoked)),
        Phase::Pending => prop_assert!(statuses.is_empty()),
    }
    if world.pod != PodState::Ended && world.status.phase != Phase::Expired {
        check_live(&was, world)?;
    }
    let again = world.plan(true);
    prop_assert_eq!(again.rows, vec![], "the second pass writes rows");
    world.status = again.status;
    prop_assert_eq!(&world.plan(true).status, &world.status, "the third pass writes the status");
    Ok(())
}

/// Of a live session no row is lost, and none has run out.
fn check_live(was: &World, world: &World) -> Result<(), TestCaseError> {
    for table in &was.status.tables {
        prop_assert!(world.rows[table].is_some(), "the row in {} is lost", table);
    }
    if was.status.phase == Phase::Active && was.status.tables.is_empty() && world.status.phase == Phase::Active {
        let counts = was.ruling.table.as_ref();
        prop_assert!(counts.is_none_or(|table| world.rows[table].is_some()), "nobody would make the row");
    }
    let active = world.known_rows().into_iter().filter(|row| row.status == RowStatus::Active);
    let soonest = active.map(|row| row.expires_at).min();
    prop_assert!(soonest.is_none_or(|end| end > at(world.second)), "a live row has run out");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn whatever_happens(happenings in happenings()) {
        let mut world = World::new();
        for what in happenings {
            let before = world.clone();
            world.happens(what.clone());
            check_step(&before, &world, &what)?;
            check_whole_pass(&mut world.clone())?;
        }
    }
}
