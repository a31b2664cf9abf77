//! Each transition is told once, whatever a watch repeats.

use super::*;
use serde_json::{Value, json};

const MADE: &str = "2026-03-02T01:00:00Z";

fn at(minute: i64) -> Timestamp {
    MADE.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minute)
}

fn lock(uid: &str, end: Option<i64>, told: &Value) -> DynamicObject {
    let spec = json!({"namespaces": ["payments"], "reason": "leak", "createdBy": "dana", "expiresAt": end.map(|end| at(end).to_string())});
    serde_json::from_value(json!({
        "metadata": {"name": uid, "uid": uid, "creationTimestamp": MADE}, "spec": spec, "status": {"told": told},
    }))
    .unwrap()
}

/// Hears, and tells all of it.
fn told(book: &mut Book, event: Event<DynamicObject>, minute: i64) -> Vec<(Change, Timestamp)> {
    tell(book, |book| book.hear(event, at(minute)))
}

fn tell(book: &mut Book, ask: impl FnOnce(&mut Book) -> Vec<Untold>) -> Vec<(Change, Timestamp)> {
    let untold = ask(book);
    for one in &untold {
        book.told(one);
    }
    untold.into_iter().map(|one| (one.change, one.at)).collect()
}

#[test]
fn made_and_deleted() {
    let mut book = Book::default();
    let new = || Event::Apply(lock("a", None, &Value::Null));
    assert_eq!(told(&mut book, new(), 1), [(Change::Created, at(0))]);
    assert_eq!(told(&mut book, new(), 2), [], "a watch that is late repeats nothing");
    assert_eq!(told(&mut book, Event::Delete(lock("a", None, &json!("Created"))), 3), [(Change::Deleted, at(3))]);
}

#[test]
fn it_ends_by_itself_once_and_its_deletion_is_no_end() {
    let mut book = Book::default();
    assert_eq!(told(&mut book, Event::Apply(lock("a", Some(5), &Value::Null)), 1), [(Change::Created, at(0))]);
    assert_eq!(tell(&mut book, |book| book.due(at(4))), []);
    assert_eq!(tell(&mut book, |book| book.due(at(6))), [(Change::Expired, at(5))]);
    assert_eq!(tell(&mut book, |book| book.due(at(7))), []);
    assert_eq!(told(&mut book, Event::Delete(lock("a", Some(5), &json!("Created"))), 8), []);
}

#[test]
fn it_holds_again_when_its_end_is_put_off() {
    let mut book = Book::default();
    assert_eq!(told(&mut book, Event::Apply(lock("a", Some(5), &json!("Ended"))), 9), []);
    assert_eq!(told(&mut book, Event::Apply(lock("a", Some(20), &json!("Ended"))), 10), [(Change::Created, at(10))]);
    assert_eq!(told(&mut book, Event::Apply(lock("a", Some(20), &json!("Ended"))), 11), [], "the watch is late");
    assert_eq!(told(&mut book, Event::Delete(lock("a", Some(20), &json!("Created"))), 12), [(Change::Deleted, at(12))]);
}

#[test]
fn a_restart_tells_what_was_not_told_and_nothing_else() {
    let mut book = Book::default();
    let listing =
        [lock("old", None, &json!("Created")), lock("new", None, &Value::Null), lock("over", Some(5), &json!("Ended"))];
    assert_eq!(told(&mut book, Event::Init, 9), []);
    let heard: Vec<_> = listing.into_iter().flat_map(|one| told(&mut book, Event::InitApply(one), 9)).collect();
    assert_eq!(heard, [(Change::Created, at(0))]);
    assert_eq!(told(&mut book, Event::InitDone, 9), []);
    assert_eq!(told(&mut book, Event::Init, 9), [], "the watch begins anew");
    assert_eq!(told(&mut book, Event::InitApply(lock("new", None, &json!("Created"))), 9), []);
    assert_eq!(told(&mut book, Event::InitDone, 10), [(Change::Deleted, at(10))], "old; the other was over");
}

#[test]
fn what_lived_shorter_than_a_watch_is_told_whole() {
    let mut book = Book::default();
    let heard = told(&mut book, Event::Delete(lock("a", None, &Value::Null)), 1);
    assert_eq!(heard, [(Change::Created, at(0)), (Change::Deleted, at(1))]);
}
