//! A law that holds, or the words for one that doesn't.

use std::fmt::Debug;

/// A law that is broken, and by what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(String);

/// What asking after a law gives.
pub type Law = Result<(), Broken>;

/// It is so.
pub(crate) fn holds(it: bool, or: impl FnOnce() -> String) -> Law {
    if it { Ok(()) } else { Err(Broken(or())) }
}

/// Both are the same.
pub(crate) fn same<T: PartialEq + Debug>(what: &str, one: &T, other: &T) -> Law {
    holds(one == other, || format!("{what}: {one:?} is not {other:?}"))
}

/// It was accepted, as it has to be.
pub(crate) fn accepted<T, E: Debug>(what: &str, result: Result<T, E>) -> Result<T, Broken> {
    result.map_err(|error| Broken(format!("{what}: {error:?}")))
}
