//! What the rooms of requests and of emergencies have in common: what they work with, and how they end a pass over an object.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::api::ApiResource;
use kube::core::DynamicObject;
use kube::runtime::controller::Action;
use kube::runtime::reflector::Store;
use kube::{Client, ResourceExt as _};
use prometheus::IntGauge;
use sentinel_api::names::GRANTED_CONDITION;
use sentinel_api::{Condition, ConditionStatus};
use sentinel_core::identity::RequestId;

use crate::cluster::Cluster;
use crate::events::Note;
use crate::happenings::{Departures, Happening, Left, Teller};
use crate::law::Law;
use crate::metrics::Metrics;
use crate::pace::Retries;
use crate::report::{is_gone, is_outrun};

/// Objects are counted so often.
const COUNT_EVERY: Duration = Duration::from_secs(5);
/// Somebody could not take what was told.
const UNTOLD: Duration = Duration::from_secs(5);
/// The change that somebody else made comes by the watch; this is for the case that it came before.
const SHORTLY: Duration = Duration::from_millis(500);

/// What both rooms work with.
pub(crate) struct Desk {
    /// The API server.
    pub client: Client,
    /// This cluster.
    pub cluster: Cluster,
    /// Profiles, policies, service accounts.
    pub law: Law,
    /// Whom to tell.
    pub teller: Teller,
    /// For Prometheus.
    pub metrics: Metrics,
    /// Who failed how often.
    pub retries: Retries,
}

impl Desk {
    /// The short name of an object.
    pub fn id_of(&self, object: &DynamicObject) -> RequestId {
        RequestId::derive(&self.cluster.id, object.metadata.uid.as_deref().unwrap_or_default())
    }

    /// Tells all of them. `false`: to be told again.
    pub async fn tell(&self, happenings: &[Happening], object: &ObjectReference) -> bool {
        for happening in happenings {
            if !self.teller.tell(happening, object).await {
                return false;
            }
        }
        true
    }

    /// Tells that a grant has ended though nobody ended it, if `new` says so and `old` did not.
    pub async fn tell_end(&self, old: &[Condition], new: &[Condition], object: &ObjectReference) {
        if let Some(note) = end_of_grant(old, new) {
            self.teller.note(&note, object).await;
        }
    }

    /// Who tells of the deleted objects of a kind what they have `left`.
    pub fn departures(&self, resource: ApiResource, left: Left) -> Departures {
        Departures { client: self.client.clone(), resource, teller: self.teller.clone(), left }
    }

    /// What comes after a pass over `object`: whoever was outrun, or came too late, has not failed.
    pub fn close(&self, kind: &str, object: &DynamicObject, pass: kube::Result<Action>) -> kube::Result<Action> {
        let action = match pass {
            Err(error) if is_gone(&error) => Action::await_change(),
            Err(error) if is_outrun(&error) => Action::requeue(SHORTLY),
            pass => pass?,
        };
        self.retries.forget(&key(object));
        self.metrics.reconciled(kind, true);
        Ok(action)
    }

    /// What comes after a failure.
    pub fn later(&self, kind: &str, object: &DynamicObject, error: &kube::Error) -> Action {
        let wait = self.retries.failed(&key(object));
        self.metrics.reconciled(kind, false);
        tracing::warn!(kind, name = key(object), %error, again_in = ?wait, "not reconciled");
        Action::requeue(wait)
    }
}

/// When to look again: what could not be told is told again soon, whatever else is to be done when.
pub(crate) fn again(told: bool, again_in: Option<Duration>) -> Action {
    let soon = (!told).then_some(UNTOLD);
    soon.into_iter().chain(again_in).min().map_or_else(Action::await_change, Action::requeue)
}

fn key(object: &DynamicObject) -> String {
    format!("{}/{}", object.namespace().unwrap_or_default(), object.name_any())
}

/// When the API server made `object`.
pub(crate) fn created_at(object: &DynamicObject) -> Timestamp {
    object.creation_timestamp().map_or(Timestamp::MIN, |at| at.0)
}

/// Keeps `gauge` at how many of `objects` are in `phase` (none counts as Pending), until `work` ends.
pub(crate) async fn counting(
    objects: Store<DynamicObject>,
    phase: &str,
    gauge: &IntGauge,
    work: impl Future<Output = ()>,
) {
    let count = async {
        let mut ticks = tokio::time::interval(COUNT_EVERY);
        loop {
            ticks.tick().await;
            let all = objects.state();
            let found = all.iter().filter(|object| phase_of(object) == phase).count();
            gauge.set(i64::try_from(found).unwrap_or(i64::MAX));
        }
    };
    tokio::select! {
        () = work => {}
        () = count => {}
    }
}

fn phase_of(object: &DynamicObject) -> &str {
    object.data.pointer("/status/phase").and_then(|phase| phase.as_str()).unwrap_or("Pending")
}

fn end_of_grant(old: &[Condition], new: &[Condition]) -> Option<Note> {
    let find = |all: &[Condition]| all.iter().find(|one| one.type_ == GRANTED_CONDITION).cloned();
    let was_open = find(old).is_some_and(|one| one.status == ConditionStatus::True);
    let ended = find(new).filter(|one| was_open && one.status == ConditionStatus::False)?;
    match ended.reason.as_str() {
        "Void" => Some(Note::warning("GrantVoid", "Void", ended.message)),
        "RunOut" => Some(Note { warning: false, reason: "GrantEnded", action: "End", text: ended.message }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_told_is_told_again_soon() {
        let (second, hour) = (Duration::from_secs(1), Duration::from_hours(1));
        assert_eq!(again(true, None), Action::await_change());
        assert_eq!(again(true, Some(hour)), Action::requeue(hour));
        assert_eq!(again(false, None), Action::requeue(UNTOLD));
        assert_eq!(again(false, Some(hour)), Action::requeue(UNTOLD));
        assert_eq!(again(false, Some(second)), Action::requeue(second));
    }
}
