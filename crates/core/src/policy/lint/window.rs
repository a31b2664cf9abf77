//! What is wrong with a window by itself.

use super::Check;
use super::report::{Place, Report};
use super::when::When;
use crate::time::{Hours, TimeWindow, Weekday};

/// Checks a window at `path` of a rule; `grants`: what is within it, is given.
pub(super) fn lint(window: &TimeWindow, place: &Place<'_>, path: &str, grants: bool, report: &mut Report<'_>) {
    if let (When::Never, Some(hours)) = (When::of(Some(window)), window.hours) {
        let message = || format!("rule '{}' is never open: {}", place.name(), overnight(&window.days, hours));
        return report.note(Check::NeverOpen, place, path, message);
    }
    if window.timezone.is_none() && When::of(Some(window)) != When::Always {
        report.note(Check::NoTimezone, place, path, || {
            format!(
                "rule '{}' names no timezone, so its times are UTC: name one, such as Europe/London, or UTC",
                place.name()
            )
        });
    }
    if grants && !window.days.is_empty() && window.hours.is_none() {
        report.note(Check::DaysWithoutHours, place, path, || {
            format!(
                "rule '{}' names days without hours, so it is open all night, too: add hours {{start: \"09:00\", end: \"18:00\"}} \
                 if office hours are meant",
                place.name()
            )
        });
    }
}

/// What to write instead of hours that don't begin before they end.
fn overnight(days: &[Weekday], Hours { start, end }: Hours) -> String {
    if start == end {
        return format!("its hours begin and end at {start}: leave hours out for the whole day");
    }
    let evening = written(days, &format!("\"{start}\", end: \"23:59\""));
    if end.minutes() == 0 {
        return format!("no window runs past midnight; write {evening}");
    }
    let after: Vec<Weekday> = days.iter().copied().map(next).collect();
    let morning = written(&after, &format!("\"00:00\", end: \"{end}\""));
    format!("no window runs overnight; write two rules, {evening} and {morning}")
}

fn written(days: &[Weekday], hours: &str) -> String {
    let names: Vec<&str> = days.iter().map(|day| day.as_str()).collect();
    let days = if names.is_empty() { String::new() } else { format!("days: [{}], ", names.join(", ")) };
    format!("{{{days}hours: {{start: {hours}}}}}")
}

fn next(day: Weekday) -> Weekday {
    Weekday::ALL.iter().copied().cycle().skip_while(|other| *other != day).nth(1).unwrap_or(day)
}
