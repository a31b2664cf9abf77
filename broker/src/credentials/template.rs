//! From a permit to an AssumeRole. Pure.
//!
//! No grant outlives its reason. Where less than STS's least duration is allowed, the credentials carry a session policy
//! that denies everything from the grant's end on, and what is told to the SDK ends there.

use std::time::Duration;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use sentinel_api::ConnectedPod;
use sentinel_aws::AssumeRole;
use sentinel_core::identity::{SourceIdentity, role_session_name};
use sentinel_core::tags::{Tagged, session_tags};
use sentinel_core::time::CLOCK_SKEW;
use sentinel_decision::Permit;
use sha2::{Digest as _, Sha256};

use crate::identity::ClusterIdentity;

/// The least that STS issues for.
const STS_LEAST: Duration = Duration::from_mins(15);

/// What the cache knows credentials by: all inputs of AssumeRole and the grant's end.
pub type Key = [u8; 32];

/// An AssumeRole but for the moment.
#[derive(Clone, Debug)]
pub struct Template {
    request: AssumeRole,
    /// How long the credentials may live.
    cap: Duration,
    /// When the grant ends, if it does.
    end: Option<Timestamp>,
    /// IAM denies what was issued before: a change of it makes new credentials, and so does the moment itself, if the clock of who wrote it is
    /// ahead: what was issued until then is denied as well.
    denied_before: Option<(String, bool)>,
}

/// An AssumeRole of one moment.
#[derive(Clone, Debug)]
pub struct Issue {
    /// What STS is asked.
    pub request: AssumeRole,
    /// When.
    pub at: Timestamp,
    /// Until when the SDK is told that the credentials are good.
    pub until: Timestamp,
    /// Until when they are good for anything, at the latest: for the row.
    pub recorded_until: Timestamp,
}

impl Template {
    /// What `permit` allows at `now`.
    pub fn new(permit: &Permit, cluster: &ClusterIdentity, now: Timestamp) -> Self {
        let cap = permit.longest_life();
        Self {
            request: request(permit, cluster, cap),
            cap,
            end: permit.holds_until().map(whole_seconds),
            denied_before: permit.profile.denied_before.as_ref().map(|than| {
                let has_passed = than.parse::<Timestamp>().is_ok_and(|than| than < now);
                (than.clone(), has_passed)
            }),
        }
    }

    /// The key of what comes of it.
    pub fn key(&self) -> Key {
        let end = self.end.map_or(i64::MAX, Timestamp::as_second);
        let mut hash = Sha256::new();
        hash.update(self.request.fingerprint());
        hash.update(self.cap.as_nanos().to_be_bytes());
        hash.update(end.to_be_bytes());
        if let Some((than, has_passed)) = &self.denied_before {
            hash.update(than);
            hash.update([u8::from(*has_passed)]);
        }
        hash.finalize().into()
    }

    /// The request at the moment `at`.
    pub fn at(&self, at: Timestamp) -> Issue {
        let after = |duration: Duration| at.checked_add(duration).unwrap_or(Timestamp::MAX);
        let sts_end = after(Duration::from_secs(self.request.duration_seconds.into()));
        // STS counts from its own clock, and later than we ask.
        let latest_sts_end = sts_end.checked_add(CLOCK_SKEW).unwrap_or(Timestamp::MAX);
        let cap = if self.cap < STS_LEAST { after(self.cap) } else { Timestamp::MAX };
        let end = whole_seconds(self.end.unwrap_or(Timestamp::MAX).min(cap));
        let mut request = self.request.clone();
        if end < latest_sts_end {
            request.policy = Some(nothing_from(end));
        }
        let until = end.min(sts_end);
        Issue { request, at, until, recorded_until: sts_end }
    }
}

fn request(permit: &Permit, cluster: &ClusterIdentity, cap: Duration) -> AssumeRole {
    let (caller, profile, session) = (&permit.caller, &permit.profile, &permit.session_id);
    let (namespace, service_account, pod) = (&caller.namespace, &caller.service_account, &caller.pod);
    let own = profile.tags_for(ConnectedPod { namespace, service_account, pod, cluster: &cluster.name });
    let tags = session_tags(Tagged { namespace, service_account, pod, profile: &profile.name, session }, own);
    AssumeRole {
        role_arn: profile.role_arn.clone(),
        role_session_name: role_session_name(namespace, pod),
        source_identity: SourceIdentity::new(namespace, service_account, &permit.granted_by(), session).to_string(),
        external_id: profile.external_id.clone(),
        duration_seconds: u32::try_from(cap.max(STS_LEAST).as_secs()).unwrap_or(3600),
        tags,
        policy: None,
        region: Some(profile.region.clone()),
    }
}

/// A session policy that leaves the role as it is until `end`, and nothing of it afterwards.
fn nothing_from(end: Timestamp) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"*","Resource":"*"}},{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{{"DateGreaterThanEquals":{{"aws:CurrentTime":"{end}"}}}}}}]}}"#
    )
}

/// IAM compares whole seconds.
fn whole_seconds(at: Timestamp) -> Timestamp {
    at.round(TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Floor)).unwrap_or(at)
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
