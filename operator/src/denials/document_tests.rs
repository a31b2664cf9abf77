use super::*;
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn id(number: u64) -> SessionId {
    format!("{number:016x}").parse().unwrap()
}

/// The documents as IAM gets them. docs/security.md explains each line.
#[test]
fn golden_documents() {
    let sessions =
        [(1, "2026-11-25T23:30:00Z"), (0xfedc_ba98_7654_3210, "2026-11-25T23:30:00Z"), (2, "2026-11-25T23:40:00Z")];
    let document = Document {
        sessions: sessions.iter().map(|(number, until)| (id(*number), at(until))).collect(),
        older: Some(Older { than: at("2026-11-25T22:31:07Z"), until: at("2026-11-25T23:40:00Z") }),
    };
    let pretty: Value = serde_json::from_str(&document.text()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&pretty).unwrap(), @r#"
    {
      "Statement": [
        {
          "Action": "*",
          "Condition": {
            "StringLike": {
              "aws:SourceIdentity": [
                "sentinel.*.0000000000000001",
                "sentinel.*.fedcba9876543210"
              ]
            }
          },
          "Effect": "Deny",
          "Resource": "*",
          "Sid": "SentinelUntil20261125T233000Z"
        },
        {
          "Action": "*",
          "Condition": {
            "StringLike": {
              "aws:SourceIdentity": [
                "sentinel.*.0000000000000002"
              ]
            }
          },
          "Effect": "Deny",
          "Resource": "*",
          "Sid": "SentinelUntil20261125T234000Z"
        },
        {
          "Action": "*",
          "Condition": {
            "DateLessThan": {
              "aws:TokenIssueTime": "2026-11-25T22:31:07Z"
            },
            "StringLike": {
              "aws:SourceIdentity": "sentinel.*"
            }
          },
          "Effect": "Deny",
          "Resource": "*",
          "Sid": "SentinelOlderUntil20261125T234000Z"
        }
      ],
      "Version": "2012-10-17"
    }
    "#);
    assert_eq!(length(&document.text()), document.text().len());
}

#[test]
fn of_two_documents_nothing_is_lost() {
    let of = |sessions: &[(u64, &str)], older: Option<(&str, &str)>| Document {
        sessions: sessions.iter().map(|(number, until)| (id(*number), at(until))).collect(),
        older: older.map(|(than, until)| Older { than: at(than), until: at(until) }),
    };
    let (eleven, half_past) = ("2026-11-25T23:00:00Z", "2026-11-25T23:30:00Z");
    let one = of(&[(1, eleven), (2, half_past)], Some(("2026-11-25T22:10:00Z", half_past)));
    let other = of(&[(1, half_past), (3, eleven)], Some(("2026-11-25T22:20:00Z", eleven)));
    let both = of(&[(1, half_past), (2, half_past), (3, eleven)], Some(("2026-11-25T22:20:00Z", half_past)));
    assert_eq!(one.clone().and(&other), both);
    assert_eq!(other.and(&one), both);
    assert_eq!(one.clone().and(&Document::default()), one);
    assert_eq!(Document::default().and(&one), one);
}

#[test]
fn lengths_add_up() {
    let until = at("2026-11-25T23:30:00Z");
    let of = |count| {
        length(&Document { sessions: (0..count).map(|number| (id(number), until)).collect(), older: None }.text())
    };
    assert_eq!(of(1) - of(0), first_session(&id(0), until) - 1, "no comma before the first statement");
    assert_eq!(of(7) - of(1), 6 * NEXT_SESSION);
}

#[test]
fn what_is_not_ours_is_nothing() {
    for text in ["", "[]", "{}", r#"{"Statement":{"Sid":"x"}}"#, r#"{"Statement":[{"Sid":"SentinelUntilever"}]}"#] {
        assert!(Document::parse(text).is_empty(), "{text}");
    }
    let foreign = r#"{"Statement":[{"Sid":"SentinelUntil20261125T233000Z","Condition":{"StringLike":{"aws:SourceIdentity":["sentinel.*","x.0000000000000001"]}}}]}"#;
    assert!(Document::parse(foreign).is_empty());
}

#[test]
fn marks_are_never_earlier() {
    for (text, marked) in [
        ("2026-11-25T23:30:00Z", "2026-11-25T23:30:00Z"),
        ("2026-11-25T23:30:00.000000001Z", "2026-11-25T23:40:00Z"),
        ("2026-11-25T23:30:01Z", "2026-11-25T23:40:00Z"),
    ] {
        assert_eq!(mark(at(text)), at(marked), "{text}");
    }
}

proptest! {
    #[test]
    fn reads_what_it_writes(
        sessions in proptest::collection::btree_map(any::<u64>(), 1_700_000_000_i64..1_900_000_000, 0..50),
        older in proptest::option::of((1_700_000_000_i64..1_900_000_000, 1_700_000_000_i64..1_900_000_000)),
    ) {
        let second = |second| Timestamp::from_second(second).unwrap();
        let document = Document {
            sessions: sessions.into_iter().map(|(number, until)| (id(number), second(until))).collect(),
            older: older.map(|(than, until)| Older { than: second(than), until: second(until) }),
        };
        prop_assert_eq!(Document::parse(&document.text()), document);
    }
}
