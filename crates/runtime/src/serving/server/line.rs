//! The bytes of a connection, which may be looked at before anybody reads them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use super::course::Course;

/// A stream, and what was read of it ahead.
pub(super) struct Line<S> {
    stream: S,
    ahead: Bytes,
    /// What goes on on it.
    pub course: Course,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, ahead: Bytes::new(), course: Course::default() }
    }

    /// The same, of which `ahead` was read. A copy: even an empty slice would keep the whole buffer that it is of.
    pub fn after(mut self, ahead: &[u8]) -> Self {
        self.ahead = Bytes::copy_from_slice(ahead);
        self
    }

    /// Waits until there is something to read; `false`: there never will be. No buffer is held meanwhile.
    pub async fn wakes(&mut self) -> bool {
        if !self.ahead.is_empty() {
            return true;
        }
        let mut first = [0];
        let read = matches!(self.stream.read(&mut first).await, Ok(1));
        if read {
            self.ahead = Bytes::copy_from_slice(&first);
        }
        read
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let length = self.ahead.len().min(buffer.remaining());
        buffer.put_slice(&self.ahead.split_to(length));
        if self.ahead.is_empty() {
            self.ahead = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.course.unsent(true);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.course.unsent(false);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
