//! Keeps letters until they are delivered: whoever tells may forget them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use kube::Client;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::address::Doors;
use super::courier::{Closed, Courier, Order};
use super::letter::Letter;
use super::outbox::{Outbox, Waiting};
use super::settings::{Target, Targets};
use super::shelf::{Held, Shelf, ShelfError};
use crate::metrics::Metrics;

/// What could not be written down is tried again so often.
const EVERY: Duration = Duration::from_secs(2);
/// So many letters may wait to be kept; whoever brings one more waits.
const QUEUE: usize = 256;
/// So many letters that need no more are known again.
const REMEMBERED: usize = 10_000;

/// Takes letters.
#[derive(Clone)]
pub(crate) struct Post {
    letters: mpsc::Sender<Posted>,
}

struct Posted {
    letter: Letter,
    kept: oneshot::Sender<bool>,
}

impl Post {
    /// Sends `letter` to whoever wants to hear of its event. `false`: a restart would lose it, so it is to be sent again. Sending twice
    /// delivers once, as long as this process lives.
    pub async fn send(&self, letter: Letter) -> bool {
        let (kept, answer) = oneshot::channel();
        self.letters.send(Posted { letter, kept }).await.is_ok() && answer.await.unwrap_or(false)
    }
}

/// Keeps them.
pub(crate) struct Keeper {
    shelf: Shelf,
    targets: Vec<Target>,
    couriers: BTreeMap<String, mpsc::UnboundedSender<Order>>,
    letters: mpsc::Receiver<Posted>,
    closed: mpsc::UnboundedReceiver<Closed>,
    work: JoinSet<()>,
    metrics: Metrics,
    outbox: Outbox,
    version: Option<String>,
    is_written: bool,
    ended: HashSet<String>,
}

impl Keeper {
    /// Of `targets`; none, if there are none.
    pub fn start(targets: &Targets, client: Client, namespace: &str, doors: &Doors) -> Option<(Self, Post)> {
        if targets.targets.is_empty() {
            return None;
        }
        let (sender, letters) = mpsc::channel(QUEUE);
        let (close, closed) = mpsc::unbounded_channel();
        let (mut couriers, mut work) = (BTreeMap::new(), JoinSet::new());
        for (target, door) in targets.targets.iter().filter_map(|target| Some((target, doors.of(target)?))) {
            let (orders, receiver) = mpsc::unbounded_channel();
            let courier = Courier {
                target: target.name.clone(),
                door,
                orders: receiver,
                closed: close.clone(),
                metrics: doors.metrics.clone(),
            };
            work.spawn(courier.run());
            couriers.insert(target.name.clone(), orders);
        }
        let keeper = Self {
            shelf: Shelf::new(client, namespace),
            targets: targets.targets.clone(),
            couriers,
            letters,
            closed,
            work,
            metrics: doors.metrics.clone(),
            outbox: Outbox::default(),
            version: None,
            is_written: true,
            ended: HashSet::new(),
        };
        Some((keeper, Post { letters: sender }))
    }

    /// Works until `shutdown`. What is not delivered then, the next leader finds.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(posted) = self.letters.recv() => self.keep(posted).await,
                Some(closed) = self.closed.recv() => self.close(closed).await,
                _ = ticks.tick() => { self.settle().await; }
            }
            self.metrics.notifications_waiting.set(i64::try_from(self.outbox.letters().len()).unwrap_or(i64::MAX));
        }
        self.work.shutdown().await;
    }

    /// Takes `first` and all that wait behind it, writes them down together, and says so.
    async fn keep(&mut self, first: Posted) {
        let mut answers = Vec::new();
        let mut next = Some(first);
        while let Some(Posted { letter, kept }) = next {
            self.take(letter);
            answers.push(kept);
            next = self.letters.try_recv().ok();
        }
        self.make_room();
        let is_kept = self.settle().await;
        for answer in answers {
            // Whoever doesn't wait any more tells it again.
            _ = answer.send(is_kept);
        }
    }

    fn take(&mut self, letter: Letter) {
        if self.ended.contains(&letter.id) {
            return;
        }
        let to = self
            .targets
            .iter()
            .filter(|target| target.hears(&letter.event))
            .map(|target| target.name.clone())
            .collect();
        self.add(&Waiting { letter, to, since: Timestamp::now() });
    }

    /// Has it brought, whether or not it can be written down.
    fn add(&mut self, waiting: &Waiting) {
        if !self.outbox.add(waiting.clone()) {
            return;
        }
        self.is_written = false;
        self.order(&waiting.to, || Order::Bring(Box::new(waiting.clone())));
    }

    fn make_room(&mut self) {
        for dropped in self.outbox.fit() {
            tracing::error!(id = dropped.letter.id, event = dropped.letter.event, to = ?dropped.to, "too many notifications wait; the oldest is dropped");
            for target in &dropped.to {
                self.metrics.notified(target, "dropped");
            }
            self.order(&dropped.to, || Order::Forget(dropped.letter.id.clone()));
        }
    }

    fn order(&self, to: &BTreeSet<String>, order: impl Fn() -> Order) {
        for courier in to.iter().filter_map(|target| self.couriers.get(target)) {
            // A courier ends after its keeper does.
            _ = courier.send(order());
        }
    }

    async fn close(&mut self, first: Closed) {
        let mut next = Some(first);
        while let Some(Closed { id, target }) = next {
            self.outbox.strike(&id, &target);
            self.is_written = false;
            if !self.outbox.has(&id) {
                self.remember(id);
            }
            next = self.closed.try_recv().ok();
        }
        self.settle().await;
    }

    fn remember(&mut self, id: String) {
        if self.ended.len() >= REMEMBERED {
            self.ended.clear();
        }
        self.ended.insert(id);
    }

    /// Makes the shelf hold what is to be held; whether it does.
    async fn settle(&mut self) -> bool {
        match self.write().await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "a restart may lose notifications, or send them twice");
                false
            }
        }
    }

    async fn write(&mut self) -> Result<(), ShelfError> {
        loop {
            let Some(version) = self.version.clone() else {
                let held = self.shelf.read().await?;
                self.adopt(held);
                continue;
            };
            if self.is_written {
                return Ok(());
            }
            match self.shelf.write(&self.outbox, &version).await {
                Ok(version) => {
                    (self.version, self.is_written) = (Some(version), true);
                    return Ok(());
                }
                Err(ShelfError::Changed) => self.version = None,
                Err(error) => return Err(error),
            }
        }
    }

    /// Adds what a leader before us has left.
    fn adopt(&mut self, held: Held) {
        let mut left = held.outbox;
        let found = left.letters().len();
        left.keep_for(&self.couriers.keys().cloned().collect());
        // What is for nobody any more goes from the shelf, too.
        self.is_written &= left.letters().len() == found;
        self.version = Some(held.version);
        for waiting in left.letters() {
            if !self.ended.contains(&waiting.letter.id) {
                self.add(waiting);
            }
        }
        self.make_room();
    }
}
