//! Now, read once per request.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// One moment on both clocks: the wall's for what the world dates, the monotonic for how long we may believe something.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The wall clock.
    pub wall: Timestamp,
    /// The clock that never goes back.
    pub steady: Instant,
}

impl Moment {
    /// This moment. To be called at the edges only; everything else takes one.
    pub fn now() -> Self {
        Self { wall: Timestamp::now(), steady: Instant::now() }
    }

    /// How long ago `then` was.
    pub fn since(&self, then: Instant) -> Duration {
        self.steady.saturating_duration_since(then)
    }

    /// How long ago `then` was, by the wall clock; nothing if it is still to come.
    pub fn age_of(&self, then: Timestamp) -> Duration {
        Duration::try_from(self.wall.duration_since(then)).unwrap_or_default()
    }

    /// From now to `then`; zero if that is past.
    pub fn until(&self, then: Timestamp) -> Duration {
        Duration::try_from(then.duration_since(self.wall)).unwrap_or_default()
    }
}
