//! Objects as the broker keeps them.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt as _;
use sentinel_api::SentinelSession;
use sentinel_core::session::SessionId;
use sentinel_decision::{Entry, Loose, PodEntry, SessionEntry, Sight};

use super::Cluster;
use crate::failure::Failure;

/// What the broker would keep of an object that was just read.
pub(crate) fn seen<E: Entry>(object: Option<&E::Object>) -> Sight<E> {
    Sight { object: object.map(|object| Arc::new(E::keep(object))), stale: None }
}

/// The session of a pod on a profile, and its id. Whoever may not read the cluster's id finds it by what it is for.
pub(crate) fn session_of(
    cluster: &Cluster,
    pod: &PodEntry,
    profile: &str,
) -> Result<(SessionId, Sight<SessionEntry>), Failure> {
    let refused = match cluster.find::<Namespace>("kube-system") {
        Ok(namespace) => {
            let uid = namespace.and_then(|namespace| namespace.uid()).unwrap_or_default();
            let id = SessionId::derive(&uid, &pod.uid, profile);
            let session = cluster.find_in::<Loose<SentinelSession>>(&pod.namespace, id.as_str())?;
            return Ok((id, seen(session.as_ref())));
        }
        Err(refused) => refused,
    };
    let all = cluster.all_in::<Loose<SentinelSession>>(&pod.namespace)?;
    let found = all.iter().map(|session| (session.name(), SessionEntry::keep(session)));
    let mut of_pod = found.filter(|(_, entry)| entry.pod_uid == pod.uid && entry.profile == profile);
    match of_pod.next().and_then(|(name, entry)| Some((name.parse().ok()?, entry))) {
        Some((id, entry)) => Ok((id, Sight { object: Some(Arc::new(entry)), stale: None })),
        None => Err(refused),
    }
}
