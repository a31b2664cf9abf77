//! The distinct time windows of a policy: many rules open at the same hours.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::policy::decide::earlier;
use crate::time::{Schedules, State, TimeWindow};

/// A window's place among them.
#[derive(Clone, Copy, Debug)]
pub(super) struct WindowId(usize);

/// Windows that are being collected, in their places.
#[derive(Default)]
pub(super) struct Collector<'a> {
    places: HashMap<&'a TimeWindow, usize>,
    windows: Vec<&'a TimeWindow>,
}

/// The windows at one moment.
pub(super) struct Watch<'a> {
    windows: &'a Schedules,
    at: Timestamp,
    next_change: Option<Timestamp>,
}

impl<'a> Collector<'a> {
    pub(super) fn id_of(&mut self, window: &'a TimeWindow) -> WindowId {
        WindowId(*self.places.entry(window).or_insert_with(|| {
            self.windows.push(window);
            self.windows.len() - 1
        }))
    }

    pub(super) fn into_schedules(self) -> Schedules {
        Schedules::of(&self.windows)
    }
}

impl<'a> Watch<'a> {
    pub(super) fn new(windows: &'a Schedules, at: Timestamp) -> Self {
        Self { windows, at, next_change: None }
    }

    /// Whether the window is open. When that changes is noted.
    pub(super) fn is_open(&mut self, WindowId(place): WindowId) -> bool {
        let Some(State { is_open, next_change }) = self.windows.state(place, self.at) else { return false };
        self.next_change = earlier(self.next_change, next_change);
        is_open
    }

    /// When the first of the windows that were asked opens or closes; none if none does within a week.
    pub(super) fn next_change(&self) -> Option<Timestamp> {
        self.next_change
    }
}
