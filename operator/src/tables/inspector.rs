//! One table after the other, slowly: nobody's pod waits for it.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use sentinel_api::ConditionStatus;
use sentinel_aws::{AwsError, Sessions, TableFacts};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::schedule::Schedule;
use super::told::Verdicts;
use super::verdict::Verdict;
use crate::metrics::Metrics;
use crate::pace::Bucket;
use crate::sessions::Governance;

/// DynamoDB takes ten descriptions of one kind a second from a whole account.
const PER_SECOND: u32 = 2;
/// Changes of profiles and policies that come together are one.
const SETTLE: Duration = Duration::from_millis(50);

/// What it works with.
pub(crate) struct Inspector {
    /// DynamoDB.
    pub sessions: Sessions,
    /// Which tables are named.
    pub governance: Governance,
    /// For Prometheus.
    pub metrics: Metrics,
    /// For the profiles.
    pub told: watch::Sender<Verdicts>,
}

/// Looks at every table that a profile may use until `shutdown`; `law` says when a profile or a policy changes.
pub(crate) async fn run(inspector: Inspector, law: impl Stream<Item = ()>, shutdown: impl Future<Output = ()>) {
    tokio::select! {
        () = shutdown => {}
        () = inspector.work(law) => {}
    }
}

impl Inspector {
    async fn work(&self, law: impl Stream<Item = ()>) {
        let (mut law, bucket) = (std::pin::pin!(law), Bucket::new(PER_SECOND));
        let (mut schedule, mut known) = (Schedule::default(), BTreeMap::new());
        loop {
            let named = self.governance.profile_tables();
            for table in schedule.due(&named, Instant::now()) {
                bucket.take().await;
                let verdict = self.look(&table, &mut known).await;
                schedule.looked(&table, &verdict, Instant::now());
                self.tell(&table, verdict);
            }
            self.forget(&named);
            known.retain(|table, _| named.contains(table));
            tokio::select! {
                () = sleep_until(schedule.next(Instant::now())) => {}
                Some(()) = law.next() => sleep(SETTLE).await,
            }
        }
    }

    async fn look(&self, table: &str, known: &mut BTreeMap<String, Verdict>) -> Verdict {
        let answer = self.counted(self.sessions.describe(table).await);
        let verdict = Verdict::of(table, &answer, known.get(table));
        if verdict.is_known() {
            known.insert(table.to_owned(), verdict.clone());
        }
        verdict
    }

    fn counted(&self, answer: Result<Option<TableFacts>, AwsError>) -> Result<Option<TableFacts>, AwsError> {
        let answer = self.metrics.called("dynamodb", "DescribeTable", answer)?;
        if let Some(facts) = &answer {
            let (ttl, recovery) = (facts.ttl_attribute.clone(), facts.point_in_time_recovery.clone());
            // Part of the facts, whichever they are.
            let _ = self.metrics.called("dynamodb", "DescribeTimeToLive", ttl);
            let _ = self.metrics.called("dynamodb", "DescribeContinuousBackups", recovery);
        }
        Ok(answer)
    }

    fn tell(&self, table: &str, verdict: Verdict) {
        self.told.send_if_modified(|Verdicts(all)| {
            if all.get(table) == Some(&verdict) {
                return false;
            }
            log(table, &verdict);
            all.insert(table.to_owned(), verdict);
            true
        });
        self.count();
    }

    /// Forgets what nobody names any more.
    fn forget(&self, named: &BTreeSet<String>) {
        self.told.send_if_modified(|Verdicts(all)| {
            let before = all.len();
            all.retain(|table, _| named.contains(table));
            all.len() != before
        });
        self.count();
    }

    fn count(&self) {
        let told = self.told.borrow();
        for (state, status) in [
            ("ready", ConditionStatus::True),
            ("not_ready", ConditionStatus::False),
            ("unknown", ConditionStatus::Unknown),
        ] {
            let count = told.0.values().filter(|verdict| verdict.status == status).count();
            self.metrics.session_tables.with_label_values(&[state]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}

fn log(table: &str, verdict: &Verdict) {
    let Verdict { status, reason, text } = verdict;
    match status {
        ConditionStatus::True => tracing::info!(table, reason, "{text}"),
        ConditionStatus::False | ConditionStatus::Unknown => tracing::warn!(table, reason, "{text}"),
    }
}
