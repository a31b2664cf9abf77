//! Who calls: shape and expiry of the token, then TokenReview, remembered by the token's hash.
//!
//! ```text
//!   header ─▶ Token (shape, audience, expiry) ─▶ cache ─▶ throttle ─▶ TokenReview ─▶ Caller
//! ```

mod cache;
mod review;
mod throttle;
mod token;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

pub use review::{Reviewed, read_review};
pub use token::{BadToken, Token};

use crate::cluster::Cluster;
use crate::flight::Flights;
use crate::moment::Moment;
use cache::{Answers, Hash};
use sentinel_decision::Caller;
use throttle::Throttle;

/// Why a caller is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallerError {
    /// 401.
    #[error(transparent)]
    BadToken(#[from] BadToken),
    /// 401.
    #[error("the token was refused: {0}")]
    Refused(String),
    /// 429.
    #[error("too many new tokens from this address; try again in {0:?}")]
    Throttled(Duration),
    /// 503.
    #[error("the token could not be checked: {0}")]
    Unavailable(String),
}

/// Tells who calls.
pub struct Callers {
    cluster: Arc<dyn Cluster>,
    answers: Arc<Answers>,
    flights: Flights<Hash, Reviewed>,
    throttle: Throttle,
}

impl Callers {
    /// Asks `cluster`.
    pub fn new(cluster: Arc<dyn Cluster>) -> Self {
        Self { cluster, answers: Arc::default(), flights: Flights::default(), throttle: Throttle::default() }
    }

    /// The caller behind the bearer token `text`, coming from `source`.
    pub async fn identify(&self, text: &str, source: IpAddr, now: Moment) -> Result<Caller, CallerError> {
        let token = Token::read(text, now.wall)?;
        let reviewed = match self.answers.get(&token.hash(), now) {
            Some(answer) => answer,
            None => self.review(&token, source, now).await?,
        };
        match reviewed {
            Reviewed::Caller(caller) => Ok(caller),
            Reviewed::Refused(why) => Err(CallerError::Refused(why)),
            Reviewed::Unknown(why) => Err(CallerError::Unavailable(why)),
        }
    }

    async fn review(&self, token: &Token<'_>, source: IpAddr, now: Moment) -> Result<Reviewed, CallerError> {
        self.throttle.take(source, now).map_err(CallerError::Throttled)?;
        let (hash, expires, text) = (token.hash(), token.expires, token.text().to_owned());
        let (cluster, answers) = (self.cluster.clone(), self.answers.clone());
        let flight = self.flights.join(hash, || async move {
            let reviewed = cluster.review(&text).await;
            answers.put(hash, &reviewed, expires, Moment::now());
            reviewed
        });
        flight.await.ok_or_else(|| CallerError::Unavailable("the look-up failed inside".to_owned()))
    }

    /// Forgets what is out of date.
    pub fn forget(&self, now: Moment) {
        self.answers.forget(now);
        self.throttle.forget(now);
    }
}
