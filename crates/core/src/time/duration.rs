//! Go's duration format, exactly: what `time.ParseDuration` reads and `Duration.String` writes.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

mod parse;

const SECOND: i64 = 1_000_000_000;

/// A duration in nanoseconds, written as Go writes it: `15m0s`, `1h30m0s`, `1.5s`. Negative ones exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GoDuration(i64);

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid duration '{0}': write it as Go does, such as 30m, 1h30m or 24h (units ns, us, ms, s, m, h; there is no d)"
)]
pub struct InvalidDuration(String);

impl GoDuration {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many seconds, at most about 292 years.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(SECOND))
    }

    /// So many nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Whole seconds, rounded towards zero.
    pub const fn as_secs(self) -> i64 {
        self.0 / SECOND
    }

    /// All of it.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// So long after `at`; time itself ends somewhere.
    pub fn after(self, at: Timestamp) -> Timestamp {
        let end = if self.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
        at.checked_add(SignedDuration::from_nanos(self.0)).unwrap_or(end)
    }

    /// How long `end` is after `start`; nothing where it is before it.
    pub fn between(start: Timestamp, end: Timestamp) -> Self {
        let nanos = end.as_nanosecond().saturating_sub(start.as_nanosecond()).max(0);
        Self(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// Whether it is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl FromStr for GoDuration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::nanos(text).map(Self).ok_or_else(|| InvalidDuration(text.chars().take(64).collect()))
    }
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_negative() {
            f.write_str("-")?;
        }
        match self.0.unsigned_abs() {
            0 => f.write_str("0s"),
            nanos @ 1..1_000 => write!(f, "{nanos}ns"),
            nanos @ 1_000..1_000_000 => write!(f, "{}µs", Decimal { value: nanos, places: 3 }),
            nanos @ 1_000_000..1_000_000_000 => write!(f, "{}ms", Decimal { value: nanos, places: 6 }),
            nanos => write_clock(f, nanos),
        }
    }
}

/// Hours, minutes and seconds; from the largest that isn't zero, all of the smaller ones.
fn write_clock(f: &mut fmt::Formatter<'_>, nanos: u64) -> fmt::Result {
    let minute = 60 * SECOND.unsigned_abs();
    let (minutes, rest) = (nanos / minute, nanos % minute);
    let (hours, minutes) = (minutes / 60, minutes % 60);
    if hours > 0 {
        write!(f, "{hours}h")?;
    }
    if hours > 0 || minutes > 0 {
        write!(f, "{minutes}m")?;
    }
    write!(f, "{}s", Decimal { value: rest, places: 9 })
}

/// `value / 10^places` without trailing zeros.
struct Decimal {
    value: u64,
    places: u32,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10_u64.pow(self.places);
        write!(f, "{}", self.value / one)?;
        let (mut fraction, mut width) = (self.value % one, self.places as usize);
        if fraction == 0 {
            return Ok(());
        }
        while fraction.is_multiple_of(10) {
            fraction /= 10;
            width -= 1;
        }
        write!(f, ".{fraction:0width$}")
    }
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
