//! Facts for one decision.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sentinel_api::Profile;
use sentinel_core::grant::Door;
use sentinel_decision::{Caller, EventEntry, Facts, Grants, PodEntry, PodSight, RequestEntry, Sight};
use tokio::time::Instant;

use super::Broker;
use crate::flight::Flights;
use crate::journal::Subject;
use crate::moment::Moment;

/// How long the answer of a single GET counts: the watch brings the pod within that, or it has no label.
const GOOD_FOR: Duration = Duration::from_secs(2);

type Found = Result<Option<Arc<PodEntry>>, String>;

/// Single GETs of pods that are not in the watch yet, by UID.
#[derive(Default)]
pub struct PodLookups {
    held: Arc<Mutex<HashMap<String, (Instant, Found)>>>,
    flights: Flights<String, Found>,
}

impl PodLookups {
    /// Forgets what doesn't count any more.
    pub fn forget(&self, now: Moment) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (at, _)| now.since(*at) < GOOD_FOR);
    }

    fn get(&self, uid: &str, now: Moment) -> Option<Found> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(uid).filter(|(at, _)| now.since(*at) < GOOD_FOR).map(|(_, found)| found.clone())
    }
}

impl Broker {
    /// What is known about `subject`, and when that was.
    pub(super) async fn gather(&self, subject: &Subject) -> (Facts, Moment) {
        let pod = self.see_pod(&subject.caller).await;
        // After the wait, if there was one.
        let now = Moment::now();
        let profile = self.world.profiles.see(&subject.profile, now);
        // Of this very profile: a newer one may be governed by another policy, which says nothing of this role.
        let usable = profile.object.as_ref().and_then(|entry| entry.judged.as_ref().ok());
        let policy = usable.map(|profile| self.world.policies.see(&profile.access_policy, now));
        let session = format!("{}/{}", subject.caller.namespace, subject.session_id);
        let facts = Facts {
            now: now.wall,
            caller: subject.caller.clone(),
            profile_name: subject.profile.clone(),
            session_id: subject.session_id.clone(),
            default_table: self.default_table.clone(),
            pod,
            profile,
            locks: self.world.locks.all(),
            locks_stale: self.world.locks.stale(now),
            session: self.world.sessions.see(&session, now),
            revoked_before: self.world.revoked_before(&subject.caller.pod_uid, &subject.profile),
            policy: policy.unwrap_or_default(),
            requests: self.requests_in(&subject.caller.namespace, now),
            events: self.events_in(&subject.caller.namespace, now),
        };
        (facts, now)
    }

    fn requests_in(&self, namespace: &str, now: Moment) -> Grants {
        let requests = &self.world.requests;
        let entries = requests.in_namespace(namespace, |RequestEntry(grant)| grant.clone());
        Grants { door: Door::Approval, entries, stale: requests.stale(now) }
    }

    fn events_in(&self, namespace: &str, now: Moment) -> Grants {
        let emergencies = &self.world.emergencies;
        let entries = emergencies.in_namespace(namespace, |EventEntry(grant)| grant.clone());
        Grants { door: Door::BreakGlass, entries, stale: emergencies.stale(now) }
    }

    /// The profile of this name, if it can be used.
    pub(super) fn profile_of(&self, name: &str, now: Moment) -> Option<Arc<Profile>> {
        self.world.profiles.see(name, now).object?.judged.clone().ok()
    }

    /// The access policy that governs the profile of this name.
    pub(super) fn policy_of(&self, name: &str, now: Moment) -> Option<String> {
        self.profile_of(name, now).map(|profile| profile.access_policy.clone())
    }

    async fn see_pod(&self, caller: &Caller) -> PodSight {
        let now = Moment::now();
        let Sight { object, stale } = self.world.pods.see(&caller.pod_path(), now);
        if let Some(pod) = object.filter(|pod| pod.uid == caller.pod_uid) {
            let ended = pod.has_ended(now.wall);
            // The end of a pod can't be taken back, however old the news.
            return stale.filter(|_| !ended).map_or(PodSight::Seen(pod), PodSight::Stale);
        }
        if self.world.is_gone(&caller.pod_uid) {
            return PodSight::Gone;
        }
        match stale {
            Some(stale) => PodSight::Stale(stale),
            None => self.look_up(caller, now).await,
        }
    }

    /// A pod that isn't in the watch yet, or a new one by the name of an old one.
    async fn look_up(&self, caller: &Caller, now: Moment) -> PodSight {
        let found = match self.lookups.get(&caller.pod_uid, now) {
            Some(found) => found,
            None => self.ask_for(caller).await,
        };
        match found {
            Ok(Some(pod)) if pod.uid == caller.pod_uid => PodSight::Seen(pod),
            Ok(_) => PodSight::Gone,
            Err(problem) => PodSight::Unknown(problem),
        }
    }

    async fn ask_for(&self, caller: &Caller) -> Found {
        let (cluster, held, caller) = (self.cluster.clone(), self.lookups.held.clone(), caller.clone());
        let flight = self.lookups.flights.join(caller.pod_uid.clone(), || async move {
            let found = cluster.pod(&caller.namespace, &caller.pod).await.map(|pod| pod.map(Arc::new));
            let answer = (Instant::now(), found.clone());
            held.lock().unwrap_or_else(PoisonError::into_inner).insert(caller.pod_uid, answer);
            found
        });
        flight.await.unwrap_or_else(|| Err("the look-up failed inside".to_owned()))
    }
}
