//! What is going on on a connection: whether everything that was begun on it has ended.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};

/// Of one connection. Cloning gives another handle.
#[derive(Clone, Debug, Default)]
pub(super) struct Course(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Requests since the connection woke.
    begun: AtomicUsize,
    /// Requests and bodies that haven't ended.
    open: AtomicUsize,
    /// Bytes that were written and not flushed.
    unsent: AtomicBool,
    /// A request's body was left unread: what comes next on the connection may be the rest of it.
    spoilt: AtomicBool,
}

/// Something that hasn't ended until this is dropped.
#[derive(Debug)]
pub(super) struct Open(Course);

impl Course {
    /// The connection has woken.
    pub fn wake(&self) {
        self.0.begun.store(0, Ordering::Relaxed);
    }

    /// Whether a request was answered, to its last byte, and nothing else is going on.
    pub fn rests(&self) -> bool {
        let Counts { begun, open, unsent, spoilt } = &*self.0;
        let (begun, open) = (begun.load(Ordering::Relaxed), open.load(Ordering::Acquire));
        begun > 0 && open == 0 && !unsent.load(Ordering::Relaxed) && !spoilt.load(Ordering::Relaxed)
    }

    /// Bytes were written, or all of them are on their way.
    pub fn unsent(&self, unsent: bool) {
        self.0.unsent.store(unsent, Ordering::Relaxed);
    }

    /// A request begins.
    pub fn begin(&self) -> Open {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.open()
    }

    fn open(&self) -> Open {
        self.0.open.fetch_add(1, Ordering::Relaxed);
        Open(self.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        (self.0).0.open.fetch_sub(1, Ordering::Release);
    }
}

/// A request's body.
pub(super) struct Asked {
    body: Incoming,
    open: Open,
}

impl Asked {
    pub fn new(body: Incoming, course: &Course) -> Self {
        Self { body, open: course.open() }
    }
}

impl HttpBody for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if !self.body.is_end_stream() {
            (self.open.0).0.spoilt.store(true, Ordering::Relaxed);
        }
    }
}

/// The body of an answer.
pub(super) struct Answered {
    body: Body,
    _open: Open,
}

impl Answered {
    pub fn new(body: Body, open: Open) -> Self {
        Self { body, _open: open }
    }
}

impl HttpBody for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
