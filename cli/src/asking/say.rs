//! Something is said to objects that there are: a decision, an end, a review.

use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt as _;
use serde_json::{Value, json};

use super::case::{Case, Told, names};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::lines;
use crate::until::until;

/// What is said, and to which.
pub(crate) struct Word<K> {
    /// Of the spec.
    pub(crate) spec: Value,
    /// What to say where the API server refuses that.
    pub(crate) or: Option<Value>,
    /// Whether it can still be said.
    pub(crate) is_open: fn(&K) -> bool,
    /// Whether the operator has heard it.
    pub(crate) is_heard: fn(&K) -> bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is written, and the operator has heard it.
    Heard,
    /// It is written. The operator hasn't said so yet.
    Written,
    /// It was too late: all is said already.
    Before,
    /// The API server refused, and why.
    Refused(String),
    /// It is written, and somebody has deleted the object.
    Gone,
}

/// An object as it was seen last, and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Said<K> {
    pub(crate) case: K,
    pub(crate) outcome: Outcome,
}

/// All of them, before anything is written.
pub(crate) fn find<K: Told>(cluster: &Cluster, names: &[String]) -> Result<Vec<K>, Failure> {
    let namespace = cluster.namespace.as_str();
    let mut names = names.to_vec();
    names.sort();
    names.dedup();
    let missing = |name: &str| {
        let kind = K::kind(&());
        let see = format!("kubectl sentinel {} -n {namespace}", K::LIST);
        Failure::Usage(format!("there is no {kind} {name} in namespace {namespace}. See: {see}"))
    };
    let found = |name: String| {
        let object = cluster.stored::<K>(namespace, &name)?.ok_or_else(|| missing(&name))?;
        Ok(K::seen(&object))
    };
    names.into_iter().map(found).collect()
}

/// Says it to each that is open, and waits for the operator.
pub(crate) fn say<K: Case>(
    cluster: &Cluster,
    cases: Vec<K>,
    word: &Word<K>,
    patience: Duration,
) -> Result<Vec<Said<K>>, Failure> {
    let mut said = Vec::new();
    for case in cases {
        let outcome = write(cluster, &case, word)?;
        said.push(Said { case, outcome });
    }
    let written = said.iter().filter(|one| one.outcome == Outcome::Written);
    let wanted: Vec<String> = written.map(|one| one.case.name_any()).collect();
    if wanted.is_empty() || patience.is_zero() {
        return Ok(said);
    }
    for last in until::<K>(cluster, wanted, patience, |object| (word.is_heard)(&K::seen(object)))? {
        let case = K::seen(&last.object);
        if let Some(one) = said.iter_mut().find(|one| one.case.name_any() == case.name_any()) {
            one.outcome = match (last.gone, (word.is_heard)(&case)) {
                (true, _) => Outcome::Gone,
                (false, true) => Outcome::Heard,
                (false, false) => Outcome::Written,
            };
            one.case = case;
        }
    }
    Ok(said)
}

fn write<K: Case>(cluster: &Cluster, case: &K, word: &Word<K>) -> Result<Outcome, Failure> {
    if !(word.is_open)(case) {
        return Ok(Outcome::Before);
    }
    let (namespace, name) = (case.namespace().unwrap_or_default(), case.name_any());
    let merge = |spec| cluster.merge::<K>(&namespace, &name, &change(case, spec));
    let written = match (merge(&word.spec), &word.or) {
        (Err(Failure::Refused(_)), Some(other)) => merge(other),
        (written, _) => written,
    };
    match written {
        Ok(_) => Ok(Outcome::Written),
        Err(Failure::Refused(why)) => Ok(Outcome::Refused(why)),
        Err(failure) => Err(failure),
    }
}

/// For the very object that was shown: another of its name, made meanwhile, has another UID, and the API server refuses. What was
/// asked never changes, so no version is needed.
fn change<K: Case>(case: &K, spec: &Value) -> Value {
    json!({"metadata": {"uid": case.uid()}, "spec": spec})
}

/// What came of it in a word or two, and beneath that where it stands.
pub(crate) fn text<K: Told>(begin: &str, one: &Said<K>, now: Timestamp) -> String {
    let stands = match one.outcome {
        Outcome::Heard | Outcome::Before => one.case.stands(now),
        Outcome::Written | Outcome::Refused(_) | Outcome::Gone => vec![],
    };
    let head = format!("{begin}: {}", one.case.head());
    lines([head].into_iter().chain(stands.iter().map(|line| format!("  {line}"))))
}

/// Why those weren't written that weren't, and who hasn't answered.
pub(crate) fn notes<K: Case>(said: &[Said<K>], waited: bool) -> Vec<String> {
    let refused = said.iter().filter_map(|one| match &one.outcome {
        // As the API server says it of an object that is not the one that was shown.
        Outcome::Refused(why) if why.contains("metadata.uid") => Some(format!(
            "error: {} is another than was shown: somebody has made it anew meanwhile; look again",
            names(&one.case)
        )),
        Outcome::Refused(why) => Some(format!("error: {why}")),
        Outcome::Gone => Some(format!("error: somebody has deleted {}", names(&one.case))),
        _ => None,
    });
    let late = is_late(said, waited).then(|| {
        "note: it is written, and the operator has not answered in time: it does as soon as it works: kubectl -n sentinel-system get pods".to_owned()
    });
    refused.chain(late).collect()
}

/// Whether one that was waited for is not confirmed.
pub(crate) fn is_late<K>(said: &[Said<K>], waited: bool) -> bool {
    waited && said.iter().any(|one| one.outcome == Outcome::Written)
}

impl Outcome {
    /// One word for programs.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Heard => "Heard",
            Self::Written => "Written",
            Self::Before => "Before",
            Self::Refused(_) => "Refused",
            Self::Gone => "Gone",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinel_api::AccessRequest;

    fn request() -> AccessRequest {
        let object = json!({
            "apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessRequest", "metadata": {"name": "r", "namespace": "payments", "uid": "u"},
            "spec": {"profile": "prod", "serviceAccount": "api", "duration": "1h", "justification": "deploy it"},
        });
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn it_is_said_to_the_very_object_that_was_shown() {
        let spec = json!({"decision": "Approved"});
        assert_eq!(change(&request(), &spec), json!({"metadata": {"uid": "u"}, "spec": spec}));
        let why = "AccessRequest r is invalid: metadata.uid: Invalid value: field is immutable".to_owned();
        let said = [Said { case: request(), outcome: Outcome::Refused(why) }];
        let expected = "error: AccessRequest r -n payments is another than was shown: somebody has made it anew meanwhile; look again";
        assert_eq!(notes(&said, true), [expected]);
    }

    #[test]
    fn each_that_is_not_written_says_why() {
        let outcomes = [Outcome::Refused("it says no".to_owned()), Outcome::Gone, Outcome::Written];
        let said = outcomes.map(|outcome| Said { case: request(), outcome });
        let told = notes(&said, true);
        assert_eq!(told[..2], ["error: it says no", "error: somebody has deleted AccessRequest r -n payments"]);
        assert!(told[2].starts_with("note: it is written, and the operator has not answered"), "{told:?}");
        assert_eq!((notes(&said, false).len(), is_late(&said, false)), (2, false));
    }
}
