//! The queue of one kind: each object on a change of its own, on a change of the profiles, and at every resync.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use kube::ResourceExt as _;
use kube::api::ApiResource;
use kube::core::DynamicObject;
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::watcher;

use super::context::Context;
use super::kind::PolicyKind;
use super::reconcile::{Error, reconcile};

/// Changes that come together are one.
const DEBOUNCE: Duration = Duration::from_millis(50);
/// More would only wait for SSM's pace.
const CONCURRENCY: u16 = 8;

/// Reconciles every object of kind `K` until `shutdown`; `profiles` says when the known profiles change.
pub(crate) async fn run<K: PolicyKind>(
    context: Arc<Context<K>>,
    profiles: impl Stream<Item = ()> + Send + 'static,
    shutdown: impl Future<Output = ()> + Send + Sync + 'static,
) {
    let resource = ApiResource::erase::<K::Object>(&());
    Controller::new_with(context.api(), watcher::Config::default(), resource)
        .with_config(Config::default().debounce(DEBOUNCE).concurrency(CONCURRENCY))
        .reconcile_all_on(profiles)
        .graceful_shutdown_on(shutdown)
        .run(reconcile::<K>, later::<K>, context)
        .for_each(|result| async move {
            if let Err(error) = result {
                tracing::debug!(kind = K::name(), %error, "not reconciled");
            }
        })
        .await;
}

/// The one place where a failure is logged, and where it is decided when to try again.
#[expect(clippy::needless_pass_by_value, reason = "the signature that Controller::run asks for")]
fn later<K: PolicyKind>(object: Arc<DynamicObject>, error: &Error, context: Arc<Context<K>>) -> Action {
    let wait = context.retries.failed(&object.uid().unwrap_or_else(|| object.name_any()));
    context.metrics.reconciled(&K::name(), false);
    tracing::warn!(kind = K::name(), name = object.name_any(), %error, again_in = ?wait, "not published");
    Action::requeue(wait)
}
