//! The Event about a happening.

use super::happening::{EmergencyChange, Happening, RequestChange, Subject};
use crate::events::Note;

/// What to tell on the object.
pub(super) fn note(happening: &Happening) -> Note {
    let Subject { profile, service_account, duration, message, .. } = happening.subject();
    match happening {
        Happening::Request(change, request) => {
            let who = request
                .requester
                .as_ref()
                .map_or_else(|| "nobody known".to_owned(), sentinel_core::person::Identity::shown);
            let asked = || format!("{who} asks for {profile} for service account {service_account}, for {duration}");
            match change {
                RequestChange::Created => normal("Requested", "Request", asked()),
                RequestChange::Approved => normal("Approved", "Approve", message.clone()),
                RequestChange::Denied => normal("Denied", "Deny", message.clone()),
                RequestChange::Expired => normal("Expired", "Expire", message.clone()),
                RequestChange::Cancelled => normal("Cancelled", "Cancel", message.clone()),
            }
        }
        Happening::Emergency(change, emergency) => {
            let who = emergency
                .invoker
                .as_ref()
                .map_or_else(|| "nobody known".to_owned(), sentinel_core::person::Identity::shown);
            let code = &emergency.reason_code;
            match change {
                EmergencyChange::Invoked => {
                    let broken = format!(
                        "{who} breaks the glass of {profile} for service account {service_account}, for {duration} ({code})"
                    );
                    Note::warning("Invoked", "BreakGlass", broken)
                }
                EmergencyChange::Escalated => {
                    let count = emergency.escalated.unwrap_or_default();
                    let often = format!(
                        "{who} has broken the glass {count} times, more often than the RateLimitPolicy's escalationThreshold"
                    );
                    Note::warning("Escalated", "Escalate", often)
                }
                EmergencyChange::Closed => normal("Closed", "Close", message.clone()),
                EmergencyChange::Expired => normal("Expired", "Expire", message.clone()),
                EmergencyChange::Refused => Note::warning("Refused", "Refuse", message.clone()),
            }
        }
    }
}

fn normal(reason: &'static str, action: &'static str, text: String) -> Note {
    Note { warning: false, reason, action, text }
}
