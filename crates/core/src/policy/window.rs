//! A time window in a document, the same in every kind of policy.

use super::node::Node;
use super::walk::{At, Read};
use crate::time::{ClockTime, Hours, TimeWindow, Weekday};

/// Reads a window.
pub(crate) fn read(at: At<'_>) -> Read<TimeWindow> {
    let window = at.object(&["days", "hours", "timezone"])?;
    let days = window.list("days", |at| at.word::<Weekday>("weekday"));
    let hours = window.optional("hours", hours);
    let timezone = window.optional("timezone", |at| at.parse());
    Ok(TimeWindow { days: days?, hours: hours?, timezone: timezone? })
}

fn hours(at: At<'_>) -> Read<Hours> {
    let hours = at.object(&["start", "end"])?;
    let missing =
        |key| move || format!("missing `{key}`, invalid hour format '': hours need both start and end, as HH:MM");
    let start = hours.required::<ClockTime>("start", missing("start"), |at| at.parse());
    let end = hours.required::<ClockTime>("end", missing("end"), |at| at.parse());
    Ok(Hours { start: start?, end: end? })
}

/// The window as it is printed.
pub(crate) fn node(window: &TimeWindow) -> Node {
    let hours =
        |hours: Hours| Node::map([("start", Some(Node::text(hours.start))), ("end", Some(Node::text(hours.end)))]);
    Node::map([
        ("days", Node::list(&window.days)),
        ("hours", window.hours.map(hours)),
        ("timezone", window.timezone.as_ref().map(Node::text)),
    ])
}
