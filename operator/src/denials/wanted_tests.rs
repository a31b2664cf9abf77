use rstest::rstest;
use sentinel_api::{SentinelProfile, SentinelProfileSpec, SentinelSessionSpec, condition};

use super::*;

const ROLE: &str = "arn:aws:iam::111122223333:role/prod";
const OTHER: &str = "arn:aws:iam::111122223333:role/other";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn profile(how: Option<HardRevocation>) -> Profile {
    let spec = SentinelProfileSpec {
        role_arn: ROLE.into(),
        region: "eu-west-1".into(),
        hard_revocation: how,
        ..SentinelProfileSpec::default()
    };
    SentinelProfile::new("prod", spec).resolve().unwrap()
}

/// Revoked at 10:00 in the object, with credentials until 10:15 in its row.
fn session() -> SentinelSession {
    let spec = SentinelSessionSpec { revoked: true, profile: "prod".into(), ..SentinelSessionSpec::default() };
    let mut session = SentinelSession::new("0123456789abcdef", spec);
    session.status = Some(SessionStatus {
        phase: Phase::Revoked,
        started_at: Some("2026-11-25T09:00:00Z".into()),
        revoked_at: Some("2026-11-25T10:00:00Z".into()),
        role_arn: Some(ROLE.into()),
        roles: vec![ROLE.into()],
        credentials_until: Some("2026-11-25T10:15:00Z".into()),
        conditions: vec![condition("Tracked", true, "RowFound", String::new(), None, at("2026-11-25T10:00:00Z"))],
        ..SessionStatus::default()
    });
    session
}

fn everybody(change: impl FnOnce(&mut SentinelSession), how: Option<HardRevocation>, now: &str) -> Everybody {
    let mut session = session();
    change(&mut session);
    let mut everybody = Everybody::default();
    everybody.add_session(&session, &profile(how), at(now));
    everybody
}

fn only(everybody: &Everybody) -> (Vec<&str>, Timestamp) {
    let roles: Vec<&str> = everybody.roles.keys().map(String::as_str).collect();
    let until = everybody.roles.values().flat_map(BTreeMap::values).map(|wanted| wanted.until).next().unwrap();
    (roles, until)
}

fn status(session: &mut SentinelSession) -> &mut SessionStatus {
    session.status.as_mut().unwrap()
}

#[test]
fn what_is_recorded_says_where_and_until_when() {
    let found = everybody(|_| {}, Some(HardRevocation::Session), "2026-11-25T10:00:01Z");
    assert_eq!(only(&found), (vec![ROLE], at("2026-11-25T10:20:00Z")));
}

#[test]
fn every_role_that_it_had_is_meant() {
    let change = |session: &mut SentinelSession| status(session).roles.push(OTHER.into());
    let found = everybody(change, Some(HardRevocation::Session), "2026-11-25T10:00:01Z");
    assert_eq!(only(&found).0, [OTHER, ROLE]);
}

#[rstest]
#[case::revoked_in_the_table(|session: &mut SentinelSession| session.spec.revoked = false)]
#[case::the_row_could_not_be_read(|session: &mut SentinelSession| status(session).conditions[0].status = ConditionStatus::False)]
#[case::nothing_recorded(|session: &mut SentinelSession| status(session).credentials_until = None)]
#[case::no_table(|session: &mut SentinelSession| {
    (status(session).role_arn, status(session).credentials_until) = (None, None);
    status(session).roles.clear();
    status(session).conditions[0] = condition("Tracked", false, "NoTable", String::new(), None, at("2026-11-25T10:00:00Z"));
})]
fn what_is_not_sure_is_an_hour(#[case] change: fn(&mut SentinelSession)) {
    let found = everybody(change, Some(HardRevocation::Session), "2026-11-25T10:00:01Z");
    assert_eq!(only(&found), (vec![ROLE], at("2026-11-25T11:05:00Z")));
}

#[rstest]
#[case::not_asked_for(|_: &mut SentinelSession| {}, None, "2026-11-25T10:00:01Z", None)]
#[case::not_revoked(|session: &mut SentinelSession| status(session).phase = Phase::Active, Some(HardRevocation::Session), "2026-11-25T10:00:01Z", None)]
#[case::expired(|_: &mut SentinelSession| {}, Some(HardRevocation::Session), "2026-11-25T10:20:00Z", Some(Verdict::Over))]
#[case::never_began(|session: &mut SentinelSession| {
    status(session).started_at = None;
    status(session).conditions[0].reason = "NoRow".into();
}, Some(HardRevocation::Session), "2026-11-25T10:00:01Z", Some(Verdict::NothingIssued))]
fn nobody_is_denied(
    #[case] change: fn(&mut SentinelSession),
    #[case] how: Option<HardRevocation>,
    #[case] now: &str,
    #[case] verdict: Option<Verdict>,
) {
    let found = everybody(change, how, now);
    assert!(found.roles.is_empty());
    assert_eq!(found.settled.values().next(), verdict.as_ref());
}
