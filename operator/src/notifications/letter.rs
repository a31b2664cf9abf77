//! What is sent.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Every event that anybody can be told of.
pub(super) const EVENTS: [&str; 12] = [
    "request.created",
    "request.approved",
    "request.denied",
    "request.expired",
    "request.cancelled",
    "breakglass.invoked",
    "breakglass.escalated",
    "breakglass.closed",
    "breakglass.expired",
    "breakglass.refused",
    "lock.created",
    "lock.ended",
];

/// One happening, for everybody who wants to hear of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Letter {
    /// The same whenever it is sent again, and no other's. Without full stops: they part it from the rest of what is signed.
    pub id: String,
    /// What happened.
    pub event: String,
    /// To what: letters about the same thing have the same.
    pub subject: String,
    /// When.
    pub at: Timestamp,
    /// JSON, as it is sent.
    pub body: String,
}

impl Letter {
    /// The letter about `event`, which was `at` that moment. `key` is the happening's own.
    pub fn new(key: &str, event: &str, subject: &str, at: Timestamp, body: String) -> Self {
        Self { id: key.replace('.', "-"), event: event.to_owned(), subject: subject.to_owned(), at, body }
    }
}
