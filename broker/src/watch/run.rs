//! Keeps a store up.

use std::time::Duration;

use futures::{Stream, StreamExt as _, pin_mut};
use kube::Api;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::utils::{Backoff, ResetTimerBackoff};
use kube::runtime::watcher::{self, Event, watcher};
use std::sync::Arc;

use super::heard::WATCH_TIMEOUT;
use super::store::{Entry, Store};

const FIRST_RETRY: Duration = Duration::from_millis(250);
/// Short, because what is not known for 60 s stops everybody.
const LAST_RETRY: Duration = Duration::from_secs(5);
/// Objects to a page of a list: what bounds the memory of reading one.
const PAGE: u32 = 100;

/// Watches until the future is dropped. `gone` is told of every object that goes.
pub async fn keep_up<E: Entry>(api: Api<E::Object>, labels: Option<&str>, store: Store<E>, gone: impl Fn(&E) + Send) {
    let mut config = watcher::Config::default().timeout(WATCH_TIMEOUT).page_size(PAGE);
    config.label_selector = labels.map(str::to_owned);
    let backoff = ResetTimerBackoff::new(Retry::default(), Duration::from_secs(30));
    take_in(watcher(api, config).backoff(backoff), store, gone).await;
}

async fn take_in<E: Entry>(
    events: impl Stream<Item = Result<Event<E::Object>, watcher::Error>>,
    store: Store<E>,
    gone: impl Fn(&E),
) {
    pin_mut!(events);
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => store.apply(&event).iter().for_each(|entry: &Arc<E>| gone(entry)),
            Err(error) => tracing::warn!(watch = E::WATCH, %error, "watch interrupted"),
        }
    }
}

/// Doubling from [`FIRST_RETRY`] to [`LAST_RETRY`].
#[derive(Debug, Default)]
struct Retry {
    failures: u32,
}

impl Iterator for Retry {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        Some(pause.min(LAST_RETRY))
    }
}

impl Backoff for Retry {
    fn reset(&mut self) {
        self.failures = 0;
    }
}
