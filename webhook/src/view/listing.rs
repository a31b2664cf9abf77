//! What a watch knows, pruned to what is needed when it arrives.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use kube::Resource;
use kube::runtime::watcher::Event;

/// What is kept of all objects of a kind, by `<namespace>/<name>` or by name. Cloning gives another handle to the same.
pub struct Listing<V> {
    held: Arc<RwLock<Held<V>>>,
}

struct Held<V> {
    /// None: not listed yet.
    kept: Option<HashMap<String, V>>,
    /// A list that is still coming in.
    incoming: HashMap<String, V>,
}

impl<V> Clone for Listing<V> {
    fn clone(&self) -> Self {
        Self { held: Arc::clone(&self.held) }
    }
}

impl<V> Default for Listing<V> {
    fn default() -> Self {
        Self { held: Arc::new(RwLock::new(Held { kept: None, incoming: HashMap::new() })) }
    }
}

impl<V> Listing<V> {
    /// What there is; None: not listed yet.
    pub fn read<T>(&self, look: impl FnOnce(&HashMap<String, V>) -> T) -> Option<T> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).kept.as_ref().map(look)
    }

    /// Whether there is something by this name; None: not listed yet.
    pub fn has(&self, name: &str) -> Option<bool> {
        self.read(|kept| kept.contains_key(name))
    }

    /// Takes in an event; `keep` says what is kept of an object, if anything. That is asked before anything is locked: a large
    /// policy takes a while, and others read.
    pub fn apply<K: Resource>(&self, event: &Event<K>, keep: impl Fn(&K) -> Option<V>) {
        let change = match event {
            Event::Apply(object) | Event::InitApply(object) => Some((key(object), keep(object))),
            Event::Delete(object) => Some((key(object), None)),
            Event::Init | Event::InitDone => None,
        };
        let held = &mut *self.held.write().unwrap_or_else(PoisonError::into_inner);
        match (event, change) {
            (Event::Init, _) => held.incoming = HashMap::new(),
            (Event::InitDone, _) => held.kept = Some(std::mem::take(&mut held.incoming)),
            (Event::InitApply(_), Some(change)) => put(&mut held.incoming, change),
            (_, Some(change)) => put(held.kept.get_or_insert_default(), change),
            (_, None) => {}
        }
    }
}

fn put<V>(kept: &mut HashMap<String, V>, (key, value): (String, Option<V>)) {
    match value {
        Some(value) => kept.insert(key, value),
        None => kept.remove(&key),
    };
}

fn key<K: Resource>(object: &K) -> String {
    let meta = object.meta();
    let name = meta.name.as_deref().unwrap_or_default();
    meta.namespace.as_deref().map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ConfigMap;
    use serde_json::json;

    fn object(name: &str, keep: &str) -> ConfigMap {
        serde_json::from_value(json!({"metadata": {"name": name, "namespace": "a"}, "data": {"keep": keep}})).unwrap()
    }

    fn apply(listing: &Listing<String>, event: &Event<ConfigMap>) {
        listing.apply(event, |map| map.data.as_ref()?.get("keep").filter(|text| !text.is_empty()).cloned());
    }

    #[test]
    fn a_list_replaces_what_there_was_and_counts_only_when_it_is_whole() {
        let listing = Listing::default();
        apply(&listing, &Event::Init);
        apply(&listing, &Event::InitApply(object("x", "1")));
        assert_eq!(listing.has("a/x"), None, "not listed yet");
        apply(&listing, &Event::InitDone);
        assert_eq!(listing.has("a/x"), Some(true));
        apply(&listing, &Event::Init);
        apply(&listing, &Event::InitApply(object("y", "1")));
        assert_eq!(listing.has("a/x"), Some(true), "the old list counts until the new one is whole");
        apply(&listing, &Event::InitDone);
        assert_eq!((listing.has("a/x"), listing.has("a/y")), (Some(false), Some(true)));
    }

    #[test]
    fn what_is_not_kept_any_more_goes() {
        let listing = Listing::default();
        for event in [Event::Init, Event::InitDone, Event::Apply(object("x", "1")), Event::Apply(object("y", "1"))] {
            apply(&listing, &event);
        }
        apply(&listing, &Event::Apply(object("x", "")));
        apply(&listing, &Event::Delete(object("y", "1")));
        assert_eq!(listing.read(HashMap::len), Some(0));
    }
}
