use rstest::rstest;

use super::super::call;
use super::*;
use crate::ErrorKind;

fn index(hash: &str, range: &str) -> IndexFacts {
    IndexFacts {
        status: "ACTIVE".into(),
        key: vec![hash.to_owned(), range.to_owned()],
        projection: "ALL".into(),
        included: vec![],
    }
}

fn good() -> TableFacts {
    let keys = ["id", "user", "status", "profile", "server_instance_id", "created_at"];
    TableFacts {
        status: "ACTIVE".into(),
        key: vec!["id".into()],
        types: keys.map(|name| (name.to_owned(), "S".to_owned())).into(),
        indexes: INDEXES.map(|(name, hash, range)| (name.to_owned(), index(hash, range))).into(),
        ttl_attribute: Ok(Some("ttl".into())),
        point_in_time_recovery: Ok(Some(true)),
    }
}

fn with_index(name: &str, change: impl FnOnce(&mut IndexFacts)) -> TableFacts {
    let mut facts = good();
    change(facts.indexes.get_mut(name).unwrap());
    facts
}

fn without_index(name: &str) -> TableFacts {
    let mut facts = good();
    facts.indexes.remove(name);
    facts
}

fn with_type(attribute: &str, found: &str) -> TableFacts {
    let mut facts = good();
    facts.types.insert(attribute.into(), found.into());
    facts
}

fn with_device_index() -> TableFacts {
    let mut facts = good();
    facts.types.insert("device_id".into(), "S".into());
    facts.indexes.insert("gsi-device-id".into(), index("device_id", "created_at"));
    facts
}

#[test]
fn a_good_table_is_fine() {
    assert_eq!((good().problems(), good().advice()), (vec![], vec![]));
    let updating = TableFacts { status: "UPDATING".into(), ..good() };
    assert_eq!(updating.problems(), []);
}

#[rstest]
#[case::creating(TableFacts { status: "CREATING".into(), ..good() }, "TableNotActive", "it is CREATING, and can be used when")]
#[case::archived(TableFacts { status: "ARCHIVED".into(), ..good() }, "TableNotActive", "it is ARCHIVED")]
#[case::other_key(TableFacts { key: vec!["pk".into(), "sk".into()], ..good() }, "WrongKey", "its key is `pk, sk` and must be `id` alone")]
#[case::range_key(TableFacts { key: vec!["id".into(), "user".into()], ..good() }, "WrongKey", "make another table")]
#[case::number(with_type("id", "N"), "WrongKey", "`id` in a key is of type N, but rows hold S: make another table")]
#[case::index_of_numbers(
    with_type("expires_at", "N"),
    "WrongKey",
    "`expires_at` in a key is of type N, but rows hold S: delete the index"
)]
#[case::index_of_texts(with_type("ttl", "S"), "WrongKey", "`ttl` in a key is of type S, but rows hold N")]
#[case::no_index(
    without_index("gsi-status"),
    "StatusIndexNotReady",
    "index gsi-status is missing: add it with the key `status, created_at`"
)]
#[case::other_index(with_index("gsi-status", |index| index.key.truncate(1)), "StatusIndexNotReady", "index gsi-status has the key `status`: make it `status, created_at`")]
#[case::index_building(with_index("gsi-status", |index| index.status = "CREATING".into()), "StatusIndexNotReady", "index gsi-status is CREATING, and")]
fn problems_say_how_to_mend_them(#[case] facts: TableFacts, #[case] reason: &str, #[case] words: &str) {
    let problems = facts.problems();
    let told: Vec<_> = problems.iter().map(|problem| (problem.reason(), problem.to_string())).collect();
    assert!(matches!(told.as_slice(), [(r, text)] if *r == reason && text.contains(words)), "{told:?}");
    assert_eq!(facts.advice(), Vec::<String>::new());
}

#[rstest]
#[case::no_ttl(TableFacts { ttl_attribute: Ok(None), ..good() }, "TTL is off")]
#[case::other_ttl(TableFacts { ttl_attribute: Ok(Some("expires_at".into())), ..good() }, "TTL is on attribute `expires_at`: switch it to `ttl`")]
#[case::unknown_ttl(TableFacts { ttl_attribute: Err(denied()), ..good() }, "whether TTL is on can't be told: DynamoDB DescribeTimeToLive on table `t`: no")]
#[case::no_recovery(TableFacts { point_in_time_recovery: Ok(Some(false)), ..good() }, "point-in-time recovery is off")]
#[case::unknown_recovery(TableFacts { point_in_time_recovery: Err(denied()), ..good() }, "whether point-in-time recovery is on can't be told")]
#[case::no_index(without_index("gsi-user"), "index gsi-user is missing")]
#[case::other_index(with_index("gsi-profile", |index| index.key.truncate(1)), "index gsi-profile has the key `profile`")]
#[case::keys_only(with_index("gsi-status", |index| index.projection = "KEYS_ONLY".into()), "index gsi-status projects KEYS_ONLY without")]
#[case::included(with_index("gsi-user", |index| (index.projection, index.included) = ("INCLUDE".into(), vec!["started_at".into()])), "index gsi-user projects INCLUDE without")]
#[case::device(with_device_index(), "index gsi-device-id has device_id in its key")]
fn what_could_be_better_is_advice(#[case] facts: TableFacts, #[case] words: &str) {
    assert_eq!(facts.problems(), []);
    let advice = facts.advice();
    assert!(matches!(advice.as_slice(), [one] if one.contains(words)), "{advice:?}");
}

#[test]
fn an_index_that_includes_every_time_lists() {
    let included = TIMES.iter().filter(|time| **time != "created_at").map(|time| (*time).to_owned()).collect();
    let facts = with_index("gsi-user", |index| (index.projection, index.included) = ("INCLUDE".into(), included));
    assert_eq!(facts.advice(), Vec::<String>::new());
}

fn denied() -> crate::AwsError {
    call("DescribeTimeToLive", "t").fails(ErrorKind::Denied, "no")
}
