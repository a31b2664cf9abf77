use proptest::prelude::*;

use super::*;

const ROOM: usize = 10_240;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn id(number: u64) -> SessionId {
    format!("{number:016x}").parse().unwrap()
}

fn wanted(revoked_at: i64, or_role: bool) -> Wanted {
    Wanted { revoked_at: at(revoked_at), until: at(revoked_at + 1200), or_role }
}

fn many(count: u64, or_role: bool) -> BTreeMap<SessionId, Wanted> {
    (0..count).map(|number| (id(number), wanted(0, or_role))).collect()
}

fn planned(before: &Document, wanted: &BTreeMap<SessionId, Wanted>, room: usize, now: i64) -> Plan {
    plan(&Facts { before, wanted, room, now: at(now) })
}

#[test]
fn a_revoked_session_is_denied_until_its_end_and_then_forgotten() {
    let plan = planned(&Document::default(), &many(1, false), ROOM, 0);
    assert_eq!(plan.document.sessions, [(id(0), at(1200))].into());
    let kept = planned(&plan.document, &BTreeMap::new(), ROOM, 1199);
    assert_eq!(kept.document, plan.document, "its object, its row and its profile may be gone");
    assert!(planned(&plan.document, &many(1, false), ROOM, 1200).document.is_empty());
}

#[test]
fn a_role_takes_more_than_three_hundred_sessions_and_says_who_found_no_room() {
    let plan = planned(&Document::default(), &many(500, false), ROOM, 0);
    let (denied, left) = (plan.document.sessions.len(), plan.left_out.len());
    assert!(denied > 330 && denied + left == 500, "{denied} of 500 are denied");
    assert!(length(&plan.document.text()) <= ROOM);
    assert!(plan.document.older.is_none());
}

#[test]
fn who_is_denied_already_keeps_its_place() {
    let first = planned(&Document::default(), &many(300, false), ROOM, 0);
    let mut more = many(300, false);
    more.extend((300..400).map(|number| (id(number), wanted(60, false))));
    let then = planned(&first.document, &more, ROOM, 60);
    assert!(first.document.sessions.keys().all(|id| then.document.sessions.contains_key(id)));
    assert!(then.left_out.iter().all(|left| *left >= id(300)));
}

#[test]
fn where_the_profile_allows_it_a_full_role_is_denied_whole() {
    let plan = planned(&Document::default(), &many(500, true), ROOM, 7);
    assert_eq!(plan.document.sessions.len() + plan.left_out.len(), 0);
    let older = plan.document.older.unwrap();
    assert_eq!(older.than, at(7));
    assert!(older.until >= at(7) + LONGEST_LIFE + MARGIN);
    let again = planned(&plan.document, &many(500, true), ROOM, 60);
    assert_eq!(again.document, plan.document, "those are covered, and need no words of their own");
    let mut later = many(500, true);
    later.insert(id(501), wanted(30, true));
    let one_more = planned(&plan.document, &later, ROOM, 60);
    assert_eq!(
        one_more.document.sessions,
        [(id(501), at(1800))].into(),
        "revoked later: not covered, and there is room"
    );
    assert!(planned(&one_more.document, &BTreeMap::new(), ROOM, 6000).document.is_empty());
}

#[test]
fn without_any_room_everybody_is_left_out() {
    for or_role in [false, true] {
        let plan = planned(&Document::default(), &many(3, or_role), 10, 0);
        assert!(plan.document.is_empty());
        assert_eq!(plan.left_out.len(), 3);
    }
}

#[test]
fn what_is_not_known_is_denied_for_the_longest_life() {
    assert_eq!(until(None, at(0)), at(3900));
    assert_eq!(until(Some(at(700)), at(0)), at(1000));
    assert_eq!(until(Some(at(9000)), at(0)), at(3900), "recorded ahead");
}

proptest! {
    /// Over any history of revocations and any room: nobody is dropped before his end, nobody is told to be denied who isn't,
    /// and the policy fits.
    #[test]
    fn nobody_is_forgotten(
        steps in proptest::collection::vec((proptest::collection::btree_map(0_u64..40, (0_i64..900, any::<bool>()), 0..12), 300_usize..1500), 1..12),
    ) {
        let mut document = Document::default();
        let mut wanted: BTreeMap<SessionId, Wanted> = BTreeMap::new();
        for (step, (revoked, room)) in steps.into_iter().enumerate() {
            let now = i64::try_from(step).unwrap() * 300;
            for (number, (life, or_role)) in revoked {
                wanted.entry(id(number)).or_insert(Wanted { revoked_at: at(now), until: at(now + life), or_role });
            }
            let before = document.clone();
            let plan = planned(&before, &wanted, room, now);
            let size = length(&plan.document.text());
            prop_assert!(plan.document.is_empty() || size <= room, "{} > {}", size, room);
            for (id, wanted) in wanted.iter().filter(|(_, wanted)| wanted.until > at(now)) {
                let named = plan.document.sessions.get(id).is_some_and(|until| *until >= wanted.until);
                let covered = plan.document.older.is_some_and(|older| covers(&older, wanted));
                prop_assert!(named || covered || plan.left_out.contains(id), "{} is forgotten", id);
            }
            let twice = planned(&plan.document, &wanted, room, now);
            prop_assert_eq!(&twice.document, &plan.document, "once more changes nothing");
            document = plan.document;
        }
    }
}
