use sentinel_api::SentinelSessionSpec;

use super::*;

fn pod(uid: &str, profile: &str, state: PodState) -> PodFacts {
    PodFacts {
        namespace: "payments".into(),
        name: "api-0".into(),
        uid: uid.into(),
        service_account: "api".into(),
        profile: Some(profile.into()),
        state,
    }
}

fn id(uid: &str) -> SessionId {
    SessionId::derive("c", uid, "prod")
}

fn session(name: &str, uid: &str, version: &str) -> Arc<SentinelSession> {
    let spec = SentinelSessionSpec { profile: "prod".into(), pod_uid: uid.into(), ..SentinelSessionSpec::default() };
    let mut session = SentinelSession::new(name, spec);
    session.metadata.resource_version = Some(version.into());
    Arc::new(session)
}

const LIVE: PodState = PodState::Live { started: true };

fn memo(last: Arc<SentinelSession>, written: bool) -> Memo {
    let mut memo = Memo::new(Instant::now());
    memo.last = Some(last);
    memo.written = written.then(Instant::now);
    memo
}

#[test]
fn a_new_pod_lacks_its_object() {
    let subjects = gather("c", vec![pod("u", "prod", LIVE)], vec![], &HashMap::new());
    assert!(subjects[&id("u")].lacks_object());
    let finished = gather("c", vec![pod("u", "prod", PodState::Ended)], vec![], &HashMap::new());
    assert!(!finished[&id("u")].lacks_object());
}

#[test]
fn an_object_whose_pod_is_gone_has_ended() {
    let subjects = gather("c", vec![], vec![session(id("u").as_str(), "u", "1")], &HashMap::new());
    assert_eq!(subjects[&id("u")].pod(), PodState::Ended);
    assert!(subjects[&id("u")].exists && !subjects[&id("u")].lacks_object());
}

#[test]
fn an_object_lives_with_its_pod_whatever_the_pod_asks_for_now() {
    let subjects =
        gather("c", vec![pod("u", "other", LIVE)], vec![session(id("u").as_str(), "u", "1")], &HashMap::new());
    assert_eq!(subjects[&id("u")].pod(), LIVE);
    assert_eq!(subjects.len(), 2);
}

#[test]
fn a_name_that_does_not_follow_from_the_spec_is_none_of_ours() {
    let subjects =
        gather("c", vec![pod("u", "prod", LIVE)], vec![session(id("other").as_str(), "u", "1")], &HashMap::new());
    assert!(subjects[&id("u")].lacks_object());
    assert_eq!(subjects.len(), 1);
}

#[test]
fn an_object_deleted_under_its_pod_is_made_again_as_it_was() {
    let memos = HashMap::from([(id("u"), memo(session(id("u").as_str(), "u", "7"), false))]);
    let subject = &gather("c", vec![pod("u", "prod", LIVE)], vec![], &memos)[&id("u")];
    assert!(subject.lacks_object() && subject.session.is_some());
}

#[test]
fn what_was_written_a_moment_ago_is_there_even_if_the_watch_lags() {
    let memos = HashMap::from([(id("u"), memo(session(id("u").as_str(), "u", "7"), true))]);
    let pods = || vec![pod("u", "prod", LIVE)];
    assert!(!gather("c", pods(), vec![], &memos)[&id("u")].lacks_object());
    let version = |shown: &str| {
        let subjects = gather("c", pods(), vec![session(id("u").as_str(), "u", shown)], &memos);
        subjects[&id("u")].session.as_ref().unwrap().resource_version().unwrap()
    };
    assert_eq!((version("6").as_str(), version("8").as_str()), ("7", "8"));
}

#[test]
fn the_settled_and_gone_are_forgotten() {
    let mut settled = memo(session(id("u").as_str(), "u", "7"), false);
    settled.settled = true;
    assert!(gather("c", vec![], vec![], &HashMap::from([(id("u"), settled)])).is_empty());
}
