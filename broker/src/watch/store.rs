//! What a watch knows: judged once when it arrives, and pruned to what a decision needs.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use kube::Resource;
use kube::runtime::watcher::Event;
use sentinel_decision::{Entry, Sight, Stale};

use super::heard::{Heard, STALE_AFTER};
use crate::moment::Moment;

/// All objects of one watch. Cloning gives another handle.
pub struct Store<E> {
    held: Arc<RwLock<Held<E>>>,
    /// The watch's signs of life.
    pub heard: Heard,
}

struct Held<E> {
    entries: BTreeMap<String, Arc<E>>,
    /// The entries of a list that is still coming in.
    incoming: Option<BTreeMap<String, Arc<E>>>,
    synced: bool,
}

impl<E> Clone for Store<E> {
    fn clone(&self) -> Self {
        Self { held: self.held.clone(), heard: self.heard.clone() }
    }
}

impl<E> Default for Store<E> {
    fn default() -> Self {
        let held = Held { entries: BTreeMap::new(), incoming: None, synced: false };
        Self { held: Arc::new(RwLock::new(held)), heard: Heard::default() }
    }
}

impl<E: Entry> Store<E> {
    /// What is known of `key`: the object's name, or `<namespace>/<name>`.
    pub fn see(&self, key: &str, now: Moment) -> Sight<E> {
        let object = self.read(|held| held.entries.get(key).cloned());
        Sight { object, stale: self.stale(now) }
    }

    /// Why this watch can't be believed, if it can't.
    pub fn stale(&self, now: Moment) -> Option<Stale> {
        let age = self.heard.age(now);
        let synced = self.read(|held| held.synced);
        (!synced || age > STALE_AFTER).then_some(Stale { watch: E::WATCH, age: synced.then_some(age) })
    }

    /// Whether the first list has come in.
    pub fn is_synced(&self) -> bool {
        self.read(|held| held.synced)
    }

    /// The keys of the objects that `wanted` picks.
    pub fn keys_where(&self, wanted: impl Fn(&E) -> bool) -> Vec<String> {
        self.read(|held| held.entries.iter().filter(|(_, entry)| wanted(entry)).map(|(key, _)| key.clone()).collect())
    }

    /// Every object.
    pub fn all(&self) -> Vec<Arc<E>> {
        self.read(|held| held.entries.values().cloned().collect())
    }

    /// The objects of a namespace, as `pick` keeps them: found by their keys, which begin with it.
    pub fn in_namespace<T>(&self, namespace: &str, pick: impl Fn(&E) -> T) -> Vec<T> {
        let first = format!("{namespace}/");
        self.read(|held| {
            let from = held.entries.range(first.clone()..);
            from.take_while(|(key, _)| key.starts_with(&first)).map(|(_, entry)| pick(entry)).collect()
        })
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.read(|held| held.entries.len())
    }

    /// Takes in an event; gives back what is gone with it. Objects are judged before anything is locked: a large policy takes a
    /// while, and every request reads.
    pub fn apply(&self, event: &Event<E::Object>) -> Vec<Arc<E>> {
        match event {
            Event::Apply(object) => {
                let (key, entry) = judged(object);
                self.write().entries.insert(key, entry);
                vec![]
            }
            Event::Delete(object) => self.write().entries.remove(&key(object)).into_iter().collect(),
            Event::Init => {
                self.write().incoming = Some(BTreeMap::new());
                vec![]
            }
            Event::InitApply(object) => {
                let (key, entry) = judged(object);
                self.write().incoming.get_or_insert_default().insert(key, entry);
                vec![]
            }
            Event::InitDone => self.write().replace(),
        }
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held<E>> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, look: impl FnOnce(&Held<E>) -> T) -> T {
        look(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<E> Held<E> {
    /// The list that came in becomes what there is.
    fn replace(&mut self) -> Vec<Arc<E>> {
        let new = self.incoming.take().unwrap_or_default();
        let old = std::mem::replace(&mut self.entries, new);
        self.synced = true;
        old.into_iter().filter(|(key, _)| !self.entries.contains_key(key)).map(|(_, entry)| entry).collect()
    }
}

fn judged<E: Entry>(object: &E::Object) -> (String, Arc<E>) {
    (key(object), Arc::new(E::keep(object)))
}

fn key<K: Resource>(object: &K) -> String {
    let meta = object.meta();
    let name = meta.name.as_deref().unwrap_or_default();
    meta.namespace.as_deref().map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"))
}
