use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rstest::rstest;

use super::{Hours, TimeWindow};
use crate::time::Weekday;

fn window(days: &str, hours: &str, zone: &str) -> TimeWindow {
    let days = days.split_whitespace().map(|day| day.parse().unwrap()).collect();
    let hours =
        hours.split_once('-').map(|(start, end)| Hours { start: start.parse().unwrap(), end: end.parse().unwrap() });
    let timezone = (!zone.is_empty()).then(|| zone.parse().unwrap());
    TimeWindow { days, hours, timezone }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[rstest]
#[case::start_is_inclusive("2026-03-02T09:00:00Z", true)]
#[case::just_before("2026-03-02T08:59:59.999999999Z", false)]
#[case::last_second("2026-03-02T17:59:59.999999999Z", true)]
#[case::end_is_exclusive("2026-03-02T18:00:00Z", false)]
#[case::sunday("2026-03-01T12:00:00Z", false)]
fn is_half_open_to_the_minute(#[case] moment: &str, #[case] inside: bool) {
    assert_eq!(window("monday", "09:00-18:00", "").contains(at(moment)), inside);
}

#[rstest]
#[case::new_york_winter("America/New_York", "09:00-10:00", "2026-01-05T14:30:00Z", true)]
#[case::new_york_summer("America/New_York", "09:00-10:00", "2026-07-06T13:30:00Z", true)]
#[case::half_hour_zone("Asia/Kolkata", "09:00-09:30", "2026-01-05T03:30:00Z", true)]
#[case::half_hour_zone_before("Asia/Kolkata", "09:00-09:30", "2026-01-05T03:29:59Z", false)]
#[case::quarter_zone("Asia/Kathmandu", "00:00-00:15", "2026-01-04T18:15:00Z", true)]
#[case::half_hour_dst("Australia/Lord_Howe", "12:00-12:30", "2026-01-05T01:00:00Z", true)]
fn follows_the_clocks_of_its_zone(#[case] zone: &str, #[case] hours: &str, #[case] moment: &str, #[case] inside: bool) {
    assert_eq!(window("monday", hours, zone).contains(at(moment)), inside);
}

#[test]
fn never_is_where_start_is_not_before_end() {
    for hours in ["18:00-09:00", "09:00-09:00"] {
        let window = window("", hours, "");
        assert!((0..48).all(|half| !window.contains(Timestamp::from_second(half * 1800).unwrap())));
        assert_eq!(window.next_change(at("2026-03-02T09:00:00Z")), None);
    }
}

#[test]
fn without_any_limit_it_is_always() {
    let window = window("", "", "Asia/Tokyo");
    assert!(window.contains(Timestamp::MIN) && window.contains(Timestamp::MAX));
    assert_eq!(window.next_change(Timestamp::MIN), None);
}

#[rstest]
#[case::opens("monday", "09:00-18:00", "UTC", "2026-03-02T08:00:00Z", Some("2026-03-02T09:00:00Z"))]
#[case::closes("monday", "09:00-18:00", "UTC", "2026-03-02T09:00:00Z", Some("2026-03-02T18:00:00Z"))]
#[case::week_later("monday", "09:00-18:00", "UTC", "2026-03-02T18:00:00Z", Some("2026-03-09T09:00:00Z"))]
#[case::midnight_days("saturday sunday", "", "UTC", "2026-03-07T12:00:00.5Z", Some("2026-03-09T00:00:00Z"))]
#[case::late_evening("", "00:00-23:59", "UTC", "2026-03-02T10:00:00Z", Some("2026-03-02T23:59:00Z"))]
// Clocks go from 02:00 to 03:00 on 2026-03-08: 02:30 doesn't exist, the window is cut short.
#[case::spring_forward("", "01:00-02:30", "America/New_York", "2026-03-08T06:30:00Z", Some("2026-03-08T07:00:00Z"))]
#[case::spring_into("", "02:30-04:00", "America/New_York", "2026-03-08T06:30:00Z", Some("2026-03-08T07:00:00Z"))]
#[case::skipped("sunday", "02:00-03:00", "America/New_York", "2026-03-08T06:30:00Z", Some("2026-03-15T06:00:00Z"))]
// Clocks go from 02:00 back to 01:00 on 2026-11-01: 01:00 to 01:30 is there twice.
#[case::first_fall("", "01:00-01:30", "America/New_York", "2026-11-01T05:15:00Z", Some("2026-11-01T05:30:00Z"))]
#[case::second_fall("", "01:00-01:30", "America/New_York", "2026-11-01T05:45:00Z", Some("2026-11-01T06:00:00Z"))]
// Lord Howe's clocks move by half an hour.
#[case::lord_howe("", "01:30-01:45", "Australia/Lord_Howe", "2026-04-04T14:50:00Z", Some("2026-04-04T15:00:00Z"))]
#[case::all_days("monday tuesday wednesday thursday friday saturday sunday", "", "UTC", "2026-03-02T09:00:00Z", None)]
#[case::end_of_time("", "09:00-10:00", "", "9999-12-30T22:00:00.999999999Z", None)]
fn knows_its_next_change(
    #[case] days: &str,
    #[case] hours: &str,
    #[case] zone: &str,
    #[case] moment: &str,
    #[case] change: Option<&str>,
) {
    assert_eq!(window(days, hours, zone).next_change(at(moment)), change.map(at));
}

/// Scans minute by minute; every boundary of a window lies on a full minute in the zones used here.
fn scan(window: &TimeWindow, from: Timestamp) -> Option<Timestamp> {
    let now = window.contains(from);
    let first = from.as_second().div_euclid(60) * 60 + 60;
    (0..8 * 1440 - 1)
        .map(|minute| Timestamp::from_second(first + minute * 60).unwrap())
        .find(|at| window.contains(*at) != now)
}

const ZONES: [&str; 9] = [
    "",
    "UTC",
    "America/New_York",
    "Europe/London",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Casablanca",
    "Pacific/Apia",
];

fn any_window() -> impl Strategy<Value = TimeWindow> {
    let days = prop::sample::subsequence(Weekday::ALL.to_vec(), 0..=7);
    let hours = prop::option::of((0..1440_u16, 0..1440_u16));
    (days, hours, prop::sample::select(ZONES.to_vec())).prop_map(|(days, hours, zone)| {
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let hours = hours.map(|(start, end)| format!("{}-{}", clock(start), clock(end))).unwrap_or_default();
        TimeWindow { days, ..window("", &hours, zone) }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn next_change_agrees_with_a_scan(window in any_window(), second in 1_300_000_000_i64..1_800_000_000) {
        let from = Timestamp::from_second(second).unwrap();
        prop_assert_eq!(window.next_change(from), scan(&window, from));
    }

    #[test]
    fn next_change_agrees_with_a_scan_around_clock_changes(window in any_window(), hour in -300_i64..48) {
        // 2026: London 03-29, Lord Howe 04-05; 2011-12-30: Apia skips a day.
        for turn in ["2026-03-29T01:00:00Z", "2026-04-04T15:00:00Z", "2011-12-30T10:00:00Z"] {
            let from = at(turn) + SignedDuration::from_hours(hour);
            prop_assert_eq!(window.next_change(from), scan(&window, from));
        }
    }

    #[test]
    fn is_total(window in any_window(), second in -377_705_023_201_i64..253_402_207_200) {
        let moment = Timestamp::from_second(second).unwrap();
        let change = window.next_change(moment);
        prop_assert!(change.is_none_or(|change| change > moment && window.contains(change) != window.contains(moment)));
    }
}
