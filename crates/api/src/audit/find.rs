//! Each check, one function.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sentinel_core::policy::{Effect, Rule};

use super::version::minors_behind;
use super::{DefaultTable, Evidence, Finding, FindingKind, PodEvidence, ProfileLine, SESSION_GRACE};
use crate::names::{PROFILE_ANNOTATION, SIDECAR_CONTAINER};
use crate::{Profile, StrayRow};

/// Pods that ask and have no sidecar: the webhook was down or not yet there, or the annotation came later.
pub(super) fn not_injected(evidence: &Evidence) -> Vec<Finding> {
    let asking = evidence.pods.iter().filter(|pod| !pod.injected && pod.profile.is_some());
    let message = format!(
        "has the annotation {PROFILE_ANNOTATION} and no {SIDECAR_CONTAINER}: it was made while no webhook looked, or was annotated later; it has no credentials of Sentinel. Make it again"
    );
    asking.map(|pod| pod_finding(FindingKind::NotInjected, pod, message.clone())).collect()
}

/// Sessions that say they live, without a live pod of that UID.
pub(super) fn sessions_without_pods(evidence: &Evidence, now: Timestamp) -> Vec<Finding> {
    let pods: BTreeSet<&str> = evidence.pods.iter().map(|pod| pod.uid.as_str()).collect();
    let settled = |created: Option<Timestamp>| created.is_none_or(|at| now.duration_since(at) > SESSION_GRACE);
    let orphans =
        evidence.sessions.iter().filter(|one| one.live && settled(one.created) && !pods.contains(one.pod_uid.as_str()));
    orphans
        .map(|one| Finding {
            kind: FindingKind::SessionWithoutPod,
            profile: Some(one.profile.clone()),
            object: format!("session {}/{}", one.namespace, one.name),
            message: format!("is live, and its pod {} is not: does the operator work?", one.pod),
        })
        .collect()
}

/// Rows that say active, of pods that are gone: what the operator can't end, or can't look for.
pub(super) fn rows_without_pods(evidence: &Evidence) -> Vec<Finding> {
    let all = evidence.stray.iter().flat_map(|(profile, rows)| rows.iter().map(move |row| (profile, row)));
    all.map(|(profile, StrayRow { table, session, pod, problem })| {
        let (object, message) = match (session, pod) {
            (Some(session), Some(pod)) => (
                format!("row {session} in table {table}"),
                format!("is active, its pod {pod} is gone, and it could not be ended: {problem}"),
            ),
            _ => (format!("table {table}"), format!("could not be searched for active rows without a pod: {problem}")),
        };
        Finding { kind: FindingKind::RowWithoutPod, profile: Some(profile.clone()), object, message }
    })
    .collect()
}

/// Rules that require a session where no table is named: they deny.
pub(super) fn no_table(evidence: &Evidence) -> Vec<Finding> {
    let missing = |(name, profile): (&String, &Profile)| {
        let lacking: Vec<&str> = requiring(evidence, profile)
            .filter(|rule| rule.session_table.is_none())
            .map(|rule| rule.name.as_str())
            .collect();
        let has_none = profile.session_table.is_none() && evidence.default_table == DefaultTable::None;
        (has_none && !lacking.is_empty()).then(|| {
            let rules = lacking.join(", ");
            let message = format!(
                "has no session table, and rule {rules} of AccessPolicy {} requires one: it denies. Set sessionTable in the rule, the profile or the installation",
                profile.access_policy
            );
            profile_finding(FindingKind::NoTable, name, message)
        })
    };
    usable(evidence).filter_map(missing).collect()
}

/// Sidecars of a version that is too far behind.
pub(super) fn old_sidecars(evidence: &Evidence) -> Vec<Finding> {
    let injected = evidence.pods.iter().filter(|pod| pod.injected);
    injected.filter_map(|pod| Some(pod_finding(FindingKind::OldSidecar, pod, too_old(evidence, pod)?))).collect()
}

fn too_old(evidence: &Evidence, pod: &PodEvidence) -> Option<String> {
    let installed = &evidence.version;
    let Some(version) = &pod.version else {
        return Some(format!("was injected before versions were noted; installed is {installed}. Make it again"));
    };
    let behind = minors_behind(version, installed)?;
    (behind > evidence.minors_behind).then(|| {
        let most = evidence.minors_behind;
        format!("was injected by {version}; installed is {installed}, and more than {most} minor versions apart is not tried. Make it again")
    })
}

/// Profiles that can't be used, or that nothing governs.
pub(super) fn unusable_profiles(evidence: &Evidence) -> Vec<Finding> {
    let unusable = |(name, judged): (&String, &Result<Profile, String>)| {
        let message = match judged {
            Err(problems) => format!("can't be used: {problems}"),
            Ok(profile) if evidence.access.contains_key(&profile.access_policy) => return None,
            Ok(profile) => {
                format!(
                    "is governed by AccessPolicy {}, which is not in force: everything is denied",
                    profile.access_policy
                )
            }
        };
        Some(profile_finding(FindingKind::ProfileUnusable, name, message))
    };
    evidence.profiles.iter().filter_map(unusable).collect()
}

/// Policies of any kind that are not in force.
pub(super) fn refused_policies(evidence: &Evidence) -> Vec<Finding> {
    let refused = evidence.refused.iter().map(|policy| Finding {
        kind: FindingKind::PolicyRefused,
        profile: None,
        object: format!("{} {}", policy.kind, policy.name),
        message: format!("is not in force: {}", policy.problem),
    });
    refused.collect()
}

/// What is said of each profile.
pub(super) fn lines(evidence: &Evidence, findings: &[Finding]) -> Vec<ProfileLine> {
    let mut pods: BTreeMap<&str, usize> = BTreeMap::new();
    for profile in evidence.pods.iter().filter_map(|pod| pod.profile.as_deref()) {
        *pods.entry(profile).or_default() += 1;
    }
    let line = |(name, judged): (&String, &Result<Profile, String>)| {
        let rules: Vec<&Rule> = judged.iter().flat_map(|profile| requiring(evidence, profile)).collect();
        ProfileLine {
            name: name.clone(),
            required_by: rules.iter().map(|rule| rule.name.clone()).collect(),
            tables: judged.as_ref().map(|profile| tables(evidence, profile, &rules)).unwrap_or_default(),
            pods: pods.get(name.as_str()).copied().unwrap_or_default(),
            findings: findings.iter().filter(|finding| finding.profile.as_ref() == Some(name)).count(),
        }
    };
    evidence.profiles.iter().map(line).collect()
}

fn tables(evidence: &Evidence, profile: &Profile, rules: &[&Rule]) -> Vec<String> {
    let default = match &evidence.default_table {
        DefaultTable::Named(table) => Some(table),
        DefaultTable::None | DefaultTable::Unknown => None,
    };
    let of_rules = rules.iter().filter_map(|rule| rule.session_table.as_ref());
    let all: BTreeSet<&String> = of_rules.chain(profile.session_table.as_ref().or(default)).collect();
    all.into_iter().cloned().collect()
}

fn usable(evidence: &Evidence) -> impl Iterator<Item = (&String, &Profile)> {
    evidence.profiles.iter().filter_map(|(name, judged)| Some((name, judged.as_ref().ok()?)))
}

/// The rules of its access policy that require a session and may match a sidecar's request for it.
fn requiring<'a>(evidence: &'a Evidence, profile: &'a Profile) -> impl Iterator<Item = &'a Rule> {
    let rules = evidence.access.get(&profile.access_policy).into_iter().flat_map(|policy| policy.rules());
    rules.filter(|rule| rule.effect == Effect::RequireServerSession && rule.may_match_sidecars_of(&profile.name))
}

fn pod_finding(kind: FindingKind, pod: &PodEvidence, message: String) -> Finding {
    Finding { kind, profile: pod.profile.clone(), object: format!("pod {}/{}", pod.namespace, pod.name), message }
}

fn profile_finding(kind: FindingKind, name: &str, message: String) -> Finding {
    Finding { kind, profile: Some(name.to_owned()), object: format!("profile {name}"), message }
}
