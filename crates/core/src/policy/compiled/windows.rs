//! The distinct time windows of a policy: many rules open at the same hours, and a request asks each window once.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::time::TimeWindow;

/// The windows, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Windows(Vec<TimeWindow>);

/// A window's place among them.
#[derive(Clone, Copy, Debug)]
pub(super) struct WindowId(usize);

/// Windows that are being collected, with their places.
#[derive(Default)]
pub(super) struct Collector<'a>(HashMap<&'a TimeWindow, usize>);

/// The windows at one moment, as far as they were asked.
pub(super) struct Watch<'a> {
    windows: &'a [TimeWindow],
    at: Timestamp,
    /// One bit for each window that was asked; what has no bit is asked again.
    asked: u128,
    /// Those of them that are open.
    open: u128,
    next_change: Option<Timestamp>,
}

impl<'a> Collector<'a> {
    pub(super) fn id_of(&mut self, window: &'a TimeWindow) -> WindowId {
        let next = self.0.len();
        WindowId(*self.0.entry(window).or_insert(next))
    }

    pub(super) fn into_windows(self) -> Windows {
        let mut windows: Vec<_> = self.0.into_iter().collect();
        windows.sort_by_key(|(_, place)| *place);
        Windows(windows.into_iter().map(|(window, _)| window.clone()).collect())
    }
}

impl Windows {
    /// To be asked for the moment `at`.
    pub(super) fn watch(&self, at: Timestamp) -> Watch<'_> {
        Watch { windows: &self.0, at, asked: 0, open: 0, next_change: None }
    }
}

impl Watch<'_> {
    /// Whether the window is open. When that changes is noted.
    pub(super) fn is_open(&mut self, WindowId(place): WindowId) -> bool {
        let bit = u32::try_from(place).ok().and_then(|place| 1_u128.checked_shl(place)).unwrap_or(0);
        if self.asked & bit != 0 {
            return self.open & bit != 0;
        }
        let Some(window) = self.windows.get(place) else { return false };
        let is_open = window.contains(self.at);
        self.next_change = self.next_change.into_iter().chain(window.next_change(self.at)).min();
        self.asked |= bit;
        self.open |= if is_open { bit } else { 0 };
        is_open
    }

    /// When the first of the windows that were asked opens or closes; none if none does within a week.
    pub(super) fn next_change(&self) -> Option<Timestamp> {
        self.next_change
    }
}
