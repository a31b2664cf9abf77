//! Days of the week.

use crate::policy::words::words;

words! {
    /// A day of the week, written in lowercase.
    pub enum Weekday {
        /// The first day of ISO's week.
        Monday = "monday",
        /// Day 2.
        Tuesday = "tuesday",
        /// Day 3.
        Wednesday = "wednesday",
        /// Day 4.
        Thursday = "thursday",
        /// Day 5.
        Friday = "friday",
        /// Day 6.
        Saturday = "saturday",
        /// Day 7.
        Sunday = "sunday",
    }
}

impl From<jiff::civil::Weekday> for Weekday {
    fn from(day: jiff::civil::Weekday) -> Self {
        match day {
            jiff::civil::Weekday::Monday => Self::Monday,
            jiff::civil::Weekday::Tuesday => Self::Tuesday,
            jiff::civil::Weekday::Wednesday => Self::Wednesday,
            jiff::civil::Weekday::Thursday => Self::Thursday,
            jiff::civil::Weekday::Friday => Self::Friday,
            jiff::civil::Weekday::Saturday => Self::Saturday,
            jiff::civil::Weekday::Sunday => Self::Sunday,
        }
    }
}
