//! Leader election: one replica works, the others wait.
//!
//! The lease manager renews the Lease; a watchdog of our own looks whether it really is ours, because the manager goes on
//! trying when the API server can't be reached, long after another replica may have taken over.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, Client};
use kube_lease_manager::{LeaseManager, LeaseManagerBuilder, LeaseManagerError};
use tokio::time::{Instant, sleep, timeout};

const LEASE: &str = "sentinel-operator";
/// A lease that isn't renewed for so long is free.
const DURATION: Duration = Duration::from_secs(20);
/// It is renewed so long before.
const GRACE: Duration = Duration::from_secs(8);
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// A replica that wants to lead, or does.
#[derive(Clone)]
pub(crate) struct Candidate {
    manager: Arc<LeaseManager>,
    leases: Api<Lease>,
    identity: String,
}

impl Candidate {
    /// The replica in pod `pod`: a container that is started again in the same pod goes on with its own lease.
    pub async fn new(client: Client, namespace: &str, pod: &str) -> Result<Self, LeaseManagerError> {
        let identity = if pod.is_empty() {
            format!("{:016x}", RandomState::new().build_hasher().finish())
        } else {
            pod.to_owned()
        };
        let manager = LeaseManagerBuilder::new(client.clone(), LEASE)
            .with_namespace(namespace)
            .with_identity(identity.as_str())
            .with_duration(DURATION.as_secs())
            .with_grace(GRACE.as_secs())
            .build()
            .await?;
        Ok(Self { manager: Arc::new(manager), leases: Api::namespaced(client, namespace), identity })
    }

    /// Waits until this replica leads.
    pub async fn elected(&self) {
        tracing::info!(identity = self.identity, "waiting for the lease");
        while !self.changed().await {}
        tracing::info!(identity = self.identity, "leading");
    }

    /// Renews the lease until it is lost.
    pub async fn lost(&self) {
        tokio::select! {
            () = async { while self.changed().await {} } => {}
            () = self.overdue() => {}
        }
    }

    /// Gives the lease back, so that the next leader need not wait.
    pub async fn resign(&self) {
        if let Err(error) = self.manager.release().await {
            tracing::warn!(%error, "the lease could not be given back");
        }
    }

    /// The next change of leadership; failures are waited out, and told once.
    async fn changed(&self) -> bool {
        let mut failures = 0_u32;
        loop {
            match self.manager.changed().await {
                Ok(leads) => return leads,
                Err(error) if failures == 0 => {
                    tracing::warn!(%error, "the lease could not be renewed or read; trying again");
                }
                Err(error) => tracing::debug!(%error, failures, "the lease still can't be renewed or read"),
            }
            failures = failures.saturating_add(1);
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// Resolves when nobody could confirm for a whole lease that it is ours.
    async fn overdue(&self) {
        let mut confirmed = Instant::now();
        while confirmed.elapsed() < DURATION {
            sleep(LOOK_EVERY).await;
            let asked = Instant::now();
            // An API server that takes requests and never answers must not keep the watchdog quiet.
            match timeout(LOOK_EVERY, self.leases.get_opt(LEASE)).await {
                Ok(Ok(Some(lease))) if is_held(&lease, &self.identity, Timestamp::now()) => confirmed = asked,
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::debug!(%error, "the lease could not be read"),
                Err(_) => tracing::debug!("the lease could not be read in time"),
            }
        }
    }
}

fn is_held(lease: &Lease, identity: &str, now: Timestamp) -> bool {
    let Some(spec) = &lease.spec else { return false };
    let renewed = spec.renew_time.as_ref().is_some_and(|time| now.duration_since(time.0).unsigned_abs() < DURATION);
    renewed && spec.holder_identity.as_deref() == Some(identity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::coordination::v1::LeaseSpec;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

    #[test]
    fn a_lease_is_held_by_name_and_for_its_time() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let spec = LeaseSpec {
            holder_identity: Some("a".into()),
            renew_time: Some(MicroTime(at(100))),
            ..LeaseSpec::default()
        };
        let lease = Lease { spec: Some(spec), ..Lease::default() };
        assert!(is_held(&lease, "a", at(119)));
        assert!(!is_held(&lease, "a", at(121)));
        assert!(!is_held(&lease, "b", at(101)));
        assert!(!is_held(&Lease::default(), "a", at(100)));
    }
}
