//! What profiles are told of the denials in their roles. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sentinel_api::{ConditionStatus, Profile, ProfileStatus, condition, set_condition};

use super::role::{Last, Role};
use super::verdict::reason;

const ROLE_FULL: &str = "RoleFull";

/// What is known of each role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RoleStates {
    /// This installation doesn't write to IAM.
    NotInstalled,
    /// Those that were visited.
    Visited(BTreeMap<String, RoleState>),
}

impl Default for RoleStates {
    /// Of an installation that doesn't write to IAM, or has not begun to.
    fn default() -> Self {
        Self::NotInstalled
    }
}

/// What is known of one role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoleState {
    /// How many sessions found no room.
    left_out: usize,
    /// What is denied of all that it issued.
    older_than: Option<Timestamp>,
    /// Why nothing is known: a word and a sentence.
    failure: Option<(&'static str, String)>,
}

impl RoleState {
    /// Of a role that was visited.
    pub fn of(role: &Role) -> Option<Self> {
        match &role.last {
            Last::Unknown | Last::Unconfirmed => None,
            Last::Failed(error) => {
                Some(Self { failure: Some((reason(error.kind), error.to_string())), ..Self::default() })
            }
            Last::Written(plan) => Some(Self {
                left_out: plan.left_out.len(),
                older_than: plan.document.older.map(|older| older.than),
                failure: None,
            }),
        }
    }
}

/// Writes into `status` what concerns `profile`.
pub(crate) fn tell(
    known: &RoleStates,
    profile: Option<&Profile>,
    status: &mut ProfileStatus,
    generation: Option<i64>,
    now: Timestamp,
) {
    if let (Some(profile), RoleStates::Visited(roles)) = (profile, known)
        && let Some(than) = roles.get(&profile.role_arn).and_then(|state| state.older_than)
    {
        // Of every profile on the role: what was issued for them is denied, too. It stays when the denial has ended: a change of it makes
        // every pod's credentials anew.
        status.denied_before = Some(than.to_string());
    }
    let Some(profile) = profile.filter(|profile| profile.hard_revocation.is_some()) else {
        status.conditions.retain(|old| old.type_ != ROLE_FULL);
        return;
    };
    if let Some((holds, reason, message)) = says(known, &profile.role_arn) {
        set_condition(&mut status.conditions, condition(ROLE_FULL, holds, reason, message, generation, now));
    }
}

fn says(known: &RoleStates, role: &str) -> Option<(ConditionStatus, &'static str, String)> {
    let roles = match known {
        RoleStates::NotInstalled => {
            let message = "nothing is denied in IAM: this installation does not write to it; set hardRevocation.enabled in the chart's values, and give the operator the rights";
            return Some((ConditionStatus::Unknown, "NotInstalled", message.to_owned()));
        }
        RoleStates::Visited(roles) => roles,
    };
    let state = roles.get(role)?;
    Some(match (&state.failure, state.left_out) {
        (Some((reason, message)), _) => (ConditionStatus::Unknown, reason, format!("{message}; trying again")),
        (None, 0) => (ConditionStatus::False, "RoomLeft", "every revoked session is denied in IAM".to_owned()),
        (None, left) => (
            ConditionStatus::True,
            "RoleFull",
            format!(
                "the inline policies of {role} are full: what {left} revoked sessions hold lives until it expires. Remove other inline policies of the role, or set hardRevocation: SessionOrRole"
            ),
        ),
    })
}
