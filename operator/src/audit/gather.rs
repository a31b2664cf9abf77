//! The evidence. Of the pods that no watch keeps only those that ask are kept, and no more than [`MOST`].

use std::fmt::Debug;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, ObjectMeta};
use kube::core::DeserializeGuard;
use kube::runtime::reflector::Store;
use kube::{Api, Resource, ResourceExt as _};
use sentinel_api::Phase;
use sentinel_api::audit::{DefaultTable, Evidence, MINORS_BEHIND, PodEvidence, RefusedPolicy, SessionEvidence};
use sentinel_api::names::{INJECTED_LABEL, PROFILE_ANNOTATION};
use sentinel_core::policy::Problems;

use crate::sessions::{PodFacts, PodObject, PodState};
use crate::watches::Watches;

/// The metadata of so many pods comes at once.
const PAGE: u32 = 250;
/// Whoever has more has heard enough.
const MOST: usize = 1000;

/// Pods that ask for a profile and are not injected.
pub(super) async fn bare_pods(pods: &Api<Pod>) -> kube::Result<Vec<PodEvidence>> {
    let mut params = ListParams::default()
        .labels(&format!("{INJECTED_LABEL}!=true"))
        .fields("status.phase!=Succeeded,status.phase!=Failed")
        .limit(PAGE);
    let mut found = Vec::new();
    loop {
        let page = pods.list_metadata(&params).await?;
        found.extend(page.items.iter().filter_map(|pod| asking(&pod.metadata)));
        found.truncate(MOST);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params.continue_token = Some(token),
            None => return Ok(found),
        }
    }
}

fn asking(meta: &ObjectMeta) -> Option<PodEvidence> {
    let profile = meta.annotations.as_ref()?.get(PROFILE_ANNOTATION)?.clone();
    let pod = || {
        Some(PodEvidence {
            namespace: meta.namespace.clone()?,
            name: meta.name.clone()?,
            uid: meta.uid.clone()?,
            profile: Some(profile),
            injected: false,
            version: None,
        })
    };
    if meta.deletion_timestamp.is_some() { None } else { pod() }
}

/// Everything that the watches know, beside `bare`.
pub(super) fn evidence(watches: &Watches, default_table: Option<&str>, bare: &[PodEvidence]) -> Evidence {
    let mut pods: Vec<PodEvidence> = watches.pods.store.state().iter().filter_map(|pod| injected(pod)).collect();
    pods.extend_from_slice(bare);
    let mut evidence = Evidence {
        default_table: default_table.map_or(DefaultTable::None, |table| DefaultTable::Named(table.to_owned())),
        pods,
        sessions: sessions(watches),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        minors_behind: MINORS_BEHIND,
        ..Evidence::default()
    };
    profiles(watches, &mut evidence);
    access_policies(watches, &mut evidence);
    evidence.refused.extend(refused(&watches.approval_policies.store, |one| one.spec.resolve().map(drop)));
    evidence.refused.extend(refused(&watches.break_glass_policies.store, |one| one.spec.resolve().map(drop)));
    evidence.refused.extend(refused(&watches.rate_limit_policies.store, |one| one.spec.resolve().map(drop)));
    evidence
}

fn injected(pod: &PodObject) -> Option<PodEvidence> {
    let facts = PodFacts::of(pod).filter(|facts| facts.state != PodState::Ended)?;
    Some(PodEvidence {
        namespace: facts.namespace,
        name: facts.name,
        uid: facts.uid,
        profile: facts.profile,
        injected: true,
        version: pod.version.clone(),
    })
}

fn sessions(watches: &Watches) -> Vec<SessionEvidence> {
    let sessions = watches.sessions.store.state();
    let read = sessions.iter().filter(|guard| guard.meta().deletion_timestamp.is_none());
    read.filter_map(|guard| guard.0.as_ref().ok())
        .map(|session| SessionEvidence {
            namespace: session.namespace().unwrap_or_default(),
            name: session.name_any(),
            profile: session.spec.profile.clone(),
            pod: session.spec.pod.clone(),
            pod_uid: session.spec.pod_uid.clone(),
            live: session.status.as_ref().is_none_or(|status| matches!(status.phase, Phase::Pending | Phase::Active)),
            created: session.creation_timestamp().map(|time| time.0),
        })
        .collect()
}

fn profiles(watches: &Watches, evidence: &mut Evidence) {
    for guard in watches.profiles.store.state() {
        let judged = match &guard.0 {
            _ if guard.meta().deletion_timestamp.is_some() => Err("it is being deleted".to_owned()),
            Ok(profile) => profile.resolve().map_err(|problems| problems.to_string()),
            Err(error) => Err(format!("the object can't be read: {error}")),
        };
        let status = guard.0.as_ref().ok().and_then(|profile| profile.status.as_ref());
        evidence.stray.insert(guard.name_any(), status.map(|status| status.stray_rows.clone()).unwrap_or_default());
        evidence.profiles.insert(guard.name_any(), judged);
    }
}

fn access_policies(watches: &Watches, evidence: &mut Evidence) {
    evidence.refused = refused(&watches.policies.store, |one| one.spec.resolve().map(drop));
    for guard in watches.policies.store.state() {
        let leaving = guard.meta().deletion_timestamp.is_some();
        if let Some(policy) = guard.0.as_ref().ok().filter(|_| !leaving).and_then(|one| one.spec.resolve().ok()) {
            evidence.access.insert(guard.name_any(), Arc::new(policy));
        }
    }
}

/// The policies of a kind that are not in force.
fn refused<K>(store: &Store<DeserializeGuard<K>>, judge: fn(&K) -> Result<(), Problems>) -> Vec<RefusedPolicy>
where
    K: Resource<DynamicType = ()> + Clone + Debug + 'static,
{
    let refusal = |guard: &Arc<DeserializeGuard<K>>| {
        let problem = match &guard.0 {
            Ok(policy) => judge(policy).err()?.to_string(),
            Err(error) => format!("the object can't be read: {error}"),
        };
        Some(RefusedPolicy { kind: K::kind(&()).into_owned(), name: guard.name_any(), problem })
    };
    store.state().iter().filter_map(refusal).collect()
}
