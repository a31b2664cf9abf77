//! What was deleted: whoever deletes an object that opens a door shuts it, and a reconciler never hears of that.
//!
//! Objects that leave something to be told are kept, so that one which is deleted while the watch is interrupted is missed; of what is
//! deleted while no operator runs nothing is told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::api::ApiResource;
use kube::core::DynamicObject;
use kube::runtime::watcher::Event;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, Resource as _, ResourceExt as _};
use tokio::time::{MissedTickBehavior, interval};

use super::happening::Happening;
use super::teller::Teller;

/// What could not be told is told again so often.
const EVERY: Duration = Duration::from_secs(5);

/// What is to be told of an object that is deleted at that moment, the oldest first.
pub(crate) type Left = fn(&DynamicObject, Timestamp) -> Vec<Happening>;

/// Who tells of the deleted objects of one kind.
pub(crate) struct Departures {
    /// The API server.
    pub client: Client,
    /// The kind.
    pub resource: ApiResource,
    /// Whom to tell.
    pub teller: Teller,
    /// What.
    pub left: Left,
}

impl Departures {
    /// Tells of each until it is dropped.
    pub async fn run(self) {
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &self.resource);
        let events = watcher(api, watcher::Config::default()).backoff(sentinel_runtime::watching::backoff());
        let (mut events, mut book, mut owed) = (std::pin::pin!(events), Book::new(self.left), Vec::new());
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                event = events.next() => owed.extend(self.hear(&mut book, event)),
            }
            owed = self.tell(owed).await;
        }
    }

    fn hear(&self, book: &mut Book, event: Option<watcher::Result<Event<DynamicObject>>>) -> Vec<Untold> {
        match event {
            Some(Ok(event)) => {
                let gone = book.hear(event, Timestamp::now());
                gone.iter().flat_map(|(object, at)| self.untold(object, *at)).collect()
            }
            Some(Err(error)) => {
                tracing::warn!(kind = self.resource.kind, %error, "watch interrupted; trying again");
                vec![]
            }
            None => vec![],
        }
    }

    fn untold(&self, object: &DynamicObject, at: Timestamp) -> Vec<Untold> {
        let about = object.object_ref(&self.resource);
        (self.left)(object, at).into_iter().map(|happening| (happening, about.clone())).collect()
    }

    /// Tells all of it, in order; what could not be told, and what comes behind that, is given back.
    async fn tell(&self, owed: Vec<Untold>) -> Vec<Untold> {
        let mut untold = vec![];
        for (happening, about) in owed {
            if !untold.is_empty() || !self.teller.tell(&happening, &about).await {
                untold.push((happening, about));
            }
        }
        untold
    }
}

type Untold = (Happening, ObjectReference);

/// The objects that would leave something to be told, by UID.
struct Book {
    left: Left,
    known: BTreeMap<String, DynamicObject>,
    /// What a watch that begins has told so far.
    listed: BTreeSet<String>,
}

impl Book {
    fn new(left: Left) -> Self {
        Self { left, known: BTreeMap::new(), listed: BTreeSet::new() }
    }

    /// The objects of which `event` says that they are gone, and since when.
    fn hear(&mut self, event: Event<DynamicObject>, now: Timestamp) -> Vec<(DynamicObject, Timestamp)> {
        match event {
            Event::Init => self.listed.clear(),
            Event::InitApply(object) => {
                self.listed.insert(object.uid().unwrap_or_default());
                self.see(object, now);
            }
            Event::InitDone => return self.miss(now),
            Event::Apply(object) => self.see(object, now),
            Event::Delete(object) => {
                self.known.remove(&object.uid().unwrap_or_default());
                return vec![(object, now)];
            }
        }
        vec![]
    }

    fn see(&mut self, object: DynamicObject, now: Timestamp) {
        let uid = object.uid().unwrap_or_default();
        if (self.left)(&object, now).is_empty() {
            self.known.remove(&uid);
        } else {
            self.known.insert(uid, object);
        }
    }

    /// Whatever isn't in the list was deleted while nobody watched.
    fn miss(&mut self, now: Timestamp) -> Vec<(DynamicObject, Timestamp)> {
        let (kept, gone) = std::mem::take(&mut self.known).into_iter().partition(|(uid, _)| self.listed.contains(uid));
        self.known = kept;
        let gone: BTreeMap<String, DynamicObject> = gone;
        gone.into_values().map(|object| (object, now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::happenings::reference::closed;

    fn object(name: &str) -> DynamicObject {
        let object = json!({"apiVersion": "v", "kind": "k", "metadata": {"name": name, "uid": name}});
        serde_json::from_value(object).unwrap()
    }

    /// Who is called over leaves nothing.
    fn left(object: &DynamicObject, _: Timestamp) -> Vec<Happening> {
        if object.name_any() == "over" { vec![] } else { vec![closed()] }
    }

    fn hear(book: &mut Book, events: Vec<Event<DynamicObject>>) -> Vec<String> {
        let gone = events.into_iter().flat_map(|event| book.hear(event, Timestamp::UNIX_EPOCH));
        gone.map(|(object, _)| object.name_any()).collect()
    }

    #[test]
    fn what_is_deleted_is_heard_at_once_or_missed_in_the_next_list() {
        let (mut book, one) = (Book::new(left), |name: &str| Event::InitApply(object(name)));
        let first = vec![Event::Init, one("a"), one("b"), one("over"), Event::InitDone];
        assert_eq!(hear(&mut book, first), [""; 0]);
        assert_eq!(book.known.len(), 2, "what leaves nothing takes no room");
        assert_eq!(hear(&mut book, vec![Event::Delete(object("a"))]), ["a"]);
        assert_eq!(hear(&mut book, vec![Event::Apply(object("c"))]), [""; 0]);
        assert_eq!(hear(&mut book, vec![Event::Init, one("b"), Event::InitDone]), ["c"], "a was told");
        assert_eq!(hear(&mut book, vec![Event::Init, Event::InitDone]), ["b"]);
    }
}
