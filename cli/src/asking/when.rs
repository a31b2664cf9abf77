//! Moments, and how far away they are.

use jiff::Timestamp;

use crate::listing::age;
use crate::words::printable;

/// `2026-03-02T13:00:00Z (in 59m)`; what is no time stays as it is.
pub(crate) fn when(time: &str, now: Timestamp) -> String {
    match time.parse::<Timestamp>() {
        Ok(at) if at > now => format!("{time} (in {})", age(now, at)),
        Ok(at) => format!("{time} ({} ago)", age(at, now)),
        Err(_) => printable(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_near_or_far() {
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        assert_eq!(when("2026-03-02T13:00:00Z", now), "2026-03-02T13:00:00Z (in 60m)");
        assert_eq!(when("2026-03-02T11:59:00Z", now), "2026-03-02T11:59:00Z (60s ago)");
        assert_eq!(when("s\u{1b}oon", now), "s\u{FFFD}oon");
    }
}
