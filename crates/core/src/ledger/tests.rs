//! The ledger against a model that counts everything anew, minute by minute.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap()
}

fn minutes(count: i64) -> GoDuration {
    GoDuration::from_secs(count * 60)
}

fn rule(text: &str) -> RateLimitRule {
    let policy = RateLimitPolicy::from_yaml(&format!("version: \"1\"\nrules:\n- {{name: r, {text}}}\n")).unwrap();
    policy.rules()[0].clone()
}

fn candidate(event: i64, user: &str, extra: &str, profile: &str, length: i64) -> Candidate {
    let invoker = Identity::new(user, Some(extra.to_owned()));
    Candidate { event: event.to_string(), invoker, profile: profile.to_owned(), duration: minutes(length) }
}

/// Ann's events of five minutes on prod began at these minutes.
fn anns(beginnings: &[i64]) -> Ledger {
    beginnings.iter().fold(Ledger::default(), |ledger, minute| {
        ledger.admit(&candidate(*minute, "role-a", "ann", "prod", 5), None, at(*minute)).unwrap().ledger
    })
}

#[rstest]
#[case::nothing_limits("cooldown: 1ns", &[0], ("role-a", "ann", "prod"), 5, None)]
#[case::one_active("cooldown: 1m", &[0], ("role-a", "ann", "prod"), 4, Some((Limit::OneActive, 5)))]
#[case::one_active_by_another_name("cooldown: 1m", &[0], ("role-b", "ann", "prod"), 4, Some((Limit::OneActive, 5)))]
#[case::active_for_another_profile("cooldown: 1m", &[0], ("role-a", "ann", "dev"), 4, None)]
#[case::cooldown("cooldown: 30m", &[0], ("role-a", "ann", "prod"), 29, Some((Limit::Cooldown, 30)))]
#[case::cooldown_is_over("cooldown: 30m", &[0], ("role-a", "ann", "prod"), 30, None)]
#[case::cooldown_by_another_name("cooldown: 30m", &[0], ("role-b", "ann", "prod"), 29, Some((Limit::Cooldown, 30)))]
#[case::cooldown_of_the_newest("cooldown: 30m", &[0, 20], ("role-a", "ann", "prod"), 40, Some((Limit::Cooldown, 50)))]
#[case::cooldown_of_somebody_else("cooldown: 30m", &[0], ("ben", "", "prod"), 10, None)]
#[case::cooldown_of_another_profile("cooldown: 30m", &[0], ("role-a", "ann", "dev"), 10, None)]
#[case::user_quota("max_per_user: 2, quota_window: 1h", &[0, 10], ("role-a", "ann", "prod"), 20, Some((Limit::MaxPerUser, 60)))]
#[case::user_quota_on_all_profiles("max_per_user: 2, quota_window: 1h", &[0, 10], ("role-b", "ann", "dev"), 20, Some((Limit::MaxPerUser, 60)))]
#[case::user_quota_lowered("max_per_user: 1, quota_window: 1h", &[0, 10], ("role-a", "ann", "prod"), 20, Some((Limit::MaxPerUser, 70)))]
#[case::user_quota_left_the_window("max_per_user: 2, quota_window: 1h", &[0, 10], ("role-a", "ann", "prod"), 60, None)]
#[case::profile_quota("max_per_profile: 2, quota_window: 1h", &[0, 10], ("ben", "", "prod"), 20, Some((Limit::MaxPerProfile, 60)))]
#[case::profile_quota_of_another("max_per_profile: 2, quota_window: 1h", &[0, 10], ("ben", "", "dev"), 20, None)]
#[case::cooldown_is_told_first("cooldown: 30m, max_per_user: 1, max_per_profile: 1, quota_window: 1h", &[0], ("role-a", "ann", "prod"), 10, Some((Limit::Cooldown, 60)))]
#[case::user_before_profile("max_per_user: 1, max_per_profile: 1, quota_window: 1h", &[0], ("role-a", "ann", "prod"), 10, Some((Limit::MaxPerUser, 60)))]
fn refuses(
    #[case] limits: &str,
    #[case] beginnings: &[i64],
    #[case] (user, extra, profile): (&str, &str, &str),
    #[case] minute: i64,
    #[case] expected: Option<(Limit, i64)>,
) {
    let asks = candidate(99, user, extra, profile, 5);
    let answer = anns(beginnings).admit(&asks, Some(&rule(limits)), at(minute));
    let refused = answer.err().map(|refused| (refused.limit(), refused.come_back()));
    assert_eq!(refused, expected.map(|(limit, minute)| (limit, at(minute))));
}

#[test]
fn a_refusal_names_every_limit_and_the_time() {
    let limits = rule("cooldown: 30m, max_per_user: 1, max_per_profile: 1, quota_window: 1h");
    let refused = anns(&[0]).admit(&candidate(9, "role-a", "ann", "prod", 5), Some(&limits), at(2)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "an event of yours on this profile is active until 1970-01-01T00:05:00Z: close it first; \
         cooldown period not elapsed: 28m0s left; user quota exceeded: 1 events of yours count, one less in 58m0s; \
         profile quota exceeded: 1 events on this profile count, one less in 58m0s; come back at 1970-01-01T01:00:00Z"
    );
}

#[test]
fn escalation_blocks_nothing() {
    let limits = rule("cooldown: 1m, escalation_threshold: 2");
    let ask =
        |event, ledger: &Ledger| ledger.admit(&candidate(event, "role-a", "ann", "prod", 5), Some(&limits), at(event));
    let second = ask(20, &anns(&[10])).unwrap();
    let third = ask(30, &second.ledger).unwrap();
    assert_eq!((second.escalates, third.escalates), (None, Some(3)));
    assert_eq!(limits.longest_window(), DAY);
}

#[test]
fn who_was_killed_in_between_may_ask_again() {
    let (event, limits) = (candidate(1, "ann", "", "prod", 5), rule("max_per_user: 1, quota_window: 1h"));
    let first = Ledger::default().admit(&event, Some(&limits), at(0)).unwrap();
    let again = first.ledger.admit(&event, Some(&limits), at(3)).unwrap();
    assert_eq!(again, first);
}

#[test]
fn it_is_kept_as_text() {
    let ledger = anns(&[0, 10]).closed("10", at(12));
    let text = serde_json::to_string(&ledger).unwrap();
    assert!(text.contains(r#""at":"1970-01-01T00:10:00Z","until":"1970-01-01T00:12:00Z""#), "{text}");
    assert_eq!(serde_json::from_str::<Ledger>(&text).unwrap(), ledger);
    assert!(serde_json::from_str::<Ledger>(r#"{"entries": [], "more": 1}"#).is_err());
}

/// What somebody does at a minute.
#[derive(Clone, Debug)]
enum Act {
    Ask { user: &'static str, extra: &'static str, profile: &'static str, length: i64 },
    Close(usize),
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    cooldown: i64,
    per_user: i64,
    per_profile: i64,
    window: i64,
}

/// The model: whole minutes, and nothing remembered but what happened.
#[derive(Clone, Debug)]
struct Happened {
    event: i64,
    names: Vec<&'static str>,
    profile: &'static str,
    at: i64,
    until: i64,
}

fn names(user: &'static str, extra: &'static str) -> Vec<&'static str> {
    [user, extra].into_iter().filter(|name| !name.is_empty()).collect()
}

fn may(past: &[Happened], limits: Limits, who: &[&str], profile: &str, now: i64) -> Result<(), Limit> {
    let mut mine = (0, 0);
    let (mut active, mut cooling) = (false, false);
    for happened in past {
        let same = happened.names.iter().any(|name| who.contains(name));
        let here = happened.profile == profile;
        let in_window = now - happened.at < limits.window;
        active |= same && here && now < happened.until;
        cooling |= same && here && now - happened.at < limits.cooldown;
        mine.0 += i64::from(same && in_window);
        mine.1 += i64::from(here && in_window);
    }
    match () {
        () if active => Err(Limit::OneActive),
        () if cooling => Err(Limit::Cooldown),
        () if mine.0 >= limits.per_user => Err(Limit::MaxPerUser),
        () if mine.1 >= limits.per_profile => Err(Limit::MaxPerProfile),
        () => Ok(()),
    }
}

fn acts() -> impl Strategy<Value = Vec<(i64, Act)>> {
    let ask = (
        prop::sample::select(vec!["ann", "ben", "role-a", "role-b"]),
        prop::sample::select(vec!["", "ann", "cid"]),
        prop::sample::select(vec!["prod", "dev"]),
        1_i64..20,
    );
    let ask = ask.prop_map(|(user, extra, profile, length)| Act::Ask { user, extra, profile, length });
    let act = prop_oneof![5 => ask, 1 => (0_usize..6).prop_map(Act::Close)];
    prop::collection::vec((0_i64..8, act), 1..24)
}

prop_compose! {
    fn some_limits()(cooldown in 1_i64..30, per_user in 1_i64..5, per_profile in 1_i64..6, window in 1_i64..60) -> Limits {
        Limits { cooldown, per_user, per_profile, window }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn agrees_with_counting_everything(acts in acts(), limits in some_limits()) {
        let Limits { cooldown, per_user, per_profile, window } = limits;
        let law = rule(&format!("cooldown: {cooldown}m, max_per_user: {per_user}, max_per_profile: {per_profile}, quota_window: {window}m"));
        let (mut ledger, mut past, mut now) = (Ledger::default(), Vec::<Happened>::new(), 0);
        for (event, (pause, act)) in (0_i64..).zip(acts) {
            now += pause;
            match act {
                Act::Close(which) => {
                    if let Some(happened) = past.get_mut(which) {
                        happened.until = happened.until.min(now);
                        ledger = ledger.closed(&happened.event.to_string(), at(now));
                    }
                }
                Act::Ask { user, extra, profile, length } => {
                    let (who, asks) = (names(user, extra), candidate(event, user, extra, profile, length));
                    let expected = may(&past, limits, &who, profile, now);
                    // What no limit counts any more may be forgotten at any time.
                    ledger = ledger.pruned(law.longest_window(), at(now));
                    match ledger.admit(&asks, Some(&law), at(now)) {
                        Ok(admitted) => {
                            prop_assert_eq!(expected, Ok(()));
                            ledger = admitted.ledger;
                            past.push(Happened { event, names: who, profile, at: now, until: now + length });
                        }
                        Err(refused) => {
                            prop_assert_eq!(expected, Err(refused.limit()));
                            let back = (now..now + 200).find(|minute| may(&past, limits, &who, profile, *minute).is_ok());
                            prop_assert_eq!(refused.come_back(), at(back.unwrap()));
                            prop_assert!(ledger.admit(&asks, Some(&law), refused.come_back()).is_ok());
                        }
                    }
                }
            }
        }
    }
}
