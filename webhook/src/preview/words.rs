//! A preview as its author reads it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::decide::{Preview, Turn};
use crate::warnings::ITEM_LIMIT;

/// So many service accounts are named at most.
const NAMED: usize = 5;

/// One warning for each turn; none if every session stays as it is. `what` is what would do it: AccessPolicy `prod`.
pub fn words(preview: &Preview, what: &str) -> Vec<String> {
    preview.turns.iter().map(|(turn, accounts)| one(*turn, accounts, preview.sessions, what)).collect()
}

/// Nobody can tell.
pub fn unknown(what: &str) -> String {
    format!(
        "the live sessions are not known now: what {what} would change for them can't be said; try again in a moment"
    )
}

fn one(turn: Turn, accounts: &BTreeMap<String, usize>, all: usize, what: &str) -> String {
    let some: usize = accounts.values().sum();
    naming(format!("as of now, {what} {}", turn.of(some, all)), accounts)
}

/// `begin`, and as many of the accounts with most sessions as a warning has room for.
pub fn naming(begin: String, accounts: &BTreeMap<String, usize>) -> String {
    let mut largest: Vec<_> = accounts.iter().collect();
    // They come in the order of their names, which stays among equals.
    largest.sort_by_key(|(_, sessions)| Reverse(**sessions));
    let named = (1..=NAMED.min(largest.len())).rev().map(|named| format!("{begin}: {}", list(&largest, named)));
    let mut all_sizes = named.skip_while(|text| text.chars().count() > ITEM_LIMIT);
    all_sizes.next().unwrap_or(begin)
}

fn list(largest: &[(&String, &usize)], named: usize) -> String {
    let texts: Vec<_> =
        largest.iter().take(named).map(|(account, sessions)| format!("{account} ({sessions})")).collect();
    match largest.len().saturating_sub(named) {
        0 => texts.join(", "),
        more => format!("{} and {more} more", texts.join(", ")),
    }
}

impl Turn {
    fn of(self, some: usize, all: usize) -> String {
        let sessions = format!("{some} of {all} live sessions");
        match self {
            Self::Refused => format!("would refuse {sessions}"),
            Self::NeedsApproval => format!("would demand an approval for {sessions}"),
            Self::BeyondApproval => format!("would refuse, approved or not, {sessions}"),
            Self::Allowed => format!("would newly allow {sessions}"),
            Self::OpenToApproval => format!("would let an approval open {sessions}"),
        }
    }
}
