//! What is served, renewed and forgotten.

use super::*;
use jiff::SignedDuration;
use sentinel_aws::AssumeRole;

fn start() -> Moment {
    Moment { wall: "2026-11-22T10:00:00Z".parse().unwrap(), steady: Instant::now() + Duration::from_secs(1000) }
}

fn after(seconds: u64) -> Moment {
    let start = start();
    Moment {
        wall: start.wall + SignedDuration::from_secs(i64::try_from(seconds).unwrap()),
        steady: start.steady + Duration::from_secs(seconds),
    }
}

fn issue(lasts: i64) -> Issue {
    let request = AssumeRole {
        role_arn: String::new(),
        role_session_name: String::new(),
        source_identity: String::new(),
        external_id: None,
        duration_seconds: 900,
        tags: vec![],
        policy: None,
        region: None,
    };
    let at = start().wall;
    Issue { request, at, until: at + SignedDuration::from_secs(lasts), recorded_until: at }
}

fn credentials() -> Credentials {
    let [access_key_id, secret_access_key, token] = ["id", "secret", "token"].map(str::to_owned);
    let expiration = start().wall + SignedDuration::from_secs(900);
    Credentials { access_key_id, secret_access_key, token, expiration }
}

fn held(lasts: i64) -> (Cache, SessionId) {
    let (cache, session) = (Cache::default(), SessionId::derive("c", "u", "p"));
    cache.keep(&session, [1; 32], &issue(lasts), credentials());
    (cache, session)
}

fn kind(lookup: &Lookup) -> &'static str {
    match lookup {
        Lookup::Fresh(_) => "fresh",
        Lookup::Aging(_) => "aging",
        Lookup::Failed(_) => "failed",
        Lookup::Nothing => "nothing",
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_age_at_half_life_and_end() {
    let (cache, session) = held(900);
    for (second, expected) in [(0, "fresh"), (449, "fresh"), (450, "aging"), (899, "aging"), (900, "nothing")] {
        assert_eq!(kind(&cache.look_up(&session, &[1; 32], after(second))), expected, "{second}");
    }
    assert_eq!(kind(&cache.look_up(&session, &[2; 32], after(0))), "nothing", "other inputs");
}

#[tokio::test(start_paused = true)]
async fn what_is_told_ends_with_the_grant() {
    let (cache, session) = held(300);
    let Lookup::Fresh(told) = cache.look_up(&session, &[1; 32], after(0)) else { panic!("not fresh") };
    assert_eq!(told.expiration, after(300).wall);
    assert_eq!(kind(&cache.look_up(&session, &[1; 32], after(300))), "nothing");
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_waits_and_the_old_is_served() {
    let (cache, session) = held(900);
    assert!(cache.failed(&session, [1; 32], Cause::Internal, after(500)), "new");
    for (second, expected) in [(500, "fresh"), (509, "fresh"), (510, "aging"), (900, "nothing")] {
        assert_eq!(kind(&cache.look_up(&session, &[1; 32], after(second))), expected, "{second}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_repeated_for_a_second_only() {
    let (cache, session) = (Cache::default(), SessionId::derive("c", "u", "p"));
    cache.failed(&session, [1; 32], Cause::Internal, after(0));
    assert_eq!(kind(&cache.look_up(&session, &[1; 32], after(0))), "failed");
    assert_eq!(kind(&cache.look_up(&session, &[2; 32], after(0))), "nothing");
    assert_eq!(kind(&cache.look_up(&session, &[1; 32], after(1))), "nothing");
    assert!(!cache.failed(&session, [1; 32], Cause::Internal, after(1)), "told once in an outage");
}

#[tokio::test(start_paused = true)]
async fn the_ended_is_forgotten() {
    let (cache, session) = held(900);
    cache.forget(after(10), |_| true);
    assert_eq!(cache.len(), 1);
    cache.forget(after(10), |live| *live != session);
    assert_eq!(cache.len(), 0);
    let (cache, session) = held(900);
    cache.evict(&session);
    assert_eq!(kind(&cache.look_up(&session, &[1; 32], after(0))), "nothing");
}
