//! Who may decide, and what becomes of a request: tables, and properties over whatever may happen.

use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::ask::{Ask, AskDraft, Terms};
use crate::governing::{Governing, Ungoverned, govern};
use crate::person::{Identity, Person};
use crate::policy::{ApprovalPolicy, ApprovalRule};

const POLICY: &str = r#"
version: "1"
rules:
- name: prod
  profiles: [prod]
  approvers: [ann, ops, ben]
  auto_approve: {users: ["dana", "system:serviceaccount:ci:*"], time: {hours: {start: "09:00", end: "17:00"}}, max_duration: 1h}
"#;
const CI: &str = "system:serviceaccount:ci:bot";

fn policy() -> ApprovalPolicy {
    ApprovalPolicy::from_yaml(POLICY).unwrap()
}

fn person(user: &str, extra: &str, groups: &[&str]) -> Person {
    let identity = Identity::new(user, Some(extra.to_owned()));
    Person::new(identity, groups.iter().map(|&group| group.to_owned()).collect())
}

fn plain(user: &str) -> Person {
    person(user, "", &[])
}

fn ask(profile: &str, duration: &str) -> Ask {
    let draft = AskDraft {
        profile: profile.into(),
        service_account: "api".into(),
        duration: duration.into(),
        justification: "deploy the hot fix".into(),
    };
    Ask::read(&draft, Terms::REQUEST).unwrap()
}

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(hour * 3600).unwrap()
}

type Found<'a> = Result<Governing<'a, ApprovalRule>, Ungoverned>;

const ONLY_AUTO: ServiceAccountRequests = ServiceAccountRequests::AutoApproveOnly;
const APPROVERS: ServiceAccountRequests = ServiceAccountRequests::Approvers;

#[rstest]
#[case::by_user_name(Ruling::Approved, plain("ann"), plain("eve"), ONLY_AUTO, "ann")]
#[case::by_extra_value(Ruling::Approved, person("role-a", "ann", &[]), plain("eve"), ONLY_AUTO, "ann")]
#[case::by_group(Ruling::Denied, person("olga", "", &["ops"]), plain("eve"), ONLY_AUTO, "ops")]
#[case::nobody(
    Ruling::Approved,
    plain("mallory"),
    plain("eve"),
    ONLY_AUTO,
    "mallory is no approver of rule `prod` of ApprovalPolicy `p`: one of ann, ops, ben is wanted"
)]
#[case::nobody_denies(Ruling::Denied, plain("mallory"), plain("eve"), ONLY_AUTO, "is no approver")]
#[case::the_requester(Ruling::Approved, plain("ann"), plain("ann"), ONLY_AUTO, "nobody decides their own")]
#[case::the_requester_denies(Ruling::Denied, plain("ann"), plain("ann"), ONLY_AUTO, "set decision: Cancelled")]
#[case::a_second_name(Ruling::Approved, person("role-b", "ann", &["ops"]), person("role-a", "ann", &[]), ONLY_AUTO, "nobody decides their own")]
#[case::a_plain_and_a_second_name(Ruling::Approved, plain("ann"), person("role-a", "ann", &[]), ONLY_AUTO, "nobody decides their own")]
#[case::a_program(Ruling::Approved, person("system:serviceaccount:a:b", "ann", &["ops"]), plain("eve"), APPROVERS, "service accounts never approve")]
#[case::a_program_denies(Ruling::Denied, person("system:serviceaccount:a:b", "", &["ops"]), plain("eve"), APPROVERS, "service accounts never approve")]
#[case::for_a_program(Ruling::Approved, plain("ann"), plain(CI), ONLY_AUTO, "serviceAccountRequests: Approvers")]
#[case::against_a_program(Ruling::Denied, plain("ann"), plain(CI), ONLY_AUTO, "ann")]
#[case::for_a_program_with_leave(Ruling::Approved, plain("ann"), plain(CI), APPROVERS, "ann")]
#[case::cancelled(Ruling::Cancelled, plain("eve"), plain("eve"), ONLY_AUTO, "requester")]
#[case::cancelled_by_another_name(Ruling::Cancelled, person("role-b", "eve", &[]), person("role-a", "eve", &[]), ONLY_AUTO, "requester")]
#[case::cancelled_by_a_program(Ruling::Cancelled, plain(CI), plain(CI), ONLY_AUTO, "requester")]
#[case::cancelled_by_an_approver(Ruling::Cancelled, plain("ann"), plain("eve"), ONLY_AUTO, "only they can cancel it")]
fn decides(
    #[case] ruling: Ruling,
    #[case] decider: Person,
    #[case] requester: Person,
    #[case] service_accounts: ServiceAccountRequests,
    #[case] expected: &str,
) {
    let policy = policy();
    let governing = govern("prod", Some(("p", Ok(&policy)))).unwrap();
    let said = match may_decide(ruling, &decider, requester.identity(), Ok(governing), service_accounts) {
        Ok(Via::Requester) => "requester".to_owned(),
        Ok(Via::Approver(entry)) => {
            assert_eq!(entry, expected);
            entry
        }
        Err(refusal) => refusal.to_string(),
    };
    assert!(said.contains(expected), "{said}");
}

#[test]
fn without_a_rule_nobody_decides_and_the_requester_may_cancel() {
    let none = govern::<ApprovalPolicy>("prod", None).unwrap_err();
    let may = |ruling, who: &str| may_decide(ruling, &plain(who), plain("eve").identity(), Err(&none), APPROVERS);
    for ruling in [Ruling::Approved, Ruling::Denied] {
        let said = may(ruling, "ann").unwrap_err().to_string();
        assert_eq!(said, "SentinelProfile `prod` names no ApprovalPolicy: nobody can approve or deny");
    }
    assert_eq!(may(Ruling::Cancelled, "eve"), Ok(Via::Requester));
}

#[derive(Debug)]
struct World {
    ask: Ask,
    requester: Person,
    ruling: Option<(Ruling, Person)>,
    /// The hour.
    ruled: Option<i64>,
    policy: Option<ApprovalPolicy>,
    service_accounts: ServiceAccountRequests,
    created: i64,
}

fn world(requester: &str, created: i64) -> World {
    let (requester, policy) = (plain(requester), Some(policy()));
    World { ask: ask("prod", "1h"), requester, ruling: None, ruled: None, policy, service_accounts: ONLY_AUTO, created }
}

impl World {
    fn step(&self, now: Timestamp) -> State {
        let named = self.policy.as_ref().map(|policy| ("p", Ok(policy)));
        let governing: Found<'_> = govern(self.ask.profile(), named);
        let ruling = self.ruling.as_ref().map(|(ruling, person)| (*ruling, person));
        let (created_at, ask, requester) = (at(self.created), &self.ask, &self.requester);
        let service_accounts = self.service_accounts;
        let ruled_at = self.ruled.map(at);
        step(&Facts { created_at, ask, requester, ruling, ruled_at, governing, service_accounts }, now)
    }

    fn said(&self, hour: i64) -> String {
        match self.step(at(hour)) {
            State::Pending { waiting, .. } => waiting.to_string(),
            State::Decided(decided) => decided.to_string(),
        }
    }
}

#[rstest]
#[case::nobody_has_decided(world("eve", 10), 11, "waits for one of ann, ops, ben, by rule `prod`")]
#[case::expired(world("eve", 10), 34, "expired: nobody decided until 1970-01-02T10:00:00Z")]
#[case::approved(World { ruling: Some((Ruling::Approved, plain("ann"))), ..world("eve", 10) }, 20, "approved by ann, whom rule `prod` of ApprovalPolicy `p` names as `ann`, until 1970-01-01T21:00:00Z")]
#[case::approved_and_seen_late(World { ruling: Some((Ruling::Approved, plain("ann"))), ruled: Some(11), ..world("eve", 10) }, 31, "as `ann`, until 1970-01-01T12:00:00Z")]
#[case::approved_by_a_fast_clock(World { ruling: Some((Ruling::Approved, plain("ann"))), ruled: Some(15), ..world("eve", 10) }, 11, "as `ann`, until 1970-01-01T12:00:00Z")]
#[case::approved_by_a_slow_clock(World { ruling: Some((Ruling::Approved, plain("ann"))), ruled: Some(8), ..world("eve", 10) }, 11, "as `ann`, until 1970-01-01T11:00:00Z")]
#[case::denied(World { ruling: Some((Ruling::Denied, plain("ann"))), ..world("eve", 10) }, 11, "denied by ann")]
#[case::cancelled(World { ruling: Some((Ruling::Cancelled, plain("eve"))), ..world("eve", 10) }, 11, "cancelled")]
#[case::by_nobody_who_may(World { ruling: Some((Ruling::Approved, plain("eve"))), ..world("eve", 10) }, 11, "the decision of eve does not count")]
#[case::too_late(World { ruling: Some((Ruling::Approved, plain("ann"))), ..world("eve", 10) }, 34, "expired")]
#[case::by_itself(
    world("dana", 10),
    11,
    "approved by autoApprove of rule `prod` of ApprovalPolicy `p`, until 1970-01-01T11:00:00Z"
)]
#[case::by_itself_though_looked_at_late(world("dana", 16), 20, "until 1970-01-01T17:00:00Z")]
#[case::not_outside_its_window(world("dana", 17), 18, "waits for")]
#[case::not_so_long(World { ask: ask("prod", "61m"), ..world("dana", 10) }, 11, "waits for")]
#[case::not_when_denied_first(World { ruling: Some((Ruling::Denied, plain("ann"))), ..world("dana", 10) }, 11, "denied by ann")]
#[case::a_program_by_itself(world(CI, 10), 11, "approved by autoApprove")]
#[case::a_program_otherwise(world("system:serviceaccount:a:b", 10), 11, "denied: a service account made it")]
#[case::a_program_with_leave(World { service_accounts: APPROVERS, ..world("system:serviceaccount:a:b", 10) }, 11, "waits for")]
#[case::no_policy(World { policy: None, ..world("dana", 10) }, 11, "SentinelProfile `prod` names no ApprovalPolicy: nobody can decide")]
#[case::no_rule(World { ask: ask("dev", "1h"), ..world("dana", 10) }, 11, "no rule of ApprovalPolicy `p` is for profile `dev`")]
fn becomes(#[case] world: World, #[case] hour: i64, #[case] expected: &str) {
    let said = world.said(hour);
    assert!(said.contains(expected), "{said}");
}

prop_compose! {
    fn worlds()(
        requester in prop::sample::select(vec!["ann", "dana", "eve", CI, "system:serviceaccount:a:b"]),
        decider in prop::sample::select(vec!["ann", "ben", "eve", "dana", CI]),
        extras in (prop::sample::select(vec!["", "ann", "x"]), prop::sample::select(vec!["", "ann", "x"])),
        group in prop::sample::select(vec!["ops", "other"]),
        ruling in prop::option::of(prop::sample::select(Ruling::ALL)),
        service_accounts in prop::sample::select(ServiceAccountRequests::ALL),
        hours in 1_i64..=8,
        created in 0_i64..24,
        ruled in prop::option::of(-1_i64..30),
        governed in any::<bool>(),
    ) -> World {
        let requester = person(requester, extras.0, &[]);
        let ruling = ruling.map(|ruling| (ruling, person(decider, extras.1, &[group])));
        let ask = ask("prod", &format!("{hours}h"));
        let ruled = ruled.map(|hours| created + hours);
        World { ask, requester, ruling, ruled, policy: governed.then(policy), service_accounts, created }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    /// What no approval may be, whoever decides and whenever somebody looks.
    #[test]
    fn nothing_is_approved_that_must_not_be(world in worlds(), late in 0_i64..30) {
        let now = at(world.created + late);
        if let State::Decided(Decided::Approved { at: decided, until, by, .. }) = world.step(now) {
            prop_assert!(late < 24 && world.policy.is_some());
            prop_assert_eq!(until, world.ask.duration().after(decided));
            let auto = world.policy.as_ref().and_then(|policy| policy.rules()[0].auto_approve.clone()).unwrap();
            match by {
                None => {
                    prop_assert_eq!(decided, at(world.created));
                    prop_assert!(auto.check(&world.requester.names(), world.ask.duration(), decided).is_ok());
                }
                Some((who, entry)) => {
                    let ruled = world.ruled.map_or(now, at);
                    prop_assert_eq!(decided, ruled.min(now).max(at(world.created)), "from the decision, whoever looks when");
                    prop_assert!(!who.is(world.requester.identity()) && !who.is_service_account());
                    prop_assert!(["ann", "ops", "ben"].contains(&entry.as_str()));
                    let opted_in = world.service_accounts == APPROVERS;
                    prop_assert!(opted_in || !world.requester.identity().is_service_account());
                }
            }
        }
    }

    /// Time alone ends waiting and nothing else: it approves nothing, and what it expired stays so.
    #[test]
    fn time_only_expires(world in worlds(), early in 0_i64..30, later in 0_i64..30) {
        let (first, second) = (world.step(at(world.created + early)), world.step(at(world.created + early + later)));
        match first {
            State::Pending { until, .. } if at(world.created + early + later) < until => prop_assert_eq!(second, first),
            State::Pending { until, .. } => prop_assert_eq!(second, State::Decided(Decided::Expired { at: until })),
            State::Decided(Decided::Expired { .. }) => prop_assert_eq!(second, first),
            State::Decided(_) => prop_assert!(matches!(second, State::Decided(_))),
        }
    }
}
