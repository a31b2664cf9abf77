//! Windows as sets: what one of them covers, meets or crosses, where that is sure.

use crate::time::{TimeWindow, Weekday};

/// A window, made plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When<'a> {
    Always,
    Never,
    Within(Span<'a>),
}

/// The same minutes of some days, on the clocks of one zone. Nothing is sure between two zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span<'a> {
    pub(super) zone: &'a str,
    /// A bit for each day.
    pub(super) days: u8,
    start: u16,
    end: u16,
}

const EVERY_DAY: u8 = 0b111_1111;
const WHOLE_DAY: u16 = 24 * 60;

impl<'a> When<'a> {
    pub(super) fn of(window: Option<&'a TimeWindow>) -> Self {
        let Some(window) = window else { return Self::Always };
        let span = Span::of(window);
        match span {
            _ if span.start >= span.end => Self::Never,
            Span { days: EVERY_DAY, start: 0, end: WHOLE_DAY, .. } => Self::Always,
            _ => Self::Within(span),
        }
    }

    /// Whether each moment of `other` is one of this.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Always, _) | (_, Self::Never) => true,
            (Self::Within(this), Self::Within(other)) => this.covers(other),
            _ => false,
        }
    }

    /// Whether they surely share a moment.
    pub(super) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => false,
            (Self::Within(this), Self::Within(other)) => this.meets(other),
            _ => true,
        }
    }
}

impl<'a> Span<'a> {
    fn of(window: &'a TimeWindow) -> Self {
        let (start, end) = window.hours.map_or((0, WHOLE_DAY), |hours| (hours.start.minutes(), hours.end.minutes()));
        Self {
            zone: window.timezone.as_ref().map_or("UTC", |zone| zone.as_str()),
            days: days(&window.days),
            start,
            end,
        }
    }

    /// All of the time, on the clocks of a zone.
    pub(super) fn always(zone: &'a str) -> Self {
        Self { zone, days: EVERY_DAY, start: 0, end: WHOLE_DAY }
    }

    fn covers(&self, other: &Self) -> bool {
        self.zone == other.zone && other.days & !self.days == 0 && self.start <= other.start && other.end <= self.end
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.zone == other.zone && self.days & other.days != 0 && self.start < other.end && other.start < self.end
    }

    /// They share moments, and each has some of its own.
    pub(super) fn crosses(&self, other: &Self) -> bool {
        self.meets(other) && !self.covers(other) && !other.covers(self)
    }

    /// Whether `others`, which have this zone, cover it together: day by day, minute after minute.
    pub(super) fn is_covered_by(&self, others: &mut [Self]) -> bool {
        others.sort_unstable_by_key(|other| other.start);
        (0..7).map(|day| 1_u8 << day).filter(|day| self.days & day != 0).all(|day| {
            let that_day = others.iter().filter(|other| other.days & day != 0);
            let reached =
                that_day.fold(
                    self.start,
                    |reached, other| {
                        if other.start <= reached { reached.max(other.end) } else { reached }
                    },
                );
            reached >= self.end
        })
    }
}

fn days(days: &[Weekday]) -> u8 {
    if days.is_empty() {
        return EVERY_DAY;
    }
    Weekday::ALL.iter().enumerate().filter(|(_, day)| days.contains(day)).fold(0, |bits, (place, _)| bits | 1 << place)
}
