use super::*;
use proptest::option;
use proptest::prelude::*;

fn foreign() -> Item {
    let texts = [
        ("id", "0123456789abcdef"),
        ("user", "dana"),
        ("profile", "prod"),
        ("server_instance_id", "laptop-7"),
        ("status", "active"),
        ("started_at", "2026-11-22T19:00:00.123456789Z"),
        ("last_access_at", "2026-11-22T19:00:01Z"),
        ("expires_at", "2026-11-22T20:00:00Z"),
        ("created_at", "2026-11-22T19:00:00.1Z"),
        ("updated_at", "2026-11-22T19:00:01Z"),
        ("device_id", "mdm-1"),
    ];
    let mut item: Item = texts.map(|(name, value)| (name.to_owned(), text(value))).into();
    item.insert("request_count".into(), number(3));
    item
}

fn refused(change: impl FnOnce(&mut Item)) -> String {
    let mut item = foreign();
    change(&mut item);
    from_item(&item).unwrap_err().to_string()
}

#[test]
fn rows_of_other_tools_are_read() {
    let row = from_item(&foreign()).unwrap();
    assert_eq!((row.user.as_str(), row.request_count, row.ttl), ("dana", 3, None));
    assert_eq!(row.started_at.to_string(), "2026-11-22T19:00:00.123456789Z");
    assert_eq!(row.kubernetes, KubernetesFacts::default());
    assert_eq!((row.role_arn, row.credentials_until, row.source_identity.as_str()), (None, None, ""));
}

#[test]
fn the_least_row_is_read() {
    let mut item = foreign();
    item.retain(|name, _| ["id", "user", "profile", "status", "created_at", "expires_at"].contains(&name.as_str()));
    item.insert("revoked_by".into(), AttributeValue::Null(true));
    item.insert("revoked_reason".into(), text(""));
    let row = from_item(&item).unwrap();
    assert_eq!((row.started_at, row.last_access_at, row.updated_at), (row.created_at, row.created_at, row.created_at));
    assert_eq!((row.request_count, row.revoked_by, row.revoked_reason), (0, None, None));
}

#[test]
fn times_are_written_as_go_writes_them() {
    for go in
        ["2026-11-22T19:00:00Z", "2026-11-22T19:00:00.1Z", "2026-11-22T19:00:00.000000001Z", "2026-11-22T19:00:00.12Z"]
    {
        assert_eq!(time(go.parse().unwrap()), text(go));
    }
}

#[test]
fn bounds_are_whole_seconds_and_never_earlier() {
    let bounded = |text: &str| bound(text.parse().unwrap());
    assert_eq!(bounded("2026-11-22T19:00:00.000000001Z"), text("2026-11-22T19:00:01Z"));
    assert_eq!(bounded("2026-11-22T19:00:00Z"), text("2026-11-22T19:00:00Z"));
}

#[test]
fn says_which_attribute_of_which_row_is_wrong() {
    for name in ["user", "profile", "status", "created_at", "expires_at"] {
        let message = refused(|item| drop(item.remove(name)));
        assert_eq!(message, format!("row `0123456789abcdef`: attribute `{name}`: is missing"));
    }
    assert!(refused(|item| drop(item.remove("id"))).starts_with("row `?`: attribute `id`: is missing"));
    assert!(
        refused(|item| drop(item.insert("status".into(), text("Active")))).contains("unknown session status `Active`")
    );
    assert!(refused(|item| drop(item.insert("id".into(), text("x")))).contains("not a session id"));
    assert!(refused(|item| drop(item.insert("expires_at".into(), text("soon")))).contains("attribute `expires_at`: "));
    assert!(refused(|item| drop(item.insert("user".into(), number(1)))).contains("`user`: a text (S) is expected"));
    assert!(refused(|item| drop(item.insert("ttl".into(), text("1")))).contains("`ttl`: a number (N) is expected"));
    assert!(
        refused(|item| drop(item.insert("request_count".into(), number(-1)))).contains("`-1` is not a whole number")
    );
}

#[test]
fn a_counter_beyond_all_numbers_does_not_hide_a_revocation() {
    for (digits, count) in [("36893488147419103228", u64::MAX), ("18446744073709551615", u64::MAX), ("12", 12)] {
        let mut item = foreign();
        item.insert("status".into(), text("revoked"));
        item.insert("request_count".into(), AttributeValue::N(digits.to_owned()));
        let row = from_item(&item).unwrap();
        assert_eq!((row.status, row.request_count), (RowStatus::Revoked, count), "{digits}");
    }
}

#[test]
fn empty_texts_are_left_out() {
    let mut row = from_item(&foreign()).unwrap();
    row.server_instance_id = String::new();
    let item = to_item(&row);
    assert!(!item.contains_key("server_instance_id") && !item.contains_key("ttl") && !item.contains_key("pod"));
    assert!(item.values().all(|value| value != &text("")));
}

/// RFC 3339 knows the years 0 to 9999, and jiff ends a day before that, so that every zone can show what it knows.
const LAST: i64 = 253_402_207_200;

fn times() -> impl Strategy<Value = Timestamp> {
    times_since(-62_167_219_200)
}

fn times_since(first: i64) -> impl Strategy<Value = Timestamp> {
    (first..LAST, 0..1_000_000_000_i32).prop_map(|(s, n)| Timestamp::new(s, n).unwrap())
}

fn seconds() -> impl Strategy<Value = Timestamp> {
    (0..LAST).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn statuses() -> impl Strategy<Value = RowStatus> {
    prop_oneof![Just(RowStatus::Active), Just(RowStatus::Revoked), Just(RowStatus::Expired)]
}

prop_compose! {
    fn facts()(texts in proptest::array::uniform5("[a-z.-]{0,20}")) -> KubernetesFacts {
        let [cluster, namespace, service_account, pod, pod_uid] = texts;
        KubernetesFacts { cluster, namespace, service_account, pod, pod_uid }
    }
}

prop_compose! {
    fn rows()(
        id in "[0-9a-f]{16}",
        (user, profile, server_instance_id) in ("\\PC{1,40}", "\\PC{1,20}", "\\PC{0,20}"),
        (status, request_count, ttl) in (statuses(), any::<u64>(), option::of(any::<i64>())),
        [started_at, last_access_at, expires_at, created_at, updated_at] in proptest::array::uniform5(times()),
        (source_identity, revoked_by, revoked_reason) in ("[a-z]{0,9}", option::of("\\PC{1,9}"), option::of("\\PC{1,9}")),
        (kubernetes, role_arn, credentials_until) in (facts(), option::of("[a-z:]{1,9}"), option::of(seconds())),
        roles in proptest::collection::btree_set("[a-z:]{1,9}", 0..3),
    ) -> SessionRow {
        SessionRow {
            id: id.parse().unwrap(),
            user, profile, server_instance_id, status, started_at, last_access_at, expires_at, created_at, updated_at,
            request_count, source_identity, ttl, revoked_by, revoked_reason, kubernetes, role_arn, roles, credentials_until,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(row in rows()) {
        prop_assert_eq!(from_item(&to_item(&row)), Ok(row));
    }

    #[test]
    fn bounds_sort_as_their_times(a in times_since(0), b in times_since(0)) {
        let texts = [bound(a), bound(b)].map(|value| value.as_s().unwrap().clone());
        if a < b {
            prop_assert!(texts[0] <= texts[1]);
        }
    }
}
