//! When a rule's window opens next.

use jiff::{SignedDuration, Timestamp};

use crate::time::TimeWindow;

/// As far as a window looks ahead by itself.
const WEEK_AND_A_DAY: SignedDuration = SignedDuration::from_hours(8 * 24);
/// Clocks that change leave out one opening of a weekly window, and never one in each of so many weeks.
const LOOKS: usize = 4;
const NANOS: i128 = 1_000_000_000;

/// The first instant after `at` at which `window`, which is closed then, is open; none where that is never, or not near.
pub fn opens(window: &TimeWindow, at: Timestamp) -> Option<Timestamp> {
    let mut from = at;
    for _ in 0..LOOKS {
        if window.contains(from) {
            // It was open from the start, or has opened at the very second at which the look before ended.
            return (from != at).then_some(from);
        }
        if let Some(change) = window.next_change(from) {
            return Some(change);
        }
        // Windows turn at whole seconds, and the look before ended at one.
        let whole = Timestamp::from_second(from.as_nanosecond().div_euclid(NANOS).try_into().ok()?).ok()?;
        from = whole.checked_add(WEEK_AND_A_DAY).ok()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::BreakGlassPolicy;
    use proptest::prelude::*;
    use rstest::rstest;

    fn window(text: &str) -> TimeWindow {
        let text = format!("version: \"1\"\nrules:\n- {{name: r, users: [ann], time: {text}}}\n");
        BreakGlassPolicy::from_yaml(&text).unwrap().rule_for("prod").unwrap().1.time.clone().unwrap()
    }

    #[rstest]
    #[case::today("{hours: {start: \"20:00\", end: \"23:00\"}}", "2026-03-02T19:00:00Z", Some("2026-03-02T20:00:00Z"))]
    #[case::at_its_end(
        "{hours: {start: \"20:00\", end: \"23:00\"}}",
        "2026-03-02T23:00:00Z",
        Some("2026-03-03T20:00:00Z")
    )]
    #[case::within_a_second(
        "{hours: {start: \"20:00\", end: \"23:00\"}}",
        "2026-03-02T19:59:59.9Z",
        Some("2026-03-02T20:00:00Z")
    )]
    #[case::next_week(
        "{days: [monday], hours: {start: \"09:00\", end: \"10:00\"}}",
        "2026-03-02T10:00:00Z",
        Some("2026-03-09T09:00:00Z")
    )]
    #[case::another_zone(
        "{hours: {start: \"09:00\", end: \"10:00\"}, timezone: America/New_York}",
        "2026-07-06T12:00:00Z",
        Some("2026-07-06T13:00:00Z")
    )]
    // Clocks leave out 02:00 to 03:00 of 2026-03-08, a Sunday: the window of that week never opens, and the next one is 14 days away.
    #[case::left_out_by_the_clocks(
        "{days: [sunday], hours: {start: \"02:00\", end: \"02:30\"}, timezone: America/New_York}",
        "2026-03-01T07:30:00.5Z",
        Some("2026-03-15T06:00:00Z")
    )]
    #[case::open("{hours: {start: \"20:00\", end: \"23:00\"}}", "2026-03-02T21:00:00Z", None)]
    #[case::always(
        "{days: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]}",
        "2026-03-02T21:00:00Z",
        None
    )]
    #[case::never("{hours: {start: \"23:00\", end: \"20:00\"}}", "2026-03-02T21:00:00Z", None)]
    #[case::the_end_of_time("{hours: {start: \"09:00\", end: \"10:00\"}}", "9999-12-30T22:00:00.9Z", None)]
    fn a_closed_window_opens(#[case] text: &str, #[case] at: &str, #[case] expected: Option<&str>) {
        let expected = expected.map(|text| text.parse().unwrap());
        assert_eq!(opens(&window(text), at.parse().unwrap()), expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

        /// It is closed until then, and open at that very moment; a window that has hours at all opens within three weeks.
        #[test]
        fn it_is_closed_until_it_opens(
            day in prop::sample::subsequence(vec!["monday", "saturday", "sunday"], 0..3),
            (start, end) in (0_u32..1439, 0_u32..1439),
            zone in prop::sample::select(vec!["Etc/UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
            second in 1_700_000_000_i64..1_800_000_000,
        ) {
            let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
            let hours = format!("{{start: \"{}\", end: \"{}\"}}", clock(start), clock(end));
            let window = window(&format!("{{days: [{}], hours: {hours}, timezone: {zone}}}", day.join(", ")));
            let at = Timestamp::from_second(second).unwrap();
            match opens(&window, at) {
                Some(opening) => {
                    prop_assert!(!window.contains(at) && window.contains(opening));
                    prop_assert!(opening > at && opening.as_second() - second <= 21 * 86_400);
                    let minutes = (second..opening.as_second()).step_by(60);
                    prop_assert!(minutes.chain([opening.as_second() - 1]).all(|second| !window.contains(Timestamp::from_second(second).unwrap())));
                }
                None => prop_assert!(window.contains(at) || start >= end),
            }
        }
    }
}
