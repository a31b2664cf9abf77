//! Time, cut where anything can change: at the edges of all windows, in a week of each way in which the zones' clocks stand to
//! each other within a year.
//!
//! Windows recur weekly on the clocks of their zone. As long as the clocks of all zones keep their distances, one week shows
//! everything; where summer time moves one of them, the next such week is looked at, too.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, tz};
use sentinel_core::time::TimeWindow;

use super::TooLarge;

pub(super) const WEEK: i64 = 7 * 86_400;
/// Summer time comes and goes within it.
const HORIZON: i64 = 366 * 86_400;
/// 1970-01-01 was a Thursday: so far is its midnight from Monday's.
const THURSDAY: i64 = 3 * 86_400;
/// Edges beyond this are more than anybody's policies need.
const MOST_SLOTS: usize = 20_000;

/// A zone and its name.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    pub(super) name: String,
    rules: tz::TimeZone,
}

/// A time during which the zones keep their distances.
#[derive(Clone, Debug)]
pub(super) struct Regime {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// It lasts a week at least, so it stands for every moment with these distances.
    pub(super) whole: bool,
    /// Seconds east of UTC, of each zone.
    pub(super) offsets: Vec<i32>,
}

/// A stretch during which no window opens or closes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) regime: usize,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// The cuts for some windows.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// The first is the one that times are told in. None: no window can change.
    pub(super) zones: Vec<Zone>,
    pub(super) regimes: Vec<Regime>,
    pub(super) slots: Vec<Slot>,
}

impl Clock {
    pub(super) fn of(windows: &[&TimeWindow], now: Timestamp) -> Result<Self, TooLarge> {
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let changing: Vec<&TimeWindow> = windows.iter().copied().filter(|window| changes(window, now)).collect();
        let zones = zones(&changing);
        let regimes = regimes(&zones, now);
        let mut slots = vec![];
        for (index, regime) in regimes.iter().enumerate() {
            slots.extend(cut(index, regime, &changing));
            if slots.len() > MOST_SLOTS {
                return Err(TooLarge::Windows);
            }
        }
        Ok(Self { zones, regimes, slots })
    }

    /// Seconds since Monday's midnight on the clocks of the first zone.
    pub(super) fn second_of_week(&self, at: Timestamp) -> i64 {
        let offset = self.zones.first().map_or(0, |zone| zone.offset(at));
        (at.as_second() + i64::from(offset) + THURSDAY).rem_euclid(WEEK)
    }

    /// The way in which the zones stand to each other, as [`Regime::offsets`], then.
    #[cfg(test)]
    pub(super) fn distances(&self, at: Timestamp) -> Vec<i32> {
        distances(&self.zones.iter().map(|zone| zone.offset(at)).collect::<Vec<_>>())
    }
}

impl Zone {
    fn of(window: &TimeWindow) -> Self {
        match &window.timezone {
            Some(zone) => Self { name: zone.as_str().to_owned(), rules: zone.rules().clone() },
            None => Self { name: "UTC".to_owned(), rules: tz::TimeZone::UTC },
        }
    }

    fn offset(&self, at: Timestamp) -> i32 {
        self.rules.to_offset(at).seconds()
    }
}

fn zones(windows: &[&TimeWindow]) -> Vec<Zone> {
    let mut found: Vec<Zone> = vec![];
    for zone in windows.iter().map(|window| Zone::of(window)) {
        if !found.iter().any(|known| known.name == zone.name) {
            found.push(zone);
        }
    }
    found
}

/// Whether it ever opens or closes. A week can lack its only hour, where summer time skips it; three in a row can't.
fn changes(window: &TimeWindow, now: Timestamp) -> bool {
    [0, WEEK, 2 * WEEK].into_iter().any(|later| window.next_change(after(now, later)).is_some())
}

/// From the first zone to each.
pub(super) fn distances(offsets: &[i32]) -> Vec<i32> {
    let first = offsets.first().copied().unwrap_or(0);
    offsets.iter().map(|offset| offset - first).collect()
}

/// One of each way in which the zones stand to each other; those that last less than a week only if nothing longer is like them.
fn regimes(zones: &[Zone], now: Timestamp) -> Vec<Regime> {
    let end = after(now, HORIZON);
    let turns = zones
        .iter()
        .flat_map(|zone| zone.rules.following(now).map(|turn| turn.timestamp()).take_while(|turn| *turn < end));
    let cuts: BTreeSet<Timestamp> = turns.chain([now, end]).collect();
    let cuts: Vec<Timestamp> = cuts.into_iter().collect();
    let all = cuts.iter().zip(cuts.iter().skip(1)).map(|(from, until)| regime(zones, *from, *until));
    let (whole, parts): (Vec<Regime>, Vec<Regime>) = all.partition(|regime| regime.whole);
    let mut kept: Vec<Regime> = vec![];
    for regime in whole.into_iter().chain(parts) {
        let like = |known: &Regime| known.whole && distances(&known.offsets) == distances(&regime.offsets);
        if !kept.iter().any(like) {
            kept.push(regime);
        }
    }
    kept
}

fn regime(zones: &[Zone], from: Timestamp, until: Timestamp) -> Regime {
    let week = after(from, WEEK);
    let offsets = zones.iter().map(|zone| zone.offset(from)).collect();
    Regime { from, until: until.min(week), whole: until >= week, offsets }
}

fn cut(index: usize, regime: &Regime, windows: &[&TimeWindow]) -> Vec<Slot> {
    let mut edges = BTreeSet::from([regime.from, regime.until]);
    for window in windows {
        let changes = std::iter::successors(window.next_change(regime.from), |at| window.next_change(*at));
        edges.extend(changes.take_while(|at| *at < regime.until));
    }
    let edges: Vec<Timestamp> = edges.into_iter().collect();
    let slots = edges.iter().zip(edges.iter().skip(1));
    slots.map(|(from, until)| Slot { regime: index, from: *from, until: *until }).collect()
}

fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
