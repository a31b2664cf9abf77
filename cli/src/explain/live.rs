//! What the broker would say now: the facts are read as whoever asks, and judged by the broker's own code.

use std::sync::Arc;

use jiff::Timestamp;
use sentinel_api::{AccessLock, AccessPolicy, SentinelProfile};
use sentinel_core::lock::Target;
use sentinel_core::policy::Request;
use sentinel_decision::{
    Caller, Entry as _, Facts, LockEntry, Loose, PodEntry, PodObject, PodSight, PolicyEntry, ProfileEntry, Sight,
    policy_in_force, usable_profile,
};

use super::governors::Governors;
use super::grants::Doors;
use super::said::{Asked, Walked};
use super::{judged, no_pod};
use crate::args::ExplainArgs;
use crate::cluster::{Cluster, Table, installation_table, seen, session_of};
use crate::failure::Failure;
use crate::report::{Format, Report};

/// What only the broker sees.
const BEYOND: &str = "note: as far as the cluster shows: the row of the session table, the role's trust policy and what a broker \
     remembers of a deleted session are seen by the broker alone";

/// What governs a profile, as it is now.
struct Law {
    profile: Sight<ProfileEntry>,
    policy: Sight<PolicyEntry>,
    governors: Governors,
    default_table: Option<String>,
    notes: Vec<String>,
}

pub(super) fn of_pod(args: &ExplainArgs, at: Timestamp, format: Format) -> Result<Report, Failure> {
    let name = pod_name(&args.target)?;
    let cluster = Cluster::connect(&args.connect)?;
    let pod = the_pod(&cluster, name)?;
    let profile = args.profile.clone().or_else(|| pod.profile.clone()).unwrap_or_default();
    let law = Law::read(&cluster, args, &profile)?;
    let (session_id, session) = session_of(&cluster, &pod, &profile)?;
    let Doors { requests, events, service_account_uid, notes } = Doors::read(&cluster, &pod);
    let facts = Facts {
        now: at,
        caller: caller(&pod, service_account_uid),
        profile_name: profile,
        session_id,
        default_table: law.default_table,
        pod: PodSight::Seen(Arc::new(pod)),
        profile: law.profile,
        locks: locks(&cluster)?,
        locks_stale: None,
        session,
        revoked_before: None,
        policy: law.policy,
        requests,
        events,
    };
    let said = judged::pod(&facts, &law.governors);
    let notes = law.notes.into_iter().chain(notes).chain([BEYOND.to_owned()]).collect();
    Ok(Report { notes, ..Report::fine(format.render(said.text(), &said)?) })
}

pub(super) fn of_user(args: &ExplainArgs, at: Timestamp, format: Format) -> Result<Report, Failure> {
    let asked = args.request(None, at);
    let cluster = Cluster::connect(&args.connect)?;
    let law = Law::read(&cluster, args, asked.profile)?;
    let profile = usable_profile(asked.profile, &law.profile);
    let walked = profile.clone().and_then(|profile| {
        let session_table = profile.session_table.as_deref().or(law.default_table.as_deref());
        Ok(Walked::of(policy_in_force(&profile, &law.policy)?, &Request { session_table, ..asked }))
    });
    let about = Asked { user: asked.user, profile: asked.profile, at };
    // Others than pods no lock reaches.
    let locks = if Target::of_user(asked.user, asked.profile).is_some() { locks(&cluster)? } else { vec![] };
    let said = judged::user(about, profile, walked, &locks, &law.governors);
    let notes = law.notes.into_iter().chain(no_pod(asked.user)).collect();
    Ok(Report { notes, ..Report::fine(format.render(said.text(), &said)?) })
}

impl Law {
    fn read(cluster: &Cluster, args: &ExplainArgs, profile: &str) -> Result<Self, Failure> {
        let object = if profile.is_empty() { None } else { cluster.find::<Loose<SentinelProfile>>(profile)? };
        let mut law = Self {
            profile: seen(object.as_ref()),
            policy: Sight::default(),
            governors: Governors::default(),
            default_table: args.session_table.clone(),
            notes: vec![],
        };
        let usable = law.profile.object.as_ref().and_then(|entry| entry.judged.clone().ok());
        if let Some(profile) = usable {
            law.policy = seen(cluster.find::<Loose<AccessPolicy>>(&profile.access_policy)?.as_ref());
            law.governors = Governors::read(cluster, &profile)?;
            if profile.session_table.is_none() && law.default_table.is_none() {
                law.ask_for_the_table(cluster, &args.install_namespace);
            }
        }
        Ok(law)
    }

    fn ask_for_the_table(&mut self, cluster: &Cluster, namespace: &str) {
        match installation_table(cluster, namespace) {
            Table::Known(table) => self.default_table = table,
            Table::Unknown(why) => self.notes.push(format!(
                "note: the installation's session table isn't known ({why}): judged as if there were none; name it with \
                 --session-table, or the namespace with --install-namespace"
            )),
        }
    }
}

fn locks(cluster: &Cluster) -> Result<Vec<Arc<LockEntry>>, Failure> {
    let all = cluster.all::<Loose<AccessLock>>()?;
    Ok(all.iter().map(|lock| Arc::new(LockEntry::keep(lock))).collect())
}

/// `pod NAME`, `pod/NAME`.
fn pod_name(target: &[String]) -> Result<&str, Failure> {
    let words: Vec<&str> = target.iter().flat_map(|word| word.splitn(2, '/')).collect();
    match words.as_slice() {
        ["pod" | "pods" | "po", name] if !name.is_empty() => Ok(name),
        _ => Err(Failure::Usage(format!("{:?} is no pod: write pod NAME, or pod/NAME", target.join(" ")))),
    }
}

fn the_pod(cluster: &Cluster, name: &str) -> Result<PodEntry, Failure> {
    let namespace = &cluster.namespace;
    let missing = || {
        Failure::Cluster(format!(
            "there is no pod {name} in namespace {namespace}. See: kubectl get pods -n {namespace}"
        ))
    };
    cluster.find_in::<PodObject>(namespace, name)?.as_ref().map(PodEntry::keep).ok_or_else(missing)
}

/// The broker knows its caller by the token, which is bound to the pod.
fn caller(pod: &PodEntry, service_account_uid: String) -> Caller {
    Caller {
        namespace: pod.namespace.clone(),
        service_account: pod.service_account.clone(),
        service_account_uid,
        pod: pod.name.clone(),
        pod_uid: pod.uid.clone(),
    }
}
