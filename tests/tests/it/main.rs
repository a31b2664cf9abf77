//! Integration tests, one binary. `tests/control-plane run cargo test -p sentinel-tests` gives them what they talk to;
//! see `world.rs`. One file per story.
#![allow(missing_docs, reason = "tests are read, not linked to")]

#[cfg(test)]
mod arrows;
#[cfg(test)]
mod aws_issuer;
#[cfg(test)]
mod aws_parameters;
#[cfg(test)]
mod aws_sessions;
#[cfg(test)]
mod aws_table;
#[cfg(test)]
mod aws_wire;
#[cfg(test)]
mod broker;
#[cfg(test)]
mod command;
#[cfg(test)]
mod definitions;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod threats;
#[cfg(test)]
mod webhook;
#[cfg(test)]
mod world;
