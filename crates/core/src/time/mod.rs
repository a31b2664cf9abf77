//! Time as policies write it: Go durations, times of day, weekdays, IANA zones and the windows made of them.
//!
//! There is no clock here: the moment to judge is always an argument.

mod clock;
mod duration;
mod schedule;
mod weekday;
mod window;
mod zone;

pub use clock::{ClockTime, InvalidClockTime};
pub use duration::{GoDuration, InvalidDuration};
pub(crate) use schedule::{Schedules, State};
pub use weekday::Weekday;
pub use window::{Hours, TimeWindow};
pub use zone::{InvalidTimeZone, TimeZone};
