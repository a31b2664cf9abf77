//! One profile: gather, plan, report.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use jiff::Timestamp;
use kube::api::ApiResource;
use kube::core::DynamicObject;
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::watcher;
use kube::{Api, Client, ResourceExt as _};
use sentinel_api::{Profile, ProfileStatus, SentinelProfile};
use serde::Deserialize as _;
use tokio::sync::watch;

use super::plan::plan;
use super::policies::Policies;
use crate::audit::{self, Compliance};
use crate::denials::{self, RoleStates};
use crate::metrics::Metrics;
use crate::pace::Retries;
use crate::report::{is_gone, write_status};
use crate::sessions::{Governance, Strays, tell_strays};
use crate::tables::{self, Named, Verdicts};

const KIND: &str = "SentinelProfile";

/// What the reconciler works with.
pub(crate) struct Context {
    /// The API server.
    pub client: Client,
    /// Every policy.
    pub policies: Policies,
    /// What the last audit said.
    pub compliance: watch::Receiver<Compliance>,
    /// What IAM denies.
    pub roles: watch::Receiver<RoleStates>,
    /// Which tables each may use.
    pub governance: Governance,
    /// What is known of the tables.
    pub tables: watch::Receiver<Verdicts>,
    /// Rows that outlive their pods.
    pub strays: watch::Receiver<Option<Strays>>,
    /// For Prometheus.
    pub metrics: Metrics,
    /// Who failed how often.
    pub retries: Retries,
}

/// Keeps the status of every profile until `shutdown`; `changes` says when something changes that is said of them.
pub(crate) async fn run(
    context: Context,
    changes: impl Stream<Item = ()> + Send + 'static,
    shutdown: impl Future<Output = ()> + Send + Sync + 'static,
) {
    let context = Arc::new(context);
    Controller::new_with(context.api(), watcher::Config::default(), resource())
        .with_config(Config::default().debounce(Duration::from_millis(50)))
        .reconcile_all_on(changes)
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
    let profile = judge(&object);
    let old = object.data.get("status").and_then(|status| ProfileStatus::deserialize(status).ok()).unwrap_or_default();
    let (generation, now) = (object.metadata.generation, Timestamp::now());
    let mut new = plan(&profile, |role, name| context.policies.find(role, name), &old, generation, now);
    audit::tell(&context.compliance.borrow(), &object.name_any(), &mut new, generation, now);
    denials::tell(&context.roles.borrow(), profile.as_ref().ok(), &mut new, generation, now);
    // Of a profile that can't be used, no table is.
    let named = profile.as_ref().map_or_else(|_| Named::default(), |profile| context.governance.named(profile));
    tables::tell(&context.tables.borrow(), &named, &mut new, generation, now);
    tell_strays(context.strays.borrow().as_ref(), &object.name_any(), &named, &mut new);
    match write_status(&context.api(), &object.name_any(), &old, &new).await {
        Err(error) if !is_gone(&error) => return Err(error),
        _ => {}
    }
    context.retries.forget(&object.name_any());
    context.metrics.reconciled(KIND, true);
    Ok(Action::await_change())
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that Controller::run asks for")]
fn later(object: Arc<DynamicObject>, error: &kube::Error, context: Arc<Context>) -> Action {
    let wait = context.retries.failed(&object.name_any());
    context.metrics.reconciled(KIND, false);
    tracing::warn!(kind = KIND, name = object.name_any(), %error, again_in = ?wait, "status not written");
    Action::requeue(wait)
}

fn judge(object: &DynamicObject) -> Result<Profile, String> {
    let typed: SentinelProfile =
        object.clone().try_parse().map_err(|error| format!("the object can't be read: {error}"))?;
    typed.resolve().map_err(|problems| problems.to_string())
}

impl Context {
    fn api(&self) -> Api<DynamicObject> {
        Api::all_with(self.client.clone(), &resource())
    }
}

fn resource() -> ApiResource {
    ApiResource::erase::<SentinelProfile>(&())
}
