//! When a rule applies.

use jiff::Timestamp;

use super::{ClockTime, TimeZone, Weekday};

/// A recurring window: on these days, between these hours, on the clocks of this zone. Without any of them: always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeWindow {
    /// Empty is any day.
    pub days: Vec<Weekday>,
    /// None is the whole day.
    pub hours: Option<Hours>,
    /// None is UTC.
    pub timezone: Option<TimeZone>,
}

/// From `start` up to, but not including, `end`. Where `start` isn't before `end` this is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Inclusive.
    pub start: ClockTime,
    /// Exclusive.
    pub end: ClockTime,
}

impl TimeWindow {
    /// Whether the moment lies within.
    pub fn contains(&self, _at: Timestamp) -> bool {
        false
    }

    /// The next instant after `at` at which `contains` changes; none if it doesn't for the next 8 days.
    pub fn next_change(&self, _at: Timestamp) -> Option<Timestamp> {
        None
    }
}
