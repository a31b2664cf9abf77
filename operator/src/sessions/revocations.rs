//! What others revoke: one query a table every 8 s, of gsi-status = `revoked`. What it finds, the tracker reads again
//! consistently, so an index that lags or errs changes nothing by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sentinel_core::session::{SessionId, SessionRow};
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::governance::Governance;
use super::tables::SessionTables;
use crate::denials::RevokedRow;

/// With a lease of 5 s, and a second or two for the rest, this makes 15 s.
const EVERY: Duration = Duration::from_secs(8);
/// Tables that no live session uses may hold rows of sessions that were revoked and are gone: looked at once in so many rounds.
const ALL: u64 = 6;

/// Who looks for revoked rows, and whom it tells.
pub(crate) struct Revocations {
    /// The session tables.
    pub tables: Arc<SessionTables>,
    /// Id of this cluster.
    pub cluster: String,
    /// Which tables are named.
    pub governance: Governance,
    /// Which tables live sessions use.
    pub in_use: watch::Receiver<BTreeSet<String>>,
    /// The tracker: what it knows of these may be old.
    pub found: mpsc::Sender<SessionId>,
    /// The denials: the rows of each table whose credentials may live.
    pub rows: watch::Sender<BTreeMap<String, Vec<RevokedRow>>>,
}

impl Revocations {
    /// Tells of every revoked row of this cluster until `shutdown`.
    pub async fn watch(self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for round in 0_u64.. {
            tokio::select! {
                () = &mut shutdown => return,
                _ = ticks.tick() => {}
            }
            let mut names = self.in_use.borrow().clone();
            if round % ALL == 0 {
                names.extend(self.governance.tables());
            }
            for table in names {
                self.look(&table).await;
            }
        }
    }

    async fn look(&self, table: &str) {
        if self.tables.rests_until(table).is_some() {
            return;
        }
        match self.tables.revoked(table).await {
            Ok(rows) => self.tell(table, rows).await,
            Err(error) => tracing::warn!(table, %error, "revocations by others could not be looked for; trying again"),
        }
    }

    async fn tell(&self, table: &str, rows: Vec<SessionRow>) {
        let now = Timestamp::now();
        let ours = rows.iter().filter(|row| row.kubernetes.cluster == self.cluster);
        let living: Vec<RevokedRow> = ours.filter_map(|row| RevokedRow::of(row, now)).collect();
        self.rows.send_if_modified(|known| known.insert(table.to_owned(), living.clone()) != Some(living));
        // Others revoke by writing the attributes that they know, which loses the cluster. The tracker knows its own ids.
        let may_be_ours = |row: &SessionRow| [self.cluster.as_str(), ""].contains(&row.kubernetes.cluster.as_str());
        for row in rows.into_iter().filter(may_be_ours) {
            // The tracker has ended, and so does the process.
            let _ = self.found.send(row.id).await;
        }
    }
}
