//! Approvals and emergencies, as far as whoever asks may see them.

use std::sync::Arc;

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::ResourceExt as _;
use sentinel_api::{AccessRequest, BreakGlassEvent};
use sentinel_core::grant::Door;
use sentinel_decision::{Entry, EventEntry, GrantEntry, Grants, Loose, PodEntry, RequestEntry};

use crate::cluster::{Cluster, Object};
use crate::failure::Failure;

/// What may open the door for a pod, where the policy alone keeps it shut.
pub(super) struct Doors {
    pub(super) requests: Grants,
    pub(super) events: Grants,
    pub(super) service_account_uid: String,
    pub(super) notes: Vec<String>,
}

impl Doors {
    /// What can't be read is told, and judged as if it were not there: it only ever opens.
    pub(super) fn read(cluster: &Cluster, pod: &PodEntry) -> Self {
        let mut notes = vec![];
        let namespace = &pod.namespace;
        let requests = told(list::<AccessRequest, _>(cluster, namespace, |RequestEntry(grant)| grant), &mut notes);
        let events = told(list::<BreakGlassEvent, _>(cluster, namespace, |EventEntry(grant)| grant), &mut notes);
        let needs_uid = !(requests.is_empty() && events.is_empty());
        let account = || cluster.find_in::<ServiceAccount>(namespace, &pod.service_account);
        let account = if needs_uid { told(account(), &mut notes) } else { None };
        Self {
            requests: Grants { entries: requests, ..Grants::none(Door::Approval) },
            events: Grants { entries: events, ..Grants::none(Door::BreakGlass) },
            service_account_uid: account.and_then(|account| account.uid()).unwrap_or_default(),
            notes,
        }
    }
}

fn list<K, E>(
    cluster: &Cluster,
    namespace: &str,
    grant: fn(E) -> Arc<GrantEntry>,
) -> Result<Vec<Arc<GrantEntry>>, Failure>
where
    Loose<K>: Object + kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
    E: Entry<Object = Loose<K>>,
{
    let all = cluster.all_in::<Loose<K>>(namespace)?;
    Ok(all.iter().map(|object| grant(E::keep(object))).collect())
}

fn told<T: Default>(read: Result<T, Failure>, notes: &mut Vec<String>) -> T {
    read.unwrap_or_else(|failure| {
        notes.push(format!("note: {failure}; judged as if there were none"));
        T::default()
    })
}
