//! A time of day, to the minute.

use std::fmt;
use std::str::FromStr;

/// `HH:MM` on the 24-hour clock, always two digits each. `24:00` is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClockTime(u16);

/// Why a text is no time of day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid hour format '{0}': write HH:MM on the 24-hour clock, from 00:00 to 23:59")]
pub struct InvalidClockTime(String);

impl ClockTime {
    /// Minutes since midnight, below 1440.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl FromStr for ClockTime {
    type Err = InvalidClockTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(Self).ok_or_else(|| InvalidClockTime(text.chars().take(32).collect()))
    }
}

fn parse(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

fn two_digits(text: &str) -> Option<u16> {
    let legal = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    if legal { text.parse().ok() } else { None }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::ClockTime;
    use rstest::rstest;

    #[rstest]
    #[case("00:00", 0)]
    #[case("09:05", 545)]
    #[case("23:59", 1439)]
    fn reads_and_prints(#[case] text: &str, #[case] minutes: u16) {
        let time: ClockTime = text.parse().unwrap();
        assert_eq!((time.minutes(), time.to_string().as_str()), (minutes, text));
    }

    #[rstest]
    fn refuses(
        #[values("24:00", "9:00", "09:5", "09:60", "0900", "", ":", "09:00:00", " 09:00", "+9:00", "\u{660}9:00")] text: &str,
    ) {
        let message = text.parse::<ClockTime>().unwrap_err().to_string();
        assert!(message.starts_with(&format!("invalid hour format '{text}'")), "{message}");
    }
}
