//! Whom a lock hits, and until when.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::identity::service_account_user;

fn some(texts: &[&str]) -> Option<Vec<String>> {
    (!texts.is_empty()).then(|| texts.iter().map(|&text| text.to_owned()).collect())
}

fn draft(users: &[&str], namespaces: &[&str], profiles: &[&str]) -> LockDraft {
    let (users, namespaces, profiles) = (some(users), some(namespaces), some(profiles));
    LockDraft { users, namespaces, profiles, reason: "leak".into(), expires_at: None }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

const API: &str = "system:serviceaccount:payments:api";

#[rstest]
#[case::a_namespace(&[], &["payments"], &[], true)]
#[case::another_namespace(&[], &["billing"], &[], false)]
#[case::one_of_two(&[], &["billing", "pay*"], &[], true)]
#[case::a_user(&[API], &[], &[], true)]
#[case::all_users_of_a_namespace(&["system:serviceaccount:payments:*"], &[], &[], true)]
#[case::a_profile(&[], &[], &["prod"], true)]
#[case::everybody(&[], &["*"], &[], true)]
#[case::namespace_and_profile(&[], &["payments"], &["prod"], true)]
#[case::namespace_and_another_profile(&[], &["payments"], &["dev"], false)]
#[case::all_three(&["system:serviceaccount:*:api"], &["payments"], &["prod"], true)]
#[case::two_of_three(&["system:serviceaccount:*:web"], &["payments"], &["prod"], false)]
fn hits(#[case] users: &[&str], #[case] namespaces: &[&str], #[case] profiles: &[&str], #[case] expected: bool) {
    let lock = AccessLock::read(&draft(users, namespaces, profiles)).unwrap();
    assert_eq!(lock.hits(Target { user: API, namespace: "payments", profile: "prod" }), expected);
}

#[test]
fn it_holds_until_its_end_and_not_at_it() {
    let until = LockDraft { expires_at: Some("1970-01-01T00:01:00Z".into()), ..draft(&[], &["payments"], &[]) };
    let lock = AccessLock::read(&until).unwrap();
    let target = Target::of_user(API, "prod").unwrap();
    assert_eq!([0, 59, 60, 61].map(|second| lock.holds(target, at(second))), [true, true, false, false]);
    let for_good = AccessLock::read(&draft(&[], &["payments"], &[])).unwrap();
    assert!(for_good.holds(target, Timestamp::MAX));
}

#[rstest]
#[case::nothing(draft(&[], &[], &[]), "users, namespaces or profiles is required")]
#[case::empty(LockDraft { users: Some(vec![]), ..draft(&[], &["a"], &[]) }, "users: 1 to 1000 entries are expected")]
#[case::a_star_for_users(draft(&["*"], &[], &[]), "users[0]: `*` names no pod")]
#[case::a_person(draft(&["alice"], &[], &[]), "users[0]: `alice` names no pod")]
#[case::too_few_parts(draft(&["system:serviceaccount:*"], &[], &[]), "names no pod")]
#[case::too_many_parts(draft(&["system:serviceaccount:a:b:c"], &[], &[]), "names no pod")]
#[case::an_empty_part(draft(&["system:serviceaccount::b"], &[], &[]), "names no pod")]
#[case::a_user_as_namespace(draft(&[], &["a", API], &[]), "namespaces[1]: `system:")]
#[case::a_colon(draft(&[], &[], &["a:*"]), "profiles[0]: `a:*` can't be a name")]
#[case::empty_text(draft(&[], &[""], &[]), "namespaces[0]: an empty string")]
#[case::invisible(draft(&[], &["a\u{200b}"], &[]), "namespaces[0]: control and invisible")]
#[case::no_reason(LockDraft { reason: " \u{3000}".into(), ..draft(&[], &["a"], &[]) }, "reason: a reason is required")]
#[case::long_reason(LockDraft { reason: "é".repeat(1001), ..draft(&[], &["a"], &[]) }, "reason: at most 1000")]
#[case::two_lines(LockDraft { reason: "a\nb".into(), ..draft(&[], &["a"], &[]) }, "remove U+000A")]
#[case::no_moment(LockDraft { expires_at: Some("tomorrow".into()), ..draft(&[], &["a"], &[]) }, "expiresAt: a moment")]
#[case::no_zone(LockDraft { expires_at: Some("2026-11-22T18:00:00".into()), ..draft(&[], &["a"], &[]) }, "expiresAt: a moment")]
fn refuses(#[case] draft: LockDraft, #[case] message: &str) {
    let problems = AccessLock::read(&draft).unwrap_err();
    assert!(problems.to_string().contains(message), "{problems}");
    assert_eq!(problems.len(), 1, "{problems}");
}

#[test]
fn every_problem_comes_at_once() {
    let bad = LockDraft { reason: String::new(), expires_at: Some("x".into()), ..draft(&["*"], &["a:b", ""], &[]) };
    assert_eq!(AccessLock::read(&bad).unwrap_err().len(), 5);
    assert!(AccessLock::read(&LockDraft { reason: "é".repeat(1000), ..draft(&[], &["a"], &[]) }).is_ok());
}

/// Tries everything.
fn naive_glob(glob: &[char], name: &[char]) -> bool {
    match glob.split_first() {
        None => name.is_empty(),
        Some(('*', rest)) => {
            naive_glob(rest, name) || name.first().is_some_and(|c| *c != ':') && naive_glob(glob, &name[1..])
        }
        Some((c, rest)) => name.first() == Some(c) && naive_glob(rest, &name[1..]),
    }
}

fn naive_list(list: Option<&[String]>, name: &str) -> bool {
    let chars = |text: &str| text.chars().collect::<Vec<_>>();
    let Some(list) = list else { return true };
    for text in list {
        if naive_glob(&chars(text), &chars(name)) {
            return true;
        }
    }
    false
}

fn naive(draft: &LockDraft, (namespace, name, profile): (&str, &str, &str)) -> bool {
    naive_list(draft.users.as_deref(), &format!("system:serviceaccount:{namespace}:{name}"))
        && naive_list(draft.namespaces.as_deref(), namespace)
        && naive_list(draft.profiles.as_deref(), profile)
}

prop_compose! {
    /// Lists of globs over two letters, so that they often hit; some are not legal.
    fn drafts()(
        users in proptest::option::of(proptest::collection::vec("system:serviceaccount:[ab*]{1,3}:[ab*]{1,3}|[ab*:]{0,3}", 0..3)),
        namespaces in proptest::option::of(proptest::collection::vec("[ab*]{1,3}|[ab*:]{0,3}", 0..3)),
        profiles in proptest::option::of(proptest::collection::vec("[ab*]{1,3}", 1..3)),
        end in proptest::option::of(0_i64..8),
        broken_end in proptest::bool::weighted(0.1),
    ) -> LockDraft {
        let expires_at = end.map(|end| if broken_end { "soon".to_owned() } else { at(end).to_string() });
        LockDraft { users, namespaces, profiles, reason: "r".into(), expires_at }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn agrees_with_trying_everything(draft in drafts(), namespace in "[ab]{1,2}", name in "[ab]{1,2}", profile in "[ab]{1,2}", second in 0_i64..8) {
        let user = service_account_user(&namespace, &name);
        let target = Target { user: &user, namespace: &namespace, profile: &profile };
        let over = draft.expires_at.as_ref().and_then(|end| end.parse().ok()).is_some_and(|end: Timestamp| end <= at(second));
        let expected = !over && naive(&draft, (&namespace, &name, &profile));
        let widest = AccessLock::widest(&draft);
        if let Ok(lock) = AccessLock::read(&draft) {
            prop_assert_eq!(lock.holds(target, at(second)), expected);
            prop_assert_eq!(&lock, &widest);
        }
        // What can't be read never lets anybody through whom any reading of it would stop.
        prop_assert!(!expected || widest.holds(target, at(second)));
    }
}
