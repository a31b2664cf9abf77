//! When a rule applies.

use jiff::Timestamp;
use jiff::tz::Offset;

use super::{ClockTime, TimeZone, Weekday};

/// A recurring window: on these days, between these hours, on the clocks of this zone. Without any of them: always.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TimeWindow {
    /// Empty is any day.
    pub days: Vec<Weekday>,
    /// None is the whole day.
    pub hours: Option<Hours>,
    /// None is UTC.
    pub timezone: Option<TimeZone>,
}

/// From `start` up to, but not including, `end`. Where `start` isn't before `end` this is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hours {
    /// Inclusive.
    pub start: ClockTime,
    /// Exclusive.
    pub end: ClockTime,
}

impl TimeWindow {
    /// Whether the moment lies within.
    pub fn contains(&self, at: Timestamp) -> bool {
        if self.is_constant() {
            return !self.is_never();
        }
        self.holds(LocalTime::new(at, self.zone().to_offset(at)))
    }

    /// The next instant after `at` at which `contains` changes; none if it doesn't for the next 8 days.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_constant() {
            return None;
        }
        let (now, horizon) = (self.contains(at), seconds(at).saturating_add(HORIZON));
        let mut from = at;
        // Between two transitions of the zone local time runs evenly; a transition itself may jump in or out.
        loop {
            let turn = self.zone().following(from).next().map(|turn| turn.timestamp());
            let until = turn.map_or(horizon, |turn| seconds(turn).min(horizon));
            if let Some(change) = self.change_between(from, until, now) {
                return Some(change);
            }
            from = turn.filter(|turn| seconds(*turn) < horizon)?;
            if self.contains(from) != now {
                return Some(from);
            }
        }
    }

    /// Whether it is open at any time.
    pub fn is_always(&self) -> bool {
        self.days.is_empty() && self.hours.is_none()
    }

    pub(super) fn zone(&self) -> &jiff::tz::TimeZone {
        const UTC: &jiff::tz::TimeZone = &jiff::tz::TimeZone::UTC;
        self.timezone.as_ref().map_or(UTC, TimeZone::rules)
    }

    /// No clock bears on it: it is always, or never.
    fn is_constant(&self) -> bool {
        self.is_never() || self.is_always()
    }

    /// No overnight windows: they would leave open which day they belong to.
    pub(crate) fn is_never(&self) -> bool {
        self.hours.is_some_and(|hours| hours.start >= hours.end)
    }

    pub(super) fn holds(&self, local: LocalTime) -> bool {
        let day = self.days.is_empty() || local.weekday().is_some_and(|day| self.days.contains(&day));
        day && self.hours.is_none_or(|hours| hours.contains(local))
    }

    /// The first change after `from` and before second `until`, within which the zone's offset doesn't change.
    fn change_between(&self, from: Timestamp, until: i64, now: bool) -> Option<Timestamp> {
        let offset = self.zone().to_offset(from);
        let start = LocalTime::new(from, offset);
        let edges = self.edges();
        (start.day..=start.day + DAYS)
            .flat_map(|day| edges.map(|second| LocalTime { day, second }))
            .skip_while(|local| *local <= start)
            .take_while(|local| local.instant(offset) < until)
            .find(|local| self.holds(*local) != now)
            .and_then(|local| Timestamp::from_second(local.instant(offset)).ok())
    }

    /// The seconds of a day at which it can begin or end.
    pub(super) fn edges(&self) -> [i64; 3] {
        self.hours.map_or([0; 3], |hours| [0, second_of_day(hours.start), second_of_day(hours.end)])
    }
}

impl Hours {
    fn contains(self, local: LocalTime) -> bool {
        (second_of_day(self.start)..second_of_day(self.end)).contains(&local.second)
    }
}

pub(super) const DAY: i64 = 86_400;
const DAYS: i64 = 8;
const HORIZON: i64 = DAYS * DAY;

/// What clocks show, in plain numbers: days since 1970-01-01 and seconds since midnight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LocalTime {
    day: i64,
    second: i64,
}

impl LocalTime {
    fn new(at: Timestamp, offset: Offset) -> Self {
        Self::of(seconds(at) + i64::from(offset.seconds()))
    }

    /// So many seconds after 1970 began on these clocks.
    pub(super) fn of(local: i64) -> Self {
        Self { day: local.div_euclid(DAY), second: local.rem_euclid(DAY) }
    }

    /// The second since the epoch at which clocks with this offset show it.
    fn instant(self, offset: Offset) -> i64 {
        self.day * DAY + self.second - i64::from(offset.seconds())
    }

    fn weekday(self) -> Option<Weekday> {
        // 1970-01-01 was a Thursday.
        let index = usize::try_from((self.day + 3).rem_euclid(7)).ok()?;
        Weekday::ALL.get(index).copied()
    }
}

fn second_of_day(time: ClockTime) -> i64 {
    i64::from(time.minutes()) * 60
}

/// Whole seconds since the epoch, rounded down (before 1970, too).
pub(super) fn seconds(at: Timestamp) -> i64 {
    at.as_second() - i64::from(at.subsec_nanosecond() < 0)
}

#[cfg(test)]
mod tests;
