//! When a watch last heard from the API server.
//!
//! kube-runtime's watcher swallows bookmarks and the ends of watches, so its stream can't tell a healthy idle watch from
//! a dead one. Hence a layer round the HTTP client of each watch: the head of a successful answer and every piece of its
//! body (bookmarks among them) is a sign of life. Watches end after [`WATCH_TIMEOUT`] and begin anew, which is one too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::http::Response;
use http_body_util::BodyExt as _;
use tokio::time::Instant;

use crate::moment::Moment;

/// What is older than this is not known any more.
pub const STALE_AFTER: Duration = Duration::from_mins(1);
/// The API server ends a watch after this, in seconds; a third of [`STALE_AFTER`], so that one may fail.
pub const WATCH_TIMEOUT: u32 = 20;

/// The time of the last sign of life. Cloning gives another handle.
#[derive(Clone, Debug)]
pub struct Heard {
    base: Instant,
    /// Milliseconds from `base`, plus one; 0: never.
    at: Arc<AtomicU64>,
}

impl Default for Heard {
    fn default() -> Self {
        Self { base: Instant::now(), at: Arc::default() }
    }
}

impl Heard {
    /// A sign of life, now.
    pub fn stamp(&self) {
        let passed = u64::try_from(self.base.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.at.fetch_max(passed + 1, Ordering::Relaxed);
    }

    /// How long ago the last one was; since the start where there was none.
    pub fn age(&self, now: Moment) -> Duration {
        let passed = self.at.load(Ordering::Relaxed).saturating_sub(1);
        now.since(self.base + Duration::from_millis(passed))
    }

    /// `response`, which stamps as it arrives.
    pub fn listen<B: HttpBody<Data = Bytes>>(
        &self,
        response: Response<B>,
    ) -> Response<impl HttpBody<Data = Bytes, Error = B::Error> + use<B>> {
        let heard = self.clone();
        let good = response.status().is_success();
        if good {
            heard.stamp();
        }
        response.map(|body| {
            body.map_frame(move |frame| {
                if good {
                    heard.stamp();
                }
                frame
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[tokio::test(start_paused = true)]
    async fn age_counts_from_the_last_sign_of_life() {
        let heard = Heard::default();
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(heard.age(Moment::now()), Duration::from_secs(61));
        heard.stamp();
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(heard.age(Moment::now()), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn heads_and_pieces_of_good_answers_are_signs_of_life() {
        for (status, refreshes) in [(200, true), (403, false), (500, false)] {
            let heard = Heard::default();
            tokio::time::advance(Duration::from_secs(30)).await;
            let response = Response::builder().status(status).body(Body::from("bookmark")).unwrap();
            let response = heard.listen(response);
            assert_eq!(heard.age(Moment::now()).is_zero(), refreshes, "head {status}");
            tokio::time::advance(Duration::from_secs(30)).await;
            response.into_body().collect().await.unwrap();
            assert_eq!(heard.age(Moment::now()).is_zero(), refreshes, "piece {status}");
        }
    }
}
