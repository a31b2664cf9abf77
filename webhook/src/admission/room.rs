//! Room for bodies: an object of many small parts takes ten times its bytes once it is read, and any tenant can send pods of
//! megabytes side by side. What doesn't fit waits before it is read, large bodies only for large ones.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::server::BODY_LIMIT;

/// Nearly every pod, lock and session is smaller.
const SMALL: usize = 64 * 1024;
const KIB: usize = 1024;

/// What may be in hand at the same time: of small bodies as much as of large ones.
#[derive(Clone, Debug)]
pub struct Room {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl Default for Room {
    fn default() -> Self {
        let of = || Arc::new(Semaphore::new(BODY_LIMIT / KIB));
        Self { small: of(), large: of() }
    }
}

impl Room {
    /// Waits until a body of so many bytes fits. It holds its place until what is returned is dropped.
    pub async fn wait_for(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let side = if bytes <= SMALL { &self.small } else { &self.large };
        let places = u32::try_from(bytes.div_ceil(KIB)).ok()?;
        Arc::clone(side).acquire_many_owned(places).await.ok()
    }
}

/// What doesn't say how long it is may be as long as any; what is longer is refused while it is read.
pub fn length(request: &Request) -> usize {
    let said = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    said.map_or(BODY_LIMIT, |bytes: usize| bytes.min(BODY_LIMIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use futures::FutureExt as _;

    fn request(said: Option<&str>) -> Request {
        let request = Request::post("/");
        let request = said.into_iter().fold(request, |request, said| request.header(CONTENT_LENGTH, said));
        request.body(Body::empty()).unwrap()
    }

    #[test]
    fn large_bodies_wait_for_one_another_and_small_ones_do_not_wait_for_them() {
        let room = Room::default();
        let fits = |said: Option<&str>| room.wait_for(length(&request(said))).now_or_never().flatten();
        let first = fits(Some("3000000")).unwrap();
        assert!(fits(Some("3000000")).is_none() && fits(None).is_none() && fits(Some("lots")).is_none());
        let small: Vec<_> = (0..64).map(|_| fits(Some("65536")).unwrap()).collect();
        assert!(fits(Some("1")).is_none(), "small ones are counted, too");
        drop((first, small));
        assert!(fits(Some("99999999999")).is_some(), "it is refused later");
    }
}
