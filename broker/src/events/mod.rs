//! Events on the pod that asks: what `kubectl describe pod` says. Best effort, never on a request's path.
//!
//! ```text
//!   service ─▶ Limiter (once per pod and reason in 5 min) ─▶ queue ─▶ one task ─▶ events.k8s.io
//! ```

mod limiter;
mod writer;

use std::time::Duration;

use sentinel_core::session::SessionId;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::journal::Subject;
use crate::metrics::BrokerMetrics;
use crate::moment::Moment;
use limiter::Limiter;
use sentinel_decision::{Caller, Cause, Kind};
pub use writer::write_events;

/// Events that wait to be written.
const QUEUE: usize = 256;
/// What can't be decided for as long as this is worth an Event.
const PERSISTS: Duration = Duration::from_secs(3);

/// An Event to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The pod.
    pub pod: Caller,
    /// Whether somebody should look.
    pub warning: bool,
    /// `CredentialsRefused`, `CredentialsUnavailable` or `CredentialsIssued`.
    pub reason: &'static str,
    /// What tells it apart from others of the same reason: the cause's word, and the rule or the lock.
    pub action: String,
    /// The text.
    pub message: String,
}

/// Where Events are told.
pub struct Events {
    queue: Sender<Note>,
    limiter: Limiter,
    metrics: BrokerMetrics,
}

impl Events {
    /// The teller, and the queue that [`write_events`] empties.
    pub fn new(metrics: BrokerMetrics) -> (Self, Receiver<Note>) {
        let (queue, notes) = channel(QUEUE);
        (Self { queue, limiter: Limiter::default(), metrics }, notes)
    }

    /// Nothing was given out.
    pub fn refused(&self, subject: &Subject, cause: &Cause, now: Moment) {
        let persists = self.limiter.trouble(&subject.session_id, cause.kind() == Kind::Unavailable, now);
        let reason = match cause.kind() {
            // The Event would hang on nothing.
            Kind::Denied if matches!(cause, Cause::PodGone { .. }) => return,
            Kind::Denied => "CredentialsRefused",
            Kind::Unavailable if persists < PERSISTS => return,
            Kind::Unavailable => "CredentialsUnavailable",
        };
        let action = format!("{} {}", cause.word(), cause.by()).trim().to_owned();
        self.tell(Note { pod: subject.caller.clone(), warning: true, reason, action, message: cause.to_string() }, now);
    }

    /// Credentials were given out.
    pub fn granted(&self, session: &SessionId, now: Moment) {
        self.limiter.trouble(session, false, now);
    }

    /// Credentials were issued: worth an Event the first time.
    pub fn issued(&self, subject: &Subject, role_arn: &str, now: Moment) {
        if self.limiter.is_first(&subject.session_id, now) {
            let message = format!("credentials of profile `{}` issued: {role_arn}", subject.profile);
            let action = "Issued".to_owned();
            self.tell(
                Note { pod: subject.caller.clone(), warning: false, reason: "CredentialsIssued", action, message },
                now,
            );
        }
    }

    /// Forgets what is old, and the sessions that `is_live` doesn't know.
    pub fn forget(&self, now: Moment, is_live: impl Fn(&SessionId) -> bool) {
        self.limiter.forget(now, is_live);
    }

    fn tell(&self, note: Note, now: Moment) {
        if self.limiter.may_tell(&note, now) && self.queue.try_send(note).is_err() {
            self.metrics.dropped.with_label_values(&["events"]).inc();
        }
    }
}

#[cfg(test)]
mod tests;
