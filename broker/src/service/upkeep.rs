//! What is done between requests: forgetting, and telling how old the watches are.

use std::collections::HashSet;
use std::time::Duration;

use sentinel_core::session::SessionId;
use sentinel_runtime::telemetry::Gate;
use tokio::time::timeout;

use super::Broker;
use crate::moment::Moment;

const EVERY: Duration = Duration::from_secs(5);
const SETTLE_EVERY: Duration = Duration::from_secs(30);
/// Of the writes at shutdown: whoever ends us waits for half a minute in all.
const LAST_WRITES: Duration = Duration::from_secs(5);

impl Broker {
    /// Looks after everything, for ever. `watches` is open while every watch can be believed.
    pub async fn look_after(&self, watches: Gate) {
        loop {
            self.look(&watches);
            // Until the first lists are in, soon again.
            let pause = if watches.is_open() { EVERY } else { Duration::from_millis(50) };
            tokio::time::sleep(pause).await;
        }
    }

    /// Writes the counts of quiet sessions, for ever.
    pub async fn settle_rows(&self) {
        loop {
            tokio::time::sleep(SETTLE_EVERY).await;
            if let Err(error) = self.rows.settle(Moment::now()).await {
                tracing::warn!(%error, "requests of quiet sessions could not be counted; trying again");
            }
        }
    }

    /// Writes every count, as the last thing.
    pub async fn settle_all_rows(&self) {
        match timeout(LAST_WRITES, self.rows.settle_all(Moment::now())).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last requests could not be counted"),
            Err(_) => tracing::warn!("the last requests could not all be counted: the session table is slow"),
        }
    }

    fn look(&self, watches: &Gate) {
        let now = Moment::now();
        watches.set(self.world.is_synced() && self.world.stale(now).is_empty());
        for (watch, age) in self.world.ages(now) {
            self.metrics.watch_age.with_label_values(&[watch]).set(age.as_secs_f64());
        }
        self.forget(now);
        self.metrics.sessions.set(count(self.world.sessions.len()));
        self.metrics.cached.set(count(self.cache.len()));
    }

    fn forget(&self, now: Moment) {
        self.callers.forget(now);
        self.lookups.forget(now);
        self.world.forget(now);
        // While sessions aren't known, none is taken for gone.
        if self.world.sessions.stale(now).is_none() {
            let live: HashSet<SessionId> = self.live_sessions();
            let is_live = |session: &SessionId| live.contains(session);
            self.cache.forget(now, is_live);
            self.rows.forget(is_live);
            self.events.forget(now, is_live);
            self.journal.forget(now, is_live);
        }
    }

    /// The sessions that may still get something.
    fn live_sessions(&self) -> HashSet<SessionId> {
        let keys = self.world.sessions.keys_where(|session| session.revoked.is_none() && !session.expired);
        keys.iter().filter_map(|key| key.rsplit('/').next()?.parse().ok()).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a metric")]
fn count(number: usize) -> f64 {
    number as f64
}
