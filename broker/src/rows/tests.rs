//! A day of a pod, counted: what each call costs is in docs/reference/scale.md.

use std::collections::BTreeMap;
use std::sync::Mutex;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sentinel_core::session::SessionId;
use sentinel_decision::examples::{good, seen, session_of};
use sentinel_decision::{Facts, SessionEntry, decide};
use tokio::time::Instant;

use super::*;

/// One row, and how often it was written and read.
#[derive(Default)]
struct Counting {
    row: Mutex<Option<SessionRow>>,
    calls: Mutex<BTreeMap<&'static str, u32>>,
}

impl Counting {
    fn called(&self, call: &'static str) {
        *self.calls.lock().unwrap().entry(call).or_default() += 1;
    }

    fn update(&self, change: impl FnOnce(&mut SessionRow)) -> Touched {
        self.row.lock().unwrap().as_mut().map_or(Touched::Missing, |row| {
            change(row);
            Touched::Done
        })
    }
}

impl SessionTable for Counting {
    fn create<'a>(&'a self, _: &'a str, row: &'a SessionRow) -> BoxFuture<'a, Result<Created, AwsError>> {
        self.called("create");
        *self.row.lock().unwrap() = Some(row.clone());
        async { Ok(Created::New) }.boxed()
    }

    fn get<'a>(&'a self, _: &'a str, _: &'a SessionId) -> BoxFuture<'a, Result<Option<SessionRow>, AwsError>> {
        self.called("read");
        let row = self.row.lock().unwrap().clone();
        async { Ok(row) }.boxed()
    }

    fn touch<'a>(
        &'a self,
        _: &'a str,
        _: &'a SessionId,
        at: Timestamp,
        served: u64,
    ) -> BoxFuture<'a, Result<Touched, AwsError>> {
        self.called("write");
        let touched = self.update(|row| (row.last_access_at, row.request_count) = (at, row.request_count + served));
        async { Ok(touched) }.boxed()
    }

    fn record_issue<'a>(
        &'a self,
        _: &'a str,
        _: &'a SessionId,
        at: Timestamp,
        bound: &'a Bound,
        served: u64,
    ) -> BoxFuture<'a, Result<Touched, AwsError>> {
        self.called("write");
        let touched = self.update(|row| {
            (row.last_access_at, row.request_count) = (at, row.request_count + served);
            row.credentials_until = row.credentials_until.max(Some(bound.until));
        });
        async { Ok(touched) }.boxed()
    }
}

const LEASE: usize = 5;
/// Half the life of credentials of 15 minutes.
const RENEWED: u64 = 450;

/// What broker replicas of a table do for a pod that asks with every lease from `from` to `to`, in seconds of its life.
async fn live(rows: &Rows, table: &Counting, base: Instant, from: u64, to: u64) {
    let start = Timestamp::UNIX_EPOCH;
    let identity = ClusterIdentity::new("cluster".into(), "");
    let facts = good();
    let known = SessionEntry { ever_active: from > 0, tables: vec!["sessions".into()], ..session_of(&facts.caller) };
    let facts = Facts { default_table: Some("sessions".into()), session: seen(known), ..facts };
    let permit = decide(&facts).unwrap();
    let template = Template::new(&permit, &identity, facts.now);
    for second in (from..to).step_by(LEASE) {
        let passed = Duration::from_secs(second);
        let now = Moment { wall: start + passed, steady: base + passed };
        if second % RENEWED == 0 || second == from {
            rows.note(&permit, 0, &template, Purpose::Issue, now).await.unwrap();
            let until = table.row.lock().unwrap().as_ref().unwrap().credentials_until.unwrap();
            assert!(until >= template.at(now.wall).recorded_until, "issued at {second} s past what the row says");
        }
        rows.note(&permit, 1, &template, Purpose::Use, now).await.unwrap();
        rows.acknowledge(&permit, 1, now);
    }
}

fn rows(table: &Arc<Counting>) -> Rows {
    Rows::new(table.clone(), ClusterIdentity::new("cluster".into(), ""), Duration::from_hours(2))
}

fn counted(table: &Counting) -> Vec<(&'static str, u32)> {
    std::mem::take(&mut *table.calls.lock().unwrap()).into_iter().collect()
}

const DAY: u64 = 24 * 3600;

#[tokio::test]
async fn a_day_of_a_pod_is_few_writes_and_one_read_an_issue() {
    let table = Arc::new(Counting::default());
    let (rows, base) = (rows(&table), Instant::now());
    live(&rows, &table, base, 0, DAY).await;
    assert_eq!(counted(&table), [("create", 1), ("read", 191), ("write", 16)], "the first day");
    live(&rows, &table, base, DAY, 2 * DAY).await;
    assert_eq!(counted(&table), [("read", 192), ("write", 12)], "any other");
    rows.settle_all(Moment::now()).await.unwrap();
    let count = table.row.lock().unwrap().as_ref().unwrap().request_count;
    assert_eq!(count, 2 * DAY / 5, "every request is counted");
}

#[tokio::test]
async fn a_new_replica_reads_where_the_last_one_wrote() {
    let table = Arc::new(Counting::default());
    let base = Instant::now();
    live(&rows(&table), &table, base, 0, DAY).await;
    counted(&table);
    live(&rows(&table), &table, base, DAY, DAY + 300).await;
    assert_eq!(counted(&table), [("read", 1)]);
}
