//! One policy object: gather, plan, apply, report.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::api::ApiResource;
use kube::core::DynamicObject;
use kube::runtime::controller::Action;
use kube::{Resource as _, ResourceExt as _};
use sentinel_api::PolicyStatus;
use sentinel_aws::AwsError;

use super::apply::apply;
use super::condition::{status, status_after_failure};
use super::context::Context;
use super::finalizer;
use super::kind::PolicyKind;
use super::plan::{Plan, hash, plan};
use super::source::{Source, World};
use super::ssm::{Label, Owner};
use crate::events::Note;
use crate::report::{is_gone, write_status};

/// Why an object is not as it should be yet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The API server didn't take a write.
    #[error("the object can't be written: {0}")]
    Kubernetes(#[from] kube::Error),
    /// SSM didn't answer, or refused. The object's status says so too.
    #[error(transparent)]
    Ssm(#[from] AwsError),
}

/// Brings SSM and the status of `object` in line with its spec.
pub(crate) async fn reconcile<K: PolicyKind>(
    object: Arc<DynamicObject>,
    context: Arc<Context<K>>,
) -> Result<Action, Error> {
    let profiles = context.known_profiles();
    let known: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let world = World { profiles: &known, around: &context.surroundings(), limit: context.settings.limit };
    let source = Source::read::<K>(&object, &world);
    let pass = Pass {
        parameter: K::parameter_name(&context.settings.root, &source.name),
        object: &object,
        context: &context,
        source,
    };
    let again = if pass.source.deleting { pass.retire().await? } else { pass.publish().await? };
    context.retries.forget(&pass.key());
    context.metrics.reconciled(&K::name(), true);
    Ok(again.map_or_else(Action::await_change, Action::requeue))
}

struct Pass<'a, K> {
    object: &'a DynamicObject,
    context: &'a Context<K>,
    source: Source,
    parameter: String,
}

impl<K: PolicyKind> Pass<'_, K> {
    async fn publish(&self) -> Result<Option<Duration>, Error> {
        if !self.source.finalized && self.source.desired.text().is_some() {
            finalizer::add(&self.context.api(), self.object).await?;
            // The watch brings the object back at once, with the finalizer.
            return Ok(None);
        }
        if let Some(left) = self.context.believed(&self.key(), &self.state()) {
            return Ok(Some(left));
        }
        self.context.doubt(&self.key());
        let result = self.write_parameter().await;
        self.told(result).await?;
        if self.source.finalized && self.source.desired.text().is_none() {
            finalizer::remove(&self.context.api(), self.object).await?;
        }
        Ok(Some(self.context.verify(&self.key(), self.state())))
    }

    /// Gather, plan, apply; what is to be reported.
    async fn write_parameter(&self) -> Result<(Plan, PolicyStatus), AwsError> {
        self.remove_renamed().await?;
        let ssm = &self.context.ssm;
        let remote = ssm.read(&self.parameter).await?;
        let plan = plan(&self.source, &self.parameter, remote.as_ref());
        let version = apply(ssm, &self.parameter, &self.label(), &plan, remote.as_ref()).await?;
        let text = self.source.desired.text().filter(|_| plan.holds);
        let held = version.zip(text).map(|(version, text)| (self.parameter.as_str(), version, text));
        let status = status(&self.source, &plan.published, held, Timestamp::now());
        Ok((plan, status))
    }

    /// Reports what was done, or why nothing could be.
    async fn told(&self, result: Result<(Plan, PolicyStatus), AwsError>) -> Result<(), Error> {
        let (plan, status) = match result {
            Ok(done) => done,
            Err(error) => {
                self.write(&status_after_failure(&self.source, &error, Timestamp::now())).await?;
                return Err(error.into());
            }
        };
        self.write(&status).await?;
        if let Some(drift) = plan.drift {
            let note = Note::warning("DriftRepaired", "Publish", format!("{drift}; it holds this policy again"));
            self.context.events.tell(&self.object.object_ref(&ApiResource::erase::<K::Object>(&())), &note).await;
        }
        if self.source.adopts && plan.adopted {
            finalizer::forget_adoption(&self.context.api(), self.object).await?;
        }
        Ok(())
    }

    /// The object is going: its parameter goes first, unless it is to stay or isn't ours.
    async fn retire(&self) -> Result<Option<Duration>, Error> {
        self.context.doubt(&self.key());
        if !self.source.finalized {
            self.context.retries.forget(&self.key());
            return Ok(None);
        }
        if !self.source.retains
            && let Err(error) = self.remove_parameters().await
        {
            self.write(&status_after_failure(&self.source, &error, Timestamp::now())).await?;
            return Err(error.into());
        }
        finalizer::remove(&self.context.api(), self.object).await?;
        Ok(None)
    }

    async fn remove_parameters(&self) -> Result<(), AwsError> {
        self.remove_renamed().await?;
        self.remove_if_ours(&self.parameter).await
    }

    /// The parameter under the name that was used before `--parameter-root` changed.
    async fn remove_renamed(&self) -> Result<(), AwsError> {
        match self.source.published() {
            Some(last) if last.name != self.parameter => self.remove_if_ours(&last.name).await,
            _ => Ok(()),
        }
    }

    async fn remove_if_ours(&self, name: &str) -> Result<(), AwsError> {
        match self.context.ssm.read(name).await? {
            Some(remote) if remote.owner == Owner::Us => self.context.ssm.delete(name).await.map(drop),
            _ => Ok(()),
        }
    }

    async fn write(&self, status: &PolicyStatus) -> Result<(), Error> {
        match write_status(&self.context.api(), &self.source.name, &self.source.status, status).await {
            Err(error) if is_gone(&error) => Ok(()),
            result => Ok(result.map(drop)?),
        }
    }

    fn label(&self) -> Label {
        Label { object: format!("{}/{}", K::name(), self.source.name) }
    }

    fn key(&self) -> String {
        self.object.uid().unwrap_or_else(|| self.source.name.clone())
    }

    /// All that SSM and the status depend on: while it stays, SSM need not be read but for drift.
    fn state(&self) -> String {
        let text = self.source.desired.text().map(hash);
        format!("{:?} {} {text:?} {}", self.source.generation, self.source.adopts, self.source.linted.message)
    }
}
