use proptest::prelude::*;
use rstest::rstest;

use super::GoDuration;

#[rstest]
#[case("0", 0)]
#[case("5s", 5_000_000_000)]
#[case("30s", 30_000_000_000)]
#[case("1478s", 1_478_000_000_000)]
#[case("-5s", -5_000_000_000)]
#[case("+5s", 5_000_000_000)]
#[case("-0", 0)]
#[case("+0", 0)]
#[case("5.0s", 5_000_000_000)]
#[case("5.6s", 5_600_000_000)]
#[case("5.s", 5_000_000_000)]
#[case(".5s", 500_000_000)]
#[case("1.0040s", 1_004_000_000)]
#[case("100.00100s", 100_001_000_000)]
#[case("10ns", 10)]
#[case("11us", 11_000)]
#[case("12µs", 12_000)]
#[case("12μs", 12_000)]
#[case("13ms", 13_000_000)]
#[case("15m", 900_000_000_000)]
#[case("16h", 57_600_000_000_000)]
#[case("3h30m", 12_600_000_000_000)]
#[case("10.5s4m", 250_500_000_000)]
#[case("-2m3.4s", -123_400_000_000)]
#[case("1h2m3s4ms5us6ns", 3_723_004_005_006)]
#[case("9007199254740993ns", 9_007_199_254_740_993)]
#[case("9223372036854775807ns", i64::MAX)]
#[case("9223372036854775.807us", i64::MAX)]
#[case("-9223372036854775808ns", i64::MIN)]
#[case("0.3333333333333333333h", 1_200_000_000_000)]
#[case("0.9223372036854775807h", 3_320_413_933_267)]
#[case("0.100000000000000000000h", 360_000_000_000)]
#[case("0.830103483285477580700h", 2_988_372_539_827)]
fn reads_as_go_does(#[case] text: &str, #[case] nanos: i64) {
    assert_eq!(text.parse(), Ok(GoDuration::from_nanos(nanos)), "{text}");
}

#[rstest]
fn refuses_as_go_does(
    #[values(
        "",
        "3",
        "-",
        "s",
        ".",
        "-.",
        ".s",
        "+.s",
        "1d",
        "1w",
        "1y",
        "1 h",
        " 1h",
        "1h ",
        "3000000h",
        "9223372036854775808ns",
        "9223372036854775.808us",
        "9223372036854ms775us808ns",
        "-9223372036854775809ns",
        "-0x1s",
        "--1s",
        "1hh",
        "1H",
        "\u{661}s"
    )]
    text: &str,
) {
    assert!(text.parse::<GoDuration>().is_err(), "{text}");
}

#[rstest]
#[case(0, "0s")]
#[case(1, "1ns")]
#[case(1_100, "1.1µs")]
#[case(2_200_000, "2.2ms")]
#[case(3_300_000_000, "3.3s")]
#[case(245_000_000_000, "4m5s")]
#[case(245_001_000_000, "4m5.001s")]
#[case(18_367_001_000_000, "5h6m7.001s")]
#[case(480_000_000_001, "8m0.000000001s")]
#[case(900_000_000_000, "15m0s")]
#[case(28_800_000_000_000, "8h0m0s")]
#[case(-1_500_000_000, "-1.5s")]
#[case(i64::MAX, "2562047h47m16.854775807s")]
#[case(i64::MIN, "-2562047h47m16.854775808s")]
fn prints_as_go_does(#[case] nanos: i64, #[case] text: &str) {
    assert_eq!(GoDuration::from_nanos(nanos).to_string(), text);
}

#[test]
fn is_a_string_in_json() {
    let quarter: GoDuration = serde_json::from_str("\"15m\"").unwrap();
    assert_eq!(quarter.as_secs(), 900);
    assert_eq!(serde_json::to_string(&quarter).unwrap(), "\"15m0s\"");
    assert!(serde_json::from_str::<GoDuration>("900").is_err());
}

#[test]
fn a_duration_in_seconds_stays_within_its_range() {
    assert_eq!(GoDuration::from_secs(i64::MAX), GoDuration::from_nanos(i64::MAX));
    assert_eq!(GoDuration::from_secs(-1).as_secs(), -1);
}

/// A second reading of the format: decimals by integer arithmetic in 128 bits. Exact for up to 9 places of a fraction.
fn naive(terms: &[(u32, Option<u32>, &str)]) -> i128 {
    let nanos = |unit: &str| match unit {
        "h" => 3_600_000_000_000_i128,
        "m" => 60_000_000_000,
        "s" => 1_000_000_000,
        "ms" => 1_000_000,
        "us" => 1_000,
        _ => 1,
    };
    terms
        .iter()
        .map(|(whole, tenths, unit)| {
            i128::from(*whole) * nanos(unit) + i128::from(tenths.unwrap_or(0)) * nanos(unit) / 10
        })
        .sum()
}

fn term() -> impl Strategy<Value = (u32, Option<u32>, &'static str)> {
    let unit = prop::sample::select(vec!["h", "m", "s", "ms", "us", "ns"]);
    (0..100_000_u32, prop::option::of(0..10_u32), unit)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn what_is_printed_is_read_back(nanos in any::<i64>()) {
        let duration = GoDuration::from_nanos(nanos);
        prop_assert_eq!(duration.to_string().parse(), Ok(duration));
    }

    #[test]
    fn agrees_with_a_naive_reading(terms in prop::collection::vec(term(), 1..5), negative in any::<bool>()) {
        let written = terms.iter().map(|(whole, tenths, unit)| match tenths {
            Some(tenths) => format!("{whole}.{tenths}{unit}"),
            None => format!("{whole}{unit}"),
        });
        let text = if negative { "-" } else { "" }.to_owned() + &written.collect::<Vec<_>>().concat();
        let expected = naive(&terms) * if negative { -1 } else { 1 };
        let read: GoDuration = text.parse().unwrap();
        // Go multiplies fractions as floats: each may lose a nanosecond.
        let off = i128::from(read.as_nanos()) - expected;
        prop_assert!(off.abs() <= i128::try_from(terms.len()).unwrap(), "{} is off by {}", text, off);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-+0-9.hmsuµn ]{0,24}") {
        let _ = text.parse::<GoDuration>();
    }
}
