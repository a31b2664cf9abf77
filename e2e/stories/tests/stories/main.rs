//! Stories told on the real cluster by `e2e/stories/run`, from the outside: `kubectl`, pods, an AWS SDK.
//!
//! One file per story. Each story has namespaces, profiles and policies of its own, so they run side by side; those that
//! break something that all share (see `faults.rs`) take the cluster for themselves.
#![allow(missing_docs, reason = "tests are read, not linked to")]

#[cfg(test)]
mod approvals;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod emergencies;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod history;
#[cfg(test)]
mod injection;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod notifications;
#[cfg(test)]
mod people;
#[cfg(test)]
mod publishing;
#[cfg(test)]
mod revocations;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod tenant;
