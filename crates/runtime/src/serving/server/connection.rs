//! One connection: it rests, with nothing but its TLS state in memory, or is served by hyper.
//!
//! hyper keeps two buffers of 8 KiB and its state for a connection as long as it lives, which is most of what an idle one costs; a broker has
//! thousands of them, each asked once in a lease. So hyper has it from the first byte of a request until the last one of the answer.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::course::{Answered, Asked, Course};
use super::line::Line;

/// For the head of a request, and for the first request of a connection to begin.
const HEAD: Duration = Duration::from_secs(10);
/// A head of more bytes is refused: the largest thing in ours is a token of about 2 KiB.
const HEAD_BYTES: usize = 32 * 1024;
/// Longer than the API server keeps an idle connection to a webhook (90 s), so that it never writes on one that we are closing.
const REST: Duration = Duration::from_mins(2);
/// To say goodbye.
const PARTING: Duration = Duration::from_secs(1);

/// What a connection is served with.
#[derive(Clone)]
pub(super) struct Connection {
    pub router: Router,
    pub peer: SocketAddr,
    pub shutdown: CancellationToken,
}

/// How a waking ends.
enum End {
    /// All that was asked is answered.
    Rests,
    /// One side wants no more.
    Closed,
    /// It broke.
    Broken,
}

impl Connection {
    /// Serves until one side wants no more, or `shutdown` and what was asked before is answered.
    pub async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, mut line: Line<S>) {
        let mut patience = HEAD;
        loop {
            let wakes = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => false,
                wakes = timeout(patience, line.wakes()) => wakes.unwrap_or(false),
            };
            if !wakes {
                break;
            }
            // On the heap, so that a connection that rests doesn't hold the room for it.
            let (rested, end) = Box::pin(self.awake(line)).await;
            line = rested;
            match end {
                End::Rests => patience = REST,
                End::Closed => break,
                End::Broken => return,
            }
        }
        // The other side may be gone already.
        _ = timeout(PARTING, line.shutdown()).await;
    }

    async fn awake<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(&self, line: Line<S>) -> (Line<S>, End) {
        let course = line.course.clone();
        course.wake();
        let answer = service_fn(|request| self.answer(request, &course));
        let mut served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(line), answer);
        let mut shutdown = pin!(self.shutdown.cancelled());
        let mut is_last = false;
        let end = poll_fn(|cx| {
            if !is_last && shutdown.as_mut().poll(cx).is_ready() {
                is_last = true;
                Pin::new(&mut served).graceful_shutdown();
            }
            match served.poll_without_shutdown(cx) {
                Poll::Ready(Ok(())) => Poll::Ready(End::Closed),
                Poll::Ready(Err(_)) => Poll::Ready(End::Broken),
                Poll::Pending if course.rests() && !is_last => Poll::Ready(End::Rests),
                Poll::Pending => Poll::Pending,
            }
        });
        let end = end.await;
        let parts = served.into_parts();
        (parts.io.into_inner().after(&parts.read_buf), end)
    }

    fn answer(
        &self,
        request: Request<Incoming>,
        course: &Course,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Answered>, Infallible>> + Send>> {
        let (open, router) = (course.begin(), self.router.clone());
        let mut request = request.map(|body| Body::new(Asked::new(body, course)));
        request.extensions_mut().insert(ConnectInfo(self.peer));
        Box::pin(async move { Ok(router.oneshot(request).await?.map(|body| Answered::new(body, open))) })
    }
}
