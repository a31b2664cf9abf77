//! What others revoke: one query a table every 10 s, of gsi-status = `revoked`. What it finds, the tracker reads again
//! consistently, so an index that lags or errs changes nothing by itself.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sentinel_core::session::{SessionId, SessionRow};
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::tables::SessionTables;

const EVERY: Duration = Duration::from_secs(10);

/// Tells `found` of every revoked row of `cluster` in the tables `in_use`, until `shutdown`.
pub(crate) async fn run(
    tables: Arc<SessionTables>,
    cluster: String,
    in_use: watch::Receiver<BTreeSet<String>>,
    found: mpsc::Sender<SessionId>,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = std::pin::pin!(shutdown);
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            _ = ticks.tick() => {}
        }
        let names = in_use.borrow().clone();
        for table in names {
            look(&tables, &cluster, &table, &found).await;
        }
    }
}

async fn look(tables: &SessionTables, cluster: &str, table: &str, found: &mpsc::Sender<SessionId>) {
    if tables.rests_until(table).is_some() {
        return;
    }
    match tables.revoked(table).await {
        Ok(rows) => {
            // Others revoke by writing the attributes that they know, which loses the cluster. The tracker knows its own ids.
            let may_be_ours = |row: &SessionRow| [cluster, ""].contains(&row.kubernetes.cluster.as_str());
            for row in rows.into_iter().filter(may_be_ours) {
                // The tracker has ended, and so does the process.
                let _ = found.send(row.id).await;
            }
        }
        Err(error) => tracing::warn!(table, %error, "revocations by others could not be looked for; trying again"),
    }
}
