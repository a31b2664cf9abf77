//! A replica that is killed at any moment, or two that both believe to lead, with people who make, close and delete events: no limit is
//! passed and no admission is lost, by a model that knows only which events were ever active.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use sentinel_api::{BreakGlassEventStatus, EventPhase};
use sentinel_core::ledger::Ledger;
use serde_json::json;

use super::errand::{Answer, Command, Errand, Page};
use super::plan::{Facts, Plan};
use super::plan_tests::{at, facts};

const COOLDOWN: i64 = 600;
const WINDOW: i64 = 7200;
const PER_USER: usize = 2;
const PER_PROFILE: usize = 3;
const DURATION: i64 = 1800;

/// What may happen next. Numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug)]
enum Act {
    Make { user: bool, profile: bool },
    Begin { replica: bool, event: usize },
    Step { replica: bool },
    Kill { replica: bool },
    Close { event: usize },
    Delete { event: usize },
    Wait { seconds: i64 },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => any::<(bool, bool)>().prop_map(|(user, profile)| Act::Make { user, profile }),
        4 => any::<(bool, usize)>().prop_map(|(replica, event)| Act::Begin { replica, event }),
        9 => any::<bool>().prop_map(|replica| Act::Step { replica }),
        1 => any::<bool>().prop_map(|replica| Act::Kill { replica }),
        1 => any::<usize>().prop_map(|event| Act::Close { event }),
        1 => any::<usize>().prop_map(|event| Act::Delete { event }),
        2 => (1_i64..900).prop_map(|seconds| Act::Wait { seconds }),
    ]
}

/// An event as the API server has it.
#[derive(Clone)]
struct Event {
    user: &'static str,
    profile: &'static str,
    made: i64,
    closed: bool,
    deleted: bool,
    status: BreakGlassEventStatus,
    version: u32,
}

/// What a replica is about to do.
struct Work {
    event: usize,
    version: u32,
    errand: Errand<'static>,
    command: Command,
}

#[derive(Default)]
struct World {
    /// Whether both replicas work at once, as they may for moments when a lease is lost.
    both: bool,
    now: i64,
    events: Vec<Event>,
    ledger: Ledger,
    ledger_version: u32,
    work: [Option<Work>; 2],
    /// By UID: who, on what, since when. Deleted events stay here.
    active: BTreeMap<usize, (&'static str, &'static str, i64)>,
}

impl World {
    fn act(&mut self, act: Act) {
        let count = self.events.len();
        match act {
            Act::Make { user, profile } => {
                let (user, profile) = (if user { "ann" } else { "ben" }, if profile { "prod" } else { "dev" });
                let status = BreakGlassEventStatus::default();
                self.events.push(Event {
                    user,
                    profile,
                    made: self.now,
                    closed: false,
                    deleted: false,
                    status,
                    version: 0,
                });
            }
            Act::Begin { replica, event } if count > 0 => self.begin(self.index(replica), event % count),
            Act::Step { replica } => self.step(self.index(replica)),
            Act::Kill { replica } => self.work[self.index(replica)] = None,
            Act::Close { event } if count > 0 => self.change(event % count, |event| event.closed = true),
            Act::Delete { event } if count > 0 => self.change(event % count, |event| event.deleted = true),
            Act::Wait { seconds } => self.now += seconds,
            Act::Begin { .. } | Act::Close { .. } | Act::Delete { .. } => {}
        }
    }

    fn index(&self, replica: bool) -> usize {
        usize::from(replica && self.both)
    }

    fn change(&mut self, event: usize, change: impl FnOnce(&mut Event)) {
        change(&mut self.events[event]);
        self.events[event].version += 1;
    }

    fn now(&self) -> Timestamp {
        at(self.now)
    }

    fn facts(&self, event: usize) -> Facts {
        let Event { user, profile, made, closed, .. } = &self.events[event];
        let spec = json!({"profile": profile, "invoker": {"user": user}, "duration": "30m", "closed": closed});
        Facts { created_at: at(*made), ..facts(&event.to_string(), &spec) }
    }

    /// A replica that works on something already is busy.
    fn begin(&mut self, replica: usize, event: usize) {
        if self.work[replica].is_some() || self.events[event].deleted {
            return;
        }
        let facts: &'static Facts = Box::leak(Box::new(self.facts(event)));
        let old: &'static BreakGlassEventStatus = Box::leak(Box::new(self.events[event].status.clone()));
        let errand = Errand::new(facts, old);
        let command = errand.begin(self.now());
        self.work[replica] = Some(Work { event, version: self.events[event].version, errand, command });
    }

    fn step(&mut self, replica: usize) {
        let Some(mut work) = self.work[replica].take() else { return };
        let answer = match work.command {
            Command::Read => {
                Answer::Page(Ok(Page { ledger: self.ledger.clone(), version: self.ledger_version.to_string() }))
            }
            Command::Write(page) => Answer::Written(self.write(page)),
            Command::Report(plan) => return self.report(work.event, work.version, *plan),
        };
        work.command = work.errand.next(answer, self.now());
        self.work[replica] = Some(work);
    }

    fn write(&mut self, page: Page) -> bool {
        if page.version != self.ledger_version.to_string() {
            return false;
        }
        self.ledger = page.ledger;
        self.ledger_version += 1;
        true
    }

    fn report(&mut self, index: usize, version: u32, plan: Plan) {
        let event = &mut self.events[index];
        if event.version != version || event.deleted || event.status == plan.status {
            return;
        }
        event.status = plan.status;
        if plan.settled {
            event.status.told = Some(event.status.phase);
        }
        event.version += 1;
        if event.status.phase == EventPhase::Active {
            let since: Timestamp = event.status.activated_at.as_ref().unwrap().parse().unwrap();
            self.active.insert(index, (event.user, event.profile, since.duration_since(at(0)).as_secs()));
        }
    }

    /// Nobody dies any more, and each event is looked at until nothing changes.
    fn settle(&mut self) {
        self.work = [None, None];
        for event in (0..self.events.len()).cycle().take(3 * self.events.len()) {
            self.begin(0, event);
            while self.work[0].is_some() {
                self.step(0);
            }
        }
    }

    fn no_limit_was_passed(&self) {
        for (user, profile, since) in self.active.values() {
            let before =
                |window: i64| self.active.values().filter(move |other| other.2 <= *since && other.2 > since - window);
            assert!(before(WINDOW).filter(|other| other.0 == *user).count() <= PER_USER, "{:?}", self.active);
            assert!(before(WINDOW).filter(|other| other.1 == *profile).count() <= PER_PROFILE, "{:?}", self.active);
            let both = before(COOLDOWN).filter(|other| (other.0, other.1) == (user, profile)).count();
            assert!(both <= 1, "{:?}", self.active);
        }
    }

    fn no_admission_was_lost(&self) {
        for entry in self.ledger.entries() {
            let index: usize = entry.event.parse().unwrap();
            let Event { status, deleted, .. } = &self.events[index];
            let began = matches!(status.phase, EventPhase::Active | EventPhase::Closed | EventPhase::Expired);
            // Where one replica refuses what another is admitting, it counts though it never begins: too few, never too many.
            let refused = self.both && status.phase == EventPhase::Refused;
            assert!(began || refused || *deleted, "{entry:?}: {status:?}");
            // One that was closed before its status said that it had begun has never been open.
            if let (Some(at), false) = (&status.activated_at, deleted) {
                assert_eq!(*at, entry.at.to_string());
            }
        }
        for index in self.active.keys() {
            let entries = self.ledger.entries().iter().filter(|entry| entry.event == index.to_string());
            assert_eq!(entries.count(), 1, "{index} was active and counts once");
            if let Some(expires_at) = &self.events[*index].status.expires_at {
                let until: Timestamp = expires_at.parse().unwrap();
                assert_eq!(until, at(self.active[index].2 + DURATION));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_limit_is_passed_and_no_admission_is_lost(both: bool, acts in prop::collection::vec(act(), 1..150)) {
        let mut world = World { both, ..World::default() };
        for act in acts {
            world.act(act);
            world.no_limit_was_passed();
        }
        world.settle();
        world.no_limit_was_passed();
        world.no_admission_was_lost();
    }
}
