//! A window made ready to be asked often: the edges of its week, and what the clocks of its zone do for some decades.
//!
//! It answers as [`TimeWindow`] does, and hands what it can't tell at once over to it.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::Offset;

use super::TimeWindow;
use super::window::{DAY, LocalTime, seconds};

/// Windows, each once, with their zones, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schedules {
    schedules: Vec<Schedule>,
    zones: Vec<Turns>,
}

/// Whether a window is open, and when that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) is_open: bool,
    pub(crate) next_change: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Schedule {
    window: TimeWindow,
    /// The place of its zone.
    zone: usize,
    /// The seconds of the local week at which it opens or closes, ascending.
    edges: Vec<i64>,
    /// Whether it is open before the first of them, which is to say after the last.
    begins_open: bool,
}

/// From when on the clocks of a zone have which offset, ascending, from [`FIRST`] to [`END`].
#[derive(Clone, Debug)]
struct Turns(Vec<(i64, Offset)>);

/// A time in which clocks run evenly.
#[derive(Clone, Copy)]
struct Span {
    offset: Offset,
    /// Exclusive.
    until: i64,
}

const WEEK: i64 = 7 * DAY;
/// 1970-01-01 was a Thursday, and weeks begin on Monday.
const MONDAY: i64 = 3 * DAY;
/// 2020-01-01T00:00:00Z. What is asked of other years is only slower.
const FIRST: i64 = 1_577_836_800;
/// 2060-01-01T00:00:00Z.
const END: i64 = 2_840_140_800;

impl Schedules {
    /// Of distinct windows, which keep their places.
    pub(crate) fn of(windows: &[&TimeWindow]) -> Self {
        let mut known = HashMap::new();
        let mut made = Self::default();
        for window in windows {
            let zone = *known.entry(window.timezone.as_ref()).or_insert_with(|| {
                made.zones.push(Turns::of(window.zone()));
                made.zones.len() - 1
            });
            made.schedules.push(Schedule::of(window, zone));
        }
        made
    }

    /// What the window at this place is at this moment.
    pub(crate) fn state(&self, place: usize, at: Timestamp) -> Option<State> {
        let schedule = self.schedules.get(place)?;
        let span = self.zones.get(schedule.zone).and_then(|turns| turns.span(seconds(at)));
        Some(span.and_then(|span| schedule.quick(seconds(at), span)).unwrap_or_else(|| schedule.thorough(at)))
    }
}

impl Schedule {
    fn of(window: &TimeWindow, zone: usize) -> Self {
        let is_open = |second: i64| window.holds(LocalTime::of(second - MONDAY));
        let mut edges: Vec<_> = (0..7).flat_map(|day| window.edges().map(|second| day * DAY + second)).collect();
        edges.sort_unstable();
        edges.dedup();
        edges.retain(|edge| is_open(*edge) != is_open(*edge - 1));
        Self { window: window.clone(), zone, edges, begins_open: is_open(-1) }
    }

    /// None if the clocks turn before the next edge.
    fn quick(&self, second: i64, span: Span) -> Option<State> {
        let local = (second + i64::from(span.offset.seconds()) + MONDAY).rem_euclid(WEEK);
        let passed = self.edges.partition_point(|edge| *edge <= local);
        let is_open = self.begins_open != (passed % 2 == 1);
        let Some(first) = self.edges.first() else { return Some(State { is_open, next_change: None }) };
        let next = self.edges.get(passed).copied().unwrap_or(first + WEEK);
        let change = second + next - local;
        let next_change = Timestamp::from_second(change).ok();
        (change < span.until).then_some(State { is_open, next_change })
    }

    fn thorough(&self, at: Timestamp) -> State {
        State { is_open: self.window.contains(at), next_change: self.window.next_change(at) }
    }
}

impl Turns {
    fn of(zone: &jiff::tz::TimeZone) -> Self {
        let Ok(first) = Timestamp::from_second(FIRST) else { return Self(Vec::new()) };
        let later = zone.following(first).map(|turn| (seconds(turn.timestamp()), turn.offset()));
        let later = later.take_while(|(second, _)| *second < END);
        Self(std::iter::once((FIRST, zone.to_offset(first))).chain(later).collect())
    }

    /// None in the years that aren't there.
    fn span(&self, second: i64) -> Option<Span> {
        let next = self.0.partition_point(|(from, _)| *from <= second);
        let (_, offset) = *self.0.get(next.checked_sub(1)?)?;
        let until = self.0.get(next).map_or(END, |(from, _)| *from);
        (second < until).then_some(Span { offset, until })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::{Schedules, State};
    use crate::time::{ClockTime, Hours, TimeWindow, Weekday};

    /// With zones whose clocks turn by an hour, by half an hour, twice a year, across midnight, by a whole day, and never.
    const ZONES: [&str; 9] = [
        "UTC",
        "America/New_York",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "America/Santiago",
        "Asia/Gaza",
        "Pacific/Apia",
        "Asia/Kathmandu",
    ];

    fn clock() -> impl Strategy<Value = ClockTime> {
        (0..1440_u16).prop_map(|minutes| format!("{:02}:{:02}", minutes / 60, minutes % 60).parse().unwrap())
    }

    fn window() -> impl Strategy<Value = TimeWindow> {
        let hours = prop_oneof![
            Just(None),
            (clock(), clock()).prop_map(|(start, end)| Some(Hours { start, end })),
            Just(Some(Hours { start: "00:00".parse().unwrap(), end: "03:00".parse().unwrap() })),
        ];
        let zone = prop::option::of(prop::sample::select(&ZONES[..]).prop_map(|name| name.parse().unwrap()));
        (prop::sample::subsequence(Weekday::ALL, 0..=7), hours, zone).prop_map(|(days, hours, timezone)| TimeWindow {
            days,
            hours,
            timezone,
        })
    }

    /// Of all time, of the years that are kept, and of the days round their ends.
    fn moment() -> impl Strategy<Value = Timestamp> {
        let second = prop_oneof![
            1 => -377_705_023_201_i64..253_402_207_200,
            8 => super::FIRST..super::END,
            1 => super::FIRST - 864_000..super::FIRST + 864_000,
            1 => super::END - 864_000..super::END + 864_000,
        ];
        let on_the_hour = any::<bool>();
        (second, on_the_hour, 0..1_000_000_000_i32).prop_map(|(second, on_the_hour, nanos)| {
            let (second, nanos) = if on_the_hour { (second - second.rem_euclid(1800), 0) } else { (second, nanos) };
            Timestamp::new(second, if second < 0 { -nanos } else { nanos }).unwrap_or(Timestamp::MIN)
        })
    }

    fn agrees(window: &TimeWindow, at: Timestamp) {
        let expected = State { is_open: window.contains(at), next_change: window.next_change(at) };
        assert_eq!(Schedules::of(&[window]).state(0, at), Some(expected), "{window:?} at {at}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn says_what_the_window_says(window in window(), at in moment()) {
            agrees(&window, at);
        }

        /// Where clocks turn, second by second.
        #[test]
        fn and_so_where_clocks_turn(window in window(), at in moment(), near in -100_i64..100) {
            let zone = window.zone();
            if let Some(turn) = zone.following(at).next() {
                for second in [near * 1800, near, -1, 0, 1] {
                    let at = Timestamp::from_second(turn.timestamp().as_second() + second).unwrap_or(at);
                    agrees(&window, at);
                }
            }
        }
    }

    #[test]
    fn zones_are_kept_once() {
        let window = |days: &[Weekday], zone: &str| TimeWindow {
            days: days.to_vec(),
            hours: None,
            timezone: Some(zone.parse().unwrap()),
        };
        let windows = [
            window(&[Weekday::Monday], "Europe/Berlin"),
            window(&[Weekday::Friday], "Europe/Berlin"),
            window(&[Weekday::Monday], "UTC"),
        ];
        assert_eq!(Schedules::of(&windows.each_ref()).zones.len(), 2);
    }
}
