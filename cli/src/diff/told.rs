//! A decision as far as two policies are compared by it.

use sentinel_core::policy::{Decision, Verdict};
use serde::Serialize;

/// What stands for whatever table the profile or the installation names; no table can be called so.
pub(super) const REQUESTED: &str = "(the profile's or the installation's)";

/// What a policy answers, and why. Two answers differ if anything but rule and reason does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told {
    pub(super) effect: &'static str,
    /// Neither approval nor break-glass goes past this denial.
    pub(super) final_denial: bool,
    /// The session table, where the rule names one: otherwise it is the request's, whatever the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) session_table: Option<String>,
    /// The rule's cap on credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_server_duration: Option<String>,
    pub(super) rule: String,
    pub(super) reason: String,
}

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Access that was not there.
    Gains,
    /// Access that is gone.
    Loses,
    /// Neither: another table or cap, or another kind of denial.
    Changes,
}

impl Told {
    pub(super) fn of(decision: Decision) -> Self {
        let denied = decision.effect == Verdict::Deny;
        Self {
            effect: decision.effect.as_str(),
            final_denial: decision.requires_server_mode || decision.requires_session_tracking,
            session_table: decision.session_table.filter(|table| !denied && table != REQUESTED),
            max_server_duration: decision.max_server_duration.filter(|_| !denied).map(|cap| cap.to_string()),
            rule: decision.rule,
            reason: decision.reason.to_string(),
        }
    }

    /// Whether both mean the same access.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let access = |told: &Self| {
            let Self { effect, final_denial, session_table, max_server_duration, rule: _, reason: _ } = told.clone();
            (effect, final_denial, session_table, max_server_duration)
        };
        access(self) == access(other)
    }

    /// What becomes of this in `new`.
    pub(super) fn kind(&self, new: &Self) -> Kind {
        match (self.effect, new.effect) {
            ("allow", "allow") => Kind::Changes,
            (_, "allow") => Kind::Gains,
            ("allow", _) => Kind::Loses,
            _ => Kind::Changes,
        }
    }

    /// ``allow by rule `x` ``, `deny: no matching rule`.
    pub(super) fn text(&self) -> String {
        let rule = if self.rule.is_empty() { String::new() } else { format!(" by rule `{}`", self.rule) };
        let reason = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
        let table = self.session_table.as_ref().map(|table| format!(", session table {table}")).unwrap_or_default();
        let cap = self.max_server_duration.as_ref().map(|cap| format!(", credentials for {cap}")).unwrap_or_default();
        let denial = if self.final_denial { ", past which no approval goes" } else { "" };
        format!("{}{rule}{table}{cap}{denial}{reason}", self.effect)
    }
}
