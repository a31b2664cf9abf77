//! What was found so far, and what looking further may cost.

use std::cell::Cell;
use std::rc::Rc;

use super::{Check, Lint, Surroundings};
use crate::policy::text::excerpt;

/// More findings than anybody reads; the rest is counted.
const MAX_LINTS: usize = 50;
/// Bytes and words that may be compared, some 20 ms of them: containment of lists in lists is more than linear.
const MAX_WORK: u64 = 3_000_000;

/// The findings of one document.
pub(super) struct Report<'a> {
    /// What is known beside the document.
    pub(super) around: &'a Surroundings,
    /// What may still be compared.
    pub(super) work: Rc<Work>,
    found: Vec<Lint>,
    more: usize,
}

/// The comparisons that are left. Whoever has none left isn't sure, and says nothing.
pub(super) struct Work(Cell<u64>);

impl Work {
    /// Whether so much more may be compared.
    pub(super) fn spend(&self, cost: usize) -> bool {
        let left = self.0.get().saturating_sub(cost as u64);
        self.0.set(left);
        left > 0
    }

    fn is_used_up(&self) -> bool {
        self.0.get() == 0
    }
}

impl<'a> Report<'a> {
    pub(super) fn new(around: &'a Surroundings) -> Self {
        Self { around, work: Rc::new(Work(Cell::new(MAX_WORK))), found: Vec::new(), more: 0 }
    }

    /// Notes a finding at a rule. The message is made only if there is room for it.
    pub(super) fn note(&mut self, check: Check, place: &Place<'_>, rest: &str, message: impl FnOnce() -> String) {
        if self.found.len() < MAX_LINTS {
            self.found.push(Lint { check, path: place.path(rest), message: message() });
        } else {
            self.more += 1;
        }
    }

    /// The same, at an entry of a list.
    pub(super) fn note_entry(
        &mut self,
        check: Check,
        place: &Place<'_>,
        list: &str,
        entry: usize,
        message: impl FnOnce() -> String,
    ) {
        if self.found.len() < MAX_LINTS {
            self.note(check, place, &format!("{list}[{entry}]"), message);
        } else {
            self.more += 1;
        }
    }

    /// All of it, with a word about what isn't there.
    pub(super) fn finish(mut self) -> Vec<Lint> {
        if self.more > 0 {
            self.found.push(whole(format!("and {} more findings: mend these first", self.more)));
        }
        if self.work.is_used_up() {
            let message =
                "the policy is too large for all of its rules to be compared: split it, to have it checked whole";
            self.found.push(whole(message.to_owned()));
        }
        self.found
    }
}

fn whole(message: String) -> Lint {
    Lint { check: Check::More, path: String::new(), message }
}

/// A rule, for paths and messages.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    /// Its place in the document.
    pub(super) index: usize,
    name: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn new(index: usize, name: &'a str) -> Self {
        Self { index, name }
    }

    /// The name of the rule, short enough for a message.
    pub(super) fn name(&self) -> String {
        excerpt(self.name)
    }

    fn path(&self, rest: &str) -> String {
        let dot = if rest.is_empty() { "" } else { "." };
        format!("rules[{}]{dot}{rest}", self.index)
    }
}
