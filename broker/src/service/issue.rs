//! One AssumeRole for all who wait for it.

use sentinel_aws::{AssumeRole, AwsError};
use sentinel_core::tags::packed_size;
use sentinel_decision::{Cause, Kind, Permit};
use std::sync::Arc;

use super::Broker;
use crate::credentials::{Key, Template};
use crate::flight::Flight;
use crate::journal::Subject;
use crate::moment::Moment;
use crate::rows::Purpose;

impl Broker {
    /// Has credentials issued into the cache; goes on when the caller hangs up.
    pub(super) async fn issue(self: &Arc<Self>, permit: &Permit, template: Template, served: u64) -> Result<(), Cause> {
        self.fly("miss", permit, template, served).await.unwrap_or(Err(Cause::Internal))
    }

    /// Has credentials renewed, behind those that are given out meanwhile.
    pub(super) fn renew(self: &Arc<Self>, permit: &Permit, template: Template) {
        drop(self.fly("renewal", permit, template, 0));
    }

    fn fly(
        self: &Arc<Self>,
        why: &'static str,
        permit: &Permit,
        template: Template,
        served: u64,
    ) -> Flight<Result<(), Cause>> {
        let (broker, permit, key) = (self.clone(), permit.clone(), template.key());
        let flight = (permit.session_id.clone(), key);
        self.flights.join(flight, || async move {
            broker.metrics.cache.with_label_values(&[why]).inc();
            let result = broker.assume_role(&permit, &template, key, served).await;
            if let Err(cause) = &result {
                broker.failed(&permit, key, cause);
            }
            result
        })
    }

    /// The row first: a revocation must be able to tell for which role and until when credentials are about.
    async fn assume_role(&self, permit: &Permit, template: &Template, key: Key, served: u64) -> Result<(), Cause> {
        let now = Moment::now();
        self.rows.note(permit, served, template, Purpose::Issue, now).await?;
        let issue = template.at(now.wall);
        let credentials = self
            .issuer
            .assume_role(&issue.request)
            .await
            .map_err(|error| not_assumed(permit, &issue.request, &error))?;
        self.cache.keep(&permit.session_id, key, &issue, credentials);
        let now = Moment::now();
        self.journal.issued(permit, &issue, now);
        self.events.issued(&Subject::of(permit), &issue.request.role_arn, now);
        Ok(())
    }

    fn failed(&self, permit: &Permit, key: Key, cause: &Cause) {
        match cause.kind() {
            Kind::Denied => self.cache.evict(&permit.session_id),
            Kind::Unavailable => {
                // Not at every try, or an outage fills the log.
                if self.cache.failed(&permit.session_id, key, cause.clone(), Moment::now()) {
                    tracing::warn!(session = %permit.session_id, pod = permit.caller.pod_path(), %cause, "not issued");
                }
            }
        }
    }
}

/// Tags that don't fit are the profile's matter, not the role's.
fn not_assumed(permit: &Permit, request: &AssumeRole, error: &AwsError) -> Cause {
    if !error.is_packed_too_large() {
        return Cause::Sts(error.to_string());
    }
    let (profile, bytes) = (permit.profile.name.clone(), packed_size(&request.tags));
    Cause::TagsTooLarge { profile, bytes, problem: error.to_string() }
}
