//! What an emergency or a request for access must be, beyond its profile.

use jiff::Timestamp;

use super::words::words;
use crate::time::{GoDuration, TimeWindow};

words! {
    /// A condition that failed, by its key in a document.
    pub enum Condition {
        /// Nobody of this name is listed.
        Users = "users",
        /// The reason code isn't allowed.
        AllowedReasonCodes = "allowed_reason_codes",
        /// Outside the time window.
        Time = "time",
        /// Longer than allowed, or no time at all.
        MaxDuration = "max_duration",
    }
}

impl Condition {
    /// This condition, unless it holds.
    pub(super) fn unless(self, holds: bool) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(self) }
    }
}

/// No window is always.
pub(super) fn within_window(window: Option<&TimeWindow>, at: Timestamp) -> bool {
    window.is_none_or(|window| window.contains(at))
}

/// Longer than nothing, and neither longer than the rule's own cap nor than what is allowed to any.
pub(super) fn within_cap(own: Option<GoDuration>, most: GoDuration, asked: GoDuration) -> bool {
    let own = own.filter(|cap| !cap.is_zero()).unwrap_or(most);
    asked > GoDuration::ZERO && asked <= own.min(most)
}
