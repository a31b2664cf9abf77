//! What the plan of a session is made from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sentinel_api::{SentinelSessionSpec, SessionStatus};
use sentinel_aws::AwsError;
use sentinel_core::session::{SessionId, SessionRow};

use super::pod::PodState;
use crate::denials::Verdict;

/// Everything about one session at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// Its id.
    pub id: &'a SessionId,
    /// Id of this cluster.
    pub cluster: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// What it is, and whether a person has revoked it.
    pub spec: &'a SentinelSessionSpec,
    /// The generation of the object.
    pub generation: Option<i64>,
    /// What is known of it so far.
    pub status: &'a SessionStatus,
    /// Its pod.
    pub pod: PodState,
    /// What policy says.
    pub ruling: &'a Ruling,
    /// Where its denial in IAM stands, if there is to be one.
    pub denial: Option<&'a Verdict>,
    /// Its rows: one entry for each table that may hold one.
    pub readings: &'a BTreeMap<String, Reading>,
    /// Now.
    pub now: Timestamp,
}

/// What profile and policy say about a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ruling {
    /// Every table that may get a row of it.
    pub candidates: Vec<String>,
    /// The table that counts at this moment, if any does.
    pub table: Option<String>,
    /// Whether it may have credentials at this moment.
    pub allowed: bool,
    /// Whether a revocation goes on in IAM.
    pub hard: bool,
}

/// What is known of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reading {
    /// The table wasn't asked.
    Unread,
    /// There is none.
    Missing,
    /// There it is.
    Row(Box<SessionRow>),
    /// The table didn't say.
    Failed(AwsError),
}
