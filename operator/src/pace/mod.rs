//! How fast: token buckets, back-off, and the jitter that keeps objects from coming all at once.

mod backoff;
mod bucket;

pub(crate) use backoff::{Brake, Retries, backoff, jittered};
pub(crate) use bucket::Bucket;
