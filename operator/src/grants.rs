//! What grants have in common, whoever gives them: when they are open, and when to look again.

use std::time::Duration;

use jiff::Timestamp;
use sentinel_api::Pins;

use crate::report::shortened;

/// A condition's status, reason and message.
pub(crate) type Says = (bool, &'static str, String);

/// Of what is wrong, so many bytes.
const LONGEST: usize = 4000;
/// Whatever the clocks do, an open end is looked at so often.
const AT_LEAST: Duration = Duration::from_mins(5);

/// It doesn't open the door.
pub(crate) fn no(reason: &'static str, message: &str) -> Says {
    (false, reason, shortened(message, LONGEST))
}

/// Whether a grant opens the door now: not past its end, and only for what it was given for. `open` says who gave it.
pub(crate) fn granted(
    given: Option<&Pins>,
    now_pins: Result<&Pins, &str>,
    end: Timestamp,
    now: Timestamp,
    reason: &'static str,
    open: impl FnOnce() -> String,
) -> Says {
    if now >= end {
        return no("RunOut", &format!("its time was over at {end}"));
    }
    let changes = match (given, now_pins) {
        (Some(given), Ok(pins)) => given.changes(pins),
        (Some(_), Err(missing)) => vec![missing.to_owned()],
        (None, _) => vec!["what it was given for is unknown".to_owned()],
    };
    if changes.is_empty() {
        return (true, reason, shortened(&open(), LONGEST));
    }
    no("Void", &format!("it was given for something else: {}; ask again", changes.join("; ")))
}

/// When to look again at what ends at `end`; none: it has ended.
pub(crate) fn again_in(end: Timestamp, now: Timestamp) -> Option<Duration> {
    Duration::try_from(end.duration_since(now)).ok().filter(|left| !left.is_zero()).map(|left| left.min(AT_LEAST))
}
