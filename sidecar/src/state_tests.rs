use super::*;
use jiff::Timestamp;
use proptest::prelude::*;

const NOON: i64 = 1_800_000_000;

fn at(millis: u64) -> Moment {
    stepped(millis, 0)
}

/// `millis` after the beginning, with a wall clock that is `error` seconds ahead.
fn stepped(millis: u64, error: i64) -> Moment {
    let wall = Timestamp::from_millisecond(NOON * 1000 + i64::try_from(millis).unwrap() + error * 1000).unwrap();
    Moment { wall, elapsed: Duration::from_millis(millis) }
}

fn credentials(key: &str, ends: u64) -> Credentials {
    let text = |text: &str| text.to_owned();
    Credentials { access_key_id: text(key), secret_access_key: text("s"), token: text("t"), expiration: at(ends).wall }
}

fn granted(lease: u64, grace: Option<u64>, ends: u64) -> BrokerAnswer {
    let credentials = credentials("key", ends);
    BrokerAnswer::Granted(Grant { credentials, lease_ms: lease, outage_grace_ms: grace, trust_bundle: None })
}

fn denial(status: u16, code: &str, lease: Option<u64>) -> Denial {
    let refusal = Refusal { lease_ms: lease, ..Refusal::new(code, "because") };
    Denial { status, refusal, retry_after: None }
}

fn refused(lease: Option<u64>) -> BrokerAnswer {
    BrokerAnswer::Refused(denial(403, code::ACCESS_DENIED, lease))
}

fn outage() -> BrokerAnswer {
    BrokerAnswer::Undecided(Denial::undecided("the broker is away"))
}

/// A state that learned each of these at the moment that it asked.
fn after(answers: &[(u64, BrokerAnswer)]) -> State {
    let mut state = State::default();
    for (millis, answer) in answers {
        state.learn(at(*millis), at(*millis), answer.clone());
    }
    state
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Short {
    Serve,
    Ask,
    Refuse(u16),
}

fn short(answer: &Answer) -> Short {
    match answer {
        Answer::Serve(_) => Short::Serve,
        Answer::Ask => Short::Ask,
        Answer::Refuse(denial) => Short::Refuse(denial.status),
    }
}

#[rstest::rstest]
#[case::nothing_known(&[], 0, Short::Ask, Short::Refuse(503))]
#[case::within_the_lease(&[(0, granted(5000, None, 900_000))], 4999, Short::Serve, Short::Serve)]
#[case::lease_over(&[(0, granted(5000, None, 900_000))], 5000, Short::Ask, Short::Serve)]
#[case::ended_within_the_lease(&[(0, granted(5000, None, 3000))], 3000, Short::Ask, Short::Refuse(503))]
#[case::refused(&[(0, refused(Some(5000)))], 4999, Short::Refuse(403), Short::Refuse(403))]
#[case::refusal_over(&[(0, refused(Some(5000)))], 5000, Short::Ask, Short::Refuse(403))]
#[case::refused_without_a_lease(&[(0, refused(None))], 0, Short::Ask, Short::Refuse(403))]
#[case::refusal_drops(&[(0, granted(1, None, 900_000)), (5, refused(None)), (6, outage())], 7, Short::Refuse(503), Short::Refuse(503))]
#[case::token_refused_drops(&[(0, granted(1, None, 900_000)), (5, BrokerAnswer::Refused(denial(401, code::INVALID_TOKEN, None)))], 7, Short::Ask, Short::Refuse(401))]
#[case::outage_without_a_grace(&[(0, granted(1, None, 900_000)), (5000, outage())], 5500, Short::Serve, Short::Serve)]
#[case::outage_pause_over(&[(0, granted(1, None, 900_000)), (5000, outage())], 6000, Short::Ask, Short::Serve)]
#[case::outage_until_the_end(&[(0, granted(1, None, 9000)), (8900, outage())], 9000, Short::Refuse(503), Short::Refuse(503))]
#[case::outage_within_the_grace(&[(0, granted(1, Some(6000), 900_000)), (5000, outage())], 5999, Short::Serve, Short::Serve)]
#[case::outage_past_the_grace(&[(0, granted(1, Some(6000), 900_000)), (5500, outage())], 6000, Short::Refuse(503), Short::Refuse(503))]
#[case::strict(&[(0, granted(1, Some(0), 900_000)), (2, outage())], 3, Short::Refuse(503), Short::Refuse(503))]
#[case::throttled_serves(&[(0, granted(1, None, 900_000)), (5, BrokerAnswer::Throttled(denial(429, code::THROTTLED, None)))], 6, Short::Serve, Short::Serve)]
#[case::throttled_with_nothing(&[(0, BrokerAnswer::Throttled(denial(429, code::THROTTLED, None)))], 999, Short::Refuse(429), Short::Refuse(429))]
#[case::throttled_over(&[(0, BrokerAnswer::Throttled(denial(429, code::THROTTLED, None)))], 1000, Short::Ask, Short::Refuse(429))]
#[case::forever(&[(1, granted(u64::MAX, Some(u64::MAX), 900_000))], 800_000, Short::Serve, Short::Serve)]
fn follows(#[case] answers: &[(u64, BrokerAnswer)], #[case] now: u64, #[case] answer: Short, #[case] settled: Short) {
    let state = after(answers);
    assert_eq!(short(&state.answer(at(now))), answer);
    assert_eq!(short(&state.settled(at(now))), settled);
}

#[test]
fn the_lease_counts_from_the_question() {
    let mut state = State::default();
    state.learn(at(0), at(800), granted(1000, None, 900_000));
    assert_eq!(short(&state.answer(at(999))), Short::Serve);
    assert_eq!(short(&state.answer(at(1000))), Short::Ask);
}

#[test]
fn a_wall_clock_that_steps_does_not_lengthen_a_life() {
    let state = after(&[(0, granted(60_000, None, 10_000))]);
    assert_eq!(short(&state.settled(stepped(9999, -3600))), Short::Serve);
    assert_eq!(short(&state.settled(stepped(10_000, -3600))), Short::Refuse(503));
    assert_eq!(short(&state.settled(stepped(1, 3600))), Short::Refuse(503));
}

#[test]
fn what_is_between_broker_and_sidecar_stays_there() {
    let mut inner = denial(403, code::ACCESS_DENIED, Some(5000));
    inner.refusal.trust_bundle = Some("pem".to_owned());
    let Answer::Refuse(denial) = after(&[(0, BrokerAnswer::Refused(inner))]).settled(at(0)) else { panic!() };
    assert_eq!((denial.refusal.lease_ms, &denial.refusal.trust_bundle, denial.retry_after), (None, &None, None));
}

#[test]
fn waits_for_what_may_change() {
    let ready = |answer: BrokerAnswer| after(&[(0, answer)]).readiness(at(1));
    let text = |answer: BrokerAnswer| ready(answer).unwrap_err();
    assert_eq!(ready(granted(1, None, 900_000)), Ok(()));
    assert_eq!(ready(refused(None)), Ok(()));
    assert_eq!(ready(BrokerAnswer::Refused(denial(403, code::SESSION_REVOKED, None))), Ok(()));
    let approval = BrokerAnswer::Refused(denial(403, code::APPROVAL_REQUIRED, None));
    assert_eq!(text(approval), "waiting for approval: because");
    assert_eq!(text(outage()), "waiting for the broker is away");
    let token = BrokerAnswer::Refused(denial(401, code::INVALID_TOKEN, None));
    assert_eq!(text(token), "waiting: the broker refuses this pod's token: because");
    assert!(State::default().readiness(at(0)).is_err());
}

/// What a broker may say, and the wait before it is asked.
#[derive(Clone, Debug)]
enum Said {
    Grant { lease: u64, grace: Option<u64>, life: u64 },
    Refuse { status: u16, lease: Option<u64> },
    Throttle { lease: Option<u64>, retry: Option<u64> },
    Nothing,
}

fn said() -> impl Strategy<Value = (u64, u64, Said)> {
    let life = 0..20_000_u64;
    let said = prop_oneof![
        3 => (0..6000_u64, prop::option::of(0..10_000_u64), life).prop_map(|(lease, grace, life)| Said::Grant { lease, grace, life }),
        1 => (prop::sample::select(vec![401_u16, 403]), prop::option::of(0..6000_u64)).prop_map(|(status, lease)| Said::Refuse { status, lease }),
        1 => (prop::option::of(0..6000_u64), prop::option::of(0..4_u64)).prop_map(|(lease, retry)| Said::Throttle { lease, retry }),
        2 => Just(Said::Nothing),
    ];
    (0..8000_u64, 0..900_u64, said)
}

fn answer(said: &Said, asked: u64) -> BrokerAnswer {
    match said {
        Said::Grant { lease, grace, life } => granted(*lease, *grace, asked + life),
        Said::Refuse { status, lease } => BrokerAnswer::Refused(denial(*status, code::ACCESS_DENIED, *lease)),
        Said::Throttle { lease, retry } => {
            BrokerAnswer::Throttled(Denial { retry_after: *retry, ..denial(429, code::THROTTLED, *lease) })
        }
        Said::Nothing => outage(),
    }
}

/// The rules as one would tell them, from the whole history.
fn model(history: &[(u64, u64, Said)], now: Moment) -> (bool, bool) {
    let millis = u64::try_from(now.elapsed.as_millis()).unwrap();
    let Some((asked, learned, last)) = history.last() else { return (true, false) };
    let refusal = history.iter().rposition(|(_, _, said)| matches!(said, Said::Refuse { .. }));
    let grant = history.iter().rposition(|(_, _, said)| matches!(said, Said::Grant { .. }));
    let held = grant.filter(|grant| refusal.is_none_or(|refusal| refusal < *grant)).map(|index| &history[index]);
    let serves = held.is_some_and(|(asked, _, said)| {
        let Said::Grant { grace, life, .. } = said else { unreachable!() };
        let deciding = matches!(last, Said::Grant { .. });
        let lives = millis < asked + life && now.wall < at(asked + life).wall;
        lives && (deciding || grace.is_none_or(|grace| millis < asked + grace))
    });
    let lease_over = match last {
        Said::Grant { lease, .. } => millis >= asked + lease || !serves,
        Said::Refuse { lease, .. } => millis >= asked + lease.unwrap_or(0),
        Said::Throttle { lease, retry } => millis >= asked + lease.unwrap_or(0).max(retry.unwrap_or(1) * 1000),
        Said::Nothing => millis >= learned + 1000,
    };
    (lease_over, serves)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn does_as_the_model_does(said in prop::collection::vec(said(), 0..8), later in 0..30_000_u64, error in -30..30_i64) {
        let mut state = State::default();
        let mut history = Vec::new();
        let mut now = 0;
        for (wait, takes, said) in said {
            let asked = now + wait;
            now = asked + takes;
            state.learn(at(asked), at(now), answer(&said, asked));
            history.push((asked, now, said));
        }
        let moment = stepped(now + later, error);
        let (asks, serves) = model(&history, moment);
        prop_assert_eq!(state.answer(moment) == Answer::Ask, asks, "{:?}", history);
        prop_assert_eq!(matches!(state.settled(moment), Answer::Serve(_)), serves, "{:?}", history);
        prop_assert_ne!(state.settled(moment), Answer::Ask);
        if let Answer::Serve(credentials) = state.answer(moment) {
            prop_assert!(moment.wall < credentials.expiration);
        }
    }
}
