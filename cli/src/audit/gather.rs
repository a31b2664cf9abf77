//! The evidence: objects of ours, and of pods their metadata alone.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ObjectMeta;
use kube::core::ClusterResourceScope;
use kube::{Resource, ResourceExt as _};
use sentinel_api::audit::{DefaultTable, Evidence, PodEvidence, RefusedPolicy, SessionEvidence};
use sentinel_api::names::{INJECTED_LABEL, PROFILE_ANNOTATION, VERSION_ANNOTATION};
use sentinel_api::{
    AccessPolicy, AccessPolicySpec, ApprovalPolicy, ApprovalPolicySpec, BreakGlassPolicy, BreakGlassPolicySpec, Phase,
    ProfileStatus, RateLimitPolicy, RateLimitPolicySpec, SentinelProfile, SentinelSession,
};
use sentinel_decision::{Entry as _, Loose, ProfileEntry};
use serde::de::DeserializeOwned;

use super::args::AuditArgs;
use crate::cluster::{Cluster, Scope, Table, installation_table};
use crate::failure::Failure;
use crate::sessions::Seen;

const WEBHOOK: &str = "sentinel-webhook";
const VERSION_LABEL: &str = "app.kubernetes.io/version";
/// Pods that have finished need nothing any more.
const UNFINISHED: &str = "status.phase!=Succeeded,status.phase!=Failed";

/// Pods come before sessions, so that no session is taken to be without the pod that came after.
pub(super) fn evidence(cluster: &Cluster, args: &AuditArgs) -> Result<(Evidence, Vec<String>), Failure> {
    let mut notes = Vec::new();
    let default_table = default_table(cluster, &args.install_namespace, &mut notes);
    let version = installed_version(cluster, &args.install_namespace, &mut notes);
    let mut evidence = Evidence { default_table, version, minors_behind: args.minors_behind, ..Evidence::default() };
    profiles(cluster, &mut evidence)?;
    access_policies(cluster, &mut evidence)?;
    refused::<ApprovalPolicy, ApprovalPolicySpec>(cluster, &mut evidence, |spec| problem(spec.resolve()))?;
    refused::<BreakGlassPolicy, BreakGlassPolicySpec>(cluster, &mut evidence, |spec| problem(spec.resolve()))?;
    refused::<RateLimitPolicy, RateLimitPolicySpec>(cluster, &mut evidence, |spec| problem(spec.resolve()))?;
    let pods = cluster.metadata::<Pod>(&Scope { namespace: None, fields: UNFINISHED.to_owned() })?;
    evidence.pods = pods.iter().filter_map(|pod| pod_evidence(&pod.metadata)).collect();
    let sessions = cluster.listed::<SentinelSession>(&Scope::default())?;
    evidence.sessions = sessions
        .iter()
        .filter(|session| session.metadata.deletion_timestamp.is_none())
        .map(|session| {
            session_evidence(Seen::of(session), session.data.pointer("/spec/podUID").and_then(|uid| uid.as_str()))
        })
        .collect();
    Ok((evidence, notes))
}

fn default_table(cluster: &Cluster, namespace: &str, notes: &mut Vec<String>) -> DefaultTable {
    match installation_table(cluster, namespace) {
        Table::Known(Some(table)) => DefaultTable::Named(table),
        Table::Known(None) => DefaultTable::None,
        Table::Unknown(why) => {
            notes.push(format!("note: the installation's session table is not known, so none is found missing: {why}"));
            DefaultTable::Unknown
        }
    }
}

/// Without it, this command's own.
fn installed_version(cluster: &Cluster, namespace: &str, notes: &mut Vec<String>) -> String {
    let deployment = cluster.find_in::<Deployment>(namespace, WEBHOOK).ok().flatten();
    let version = deployment.and_then(|one| one.labels().get(VERSION_LABEL).cloned());
    version.unwrap_or_else(|| {
        let own = env!("CARGO_PKG_VERSION");
        notes.push(format!("note: the installed version can't be read from Deployment {WEBHOOK} in namespace {namespace}: {own}, which is this command's, is taken"));
        own.to_owned()
    })
}

fn profiles(cluster: &Cluster, evidence: &mut Evidence) -> Result<(), Failure> {
    for profile in cluster.all::<Loose<SentinelProfile>>()? {
        let judged = match ProfileEntry::keep(&profile).judged {
            _ if profile.is_deleting() => Err("it is being deleted".to_owned()),
            Ok(profile) => Ok((*profile).clone()),
            Err(problems) => Err(problems.clone()),
        };
        let stray = profile.status::<ProfileStatus>().map(|status| status.stray_rows).unwrap_or_default();
        evidence.stray.insert(profile.name().to_owned(), stray);
        evidence.profiles.insert(profile.name().to_owned(), judged);
    }
    Ok(())
}

fn access_policies(cluster: &Cluster, evidence: &mut Evidence) -> Result<(), Failure> {
    for policy in cluster.all::<Loose<AccessPolicy>>()? {
        let judged = policy.spec::<AccessPolicySpec>().and_then(|spec| spec.resolve().map_err(|all| all.to_string()));
        match judged {
            _ if policy.is_deleting() => {}
            Ok(judged) => drop(evidence.access.insert(policy.name().to_owned(), Arc::new(judged))),
            Err(problem) => evidence.refused.push(refusal::<AccessPolicy>(policy.name(), problem)),
        }
    }
    Ok(())
}

/// Policies of kind `K` that are not in force.
fn refused<K, S>(cluster: &Cluster, evidence: &mut Evidence, judge: fn(&S) -> Option<String>) -> Result<(), Failure>
where
    K: Resource<DynamicType = (), Scope = ClusterResourceScope> + Clone + std::fmt::Debug + 'static,
    S: DeserializeOwned,
{
    for policy in cluster.all::<Loose<K>>()? {
        let problem = policy.spec::<S>().map_or_else(Some, |spec| judge(&spec));
        evidence.refused.extend(problem.map(|problem| refusal::<K>(policy.name(), problem)));
    }
    Ok(())
}

fn problem<T>(judged: Result<T, sentinel_core::policy::Problems>) -> Option<String> {
    judged.err().map(|problems| problems.to_string())
}

fn refusal<K: Resource<DynamicType = ()>>(name: &str, problem: String) -> RefusedPolicy {
    RefusedPolicy { kind: K::kind(&()).into_owned(), name: name.to_owned(), problem }
}

/// A pod that has to do with us. One that is being deleted is about to have nothing.
fn pod_evidence(meta: &ObjectMeta) -> Option<PodEvidence> {
    let annotation = |key: &str| meta.annotations.as_ref().and_then(|all| all.get(key)).cloned();
    let injected = meta.labels.as_ref().and_then(|all| all.get(INJECTED_LABEL)).is_some_and(|value| value == "true");
    let profile = annotation(PROFILE_ANNOTATION);
    if !injected && (profile.is_none() || meta.deletion_timestamp.is_some()) {
        return None;
    }
    Some(PodEvidence {
        namespace: meta.namespace.clone()?,
        name: meta.name.clone()?,
        uid: meta.uid.clone()?,
        profile,
        injected,
        version: annotation(VERSION_ANNOTATION),
    })
}

fn session_evidence(session: Seen, pod_uid: Option<&str>) -> SessionEvidence {
    SessionEvidence {
        live: matches!(session.status.phase, Phase::Pending | Phase::Active),
        namespace: session.namespace,
        name: session.name,
        profile: session.profile,
        pod: session.pod,
        pod_uid: pod_uid.unwrap_or_default().to_owned(),
        created: session.created,
    }
}
