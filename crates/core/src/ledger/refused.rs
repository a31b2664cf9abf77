//! Which limit, and when to come back.

use std::fmt;

use jiff::Timestamp;

use crate::policy::words::words;
use crate::time::GoDuration;

words! {
    /// A limit, as the objects spell it.
    pub enum Limit {
        /// One event of an invoker on a profile at a time.
        OneActive = "oneActive",
        /// Between two of one invoker on one profile.
        Cooldown = "cooldown",
        /// The invoker's, on all profiles.
        MaxPerUser = "maxPerUser",
        /// Everybody's, on the profile.
        MaxPerProfile = "maxPerProfile",
    }
}

/// A limit that an event ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which.
    pub limit: Limit,
    /// How many events count.
    pub count: usize,
    /// From when on it isn't in the way, if nothing else happens.
    pub until: Timestamp,
}

/// Every limit that an event ran into, the one that is told first in front; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    first: Hit,
    others: Vec<Hit>,
    now: Timestamp,
}

impl Refused {
    pub(super) fn unless_none(hits: Vec<Hit>, now: Timestamp) -> Result<(), Self> {
        let mut hits = hits.into_iter();
        hits.next().map_or(Ok(()), |first| Err(Self { first, others: hits.collect(), now }))
    }

    /// The first of them.
    pub fn limit(&self) -> Limit {
        self.first.limit
    }

    /// All of them.
    pub fn hits(&self) -> impl Iterator<Item = &Hit> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// When the event would be admitted, if nothing else happens until then.
    pub fn come_back(&self) -> Timestamp {
        self.hits().map(|hit| hit.until).max().unwrap_or(self.first.until)
    }
}

impl std::error::Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for hit in self.hits() {
            said(*hit, self.now, f)?;
            f.write_str("; ")?;
        }
        write!(f, "come back at {}", whole(self.come_back()))
    }
}

/// The whole second that isn't before `at`: whoever comes back then doesn't come too early.
fn whole(at: Timestamp) -> Timestamp {
    let second = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
    Timestamp::from_second(second).unwrap_or(at)
}

fn said(Hit { limit, count, until }: Hit, now: Timestamp, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let left = whole(until).as_second() - now.as_second();
    let (until, left) = (whole(until), GoDuration::from_secs(left));
    match limit {
        Limit::OneActive => write!(f, "an event of yours on this profile is active until {until}: close it first"),
        Limit::Cooldown => write!(f, "cooldown period not elapsed: {left} left"),
        Limit::MaxPerUser => write!(f, "user quota exceeded: {count} events of yours count, one less in {left}"),
        Limit::MaxPerProfile => {
            write!(f, "profile quota exceeded: {count} events on this profile count, one less in {left}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_then_does_not_come_too_early() {
        for (until, shown) in [
            ("2026-11-25T21:00:00.000000001Z", "2026-11-25T21:00:01Z"),
            ("2026-11-25T21:00:01Z", "2026-11-25T21:00:01Z"),
        ] {
            assert_eq!(whole(until.parse().unwrap()).to_string(), shown);
        }
        let hit = Hit { limit: Limit::Cooldown, count: 1, until: "2026-11-25T21:00:30.5Z".parse().unwrap() };
        let refused = Refused::unless_none(vec![hit], "2026-11-25T21:00:00.7Z".parse().unwrap()).unwrap_err();
        assert_eq!(refused.to_string(), "cooldown period not elapsed: 31s left; come back at 2026-11-25T21:00:31Z");
    }
}
