//! The letters that wait. Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::letter::Letter;

/// As large as it may be, in bytes of JSON: the API server takes 1 MiB of one ConfigMap.
const MOST: usize = 900 * 1024;

/// What somebody hasn't heard yet, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Outbox {
    letters: Vec<Waiting>,
}

/// One letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    /// What it says.
    pub letter: Letter,
    /// Who hasn't got it.
    pub to: BTreeSet<String>,
    /// Since when.
    pub since: Timestamp,
}

impl Outbox {
    /// What a shelf holds; nothing is an empty outbox.
    pub fn read(text: Option<&str>) -> Result<Self, serde_json::Error> {
        text.map_or_else(|| Ok(Self::default()), serde_json::from_str)
    }

    /// As a shelf holds it.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// All of them.
    pub fn letters(&self) -> &[Waiting] {
        &self.letters
    }

    /// Whether the letter `id` waits.
    pub fn has(&self, id: &str) -> bool {
        self.letters.iter().any(|one| one.letter.id == id)
    }

    /// Adds one, unless it is there or is for nobody. `true`: it is new.
    pub fn add(&mut self, waiting: Waiting) -> bool {
        let is_new = !waiting.to.is_empty() && !self.has(&waiting.letter.id);
        if is_new {
            self.letters.push(waiting);
        }
        is_new
    }

    /// `target` waits for the letter `id` no more.
    pub fn strike(&mut self, id: &str, target: &str) {
        for one in self.letters.iter_mut().filter(|one| one.letter.id == id) {
            one.to.remove(target);
        }
        self.letters.retain(|one| !one.to.is_empty());
    }

    /// Takes out whatever is for nobody of `targets`.
    pub fn keep_for(&mut self, targets: &BTreeSet<String>) {
        for one in &mut self.letters {
            one.to.retain(|target| targets.contains(target));
        }
        self.letters.retain(|one| !one.to.is_empty());
    }

    /// Takes out the oldest ones until the rest fits on a shelf.
    pub fn fit(&mut self) -> Vec<Waiting> {
        let sizes: Vec<usize> = self.letters.iter().map(size).collect();
        let mut total: usize = sizes.iter().sum();
        let mut too_many = 0;
        for size in sizes {
            if total <= MOST {
                break;
            }
            total -= size;
            too_many += 1;
        }
        self.letters.drain(..too_many).collect()
    }
}

/// Bytes on a shelf; what can't be written takes no room there.
fn size(waiting: &Waiting) -> usize {
    serde_json::to_string(waiting).map_or(0, |text| text.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(id: &str, to: &[&str], body: usize) -> Waiting {
        let letter = Letter::new(id, "lock.ended", "s", Timestamp::UNIX_EPOCH, "x".repeat(body));
        Waiting { letter, to: to.iter().map(|&one| one.to_owned()).collect(), since: Timestamp::UNIX_EPOCH }
    }

    fn ids(outbox: &Outbox) -> Vec<&str> {
        outbox.letters().iter().map(|one| one.letter.id.as_str()).collect()
    }

    #[test]
    fn a_letter_waits_until_all_have_got_it() {
        let mut outbox = Outbox::default();
        assert!(outbox.add(waiting("a", &["x", "y"], 1)));
        assert!(!outbox.add(waiting("a", &["x", "y"], 1)), "it is there");
        assert!(!outbox.add(waiting("b", &[], 1)), "it is for nobody");
        outbox.strike("a", "x");
        outbox.strike("a", "z");
        assert_eq!(ids(&outbox), ["a"]);
        assert!(!outbox.add(waiting("a", &["x"], 1)), "who has got it isn't told again");
        outbox.strike("a", "y");
        assert_eq!(outbox, Outbox::default());
    }

    #[test]
    fn a_shelf_gives_back_what_it_got() {
        let mut outbox = Outbox::default();
        outbox.add(waiting("a", &["x", "y"], 10));
        outbox.add(waiting("b", &["x"], 10));
        assert_eq!(Outbox::read(Some(&outbox.text().unwrap())).unwrap(), outbox);
        assert_eq!(Outbox::read(None).unwrap(), Outbox::default());
        assert!(Outbox::read(Some("{}")).is_err(), "that is none");
    }

    #[test]
    fn who_is_no_target_any_more_gets_nothing() {
        let mut outbox = Outbox::default();
        outbox.add(waiting("a", &["x", "y"], 1));
        outbox.add(waiting("b", &["y"], 1));
        outbox.keep_for(&["x".to_owned()].into());
        assert_eq!(outbox.letters(), [waiting("a", &["x"], 1)]);
    }

    #[test]
    fn what_does_not_fit_is_taken_out_the_oldest_first() {
        let mut outbox = Outbox::default();
        for id in ["a", "b", "c"] {
            outbox.add(waiting(id, &["x"], 400 * 1024));
        }
        let dropped: Vec<String> = outbox.fit().into_iter().map(|one| one.letter.id).collect();
        assert_eq!((dropped, ids(&outbox)), (vec!["a".to_owned()], vec!["b", "c"]));
        assert!(outbox.text().unwrap().len() <= MOST);
        assert!(outbox.fit().is_empty());
    }
}
