//! The stories are in `tests/stories`; this crate has no code of its own.
