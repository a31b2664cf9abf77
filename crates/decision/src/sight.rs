//! What a decision sees of an object: the object, if there is one, and whether the watch can be believed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// An object as last seen.
#[derive(Debug)]
pub struct Sight<T> {
    /// The object; none if there is none.
    pub object: Option<Arc<T>>,
    /// Why that may not be so any more.
    pub stale: Option<Stale>,
}

impl<T> Clone for Sight<T> {
    fn clone(&self) -> Self {
        Self { object: self.object.clone(), stale: self.stale }
    }
}

impl<T> Default for Sight<T> {
    fn default() -> Self {
        Self { object: None, stale: None }
    }
}

impl<T> Sight<T> {
    /// The object, if the watch can be believed.
    pub fn believed(&self) -> Result<Option<&Arc<T>>, Stale> {
        self.stale.map_or_else(|| Ok(self.object.as_ref()), Err)
    }
}

/// A watch that can't be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale {
    /// What it watches.
    pub watch: &'static str,
    /// How long it has heard nothing; none: it has never had a list.
    pub age: Option<Duration>,
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.age {
            Some(age) => write!(f, "the broker's watch of {} has heard nothing for {} s", self.watch, age.as_secs()),
            None => write!(f, "the broker has not read the {} yet", self.watch),
        }
    }
}
