//! Time as policies write it: Go durations, times of day, weekdays, IANA zones and the windows made of them.
//!
//! There is no clock here: the moment to judge is always an argument.

mod clock;
mod duration;
mod schedule;
mod weekday;
mod window;
mod zone;

/// By so much the clocks of two machines may differ: two minutes, and what a message takes. What another machine dated has passed for
/// sure when it is longer ago than that.
pub const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(130);

pub use clock::{ClockTime, InvalidClockTime};
pub use duration::{GoDuration, InvalidDuration};
pub(crate) use schedule::{Schedules, State};
pub use weekday::Weekday;
pub use window::{Hours, TimeWindow};
pub use zone::{InvalidTimeZone, TimeZone};
