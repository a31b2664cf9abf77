//! What a pass looks at: each session that an injected pod should have, that has an object, or that had one.

use std::collections::HashMap;
use std::sync::Arc;

use kube::ResourceExt as _;
use sentinel_api::SentinelSession;
use sentinel_core::session::SessionId;
use tokio::time::Instant;

use super::memo::{Memo, Seen};
use super::pod::{PodFacts, PodState};
use crate::denials::Verdict;

/// So long after a write the watch may lag behind it.
const WATCH_LAG: std::time::Duration = std::time::Duration::from_secs(5);

/// One session, as the watches and the memory show it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subject {
    /// The live pod that asks for it.
    pub wanted_by: Option<Arc<PodFacts>>,
    /// Its object, or what it was.
    pub session: Option<Arc<SentinelSession>>,
    /// Whether there is an object.
    pub exists: bool,
    /// Its pod.
    pub pod: Option<PodState>,
    /// Where its denial in IAM stands.
    pub denial: Option<Verdict>,
}

impl Subject {
    /// Whether its pod may use credentials. A pod that nobody sees may not.
    pub fn pod(&self) -> PodState {
        self.pod.unwrap_or(PodState::Ended)
    }

    /// Whether an object is to be made: for the first time, or because somebody deleted it under its pod.
    pub fn lacks_object(&self) -> bool {
        !self.exists && self.wanted_by.is_some() && self.pod() != PodState::Ended
    }

    /// What a pass over it would be made from.
    pub fn seen(&self, epoch: u64) -> Seen {
        let version = self.session.as_ref().filter(|_| self.exists).and_then(|session| session.resource_version());
        Seen { pod: self.pod(), version, epoch, denial: self.denial.clone() }
    }
}

/// Puts pods, objects and memories together.
pub(crate) fn gather(
    cluster: &str,
    pods: Vec<PodFacts>,
    sessions: Vec<Arc<SentinelSession>>,
    memos: &HashMap<SessionId, Memo>,
) -> HashMap<SessionId, Subject> {
    let pods: HashMap<String, Arc<PodFacts>> = pods.into_iter().map(|pod| (pod.uid.clone(), Arc::new(pod))).collect();
    let mut subjects: HashMap<SessionId, Subject> = HashMap::new();
    for pod in pods.values() {
        if let Some(profile) = &pod.profile {
            let id = SessionId::derive(cluster, &pod.uid, profile);
            subjects.entry(id).or_default().wanted_by = Some(pod.clone());
        }
    }
    for session in sessions {
        // A name that doesn't follow from the spec is none of ours: it would let one pod speak for another.
        let id = SessionId::derive(cluster, &session.spec.pod_uid, &session.spec.profile);
        if id.as_str() == session.name_any() {
            let subject = subjects.entry(id).or_default();
            (subject.session, subject.exists) = (Some(session), true);
        }
    }
    recall(&mut subjects, memos);
    for subject in subjects.values_mut() {
        let uid = subject.session.as_ref().map(|session| &session.spec.pod_uid);
        let pod = uid.and_then(|uid| pods.get(uid)).or(subject.wanted_by.as_ref());
        subject.pod = pod.map(|pod| pod.state);
    }
    subjects
}

/// Adds what only memory knows: our own write that the watch hasn't shown yet, and objects that are gone.
fn recall(subjects: &mut HashMap<SessionId, Subject>, memos: &HashMap<SessionId, Memo>) {
    for (id, memo) in memos {
        let Some(last) = &memo.last else { continue };
        let fresh = memo.written.is_some_and(|at| Instant::now().saturating_duration_since(at) < WATCH_LAG);
        let subject = match subjects.entry(id.clone()) {
            std::collections::hash_map::Entry::Occupied(found) => found.into_mut(),
            std::collections::hash_map::Entry::Vacant(_) if memo.settled => continue,
            std::collections::hash_map::Entry::Vacant(empty) => empty.insert(Subject::default()),
        };
        match &subject.session {
            Some(shown) if !(fresh && is_newer(last, shown)) => {}
            _ => subject.session = Some(last.clone()),
        }
        subject.exists |= fresh;
    }
}

/// Of two versions of one object; versions that don't compare leave what the watch shows.
fn is_newer(one: &SentinelSession, other: &SentinelSession) -> bool {
    let version =
        |session: &SentinelSession| session.resource_version().and_then(|version| version.parse::<u64>().ok());
    one.uid() == other.uid() && version(one) > version(other)
}

#[cfg(test)]
#[path = "subject_tests.rs"]
mod tests;
