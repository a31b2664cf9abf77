//! From what SSM should hold and what it holds to what is done and said. Pure.

use sentinel_api::ConditionStatus;
use sentinel_api::names::ADOPT_ANNOTATION;
use sha2::{Digest as _, Sha256};

use super::desired::Desired;
use super::source::Source;
use super::ssm::{Owner, Remote};

/// What is done to the parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing.
    Keep,
    /// It is made.
    Create(String),
    /// Ours is overwritten.
    Overwrite(String),
    /// It becomes ours, and is overwritten where its content differs.
    TakeOver(Option<String>),
    /// Ours is deleted.
    Delete,
}

/// What is done and said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What is done.
    pub step: Step,
    /// What `Published` says once it is done.
    pub published: Verdict,
    /// What others did to our parameter, if the step repairs it.
    pub drift: Option<String>,
    /// Whether the parameter holds our text once it is done.
    pub holds: bool,
    /// Whether the annotation that asks for adoption has had its effect.
    pub adopted: bool,
}

/// The content of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// True, False or Unknown.
    pub status: ConditionStatus,
    /// One word.
    pub reason: &'static str,
    /// A sentence.
    pub message: String,
}

impl Verdict {
    /// A verdict.
    pub fn new(status: impl Into<ConditionStatus>, reason: &'static str, message: impl Into<String>) -> Self {
        Self { status: status.into(), reason, message: message.into() }
    }
}

/// SHA-256 of a parameter's value, in hex.
pub(crate) fn hash(value: &str) -> String {
    hex::encode(Sha256::digest(value.as_bytes()))
}

/// What to do where SSM holds `remote` under `parameter`.
pub(crate) fn plan(source: &Source, parameter: &str, remote: Option<&Remote>) -> Plan {
    match remote {
        None => plan_absent(source, parameter),
        Some(remote) if is_ours(source, parameter, remote) => plan_ours(source, parameter, remote),
        Some(remote) => plan_foreign(source, parameter, remote),
    }
}

/// Our tags; or no tags at all, but exactly what we published last: SSM drops the tags of a parameter that was deleted
/// and comes back by an overwrite.
fn is_ours(source: &Source, parameter: &str, remote: &Remote) -> bool {
    let last = source.published().filter(|last| last.name == parameter);
    match &remote.owner {
        Owner::Us => true,
        Owner::Nobody => last.is_some_and(|last| last.hash == hash(&remote.value)),
        Owner::Other(_) => false,
    }
}

fn plan_absent(source: &Source, parameter: &str) -> Plan {
    let (step, drift) = match &source.desired {
        Desired::Document(text) => {
            let drift =
                was_published(source, parameter, text).then(|| format!("parameter {parameter} was deleted by others"));
            (Step::Create(text.clone()), drift)
        }
        Desired::Nothing | Desired::Refusal { .. } => (Step::Keep, None),
    };
    let holds = step != Step::Keep;
    Plan { step, drift, holds, published: verdict(&source.desired, "there is no parameter"), adopted: source.adopts }
}

fn plan_ours(source: &Source, parameter: &str, remote: &Remote) -> Plan {
    let (step, drift) = match source.desired.text() {
        None => (Step::Delete, None),
        Some(text) if text == remote.value => (keep_or_tag(remote), None),
        Some(text) => {
            let drift = was_published(source, parameter, text).then(|| changed(parameter, remote));
            (Step::Overwrite(text.to_owned()), drift)
        }
    };
    let holds = step != Step::Delete;
    Plan {
        step,
        drift,
        holds,
        published: verdict(&source.desired, &stands_in(&source.desired)),
        adopted: source.adopts,
    }
}

fn keep_or_tag(remote: &Remote) -> Step {
    if remote.owner == Owner::Us { Step::Keep } else { Step::TakeOver(None) }
}

fn plan_foreign(source: &Source, parameter: &str, remote: &Remote) -> Plan {
    let keep = |published| Plan { step: Step::Keep, published, drift: None, holds: false, adopted: false };
    match &source.desired {
        Desired::Document(text) if source.adopts => Plan {
            step: Step::TakeOver(Some(text.clone()).filter(|text| *text != remote.value)),
            published: verdict(&source.desired, ""),
            drift: None,
            holds: true,
            adopted: true,
        },
        Desired::Document(text) if *text == remote.value => {
            let message = format!("parameter {parameter} is of {} and holds the same", owner(remote));
            keep(Verdict::new(true, "SameContent", message))
        }
        Desired::Document(_) => keep(Verdict::new(false, "Conflict", conflict(source, parameter, remote))),
        refused => {
            keep(verdict(refused, &format!("parameter {parameter} is of {} and was left as it is", owner(remote))))
        }
    }
}

fn stands_in(desired: &Desired) -> String {
    match desired {
        Desired::Refusal { stand_in, .. } => format!("the parameter {stand_in} instead"),
        Desired::Nothing | Desired::Document(_) => String::new(),
    }
}

fn verdict(desired: &Desired, fate: &str) -> Verdict {
    match desired {
        Desired::Document(_) => Verdict::new(true, "Published", "the parameter holds this policy"),
        Desired::Nothing => Verdict::new(false, "Disabled", "spec.publish is false"),
        Desired::Refusal { reason, message, .. } => Verdict::new(false, reason, format!("{message} ({fate})")),
    }
}

fn conflict(source: &Source, parameter: &str, remote: &Remote) -> String {
    format!(
        "parameter {parameter} is of {} and holds something else; to take it over, once: kubectl annotate {} {} {ADOPT_ANNOTATION}=true",
        owner(remote),
        source.kind,
        source.name,
    )
}

fn owner(remote: &Remote) -> String {
    match &remote.owner {
        Owner::Us => "this cluster".to_owned(),
        Owner::Nobody => "nobody (it has no tag sentinel-cluster-id)".to_owned(),
        Owner::Other(name) => format!("cluster {name}"),
    }
}

fn changed(parameter: &str, remote: &Remote) -> String {
    format!("parameter {parameter} was changed by others (version {})", remote.version)
}

/// Whether `text` is what we published last, so that a difference is not of our making.
fn was_published(source: &Source, parameter: &str, text: &str) -> bool {
    source.published().is_some_and(|last| last.name == parameter && last.hash == hash(text))
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
