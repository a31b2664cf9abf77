//! Announces locks: a watch of its own, so that it hears of those that are deleted.

use std::future::Future;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;
use kube::api::ApiResource;
use kube::core::DynamicObject;
use kube::runtime::watcher::Event;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, ResourceExt as _};
use sentinel_api::{AccessLock, AccessLockStatus, LockTold};
use tokio::time::{MissedTickBehavior, interval};

use super::told::{Book, Untold};
use crate::announcer::Announcer;
use crate::notifications;
use crate::report::{is_gone, part, write_status};

/// How late the end of a lock is told, and what could not be told is told again.
const EVERY: Duration = Duration::from_secs(5);

/// Who tells.
pub(crate) struct LockTeller {
    /// The API server.
    pub client: Client,
    /// To whom.
    pub announcer: Announcer,
}

impl LockTeller {
    /// Tells of each lock that is made and that ends, until `shutdown`.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        let events = watcher(self.api(), watcher::Config::default()).backoff(sentinel_runtime::watching::backoff());
        let (mut events, mut book) = (std::pin::pin!(events), Book::default());
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let untold = tokio::select! {
                () = &mut shutdown => return,
                _ = ticks.tick() => book.due(Timestamp::now()),
                event = events.next() => hear(&mut book, event),
            };
            for one in &untold {
                self.tell(&mut book, one).await;
            }
        }
    }

    /// Announces it, and then writes that it was: whoever is killed between announces it again.
    async fn tell(&self, book: &mut Book, untold: &Untold) {
        let cluster = self.announcer.cluster();
        let (line, letter) = (untold.line(cluster), || notifications::about_lock(untold, cluster));
        if !self.announcer.announce(&untold.key(), untold.event(), &line, letter).await.is_taken {
            return;
        }
        book.told(untold);
        if let Err(error) = self.note(&untold.lock, untold.told()).await {
            tracing::warn!(kind = "AccessLock", name = untold.lock.name_any(), %error, "a restart may tell of it again");
        }
    }

    async fn note(&self, lock: &DynamicObject, told: LockTold) -> kube::Result<()> {
        let old = part::<AccessLockStatus>(&lock.data, "status").unwrap_or_default();
        let new = AccessLockStatus { told: Some(told), ..old.clone() };
        match write_status(&self.api(), &lock.name_any(), &old, &new).await {
            Err(error) if !is_gone(&error) => Err(error),
            _ => Ok(()),
        }
    }

    fn api(&self) -> Api<DynamicObject> {
        Api::all_with(self.client.clone(), &ApiResource::erase::<AccessLock>(&()))
    }
}

fn hear(book: &mut Book, event: Option<Result<Event<DynamicObject>, watcher::Error>>) -> Vec<Untold> {
    match event {
        Some(Ok(event)) => book.hear(event, Timestamp::now()),
        Some(Err(error)) => {
            tracing::warn!(kind = "AccessLock", %error, "watch interrupted; trying again");
            vec![]
        }
        None => vec![],
    }
}
