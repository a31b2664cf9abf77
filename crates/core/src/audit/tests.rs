//! What is signed can't be changed, and what is taken out is missed.

use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn key() -> Key {
    Key::read("2026", SECRET).unwrap()
}

fn sealer() -> Sealer {
    Sealer::new(key(), "broker-0", Timestamp::UNIX_EPOCH)
}

fn link(line: &str) -> Link {
    serde_json::from_str(Sealed::read(line).unwrap().entry).unwrap()
}

/// Made with `openssl dgst -sha256 -hmac`, over the text of spec and nothing else.
#[test]
fn a_known_answer() {
    let line = sealer().seal("{\"user\":\"a<b>&c\"}", Timestamp::from_second(1_772_452_800).unwrap()).unwrap();
    let entry =
        "{\"user\":\"a\\u003cb\\u003e\\u0026c\",\"writer\":\"broker-0@1970-01-01T00:00:00Z\",\"seq\":1,\"prev\":\"\"}";
    let signature = "e768e792cd7f517fb5af56b954a231404aaf37e45e6b214ee8c49b83196af574";
    let expected = format!(
        "{{\"entry\":{entry},\"signature\":\"{signature}\",\"key_id\":\"2026\",\"timestamp\":\"2026-03-02T12:00:00Z\"}}"
    );
    assert_eq!(line, expected);
    assert!(Sealed::read(&line).unwrap().is_by(&key()));
    let unescaped = expected.replace("\\u003c", "<").replace("\\u003e", ">").replace("\\u0026", "&");
    assert!(Sealed::read(&unescaped).unwrap().is_by(&key()), "as others may write it");
}

#[rstest]
#[case::short(b"0123456789abcdef0123456789abcde", "it has 31 bytes")]
#[case::short_text(b"0123456789abcdef0123456789abcde\n", "it has 31 bytes")]
#[case::nothing(b"", "it has 0 bytes")]
fn a_short_key_is_refused(#[case] bytes: &[u8], #[case] why: &str) {
    let error = Key::read("a", bytes).unwrap_err().to_string();
    assert!(error.starts_with(why) && error.contains("openssl rand"), "{error}");
}

#[test]
fn a_key_is_its_text_or_its_bytes_and_is_never_shown() {
    let line = sealer().seal("{}", Timestamp::UNIX_EPOCH).unwrap();
    let by = |bytes: &[u8]| Sealed::read(&line).unwrap().is_by(&Key::read("other", bytes).unwrap());
    assert!(by(SECRET) && by(&[SECRET, b"\n"].concat()) && by(&[SECRET, b"\r\n"].concat()));
    assert!(!by(&[SECRET, b"\0\n"].concat()), "bytes count, all of them");
    assert_eq!(format!("{:?}", key()), "Key { id: \"2026\", .. }");
    for id in ["", "a b", "a\"b", "ä"] {
        assert_eq!(Key::read(id, SECRET).unwrap_err(), KeyError::Id(id.to_owned()));
    }
}

#[test]
fn what_is_no_object_is_not_signed_and_not_counted() {
    let mut sealer = sealer();
    assert_eq!(sealer.seal("[]", Timestamp::UNIX_EPOCH), None);
    let line = sealer.seal("{}", Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(link(&line).seq, 1);
}

#[rstest]
#[case::whole(&[0, 1, 2, 3], &[])]
#[case::beginning(&[2, 3], &[Broken::Beginning(2)])]
#[case::gap(&[0, 3], &[Broken::Missing(2)])]
#[case::twice(&[0, 1, 1, 2], &[Broken::Before])]
#[case::another_order(&[1, 0, 2], &[Broken::Beginning(1), Broken::Before])]
fn a_chain_misses_what_is_not_there(#[case] order: &[usize], #[case] expected: &[Broken]) {
    let mut sealer = sealer();
    let lines: Vec<String> =
        (0..4).map(|n| sealer.seal(&json!({"n": n}).to_string(), Timestamp::UNIX_EPOCH).unwrap()).collect();
    let mut chains = Chains::default();
    let follow = |at: &usize| chains.follow(link(&lines[*at]), Sealed::read(&lines[*at]).unwrap().signature).err();
    let found: Vec<Broken> = order.iter().filter_map(follow).collect();
    assert_eq!(found, expected);
    assert_eq!(chains.len(), 1);
}

#[test]
fn a_line_of_another_past_is_told() {
    let (mut one, mut other, mut chains) = (sealer(), sealer(), Chains::default());
    let seal = |sealer: &mut Sealer, entry: &str| sealer.seal(entry, Timestamp::UNIX_EPOCH).unwrap();
    let (first, _) = (seal(&mut one, "{\"a\":1}"), seal(&mut other, "{\"a\":2}"));
    let second = seal(&mut other, "{\"a\":3}");
    chains.follow(link(&first), Sealed::read(&first).unwrap().signature).unwrap();
    assert_eq!(chains.follow(link(&second), "s"), Err(Broken::Other));
}

fn entries() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-z]{1,6}", "(?s).{0,20}", 0..5).prop_map(|fields| json!(fields))
}

proptest! {
    #[test]
    fn what_was_signed_verifies_and_keeps_its_words(entry in entries(), second in 0i64..4_000_000_000) {
        let line = sealer().seal(&entry.to_string(), Timestamp::from_second(second).unwrap()).unwrap();
        let sealed = Sealed::read(&line).unwrap();
        prop_assert!(sealed.is_by(&key()));
        prop_assert!(!sealed.is_by(&Key::read("2026", &[7; 32]).unwrap()), "another key");
        let found: Value = serde_json::from_str(sealed.entry).unwrap();
        for (key, value) in entry.as_object().unwrap() {
            prop_assert_eq!(&found[key], value);
        }
        serde_json::from_str::<Value>(&line).unwrap();
    }

    #[test]
    fn any_change_of_a_byte_is_seen(entry in entries(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let line = sealer().seal(&entry.to_string(), Timestamp::UNIX_EPOCH).unwrap();
        let mut bytes = line.clone().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        let verifies = std::str::from_utf8(&bytes).is_ok_and(|line| Sealed::read(line).is_some_and(|it| it.is_by(&key())));
        prop_assert!(!verifies);
    }
}
