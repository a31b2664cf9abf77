//! Waiting until the operator has said so.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use kube::api::DynamicObject;
use kube::runtime::watcher::Event;
use kube::{Resource, ResourceExt as _};
use sentinel_core::time::GoDuration;

use crate::cluster::{Cluster, Scope};
use crate::failure::Failure;

/// An object as it was seen last.
#[derive(Debug)]
pub(crate) struct Last {
    pub(crate) object: DynamicObject,
    /// Somebody has deleted it.
    pub(crate) gone: bool,
}

/// How long to wait, as `--timeout` says it.
pub(crate) fn patience(timeout: GoDuration) -> Result<Duration, Failure> {
    let nanos = u64::try_from(timeout.as_nanos());
    nanos
        .map(Duration::from_nanos)
        .map_err(|_| Failure::Usage(format!("--timeout {timeout} is no time to wait: say 0s, 30s or 5m")))
}

/// The objects of these names, of the connection's namespace, when each of them is done or gone, or when `patience` is over.
pub(crate) fn until<K>(
    cluster: &Cluster,
    names: Vec<String>,
    patience: Duration,
    is_done: impl FnMut(&DynamicObject) -> bool,
) -> Result<Vec<Last>, Failure>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    let fields = match names.as_slice() {
        [name] => format!("metadata.name={name}"),
        _ => String::new(),
    };
    let scope = Scope { namespace: Some(cluster.namespace.clone()), fields };
    let mut waiting = Waiting { wanted: names.into_iter().collect(), listed: BTreeSet::new(), seen: vec![], is_done };
    cluster.follow::<K>(&scope, Some(patience), |event| waiting.goes_on(event))?;
    Ok(waiting.seen)
}

struct Waiting<D> {
    wanted: BTreeSet<String>,
    /// What a watch that begins has told so far.
    listed: BTreeSet<String>,
    seen: Vec<Last>,
    is_done: D,
}

impl<D: FnMut(&DynamicObject) -> bool> Waiting<D> {
    fn goes_on(&mut self, event: Event<DynamicObject>) -> bool {
        match event {
            Event::Init => self.listed.clear(),
            Event::InitApply(object) => {
                self.listed.insert(object.name_any());
                self.see(object);
            }
            Event::InitDone => self.miss(),
            Event::Apply(object) => self.see(object),
            Event::Delete(object) => self.lose(&object.name_any()),
        }
        !self.wanted.is_empty()
    }

    fn see(&mut self, object: DynamicObject) {
        let name = object.name_any();
        if !self.wanted.contains(&name) {
            return;
        }
        if (self.is_done)(&object) {
            self.wanted.remove(&name);
        }
        self.seen.retain(|last| last.object.name_any() != name);
        self.seen.push(Last { object, gone: false });
    }

    /// Whatever isn't in the list was deleted while nobody watched.
    fn miss(&mut self) {
        let missing: Vec<String> = self.wanted.difference(&self.listed).cloned().collect();
        for name in &missing {
            self.lose(name);
        }
    }

    /// Nothing more will be said of it.
    fn lose(&mut self, name: &str) {
        if self.wanted.remove(name) {
            self.seen.iter_mut().filter(|last| last.object.name_any() == name).for_each(|last| last.gone = true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(name: &str, phase: &str) -> DynamicObject {
        serde_json::from_value(json!({"metadata": {"name": name}, "status": {"phase": phase}})).unwrap()
    }

    fn waiting(names: &[&str]) -> Waiting<impl FnMut(&DynamicObject) -> bool> {
        let wanted = names.iter().map(ToString::to_string).collect();
        let is_done = |object: &DynamicObject| object.data["status"]["phase"] == "Revoked";
        Waiting { wanted, listed: BTreeSet::new(), seen: vec![], is_done }
    }

    fn told(waiting: &Waiting<impl FnMut(&DynamicObject) -> bool>) -> Vec<(String, bool)> {
        waiting.seen.iter().map(|last| (last.object.name_any(), last.gone)).collect()
    }

    #[test]
    fn it_ends_when_each_is_done_or_gone() {
        let mut waiting = waiting(&["a", "b"]);
        assert!(waiting.goes_on(Event::InitApply(object("a", "Active"))));
        assert!(waiting.goes_on(Event::InitApply(object("b", "Active"))));
        assert!(waiting.goes_on(Event::InitDone));
        assert!(waiting.goes_on(Event::Apply(object("other", "Revoked"))));
        assert!(waiting.goes_on(Event::Apply(object("a", "Revoked"))));
        assert!(waiting.goes_on(Event::Apply(object("a", "Revoked"))), "again is not more");
        assert!(!waiting.goes_on(Event::Delete(object("b", "Active"))));
        assert_eq!(told(&waiting), [("b".to_owned(), true), ("a".to_owned(), false)]);
    }

    #[test]
    fn what_was_deleted_while_nobody_watched_is_not_waited_for() {
        let mut waiting = waiting(&["a", "b"]);
        assert!(waiting.goes_on(Event::InitApply(object("a", "Active"))));
        assert!(waiting.goes_on(Event::InitDone), "b is gone, a is not");
        assert!(waiting.goes_on(Event::Init));
        assert!(!waiting.goes_on(Event::InitDone));
        assert_eq!(told(&waiting), [("a".to_owned(), true)]);
    }
}
