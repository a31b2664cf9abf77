//! One request from end to end: gather, decide, and go round again after every wait, so that what is answered was
//! allowed by what is known *then*.
//!
//! ```text
//!   ┌─▶ gather ─▶ decide ─▶ cache ──nothing──▶ flight (row, AssumeRole) ─┐
//!   │                         └─ held ─▶ row touched? ─ no ─▶ Grant      │
//!   └──────────────────────────────────────── yes ◀─────────────────────┘
//! ```

mod gather;
mod issue;
mod upkeep;

use std::net::IpAddr;
use std::sync::Arc;

use sentinel_api::DEFAULT_LEASE;
use sentinel_core::protocol::{BROKER_DEADLINE, CredentialRequest, Credentials, Grant};
use sentinel_runtime::serving::CaBundle;
use tokio::sync::watch;
use tokio::time::timeout_at;

use crate::caller::{CallerError, Callers};
use crate::cluster::Cluster;
use crate::credentials::{Cache, Issuer, Key, Lookup, Template};
use crate::events::Events;
use crate::flight::Flights;
use crate::identity::ClusterIdentity;
use crate::journal::{Journal, Subject};
use crate::metrics::BrokerMetrics;
use crate::moment::Moment;
use crate::rows::{Purpose, Rows};
use crate::watch::World;
pub use gather::PodLookups;
use sentinel_core::session::SessionId;
use sentinel_decision::{Cause, Kind, Permit, decide};

/// More than a busy sidecar answers between two reports. The number is the pod's own word, and it is added to a row that
/// others must be able to read: one beyond their integers would hide the row, and with it a revocation.
const MOST_SERVED: u64 = 1_000_000;
/// After this many rounds something changes faster than we can answer.
const MOST_ROUNDS: usize = 5;

/// What a broker is made of.
pub struct Broker {
    /// What is known of the cluster.
    pub world: World,
    /// What can be asked of it.
    pub cluster: Arc<dyn Cluster>,
    /// Who calls.
    pub callers: Callers,
    /// Session rows.
    pub rows: Rows,
    /// STS.
    pub issuer: Arc<dyn Issuer>,
    /// Issued credentials.
    pub cache: Cache,
    /// AssumeRoles under way.
    pub flights: Flights<(SessionId, Key), Result<(), Cause>>,
    /// Single GETs of pods.
    pub lookups: PodLookups,
    /// The decision log.
    pub journal: Journal,
    /// Events on pods.
    pub events: Events,
    /// Metrics.
    pub metrics: BrokerMetrics,
    /// Which cluster this is.
    pub identity: ClusterIdentity,
    /// The installation's session table.
    pub default_table: Option<String>,
    /// The CA bundle that sidecars must trust.
    pub bundle: watch::Receiver<CaBundle>,
}

/// What a request comes to.
#[derive(Debug)]
pub enum Answer {
    /// 200.
    Granted(Box<Grant>),
    /// 401, 429 or 503: it isn't known who asks.
    Unidentified(CallerError),
    /// 403 or 503.
    Refused(Box<RefusedAnswer>),
}

/// A refusal to somebody known.
#[derive(Debug)]
pub struct RefusedAnswer {
    /// Why.
    pub cause: Cause,
    /// For how long the sidecar may repeat it.
    pub lease_ms: u64,
    /// A newer bundle than the sidecar's.
    pub trust_bundle: Option<String>,
}

impl Broker {
    /// Answers `request`, which came with the bearer token `token` from `source`.
    pub async fn answer(self: &Arc<Self>, token: &str, source: IpAddr, request: &CredentialRequest) -> Answer {
        let start = Moment::now();
        let deadline = start.steady + BROKER_DEADLINE;
        let caller = match timeout_at(deadline, self.callers.identify(token, source, start)).await {
            Ok(Ok(caller)) => caller,
            Ok(Err(error)) => {
                tracing::debug!(%source, %error, "caller not identified");
                return Answer::Unidentified(error);
            }
            Err(_) => return Answer::Unidentified(CallerError::Unavailable("the API server is slow".to_owned())),
        };
        let session_id = SessionId::derive(&self.identity.id, &caller.pod_uid, &request.profile);
        let subject = Subject { caller, profile: request.profile.clone(), session_id };
        let result = timeout_at(deadline, self.serve(&subject, request.served.min(MOST_SERVED))).await;
        let result = result.unwrap_or(Err(Cause::Deadline(BROKER_DEADLINE.as_millis())));
        self.report(&subject, &result);
        self.word(&subject, request, result)
    }

    /// Goes round until nothing had to be waited for since the decision.
    async fn serve(self: &Arc<Self>, subject: &Subject, served: u64) -> Result<(Permit, Credentials), Cause> {
        for _ in 0..MOST_ROUNDS {
            let (facts, now) = self.gather(subject).await;
            let permit = decide(&facts)?;
            let template = Template::new(&permit, &self.identity, now.wall);
            let held = match self.cache.look_up(&permit.session_id, &template.key(), now) {
                Lookup::Fresh(held) => held,
                Lookup::Aging(held) => {
                    self.renew(&permit, template.clone());
                    held
                }
                Lookup::Failed(cause) => return Err(cause),
                Lookup::Nothing => {
                    self.issue(&permit, template, served).await?;
                    continue;
                }
            };
            if !self.rows.note(&permit, served, &template, Purpose::Use, now).await? {
                self.metrics.cache.with_label_values(&["hit"]).inc();
                self.rows.acknowledge(&permit, served, now);
                return Ok((permit, held));
            }
        }
        Err(Cause::Restless { profile: subject.profile.clone() })
    }

    /// Tells log, Events and metrics, and forgets credentials that may not be given out any more.
    fn report(&self, subject: &Subject, result: &Result<(Permit, Credentials), Cause>) {
        let now = Moment::now();
        match result {
            Ok((permit, _)) => {
                self.journal.allowed(permit, now);
                self.events.granted(&subject.session_id, now);
            }
            Err(cause) => {
                if cause.kind() == Kind::Denied {
                    self.cache.evict(&subject.session_id);
                    self.journal.denied(subject, cause, self.policy_of(&subject.profile, now).as_deref(), now);
                }
                tracing::debug!(pod = subject.caller.pod_path(), profile = subject.profile, %cause, "nothing given out");
                self.events.refused(subject, cause, now);
            }
        }
    }

    fn word(
        &self,
        subject: &Subject,
        request: &CredentialRequest,
        result: Result<(Permit, Credentials), Cause>,
    ) -> Answer {
        let now = Moment::now();
        let trust_bundle = self.newer_bundle(&request.bundle_hash);
        match result {
            Ok((permit, credentials)) => Answer::Granted(Box::new(grant(&permit, credentials, trust_bundle, now))),
            Err(cause) => {
                let lease = self.profile_of(&subject.profile, now).map_or(DEFAULT_LEASE, |profile| profile.lease);
                // A denial by a time window ends with the window, one by a lock with the lock.
                let lease_ms = millis(cause.holds_until().map_or(lease, |end| lease.min(now.until(end))));
                Answer::Refused(Box::new(RefusedAnswer { cause, lease_ms, trust_bundle }))
            }
        }
    }

    fn newer_bundle(&self, known: &str) -> Option<String> {
        let bundle = self.bundle.borrow();
        (bundle.hash() != known).then(|| bundle.pem().to_owned())
    }
}

/// The lease ends with the grant and with the credentials.
fn grant(permit: &Permit, credentials: Credentials, trust_bundle: Option<String>, now: Moment) -> Grant {
    let end = permit.holds_until().map_or(credentials.expiration, |end| end.min(credentials.expiration));
    Grant {
        lease_ms: millis(permit.profile.lease.min(now.until(end))),
        outage_grace_ms: permit.profile.outage_grace.map(millis),
        credentials,
        trust_bundle,
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
