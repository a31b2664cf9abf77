//! Who may break the glass, and how an emergency ends.

use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::ask::{Ask, AskDraft, Terms};
use crate::governing::govern;
use crate::ledger::{Candidate, Ledger};
use crate::person::{Identity, Person};
use crate::policy::{BreakGlassPolicy, RateLimitPolicy, ReasonCode};

const POLICY: &str = r#"
version: "1"
rules:
- {name: night, profiles: [prod], users: [ann, oncall, "team-*"], allowed_reason_codes: [incident], time: {hours: {start: "20:00", end: "23:00"}}, max_duration: 2h}
- {name: any, profiles: [dev], users: [ann]}
"#;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap()
}

fn ask(profile: &str, duration: &str) -> Ask {
    let justification = "the database is on fire".to_owned();
    let (profile, service_account, duration) = (profile.to_owned(), "api".to_owned(), duration.to_owned());
    Ask::read(&AskDraft { profile, service_account, duration, justification }, Terms::BREAK_GLASS).unwrap()
}

fn emergency(profile: &str, duration: &str, code: ReasonCode) -> Emergency {
    Emergency { ask: ask(profile, duration), code }
}

struct World {
    emergency: Emergency,
    invoker: Person,
    governed: bool,
    closed: bool,
}

fn world(user: &str, extra: &str, group: &str) -> World {
    let invoker = Person::new(Identity::new(user, Some(extra.to_owned())), vec![group.to_owned()]);
    World { emergency: emergency("prod", "2h", ReasonCode::Incident), invoker, governed: true, closed: false }
}

/// 21:00 of the first day, when rule `night` is open.
const MADE: i64 = 21 * 60;

impl World {
    fn start(&self, minute: i64) -> Start {
        self.made_at(MADE, minute)
    }

    fn made_at(&self, made: i64, minute: i64) -> Start {
        let policy = BreakGlassPolicy::from_yaml(POLICY).unwrap();
        let named = self.governed.then_some(("p", Ok(&policy)));
        let governing = govern(self.emergency.ask.profile(), named);
        let (created_at, emergency, invoker, closed) = (at(made), &self.emergency, &self.invoker, self.closed);
        start(&Facts { created_at, emergency, invoker, governing, closed }, at(minute))
    }
}

#[rstest]
#[case::by_user_name(world("ann", "", ""), MADE, "ask")]
#[case::by_extra_value(world("role-a", "ann", ""), MADE, "ask")]
#[case::by_group(world("olga", "", "oncall"), MADE, "ask")]
#[case::by_a_glob(world("olga", "", "team-red"), MADE + 14, "ask")]
#[case::nobody(
    world("mallory", "", ""),
    MADE,
    "rule `night` of BreakGlassPolicy `p` does not name mallory among its users"
)]
#[case::a_program(world("system:serviceaccount:a:b", "ann", "oncall"), MADE, "service accounts never break the glass")]
#[case::another_code(World { emergency: emergency("prod", "1h", ReasonCode::Other), ..world("ann", "", "") }, MADE, "does not take the reason code `other`: incident is expected")]
#[case::too_long(World { emergency: emergency("prod", "121m", ReasonCode::Incident), ..world("ann", "", "") }, MADE, "allows 2h0m0s at most, and 2h1m0s was asked")]
#[case::late(world("ann", "", ""), MADE + 15, "nobody could judge it within 15m0s")]
#[case::another_profile(World { emergency: emergency("staging", "1h", ReasonCode::Incident), ..world("ann", "", "") }, MADE, "no rule of BreakGlassPolicy `p` is for profile `staging`: nobody can break the glass")]
#[case::no_policy(World { governed: false, ..world("ann", "", "") }, MADE, "SentinelProfile `prod` names no BreakGlassPolicy: nobody can break the glass")]
#[case::the_whole_four_hours(World { emergency: emergency("dev", "4h", ReasonCode::Other), ..world("ann", "", "") }, MADE, "ask")]
#[case::closed_before_it_began(World { closed: true, ..world("ann", "", "") }, MADE, "closed at")]
fn begins(#[case] world: World, #[case] minute: i64, #[case] expected: &str) {
    let said = match world.start(minute) {
        Start::AskLedger => "ask".to_owned(),
        Start::Become(state) => state.to_string(),
    };
    assert!(said.contains(expected), "{said}");
}

#[rstest]
#[case::before_it_opens(19 * 60, "2h", Some(20 * 60), "is for other times: its time window opens next at 1970-01-01T20:00:00Z")]
#[case::when_it_has_closed(23 * 60, "2h", Some(44 * 60), "opens next at 1970-01-02T20:00:00Z")]
#[case::too_long_for_that_time_as_well(
    19 * 60,
    "121m",
    None,
    "opens next at 1970-01-01T20:00:00Z, and allows 2h0m0s at most, and 2h1m0s was asked"
)]
fn outside_the_window_it_does_not_begin_and_hears_when_it_would(
    #[case] minute: i64,
    #[case] duration: &str,
    #[case] back: Option<i64>,
    #[case] text: &str,
) {
    let early = World { emergency: emergency("prod", duration, ReasonCode::Incident), ..world("ann", "", "") };
    let refused = |minute| match early.made_at(minute, minute) {
        Start::Become(State::Refused(refusal)) => Some(refusal),
        _ => None,
    };
    let refusal = refused(minute).unwrap();
    assert_eq!((refusal.word(), refusal.come_back()), ("time", back.map(at)));
    assert!(refusal.to_string().ends_with(text), "{refusal}");
    assert!(back.is_none_or(|back| refused(back).is_none()), "whoever comes back then is let in");
}

#[test]
fn a_window_that_never_opens_says_so() {
    let text = "version: \"1\"\nrules:\n- {name: r, users: [ann], time: {hours: {start: \"23:00\", end: \"20:00\"}}}\n";
    let policy = BreakGlassPolicy::from_yaml(text).unwrap();
    let governing = govern("prod", Some(("p", Ok(&policy))));
    let early = world("ann", "", "");
    let (emergency, invoker) = (&early.emergency, &early.invoker);
    let facts = Facts { created_at: at(0), emergency, invoker, governing, closed: false };
    let Start::Become(State::Refused(refusal)) = start(&facts, at(0)) else { panic!() };
    assert_eq!((refusal.word(), refusal.come_back()), ("time", None));
    assert!(refusal.to_string().ends_with("its time window does not open for weeks, if ever"), "{refusal}");
}

#[test]
fn a_limit_says_which_and_when_to_come_back() {
    let text = "version: \"1\"\nrules:\n- {name: r, cooldown: 30m}\n";
    let policy = RateLimitPolicy::from_yaml(text).unwrap();
    let (event, invoker, profile) = ("1".to_owned(), Identity::new("ann", None), "prod".to_owned());
    let first = Candidate { event, invoker, profile, duration: "10m".parse().unwrap() };
    let rule = policy.rule_for("prod").map(|(_, rule)| rule);
    let ledger = Ledger::default().admit(&first, rule, at(0)).unwrap().ledger;
    let again = Candidate { event: "2".to_owned(), ..first };
    let refusal = Refusal::from(ledger.admit(&again, rule, at(20)).unwrap_err());
    assert_eq!((refusal.word(), refusal.come_back()), ("cooldown", Some(at(30))));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    /// However often and whenever somebody looks: it is active only before its end and until somebody closes it, and never again. It
    /// was closed if somebody did before its end, though nobody may have looked until long after.
    #[test]
    fn what_has_ended_begins_no_more(mut acts in prop::collection::vec((0_i64..300, prop::bool::weighted(0.2)), 1..12), length in 1_i64..240) {
        acts.sort_unstable();
        let running = Running { at: at(0), until: at(length) };
        let (mut state, mut closed) = (State::Active(running), None);
        for (minute, closes) in acts {
            if closes {
                closed = closed.or(Some(minute));
                continue;
            }
            let State::Active(running) = state else { break };
            state = run(running, closed.map(at), at(minute));
            let in_time = closed.filter(|closed| *closed < length);
            match &state {
                State::Active(same) => prop_assert!(minute < length && closed.is_none() && *same == running),
                State::Closed { at: end } => prop_assert_eq!(Some(*end), in_time.map(at)),
                State::Expired { at: end } => prop_assert!(minute >= length && in_time.is_none() && *end == at(length)),
                State::Refused(_) => prop_assert!(false, "it had begun"),
            }
        }
    }
}

#[rstest]
#[case::nobody_did(None, 10, "active until")]
#[case::in_time(Some(5), 10, "closed at 1970-01-01T00:05:00Z")]
#[case::in_time_and_seen_late(Some(5), 90, "closed at 1970-01-01T00:05:00Z")]
#[case::too_late(Some(60), 90, "expired at 1970-01-01T01:00:00Z")]
#[case::by_a_clock_that_is_fast(Some(20), 10, "closed at 1970-01-01T00:10:00Z")]
#[case::by_a_clock_that_is_slow(Some(-5), 10, "closed at 1970-01-01T00:00:00Z")]
fn a_closing_counts_from_when_it_was(#[case] closed: Option<i64>, #[case] minute: i64, #[case] expected: &str) {
    let running = Running { at: at(0), until: at(60) };
    let said = run(running, closed.map(at), at(minute)).to_string();
    assert!(said.contains(expected), "{said}");
}
