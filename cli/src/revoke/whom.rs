//! Which sessions are meant: by name, or those of a pod.

use kube::api::DynamicObject;
use sentinel_api::{Phase, SentinelSession};

use super::args::RevokeArgs;
use crate::cluster::{Cluster, Scope};
use crate::failure::Failure;
use crate::sessions::Seen;

/// All of them, before anything is written.
pub(super) fn find(cluster: &Cluster, args: &RevokeArgs) -> Result<Vec<Seen>, Failure> {
    let namespace = cluster.namespace.as_str();
    let Some(pod) = &args.pod else {
        let mut names = args.sessions.clone();
        names.sort();
        names.dedup();
        return names.iter().map(|name| named(cluster, namespace, name)).collect();
    };
    let scope = Scope { namespace: Some(namespace.to_owned()), fields: String::new() };
    let all = cluster.listed::<SentinelSession>(&scope)?;
    let found = of_pod(&all, pod.strip_prefix("pod/").unwrap_or(pod));
    if found.is_empty() {
        return Err(missing(&format!("no session of pod {pod}"), namespace));
    }
    Ok(found)
}

fn named(cluster: &Cluster, namespace: &str, name: &str) -> Result<Seen, Failure> {
    let found = cluster.stored::<SentinelSession>(namespace, name)?;
    found.map(|object| Seen::of(&object)).ok_or_else(|| missing(&format!("no SentinelSession {name}"), namespace))
}

/// A pod of the same name may have been here before: what has ended is not meant.
fn of_pod(all: &[DynamicObject], pod: &str) -> Vec<Seen> {
    all.iter().map(Seen::of).filter(|one| one.pod == pod && one.status.phase != Phase::Expired).collect()
}

fn missing(what: &str, namespace: &str) -> Failure {
    Failure::Usage(format!("there is {what} in namespace {namespace}. See: kubectl sentinel sessions -n {namespace}"))
}
