//! Orphans: active rows of this cluster whose pod is gone, left behind while no operator was watching. Looked for at start
//! and hourly. Each pod is asked for by itself before its row is ended: a watch may not know it yet.

use std::collections::{BTreeSet, HashSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::runtime::reflector::Store;
use kube::{Api, Client};
use sentinel_api::StrayRow;
use sentinel_aws::ErrorKind;
use sentinel_core::session::SessionRow;
use tokio::sync::watch;

use super::governance::Governance;
use super::plan::RowStep;
use super::pod::{PodFacts, PodObject, PodState};
use super::row::ttl;
use super::strays::Strays;
use super::tables::SessionTables;
use crate::pace::jittered;

const EVERY: Duration = Duration::from_hours(1);
const RETRY: Duration = Duration::from_mins(1);

/// What the scan works with.
pub(crate) struct Scan {
    /// The API server.
    pub client: Client,
    /// Id of this cluster.
    pub cluster: String,
    /// Injected pods.
    pub pods: Store<PodObject>,
    /// Which tables are named.
    pub governance: Governance,
    /// Which tables live sessions use.
    pub in_use: watch::Receiver<BTreeSet<String>>,
    /// The session tables.
    pub tables: Arc<SessionTables>,
    /// What stays.
    pub left: watch::Sender<Option<Strays>>,
}

impl Scan {
    /// Scans at once and hourly until `shutdown`; after a failure, soon again.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let wait = if self.scan().await { EVERY } else { RETRY };
            tokio::select! {
                () = &mut shutdown => return,
                () = tokio::time::sleep(jittered(wait)) => {}
            }
        }
    }

    async fn scan(&self) -> bool {
        let mut names = self.governance.tables();
        names.extend(self.in_use.borrow().iter().cloned());
        let (mut complete, mut left) = (true, Strays::default());
        for table in names {
            complete &= self.scan_table(&table, &mut left).await;
        }
        self.left.send_if_modified(|old| old.replace(left.clone()) != Some(left));
        complete
    }

    async fn scan_table(&self, table: &str, left: &mut Strays) -> bool {
        let rows = match self.tables.active(table).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(table, %error, "orphaned sessions could not be looked for; trying again");
                // Of a table that is away or doesn't answer TableReady says so.
                if matches!(error.kind, ErrorKind::Denied | ErrorKind::Invalid) {
                    left.tables.push(StrayRow {
                        table: table.to_owned(),
                        problem: error.to_string(),
                        ..StrayRow::default()
                    });
                }
                return false;
            }
        };
        let live = self.live_pods();
        let is_suspect =
            |row: &&SessionRow| row.kubernetes.cluster == self.cluster && !live.contains(&row.kubernetes.pod_uid);
        let mut complete = true;
        for row in rows.iter().filter(is_suspect) {
            if let Err(problem) = self.end(table, row).await {
                complete = false;
                let pod = format!("{}/{}", row.kubernetes.namespace, row.kubernetes.pod);
                let (table, session) = (table.to_owned(), Some(row.id.to_string()));
                left.rows.push((row.profile.clone(), StrayRow { table, session, pod: Some(pod), problem }));
            }
        }
        complete
    }

    /// The UIDs of the pods that are known to live.
    fn live_pods(&self) -> HashSet<String> {
        let pods = self.pods.state();
        let facts = pods.iter().filter_map(|pod| PodFacts::of(pod));
        facts.filter(|pod| pod.state != PodState::Ended).map(|pod| pod.uid).collect()
    }

    /// Ends the row if its pod is really gone. Whoever can't tell leaves it, and says what is in the way.
    async fn end(&self, table: &str, row: &SessionRow) -> Result<(), String> {
        let facts = &row.kubernetes;
        let pod = match Api::<PodObject>::namespaced(self.client.clone(), &facts.namespace).get_opt(&facts.pod).await {
            Ok(pod) => pod,
            Err(error) => {
                tracing::warn!(session = %row.id, %error, "the pod of a session could not be asked for; trying again");
                return Err(format!("the pod could not be asked for: {error}"));
            }
        };
        if pod.is_some_and(|pod| is_its_pod(&pod, &facts.pod_uid)) {
            return Ok(());
        }
        let now = Timestamp::now();
        let done = self.tables.write(table, &row.id, &RowStep::Expire { ttl: ttl(now) }, now).await;
        let is_done = done.is_ok();
        tracing::info!(session = %row.id, table, namespace = facts.namespace, pod = facts.pod, done = is_done, "the pod of a session is gone");
        done.map(drop).map_err(|error| error.to_string())
    }
}

fn is_its_pod(pod: &PodObject, uid: &str) -> bool {
    pod.injected && PodFacts::of(pod).is_some_and(|facts| facts.uid == uid && facts.state != PodState::Ended)
}
