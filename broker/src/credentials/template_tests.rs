//! What is asked of STS.

use super::*;
use jiff::SignedDuration;
use proptest::prelude::*;
use sentinel_core::grant::Door;
use sentinel_core::tags::{POLICY_SHARE, ROOM, packed_size};
use sentinel_decision::examples::{good, grant, policy, profile};
use sentinel_decision::{Facts, Sight, decide};
use serde_json::{Value, json};
use std::sync::Arc;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn facts(spec: &Value, rule: &Value) -> Facts {
    let mut law = json!({"name": "r", "effect": "allow", "conditions": {}});
    law.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    let seen = Some(Arc::new(profile(spec)));
    let mut facts = Facts { profile: Sight { object: seen, stale: None }, ..good() };
    facts.policy.object = Some(Arc::new(policy(&json!([law]))));
    facts.now = at("2026-11-22T10:00:00Z");
    facts
}

fn template(spec: &Value, rule: &Value) -> Template {
    Template::new(
        &decide(&facts(spec, rule)).unwrap(),
        &ClusterIdentity::new("cluster".into(), "eu-1"),
        at("2026-11-22T10:00:00Z"),
    )
}

fn key_denied_before(than: &str, now: &str) -> Key {
    let mut permit = decide(&facts(&json!({}), &json!({}))).unwrap();
    let profile = sentinel_api::Profile { denied_before: Some(than.to_owned()), ..(*permit.profile).clone() };
    permit.profile = Arc::new(profile);
    Template::new(&permit, &ClusterIdentity::new("cluster".into(), "eu-1"), at(now)).key()
}

#[test]
fn everything_that_aws_should_know_is_in_the_request() {
    let spec =
        json!({"externalId": "secret", "sessionDuration": "30m", "sessionTags": {"team": "${namespace}@${cluster}"}});
    let Issue { request, at: _, until, recorded_until } = template(&spec, &json!({})).at(at("2026-11-22T10:00:00Z"));
    let session = sentinel_core::session::SessionId::derive("cluster", "uid-0", "prod");
    assert_eq!(request.role_arn, "arn:aws:iam::111122223333:role/prod");
    assert_eq!(request.role_session_name, "payments.api-0");
    assert_eq!(request.source_identity, format!("sentinel.api@payments.direct.{session}"));
    assert_eq!(request.external_id.as_deref(), Some("secret"));
    assert_eq!((request.duration_seconds, request.region.as_deref()), (1800, Some("eu-west-1")));
    let tags: Vec<(&str, &str)> = request.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let ours = [("sentinel-namespace", "payments"), ("sentinel-service-account", "api"), ("sentinel-pod", "api-0")];
    assert_eq!(tags[..3], ours);
    assert_eq!(
        tags[3..],
        [("sentinel-profile", "prod"), ("sentinel-session", session.as_str()), ("team", "payments@eu-1")]
    );
    assert_eq!(request.policy, None);
    assert_eq!((until, recorded_until), (at("2026-11-22T10:30:00Z"), at("2026-11-22T10:30:00Z")));
}

#[test]
fn less_than_sts_can_do_is_a_session_policy_that_ends() {
    let issue = template(&json!({}), &json!({"maxServerDuration": "5m"})).at(at("2026-11-22T10:00:00.7Z"));
    assert_eq!(issue.request.duration_seconds, 900);
    assert_eq!(issue.until, at("2026-11-22T10:05:00Z"));
    assert_eq!(issue.recorded_until, at("2026-11-22T10:15:00.7Z"));
    insta::assert_snapshot!(issue.request.policy.unwrap(), @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateGreaterThanEquals":{"aws:CurrentTime":"2026-11-22T10:05:00Z"}}}]}"#);
}

#[test]
fn no_credentials_outlive_the_approval_that_allows_them() {
    let mut facts = facts(&json!({"policies": {"approval": "a"}}), &json!({"effect": "require_approval"}));
    let pins = json!({"policies": {"access": "prod", "approval": "a"}});
    let entry = grant(Door::Approval, "ticket-7", at("2026-11-22T10:07:30.9Z"), &pins);
    facts.requests.entries.push(Arc::new(entry));
    let permit = decide(&facts).unwrap();
    let issue = Template::new(&permit, &ClusterIdentity::new("cluster".into(), ""), facts.now).at(facts.now);
    let until = at("2026-11-22T10:07:30Z");
    assert_eq!(issue.until, until);
    assert!(issue.request.policy.unwrap().contains(&format!(r#""aws:CurrentTime":"{until}""#)));
    let id = sentinel_core::identity::RequestId::derive("cluster", "ticket-7");
    assert!(issue.request.source_identity.starts_with(&format!("sentinel.api@payments.{id}.")));
}

#[test]
fn no_credentials_outlive_the_window_that_allows_them() {
    let window = json!({"conditions": {"time": {"hours": {"start": "09:00", "end": "10:20"}}}});
    let template = template(&json!({"sessionDuration": "1h"}), &window);
    for (now, until) in [("10:00:00", "10:20:00"), ("10:19:58", "10:20:00")] {
        let issue = template.at(at(&format!("2026-11-22T{now}Z")));
        assert_eq!(issue.until, at(&format!("2026-11-22T{until}Z")));
        assert_eq!(issue.request.duration_seconds, 3600);
        assert!(issue.request.policy.unwrap().contains(r#""aws:CurrentTime":"2026-11-22T10:20:00Z""#));
    }
    // STS's own hour ends with the window, by our clock; by its own it may end a little later.
    for now in ["09:20:00.5", "09:19:01"] {
        let issue = template.at(at(&format!("2026-11-22T{now}Z")));
        assert!(issue.request.policy.unwrap().contains(r#""aws:CurrentTime":"2026-11-22T10:20:00Z""#));
        assert_eq!(issue.until, at("2026-11-22T10:20:00Z").min(issue.recorded_until));
    }
    // Long before the end there is nothing to bound.
    assert_eq!(template.at(at("2026-11-22T09:10:00Z")).request.policy, None);
}

proptest! {
    /// Clocks up to two minutes apart, and a call that takes its time.
    #[test]
    fn by_the_clock_of_sts_too_nothing_outlives_the_window(left in 1..4000_i64, ahead in -120..=120_i64, call in 0..5_i64) {
        let window = json!({"conditions": {"time": {"hours": {"start": "09:00", "end": "10:20"}}}});
        let template = template(&json!({"sessionDuration": "1h"}), &window);
        let end = at("2026-11-22T10:20:00Z");
        let asked = end - SignedDuration::from_secs(left);
        let issue = template.at(asked);
        let good_for = i64::from(issue.request.duration_seconds);
        let sts_end = asked + SignedDuration::from_secs(ahead + call + good_for);
        let bounded = issue.request.policy.is_some_and(|policy| policy.contains("2026-11-22T10:20:00Z"));
        prop_assert!(bounded || sts_end <= end, "good until {sts_end}");
    }
}

#[test]
fn the_rule_shortens_and_never_lengthens() {
    for (rule, seconds) in [("20m", 1200), ("2h", 1800), ("0s", 1800)] {
        let template = template(&json!({"sessionDuration": "30m"}), &json!({"maxServerDuration": rule}));
        let issue = template.at(at("2026-11-22T10:00:00Z"));
        assert_eq!((issue.request.duration_seconds, issue.request.policy), (seconds, None), "{rule}");
    }
}

#[test]
fn the_key_knows_every_input_and_the_end_but_not_the_moment() {
    let key = |spec: Value, rule: Value| template(&spec, &rule).key();
    let plain = key(json!({}), json!({}));
    assert_eq!(plain, key(json!({}), json!({})));
    let (ten, eleven) = ("2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z");
    assert_ne!(plain, key_denied_before(ten, eleven), "what was issued before is of no use");
    assert_ne!(key_denied_before(eleven, ten), key_denied_before(ten, ten));
    assert_ne!(key_denied_before(ten, ten), key_denied_before(ten, "2026-11-25T10:00:01Z"), "its clock was ahead");
    assert_eq!(key_denied_before(ten, "2026-11-25T10:00:01Z"), key_denied_before(ten, eleven));
    let window = |end: &str| json!({"conditions": {"time": {"hours": {"start": "09:00", "end": end}}}});
    let others = [
        key(json!({"externalId": "xx"}), json!({})),
        key(json!({"sessionTags": {"a": "b"}}), json!({})),
        key(json!({"sessionDuration": "20m"}), json!({})),
        key(json!({"region": "eu-west-2"}), json!({})),
        key(json!({}), json!({"maxServerDuration": "5m"})),
        key(json!({}), json!({"maxServerDuration": "6m"})),
        key(json!({}), window("10:20")),
        key(json!({}), window("10:21")),
    ];
    for (index, other) in others.iter().enumerate() {
        assert_ne!(*other, plain, "{index}");
        assert!(!others[..index].contains(other), "{index}");
    }
}

/// As the documentation of AssumeRole has it, spelt independently.
fn is_legal_for_sts(request: &AssumeRole) -> Result<(), String> {
    let text = |c: char| c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c);
    let name = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let said =
        |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{what}: {request:?} {:?}", request.tags)) };
    for own in [&request.role_session_name, &request.source_identity] {
        said((2..=64).contains(&own.len()) && own.chars().all(name), own)?;
    }
    let mut keys: Vec<String> = request.tags.iter().map(|(key, _)| key.to_lowercase()).collect();
    keys.sort();
    keys.dedup();
    said(keys.len() == request.tags.len() && keys.len() <= 50, "each key once, and at most 50")?;
    for (key, value) in &request.tags {
        said((1..=128).contains(&key.chars().count()) && key.chars().all(text), key)?;
        said(value.chars().count() <= 256 && value.chars().all(text), value)?;
        said(!key.to_lowercase().starts_with("aws:"), key)?;
    }
    said((900..=3600).contains(&request.duration_seconds), "the duration")?;
    said(request.policy.as_ref().is_none_or(|policy| policy.len() <= 2048), "the policy")
}

fn tag_value() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[A-Za-z0-9 _.:/=+@-]{0,40}",
        1 => "[A-Za-z0-9ü${}]{0,8}",
        3 => prop::sample::select(vec!["${namespace}", "${serviceAccount}", "${pod}", "${cluster}"]).prop_map(str::to_owned),
        1 => Just("v".repeat(200)),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn tags_of_a_profile() -> impl Strategy<Value = std::collections::BTreeMap<String, String>> {
    let key = prop_oneof![8 => "[A-Za-z][A-Za-z0-9 _.:/=+@-]{0,15}", 1 => "[a-cA-C]", 1 => "[a-z]{120,128}"];
    let few = prop::collection::btree_map(key, tag_value(), 0..6);
    let many = prop::collection::btree_map("[a-z][a-z0-9]", "[a-z]{0,2}", 30..45);
    prop_oneof![9 => few, 1 => many]
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 100_000, ..ProptestConfig::default() })]

    /// What is accepted is legal for whatever pod comes, and packed if it came without a warning.
    #[test]
    fn whatever_is_accepted_is_legal_for_sts(
        tags in tags_of_a_profile(),
        namespace in "[a-z0-9]{1,63}",
        service_account in prop_oneof!["[a-z0-9.-]{1,20}", "[a-z0-9.-]{250,253}"],
        pod in prop_oneof!["[a-z0-9.-]{1,63}", "[a-z0-9.-]{250,253}"],
        cluster in "[A-Za-z0-9 _.:/=+@-]{1,128}",
        cap in prop::option::of(prop::sample::select(vec!["1s", "14m59s", "20m"])),
    ) {
        let mut facts = facts(&json!({"sessionTags": tags}), &cap.map_or(json!({}), |cap| json!({"maxServerDuration": cap})));
        let judged = facts.profile.object.as_ref().unwrap().judged.clone();
        prop_assume!(judged.is_ok());
        (facts.caller.namespace, facts.caller.service_account, facts.caller.pod) = (namespace, service_account, pod);
        facts.pod = sentinel_decision::PodSight::Seen(Arc::new(sentinel_decision::examples::pod_of(&facts.caller)));
        facts.session.object = Some(Arc::new(sentinel_decision::examples::session_of(&facts.caller)));
        let permit = decide(&facts).unwrap();
        let issue = Template::new(&permit, &ClusterIdentity::new("uid".into(), &cluster), facts.now).at(facts.now);
        prop_assert_eq!(is_legal_for_sts(&issue.request), Ok(()));
        if judged.unwrap().tags_warning().is_none() {
            let size = packed_size(&issue.request.tags) + POLICY_SHARE;
            prop_assert!(size <= ROOM, "{size} bytes, unwarned: {:?}", issue.request.tags);
        }
    }
}
