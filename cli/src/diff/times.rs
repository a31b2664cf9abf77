//! When a change holds: hours of the week on the clocks of one zone.

use jiff::Timestamp;
use serde::Serialize;

use super::clock::{Clock, Regime, Slot, WEEK};

const DAY: i64 = 86_400;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// When.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Times {
    /// At any time.
    Always,
    /// On the clocks of a zone.
    Weekly {
        /// The zone.
        zone: String,
        /// Hours, for each way in which the zones can stand to each other.
        parts: Vec<Part>,
    },
}

/// Hours of the week, while something holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub(super) during: During,
    /// Seconds since Monday's midnight; from, until.
    pub(super) spans: Vec<(i64, i64)>,
}

/// While what holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum During {
    /// Nothing in particular.
    Ever,
    /// The zones' clocks have these offsets from UTC, or others with the same distances.
    Offsets(Vec<(String, i32)>),
    /// It is between these moments.
    Between(Timestamp, Timestamp),
}

/// As programs read it.
#[derive(Serialize)]
pub(super) struct Printed {
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    /// Empty: at any time.
    hours: Vec<PrintedPart>,
}

#[derive(Serialize)]
struct PrintedPart {
    week: String,
    #[serde(rename = "while", skip_serializing_if = "Option::is_none")]
    during: Option<String>,
}

impl Times {
    /// The slots, in words of the clock; they are in order.
    pub(super) fn of(clock: &Clock, slots: &[usize]) -> Self {
        if slots.len() == clock.slots.len() {
            return Self::Always;
        }
        let mut parts = vec![];
        for (index, regime) in clock.regimes.iter().enumerate() {
            let within = slots.iter().filter_map(|slot| clock.slots.get(*slot)).filter(|slot| slot.regime == index);
            let spans = spans(clock, within);
            if !spans.is_empty() {
                parts.push(Part { during: During::of(clock, regime), spans });
            }
        }
        let zone = clock.zones.first().map_or("UTC", |zone| zone.name.as_str()).to_owned();
        Self::Weekly { zone, parts: always_alike(parts, clock) }
    }

    /// As programs read it.
    pub(super) fn printed(&self) -> Printed {
        match self {
            Self::Always => Printed { zone: None, hours: vec![] },
            Self::Weekly { zone, parts } => {
                let part = |part: &Part| PrintedPart { week: week(&part.spans), during: part.during.text() };
                Printed { zone: Some(zone.clone()), hours: parts.iter().map(part).collect() }
            }
        }
    }

    /// For people; nothing for any time.
    pub(super) fn text(&self) -> Option<String> {
        let Self::Weekly { zone, parts } = self else { return None };
        let part = |part: &Part| {
            let during = part.during.text().map(|during| format!(" ({during})")).unwrap_or_default();
            format!("{} {zone}{during}", week(&part.spans))
        };
        Some(parts.iter().map(part).collect::<Vec<_>>().join("; "))
    }
}

impl During {
    fn of(clock: &Clock, regime: &Regime) -> Self {
        if !regime.whole {
            return Self::Between(regime.from, regime.until);
        }
        if clock.regimes.len() == 1 {
            return Self::Ever;
        }
        let names = clock.zones.iter().map(|zone| zone.name.clone());
        Self::Offsets(names.zip(regime.offsets.iter().copied()).collect())
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Ever => None,
            Self::Offsets(zones) => {
                let zones: Vec<String> = zones
                    .iter()
                    .filter(|(zone, _)| zone != "UTC")
                    .map(|(zone, offset)| format!("{zone} is at {}", signed(*offset)))
                    .collect();
                Some(format!("while {}", zones.join(" and ")))
            }
            Self::Between(from, until) => Some(format!("from {from} to {until}")),
        }
    }
}

/// The same hours however the zones stand: then that needn't be said.
fn always_alike(parts: Vec<Part>, clock: &Clock) -> Vec<Part> {
    let all = parts.len() == clock.regimes.len() && clock.regimes.iter().all(|regime| regime.whole);
    match parts.split_first() {
        Some((first, rest)) if all && rest.iter().all(|part| part.spans == first.spans) => {
            vec![Part { during: During::Ever, spans: first.spans.clone() }]
        }
        _ => parts,
    }
}

/// In order, what touches joined, cut at the week's end.
fn spans<'a>(clock: &Clock, slots: impl Iterator<Item = &'a Slot>) -> Vec<(i64, i64)> {
    let mut all: Vec<(i64, i64)> = vec![];
    for slot in slots {
        let start = clock.second_of_week(slot.from);
        let end = start + slot.until.as_second() - slot.from.as_second();
        all.push((start, end.min(WEEK)));
        if end > WEEK {
            all.push((0, end - WEEK));
        }
    }
    all.sort_unstable();
    let mut joined: Vec<(i64, i64)> = vec![];
    for (start, end) in all {
        match joined.last_mut() {
            Some(last) if last.1 >= start => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

/// `mon–fri 09:00–17:00, sat all day`: days with the same hours together.
fn week(spans: &[(i64, i64)]) -> String {
    let hours: Vec<String> = (0..7).map(|day| hours_of(day * DAY, spans)).collect();
    let mut groups: Vec<(String, Vec<usize>)> = vec![];
    for (day, hours) in hours.into_iter().enumerate().filter(|(_, hours)| !hours.is_empty()) {
        match groups.iter_mut().find(|(known, _)| *known == hours) {
            Some((_, days)) => days.push(day),
            None => groups.push((hours, vec![day])),
        }
    }
    groups.iter().map(|(hours, days)| format!("{} {hours}", day_names(days))).collect::<Vec<_>>().join(", ")
}

fn hours_of(midnight: i64, spans: &[(i64, i64)]) -> String {
    let today =
        spans.iter().map(|(start, end)| ((*start).max(midnight) - midnight, (*end).min(midnight + DAY) - midnight));
    let today = today.filter(|(start, end)| start < end).map(|(start, end)| match (start, end) {
        (0, DAY) => "all day".to_owned(),
        _ => format!("{}–{}", clock_time(start), clock_time(end)),
    });
    today.collect::<Vec<_>>().join(" and ")
}

/// Runs of three days and more as `mon–fri`.
fn day_names(days: &[usize]) -> String {
    let name = |day: usize| DAYS.get(day).copied().unwrap_or_default();
    let runs = days.chunk_by(|one, next| one + 1 == *next).flat_map(|run| match run {
        [first, _, .., last] => vec![format!("{}–{}", name(*first), name(*last))],
        run => run.iter().map(|day| name(*day).to_owned()).collect(),
    });
    runs.collect::<Vec<_>>().join(", ")
}

fn clock_time(second: i64) -> String {
    let text = format!("{:02}:{:02}", second / 3600, second / 60 % 60);
    if second % 60 == 0 { text } else { format!("{text}:{:02}", second % 60) }
}

fn signed(offset: i32) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    format!("{sign}{}", clock_time(i64::from(offset.abs())))
}

#[cfg(test)]
impl Times {
    /// Whether a moment is in it, judged by what is printed of it and the zones' clocks alone.
    pub(super) fn contains(&self, clock: &Clock, at: Timestamp) -> bool {
        use super::clock::distances;
        let Self::Weekly { parts, .. } = self else { return true };
        let second = clock.second_of_week(at);
        let within = |part: &Part| part.spans.iter().any(|(start, end)| (*start..*end).contains(&second));
        let between = |regime: &&Regime| !regime.whole && (regime.from..regime.until).contains(&at);
        let holds = |part: &Part| match &part.during {
            During::Ever => true,
            During::Between(from, until) => (*from..*until).contains(&at),
            During::Offsets(zones) => {
                clock.regimes.iter().find(between).is_none()
                    && distances(&zones.iter().map(|(_, offset)| *offset).collect::<Vec<_>>()) == clock.distances(at)
            }
        };
        parts.iter().any(|part| holds(part) && within(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_with_the_same_hours_stand_together() {
        let nine_to_five = |day: i64| (day * DAY + 9 * 3600, day * DAY + 17 * 3600);
        let spans: Vec<(i64, i64)> = (0..5).map(nine_to_five).collect();
        assert_eq!(week(&spans), "mon–fri 09:00–17:00");
        assert_eq!(week(&[(0, DAY + 60), (5 * DAY, 7 * DAY)]), "mon, sat, sun all day, tue 00:00–00:01");
        assert_eq!(week(&[(3600, 7200), (10_800, 10_801)]), "mon 01:00–02:00 and 03:00–03:00:01");
    }
}
