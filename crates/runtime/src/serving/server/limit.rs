//! A limit on connections, of all and of each source: one too many is closed at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lets in so many connections at a time, and so many of one source: whoever keeps a connection busy keeps it, and one pod
/// must not be able to shut the others out.
#[derive(Clone, Debug)]
pub(super) struct ConnectionLimit {
    permits: Arc<Semaphore>,
    sources: Arc<Sources>,
}

/// How many connections each source has.
#[derive(Debug)]
struct Sources {
    most: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection's place among the others. Given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    source: IpAddr,
    sources: Arc<Sources>,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionLimit {
    pub fn new(connections: usize, of_one_source: usize) -> Self {
        let sources = Sources { most: of_one_source, open: Mutex::default() };
        Self { permits: Arc::new(Semaphore::new(connections)), sources: Arc::new(sources) }
    }

    /// A place for a connection of `source`. `None`: it is refused at once rather than queued, since a waiting connection would cost as
    /// much as a served one.
    pub fn take(&self, source: IpAddr) -> Option<Place> {
        let source = source.to_canonical();
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        let is_free = self.sources.take(source);
        is_free.then(|| Place { source, sources: Arc::clone(&self.sources), _permit: permit })
    }
}

impl Sources {
    fn take(&self, source: IpAddr) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(source).or_default();
        let free = *count < self.most;
        *count += usize::from(free);
        free
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.sources.open.lock().unwrap_or_else(PoisonError::into_inner);
        let left = open.get(&self.source).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            open.remove(&self.source)
        } else {
            open.insert(self.source, left)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn source(last: u8) -> IpAddr {
        Ipv4Addr::new(127, 0, 0, last).into()
    }

    #[test]
    fn one_connection_too_many_is_refused() {
        let limit = ConnectionLimit::new(1, 9);
        let kept = limit.take(source(1)).unwrap();
        assert!(limit.take(source(2)).is_none());
        drop(kept);
        assert!(limit.take(source(2)).is_some());
    }

    #[test]
    fn one_source_does_not_shut_out_another() {
        let limit = ConnectionLimit::new(9, 1);
        let kept = limit.take(source(1)).unwrap();
        assert!(limit.take(source(1)).is_none());
        assert!(limit.take(Ipv4Addr::LOCALHOST.to_ipv6_mapped().into()).is_none(), "the same by another spelling");
        let _other = limit.take(source(2)).unwrap();
        drop(kept);
        assert!(limit.take(source(1)).is_some(), "a place is given back");
    }
}
