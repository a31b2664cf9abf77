//! Work that is done once for everybody who waits for it, and that goes on when they hang up.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};

/// The result to come.
pub type Flight<V> = Shared<BoxFuture<'static, Option<V>>>;

/// The flights in the air, by what they are for. Cloning gives another handle to the same flights.
pub struct Flights<K, V> {
    running: Arc<Mutex<HashMap<K, Flight<V>>>>,
}

impl<K, V> Clone for Flights<K, V> {
    fn clone(&self) -> Self {
        Self { running: self.running.clone() }
    }
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self { running: Arc::default() }
    }
}

impl<K, V> Flights<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Joins the flight of `key`, starting it with `make` if there is none. It runs in a task of its own: dropping what is
    /// returned doesn't stop it. `None`: it panicked.
    pub fn join<F, M>(&self, key: K, make: M) -> Flight<V>
    where
        M: FnOnce() -> F,
        F: Future<Output = V> + Send + 'static,
    {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = running.get(&key) {
            return flight.clone();
        }
        let landing = Landing { flights: self.clone(), key: key.clone() };
        let work = make();
        // The landing is dropped with the work, whatever becomes of it.
        let task = tokio::spawn(async move {
            let _landing = landing;
            work.await
        });
        let flight = task.map(Result::ok).boxed().shared();
        running.insert(key, flight.clone());
        flight
    }

    /// How many are in the air.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Takes a flight off the list when it is over.
struct Landing<K: Eq + Hash, V> {
    flights: Flights<K, V>,
    key: K,
}

impl<K: Eq + Hash, V> Drop for Landing<K, V> {
    fn drop(&mut self) {
        self.flights.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::Notify;

    #[tokio::test]
    async fn all_who_wait_share_one_flight_which_outlives_a_caller_that_hangs_up() {
        let flights: Flights<&str, u32> = Flights::default();
        let (starts, go) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let fly = || {
            let (starts, go) = (starts.clone(), go.clone());
            async move {
                let number = starts.fetch_add(1, Ordering::SeqCst) + 1;
                go.notified().await;
                number
            }
        };
        let impatient = flights.join("key", fly);
        let (first, second) = (flights.join("key", fly), flights.join("key", fly));
        drop(impatient);
        while starts.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        go.notify_one();
        assert_eq!((first.await, second.await), (Some(1), Some(1)));
        assert_eq!(starts.load(Ordering::SeqCst), 1);
        assert_eq!(flights.len(), 0);
    }

    #[tokio::test]
    async fn a_panic_in_flight_leaves_nothing_behind() {
        let flights: Flights<&str, u32> = Flights::default();
        assert_eq!(flights.join("key", || async { panic!("down") }).await, None);
        assert_eq!(flights.join("key", || async { 7 }).await, Some(7));
    }
}
