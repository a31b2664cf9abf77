//! Durations of profiles: Go's spelling in the object, `std::time::Duration` after it was judged.

use std::time::Duration;

use sentinel_core::policy::Problem;
use sentinel_core::time::GoDuration;

/// The duration written at `path`, within `limits` (both inclusive), or `default` where none is written.
pub(crate) fn bounded(
    text: Option<&str>,
    path: &str,
    limits: std::ops::RangeInclusive<Duration>,
    default: Duration,
) -> Result<Duration, Problem> {
    let Some(text) = text else { return Ok(default) };
    let parsed: GoDuration =
        text.parse().map_err(|error| Problem::new(path, format!("`{text}` is not a duration: {error}")))?;
    let problem = || {
        let (least, most) = (show(*limits.start()), show(*limits.end()));
        Problem::new(path, format!("`{text}` is out of range: {least} to {most} is expected"))
    };
    let duration = Duration::from_nanos(u64::try_from(parsed.as_nanos()).map_err(|_| problem())?);
    if limits.contains(&duration) { Ok(duration) } else { Err(problem()) }
}

fn show(duration: Duration) -> String {
    GoDuration::from_secs(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)).to_string()
}
