//! One request: gather, plan, report, tell.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use jiff::Timestamp;
use kube::api::ApiResource;
use kube::core::DynamicObject;
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::watcher;
use kube::{Api, Resource as _, ResourceExt as _};
use sentinel_api::{AccessRequest, AccessRequestSpec, AccessRequestStatus};

use super::plan::{Facts, Plan, is_over, plan};
use super::told::{left, untold};
use crate::desk::{Desk, again, counting, created_at};
use crate::happenings::written_at;
use crate::report::{advance_status, part};

const KIND: &str = "AccessRequest";

/// What the reconciler works with.
pub(crate) struct Context(pub Desk);

/// Moves every request through its states until `shutdown`; `law` says when something that governs them changes.
pub(crate) async fn run(
    context: Context,
    law: impl Stream<Item = ()> + Send + 'static,
    shutdown: impl Future<Output = ()> + Send + Sync + 'static,
) {
    let context = Arc::new(context);
    let pending = context.0.metrics.pending_requests.clone();
    let departures = context.0.departures(resource(), left);
    let controller = Controller::new_with(
        Api::all_with(context.0.client.clone(), &resource()),
        watcher::Config::default(),
        resource(),
    )
    .with_config(Config::default().debounce(Duration::from_millis(50)))
    .reconcile_all_on(law)
    .graceful_shutdown_on(shutdown);
    let requests = controller.store();
    let work = controller.run(reconcile, later, context).for_each(|result| async move {
        if let Err(error) = result {
            tracing::debug!(kind = KIND, %error, "not reconciled");
        }
    });
    tokio::select! {
        () = counting(requests, "Pending", &pending, work) => {}
        () = departures.run() => {}
    }
}

async fn reconcile(object: Arc<DynamicObject>, context: Arc<Context>) -> kube::Result<Action> {
    if object.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    context.0.close(KIND, &object, context.advance(&object).await)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that Controller::run asks for")]
fn later(object: Arc<DynamicObject>, error: &kube::Error, context: Arc<Context>) -> Action {
    context.0.later(KIND, &object, error)
}

impl Context {
    async fn advance(&self, object: &DynamicObject) -> kube::Result<Action> {
        let old = part::<Option<AccessRequestStatus>>(&object.data, "status").map_err(kube::Error::SerdeError)?;
        let (old, now) = (old.unwrap_or_default(), Timestamp::now());
        let spec = part::<AccessRequestSpec>(&object.data, "spec").map_err(|error| format!("spec: {error}"));
        let Plan { status, again_in } = if is_over(&old, now) {
            Plan { status: old.clone(), again_in: None }
        } else {
            plan(&self.gather(object, spec.clone()), &old, now)
        };
        let api = self.api(object);
        let object = advance_status(&api, object.clone(), &old, &status).await?;
        let told = self.tell(&api, object, spec.ok().as_ref(), &old, status).await?;
        Ok(again(told, again_in))
    }

    fn gather(&self, object: &DynamicObject, spec: Result<AccessRequestSpec, String>) -> Facts {
        let (profile, account) = match &spec {
            Ok(spec) => (spec.profile.as_str(), spec.service_account.as_str()),
            Err(_) => ("", ""),
        };
        let ground = self.0.law.ground(profile, &object.namespace().unwrap_or_default(), account);
        let policy = self.0.law.approval(&ground.profile);
        let (id, created_at) = (self.0.id_of(object), created_at(object));
        let decided_at = written_at(object, "decision");
        Facts { id, created_at, decided_at, generation: object.metadata.generation, spec, ground, policy }
    }

    /// Tells what `status` says that `old` or its `told` doesn't, and notes that it was told. `false`: it is to be told again.
    async fn tell(
        &self,
        api: &Api<DynamicObject>,
        object: DynamicObject,
        spec: Option<&AccessRequestSpec>,
        old: &AccessRequestStatus,
        status: AccessRequestStatus,
    ) -> kube::Result<bool> {
        let about = object.object_ref(&resource());
        self.0.tell_end(&old.conditions, &status.conditions, &about).await;
        let untold = spec.map(|spec| untold(&object, spec, &status)).unwrap_or_default();
        let is_told = self.0.tell(&untold, &about).await;
        if is_told && !untold.is_empty() {
            let told = AccessRequestStatus { told: Some(status.phase), ..status.clone() };
            advance_status(api, object, &status, &told).await?;
        }
        Ok(is_told)
    }

    fn api(&self, object: &DynamicObject) -> Api<DynamicObject> {
        Api::namespaced_with(self.0.client.clone(), &object.namespace().unwrap_or_default(), &resource())
    }
}

fn resource() -> ApiResource {
    ApiResource::erase::<AccessRequest>(&())
}
