//! Readiness as named gates: the program is ready when all of them are open, and says which are not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// All gates of a process. Cloning gives another handle to the same gates.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    gates: Arc<Mutex<BTreeMap<&'static str, bool>>>,
}

/// One gate. Cloning gives another handle to the same gate.
#[derive(Clone, Debug)]
pub struct Gate {
    name: &'static str,
    all: Readiness,
}

impl Readiness {
    /// No gates: ready.
    pub fn new() -> Self {
        Self::default()
    }

    /// The gate `name`, closed if it is new. Make all gates before the server starts: one made later is not missed by it.
    pub fn gate(&self, name: &'static str) -> Gate {
        self.with(|gates| _ = gates.entry(name).or_insert(false));
        Gate { name, all: self.clone() }
    }

    /// The names of the closed gates.
    pub fn missing(&self) -> Vec<&'static str> {
        self.with(|gates| gates.iter().filter(|(_, open)| !**open).map(|(name, _)| *name).collect())
    }

    fn with<T>(&self, look: impl FnOnce(&mut BTreeMap<&'static str, bool>) -> T) -> T {
        // A panic elsewhere leaves the map whole: every change of it is one assignment.
        look(&mut self.gates.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Gate {
    /// Opens or closes the gate.
    pub fn set(&self, open: bool) {
        let before = self.all.with(|gates| gates.insert(self.name, open));
        if before != Some(open) {
            tracing::info!(gate = self.name, open, "readiness changed");
        }
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.all.with(|gates| gates.get(self.name).copied().unwrap_or(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_missing() {
        let ready = Readiness::new();
        assert!(ready.missing().is_empty());
        let (watches, certificate) = (ready.gate("watches"), ready.gate("certificate"));
        assert_eq!(ready.missing(), ["certificate", "watches"]);
        watches.set(true);
        assert_eq!(ready.missing(), ["certificate"]);
        certificate.clone().set(true);
        assert!(ready.missing().is_empty() && certificate.is_open());
        watches.set(false);
        assert_eq!(ready.missing(), ["watches"]);
    }

    #[test]
    fn asking_for_a_gate_again_does_not_close_it() {
        let ready = Readiness::new();
        ready.gate("watches").set(true);
        assert!(ready.gate("watches").is_open());
    }
}
