//! Keeps the serving certificate up: reads, plans, writes, swaps, sleeps until the next due moment or change.

use std::time::Duration;

use futures::{FutureExt as _, Stream, StreamExt as _};
use jiff::Timestamp;
use kube::Client;
use kube::runtime::{WatchStreamExt as _, watcher};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::material::Material;
use super::store::{Store, Written};
use super::{CaBundle, Plan, Policy, ServingError, TlsConfig, plan};

/// Steps from nothing to rest are three; more than this is a defect.
const MOST_STEPS: usize = 16;
/// Replicas start together and race; one of them wins each round.
const MOST_ROUNDS: usize = 8;
/// A plan is looked at again after this at the latest, so that a clock that was put right is noticed.
const LOOK_AGAIN: Duration = Duration::from_hours(1);
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(30);
/// Between two looks, however often the Secret changes.
const CALM: Duration = Duration::from_secs(1);

/// The program's own CA and serving certificate.
pub struct ServingCertificate {
    store: Store,
    dns_names: Vec<String>,
    policy: Policy,
    served: Option<Served>,
}

/// What the servers and the watchers of the bundle have been given.
struct Served {
    certificate: String,
    tls: TlsConfig,
    bundle: watch::Sender<CaBundle>,
}

impl ServingCertificate {
    /// Waits until there is a certificate for `dns_names` in the Secret, making it if this replica is the first. Then, in
    /// the background until `shutdown`, keeps it and the CA bundle in the ConfigMap up; the server configuration changes
    /// while it serves.
    ///
    /// Needs the rights get, list, watch, update on both objects, by name, and create on their kinds.
    pub async fn start(
        client: Client,
        namespace: &str,
        secret_name: &str,
        config_map_name: &str,
        dns_names: Vec<String>,
        policy: Policy,
        shutdown: CancellationToken,
    ) -> Result<(TlsConfig, watch::Receiver<CaBundle>), ServingError> {
        policy.check()?;
        let store = Store::new(client, namespace, secret_name, config_map_name);
        let mut keeper = Self { store, dns_names, policy, served: None };
        let mut failures = 0;
        loop {
            let (pause, failed) = keeper.round(failures).await;
            if let Some(served) = &keeper.served {
                let handles = (served.tls.clone(), served.bundle.subscribe());
                tokio::spawn(keeper.keep(pause, failed, shutdown));
                return Ok(handles);
            }
            failures = failed;
            if shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return Err(ServingError::Stopped);
            }
        }
    }

    async fn keep(mut self, mut pause: Duration, mut failures: u32, shutdown: CancellationToken) {
        let mut changes = self.changes();
        let work = async {
            loop {
                let anything = async {
                    while changes.next().await.is_none() {
                        std::future::pending::<()>().await;
                    }
                };
                _ = tokio::time::timeout(pause, anything).await;
                tokio::time::sleep(CALM).await;
                // One round answers to all that has happened until now.
                while changes.next().now_or_never().flatten().is_some() {}
                (pause, failures) = self.round(failures).await;
            }
        };
        _ = shutdown.run_until_cancelled(work).await;
    }

    /// One round: how long to wait for the next, and how many rounds have failed in a row.
    async fn round(&mut self, failures: u32) -> (Duration, u32) {
        match self.reconcile().await {
            Ok(until) => (wait(Timestamp::now(), until), 0),
            Err(error) => {
                let pause = backoff(failures);
                let error = anyhow::Error::new(error);
                tracing::warn!(
                    secret = self.store.secret_name,
                    error = format!("{error:#}"),
                    retry_in_ms = pause.as_millis(),
                    serving = self.served.is_some(),
                    "the serving certificate can't be looked after"
                );
                (pause, failures.saturating_add(1))
            }
        }
    }

    async fn reconcile(&mut self) -> Result<Timestamp, ServingError> {
        for _ in 0..MOST_ROUNDS {
            let now = Timestamp::now();
            let secret = self.store.secret().await?;
            let mut material = self.read(secret.as_ref().and_then(|secret| secret.data.as_ref()));
            let (until, changed) = self.settle(&mut material, now)?;
            if changed && self.store.put_secret(secret, material.write()).await? == Written::Raced {
                continue;
            }
            // Serving doesn't wait for publishing: the leaf's CA has been published for `overlap`, or it is the first.
            self.serve(&material);
            if self.store.publish(&material.bundle()).await? == Written::Done {
                return Ok(until);
            }
        }
        Err(ServingError::Contended(self.store.secret_name.clone()))
    }

    fn read(&self, data: Option<&super::material::SecretData>) -> Material {
        let Some(data) = data else { return Material::default() };
        Material::read(data).unwrap_or_else(|error| {
            let secret = &self.store.secret_name;
            tracing::error!(secret, %error, "the stored certificates can't be read; making a new CA, which running pods do not trust yet");
            Material::default()
        })
    }

    /// Takes steps until the plan rests: until when, and whether there were any.
    fn settle(&self, material: &mut Material, now: Timestamp) -> Result<(Timestamp, bool), ServingError> {
        for step in 0..MOST_STEPS {
            let next = plan(now, &material.facts(&self.dns_names), &self.policy);
            if let Plan::Keep(until) = next {
                return Ok((until, step > 0));
            }
            tracing::info!(secret = self.store.secret_name, step = ?next, "changing certificates");
            material.apply(next, now, &self.dns_names, &self.policy)?;
        }
        Err(ServingError::Restless(self.store.secret_name.clone()))
    }

    /// Hands new material to servers and watchers; says nothing when it is the same.
    fn serve(&mut self, material: &Material) {
        let (Some(leaf), bundle) = (material.leaf(), material.bundle()) else { return };
        let Some(served) = &mut self.served else {
            let tls = TlsConfig::new(leaf.server_config());
            let certificate = leaf.certificate().to_owned();
            self.served = Some(Served { certificate, tls, bundle: watch::Sender::new(bundle) });
            return;
        };
        if served.certificate != leaf.certificate() {
            leaf.certificate().clone_into(&mut served.certificate);
            served.tls.replace(leaf.server_config());
            tracing::info!(secret = self.store.secret_name, not_after = %leaf.not_after(), "serving a new certificate");
        }
        served.bundle.send_if_modified(|known| {
            let changed = *known != bundle;
            *known = bundle;
            changed
        });
    }

    /// Something happened to the Secret or the ConfigMap. The watchers retry on their own, with back-off.
    fn changes(&self) -> impl Stream<Item = ()> + Unpin + Send + use<> {
        let only = |name: &str| watcher::Config::default().fields(&format!("metadata.name={name}"));
        let secrets =
            watcher(self.store.secrets.clone(), only(&self.store.secret_name)).backoff(crate::watching::backoff());
        let maps = watcher(self.store.config_maps.clone(), only(&self.store.config_map_name))
            .backoff(crate::watching::backoff());
        let secrets = secrets.filter_map(async |event| event.ok().map(drop));
        let maps = maps.filter_map(async |event| event.ok().map(drop));
        futures::stream::select(Box::pin(secrets), Box::pin(maps))
    }
}

/// Until `until`, but not longer than an hour.
fn wait(now: Timestamp, until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or_default().min(LOOK_AGAIN)
}

fn backoff(failures: u32) -> Duration {
    FIRST_RETRY.saturating_mul(2_u32.saturating_pow(failures)).min(LAST_RETRY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_bounded_on_both_sides() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        assert_eq!(wait(now, Timestamp::MAX), LOOK_AGAIN);
        assert_eq!(wait(now, Timestamp::MIN), Duration::ZERO);
        assert_eq!(wait(now, "2026-11-22T10:00:30Z".parse().unwrap()), Duration::from_secs(30));
    }

    #[test]
    fn retries_slow_down() {
        let pauses: Vec<_> = (0..8).map(backoff).collect();
        assert!(pauses.is_sorted());
        assert_eq!((pauses[0], pauses[7], backoff(u32::MAX)), (FIRST_RETRY, LAST_RETRY, LAST_RETRY));
    }
}
