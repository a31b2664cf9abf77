//! Keeps a store up.

use futures::{Stream, StreamExt as _, pin_mut};
use kube::Api;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event, watcher};
use sentinel_decision::Entry;
use std::sync::Arc;

use super::heard::WATCH_TIMEOUT;
use super::store::Store;

/// Objects to a page of a list: what bounds the memory of reading one.
const PAGE: u32 = 100;

/// Watches until the future is dropped. `gone` is told of every object that goes.
pub async fn keep_up<E: Entry>(api: Api<E::Object>, labels: Option<&str>, store: Store<E>, gone: impl Fn(&E) + Send) {
    let mut config = watcher::Config::default().timeout(WATCH_TIMEOUT).page_size(PAGE);
    config.label_selector = labels.map(str::to_owned);
    take_in(watcher(api, config).backoff(sentinel_runtime::watching::backoff()), store, gone).await;
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
