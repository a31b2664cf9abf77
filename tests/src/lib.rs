//! The integration tests are in `tests/it`; this crate has no code of its own.
