//! One event: gather, run the errand, report, tell.

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
use sentinel_api::{BreakGlassEvent, BreakGlassEventSpec, BreakGlassEventStatus};

use super::errand::{Answer, Command, Errand};
use super::ledger::Shelf;
use super::plan::{Facts, Plan};
use super::told::{left, untold};
use crate::desk::{Desk, again, counting, created_at};
use crate::happenings::written_at;
use crate::report::{advance_status, part};

const KIND: &str = "BreakGlassEvent";

/// What the reconciler works with.
pub(crate) struct Context {
    /// What it shares with requests.
    pub desk: Desk,
    /// The ledger.
    pub shelf: Shelf,
}

/// Moves every event through its states until `shutdown`; `law` says when something that governs them changes.
pub(crate) async fn run(
    context: Context,
    law: impl Stream<Item = ()> + Send + 'static,
    shutdown: impl Future<Output = ()> + Send + Sync + 'static,
) {
    let context = Arc::new(context);
    let active = context.desk.metrics.active_emergencies.clone();
    let departures = context.desk.departures(resource(), left);
    let all = Api::all_with(context.desk.client.clone(), &resource());
    let controller = Controller::new_with(all, watcher::Config::default(), resource())
        .with_config(Config::default().debounce(Duration::from_millis(50)))
        .reconcile_all_on(law)
        .graceful_shutdown_on(shutdown);
    let events = controller.store();
    let work = controller.run(reconcile, later, context).for_each(|result| async move {
        if let Err(error) = result {
            tracing::debug!(kind = KIND, %error, "not reconciled");
        }
    });
    tokio::select! {
        () = counting(events, "Active", &active, work) => {}
        () = departures.run() => {}
    }
}

async fn reconcile(object: Arc<DynamicObject>, context: Arc<Context>) -> kube::Result<Action> {
    if object.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    context.desk.close(KIND, &object, context.advance(&object).await)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that Controller::run asks for")]
fn later(object: Arc<DynamicObject>, error: &kube::Error, context: Arc<Context>) -> Action {
    context.desk.later(KIND, &object, error)
}

impl Context {
    async fn advance(&self, object: &DynamicObject) -> kube::Result<Action> {
        let old = part::<Option<BreakGlassEventStatus>>(&object.data, "status").map_err(kube::Error::SerdeError)?;
        let (old, facts) = (old.unwrap_or_default(), self.gather(object));
        let plan = self.run(Errand::new(&facts, &old)).await?;
        let namespace = object.namespace().unwrap_or_default();
        let api = Api::namespaced_with(self.desk.client.clone(), &namespace, &resource());
        let object = advance_status(&api, object.clone(), &old, &plan.status).await?;
        let told = self.tell(&api, object, &facts, &old, &plan).await?;
        Ok(again(told, plan.again_in))
    }

    fn gather(&self, object: &DynamicObject) -> Facts {
        let spec = part::<BreakGlassEventSpec>(&object.data, "spec").map_err(|error| format!("spec: {error}"));
        let (profile, account) = match &spec {
            Ok(spec) => (spec.profile.as_str(), spec.service_account.as_str()),
            Err(_) => ("", ""),
        };
        let law = &self.desk.law;
        let ground = law.ground(profile, &object.namespace().unwrap_or_default(), account);
        Facts {
            id: self.desk.id_of(object),
            uid: object.uid().unwrap_or_default(),
            created_at: created_at(object),
            closed_at: written_at(object, "closed"),
            generation: object.metadata.generation,
            break_glass: law.break_glass(&ground.profile),
            rate_limit: law.rate_limit(&ground.profile),
            longest: law.longest_window(),
            ground,
            spec,
        }
    }

    async fn run(&self, mut errand: Errand<'_>) -> kube::Result<Plan> {
        let mut command = errand.begin(Timestamp::now());
        loop {
            let answer = match command {
                Command::Read => Answer::Page(self.shelf.read().await?),
                Command::Write(page) => Answer::Written(self.shelf.write(&page).await?),
                Command::Report(plan) => return Ok(*plan),
            };
            command = errand.next(answer, Timestamp::now());
        }
    }

    /// Tells what the status says that `old` or its `told` doesn't, and notes that it was told. `false`: it is to be told again.
    async fn tell(
        &self,
        api: &Api<DynamicObject>,
        object: DynamicObject,
        facts: &Facts,
        old: &BreakGlassEventStatus,
        plan: &Plan,
    ) -> kube::Result<bool> {
        let (about, status) = (object.object_ref(&resource()), &plan.status);
        self.desk.tell_end(&old.conditions, &status.conditions, &about).await;
        let spec = facts.spec.as_ref().ok().filter(|_| plan.settled);
        let untold = spec.map(|spec| untold(&object, spec, status)).unwrap_or_default();
        let is_told = self.desk.tell(&untold, &about).await;
        if is_told && !untold.is_empty() {
            let told = BreakGlassEventStatus { told: Some(status.phase), ..status.clone() };
            advance_status(api, object, status, &told).await?;
        }
        Ok(is_told)
    }
}

fn resource() -> ApiResource {
    ApiResource::erase::<BreakGlassEvent>(&())
}
