//! Requests that no row shows yet: written when their session has been quiet for longer than its row rests, and at shutdown.
//! An error ends the round: the table rests, and what is owed stays owed.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use sentinel_aws::AwsError;

use super::Rows;
use super::cadence::pause;
use super::memory::{Known, Owed};
use crate::moment::Moment;

const CONCURRENCY: usize = 16;

impl Rows {
    /// Writes what is owed to rows that have rested long enough.
    pub async fn settle(&self, now: Moment) -> Result<(), AwsError> {
        self.pay(self.memories.owed(|known| known.is_due(now)), now).await
    }

    /// Writes all that is owed.
    pub async fn settle_all(&self, now: Moment) -> Result<(), AwsError> {
        self.pay(self.memories.owed(|_| true), now).await
    }

    async fn pay(&self, owed: Vec<Owed>, now: Moment) -> Result<(), AwsError> {
        let writes = owed.into_iter().map(|owed| self.pay_one(owed, now)).collect::<Vec<_>>();
        stream::iter(writes).buffer_unordered(CONCURRENCY).try_collect().await
    }

    /// A row that is missing or has ended takes no count; the next request finds that out.
    async fn pay_one(&self, owed: Owed, now: Moment) -> Result<(), AwsError> {
        let Owed { session, table, count, used } = owed;
        self.table.touch(&table, &session, used, count).await?;
        if let Some(known) = self.memories.of(&session, &table).and_then(|memory| memory.known) {
            let pause = pause(now.age_of(known.born), self.slowest);
            self.memories.wrote(&session, &table, count, Known::written(known.born, pause, known.bound, now));
        }
        Ok(())
    }
}
