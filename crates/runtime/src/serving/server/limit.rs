//! A limit on connections, of all and of each source: one too many is closed at once.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Accepts so many connections at a time, and so many of one source: whoever keeps a connection busy keeps it, and one pod
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
struct Place {
    source: IpAddr,
    sources: Arc<Sources>,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionLimit {
    pub fn new(connections: usize, of_one_source: usize) -> Self {
        let sources = Sources { most: of_one_source, open: Mutex::default() };
        Self { permits: Arc::new(Semaphore::new(connections)), sources: Arc::new(sources) }
    }

    fn take(&self, source: IpAddr) -> io::Result<Place> {
        let full =
            |whose| move || io::Error::new(io::ErrorKind::ConnectionRefused, format!("too many connections{whose}"));
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok().ok_or_else(full(""))?;
        self.sources.take(source).then_some(()).ok_or_else(full(" of one source"))?;
        Ok(Place { source, sources: Arc::clone(&self.sources), _permit: permit })
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

impl<S: Send + 'static> Accept<TcpStream, S> for ConnectionLimit {
    type Stream = Permitted<TcpStream>;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Permitted<TcpStream>, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        // Refused at once rather than queued: a waiting connection would cost as much as a served one.
        let place = stream.peer_addr().and_then(|peer| self.take(peer.ip().to_canonical()));
        Box::pin(async move {
            let place = place?;
            // Or the first answer waits some 40 ms for the client to acknowledge the TLS session tickets.
            stream.set_nodelay(true)?;
            Ok((Permitted { stream, _place: place }, service))
        })
    }
}

/// A stream that counts against the limit as long as it lives.
pub(super) struct Permitted<I> {
    stream: I,
    _place: Place,
}

impl<I: AsyncRead + Unpin> AsyncRead for Permitted<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Permitted<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
