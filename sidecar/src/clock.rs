//! Two clocks: the wall's, which AWS reads too, and one that never steps.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// One moment, on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The time of day. It may step in both directions.
    pub wall: Timestamp,
    /// Since this process began. It never goes back.
    pub elapsed: Duration,
}

/// Gives the moment.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// A clock that begins now.
    pub fn start() -> Self {
        Self { began: Instant::now() }
    }

    /// Now.
    pub fn now(&self) -> Moment {
        Moment { wall: Timestamp::now(), elapsed: self.began.elapsed() }
    }
}
