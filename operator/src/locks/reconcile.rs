//! One lock: gather, plan, report.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;
use kube::api::ApiResource;
use kube::core::{DeserializeGuard, DynamicObject};
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::reflector::Store;
use kube::runtime::watcher;
use kube::{Api, Client, ResourceExt as _};
use sentinel_api::{AccessLock, AccessLockSpec, AccessLockStatus, Phase, SentinelSession};
use sentinel_core::lock::{self, Target};
use tokio::task::spawn_blocking;

use super::plan::{Judged, Plan, plan};
use crate::metrics::Metrics;
use crate::pace::Retries;
use crate::report::{is_gone, part, write_status};
use crate::sessions::SharedSession;

const KIND: &str = "AccessLock";

/// What the reconciler works with.
pub(crate) struct Context {
    /// The API server.
    pub client: Client,
    /// Every session.
    pub sessions: Store<DeserializeGuard<SharedSession>>,
    /// For Prometheus.
    pub metrics: Metrics,
    /// Who failed how often.
    pub retries: Retries,
}

/// Keeps the status of every lock until `shutdown`.
pub(crate) async fn run(context: Context, shutdown: impl Future<Output = ()> + Send + Sync + 'static) {
    let context = Arc::new(context);
    Controller::new_with(context.api(), watcher::Config::default(), resource())
        .with_config(Config::default().debounce(Duration::from_millis(50)))
        .graceful_shutdown_on(shutdown)
        .run(reconcile, later, context)
        .for_each(|result| async move {
            if let Err(error) = result {
                tracing::debug!(kind = KIND, %error, "not reconciled");
            }
        })
        .await;
}

async fn reconcile(object: Arc<DynamicObject>, context: Arc<Context>) -> kube::Result<Action> {
    let judged = judge(&object.data);
    let old = part::<AccessLockStatus>(&object.data, "status").unwrap_or_default();
    let sessions = context.sessions_of(&judged.lock).await;
    let Plan { status, again_in } = plan(&judged, sessions, &old, object.metadata.generation, Timestamp::now());
    match write_status(&context.api(), &object.name_any(), &old, &status).await {
        Err(error) if !is_gone(&error) => return Err(error),
        _ => {}
    }
    context.retries.forget(&object.name_any());
    context.metrics.reconciled(KIND, true);
    Ok(again_in.map_or_else(Action::await_change, Action::requeue))
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that Controller::run asks for")]
fn later(object: Arc<DynamicObject>, error: &kube::Error, context: Arc<Context>) -> Action {
    let wait = context.retries.failed(&object.name_any());
    context.metrics.reconciled(KIND, false);
    tracing::warn!(kind = KIND, name = object.name_any(), %error, again_in = ?wait, "status not written");
    Action::requeue(wait)
}

/// As the broker judges it.
fn judge(data: &serde_json::Value) -> Judged {
    match part::<AccessLockSpec>(data, "spec") {
        Ok(spec) => Judged { lock: spec.widest(), problems: spec.resolve().err().map(|problems| problems.to_string()) },
        Err(error) => Judged { lock: lock::AccessLock::default(), problems: Some(format!("spec: {error}")) },
    }
}

impl Context {
    fn api(&self) -> Api<DynamicObject> {
        Api::all_with(self.client.clone(), &resource())
    }

    /// How many sessions that could have credentials `lock` names: away from the threads that renew the lease, since a lock of
    /// thousands of globs asks each session for each.
    async fn sessions_of(&self, lock: &lock::AccessLock) -> usize {
        let (sessions, lock) = (self.sessions.clone(), lock.clone());
        spawn_blocking(move || count(&sessions, &lock)).await.unwrap_or_default()
    }
}

fn count(sessions: &Store<DeserializeGuard<SharedSession>>, lock: &lock::AccessLock) -> usize {
    let sessions = sessions.state();
    let live = sessions.iter().filter_map(|session| session.0.as_ref().ok()).filter(|session| is_live(session));
    let targets = live.filter_map(|session| Target::of_user(&session.spec.user, &session.spec.profile));
    targets.filter(|target| lock.hits(*target)).count()
}

fn is_live(session: &SentinelSession) -> bool {
    let phase = session.status.as_ref().map_or(Phase::Pending, |status| status.phase);
    matches!(phase, Phase::Pending | Phase::Active) && !session.spec.revoked
}

fn resource() -> ApiResource {
    ApiResource::erase::<AccessLock>(&())
}
