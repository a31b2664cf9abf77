//! From a policy and a request to a decision: the first rule that matches.

use jiff::Timestamp;

use super::by_profile::any_or;
use super::effect::{Effect, Mode, Verdict};
use super::outcome::Unmet;
use super::reason::Reason;
use super::rule::{Conditions, Rule};
use crate::time::GoDuration;

/// Who asks for what, how and when.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The user; a pod's is `system:serviceaccount:<namespace>:<name>`.
    pub user: &'a str,
    /// The AWS profile.
    pub profile: &'a str,
    /// How credentials are asked for.
    pub mode: Mode,
    /// The session table that would be used if the matched rule names none.
    pub session_table: Option<&'a str>,
    /// The moment to judge.
    pub at: Timestamp,
}

/// What the policy says about one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What comes out.
    pub effect: Verdict,
    /// The name of the matched rule; empty if none matched.
    pub rule: String,
    /// Its place in the document, from 0; none if none matched. Printed by [`Decision::index`].
    pub rule_index: Option<usize>,
    /// Why.
    pub reason: Reason,
    /// This is a denial because the rule wants server mode. No approval or break-glass goes past it.
    pub requires_server_mode: bool,
    /// This is a denial because the rule wants session tracking. No approval or break-glass goes past it.
    pub requires_session_tracking: bool,
    /// The table that counts: the rule's, else the request's.
    pub session_table: Option<String>,
    /// The rule's cap on the lifetime of credentials, if it sets one.
    pub max_server_duration: Option<GoDuration>,
    /// Until when this decision surely holds, as far as time windows say; none if no window bears on it within a week.
    pub holds_until: Option<Timestamp>,
}

impl Decision {
    /// The matched rule's place as logs print it: -1 if none matched.
    pub fn index(&self) -> i64 {
        self.rule_index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1)
    }
}

/// What any list of rules says: the first rule that matches decides; without one it is a denial. Total.
///
/// This is the law as it is written down. Who asks the same rules often asks their [`super::RuleIndex`], which says the same.
pub fn decide(rules: &[Rule], request: &Request<'_>) -> Decision {
    let mut holds_until = None;
    for (index, rule) in rules.iter().enumerate() {
        if rule.conditions.unmet_apart_from_time(request).is_some() {
            continue;
        }
        holds_until = earlier(holds_until, rule.conditions.next_change(request.at));
        if rule.conditions.match_time(request.at) {
            return Decision { holds_until, ..settle(rule, index, request) };
        }
    }
    Decision { holds_until, ..implicit_deny(request) }
}

/// A rule that doesn't match now may do so later, and the one that matches now may cease to: the first such moment counts.
pub(super) fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

pub(super) fn implicit_deny(request: &Request<'_>) -> Decision {
    Decision {
        effect: Verdict::Deny,
        rule: String::new(),
        rule_index: None,
        reason: Reason::NoMatchingRule,
        requires_server_mode: false,
        requires_session_tracking: false,
        session_table: request.table().map(ToOwned::to_owned),
        max_server_duration: None,
        holds_until: None,
    }
}

pub(super) fn settle(rule: &Rule, index: usize, request: &Request<'_>) -> Decision {
    let table = rule.session_table.as_deref().or_else(|| request.table());
    let (effect, reason) = verdict(rule, request.mode, table.is_some());
    Decision {
        effect,
        rule: rule.name.clone(),
        rule_index: Some(index),
        requires_server_mode: reason.requires_server_mode(),
        requires_session_tracking: reason.requires_session_tracking(),
        reason,
        session_table: table.map(ToOwned::to_owned),
        max_server_duration: rule.max_server_duration.filter(|cap| !cap.is_zero()),
        holds_until: None,
    }
}

/// The `require_server…` effects become a grant or a denial, depending on how the request came.
fn verdict(rule: &Rule, mode: Mode, has_table: bool) -> (Verdict, Reason) {
    let rule_reason = rule.reason.clone();
    let server = mode == Mode::Server;
    match rule.effect {
        Effect::Deny => (Verdict::Deny, Reason::Rule(rule_reason)),
        Effect::RequireApproval => (Verdict::RequireApproval, Reason::Rule(rule_reason)),
        Effect::RequireServer if !server => (Verdict::Deny, Reason::RequiresServerMode { rule_reason }),
        Effect::RequireServerSession if !server => {
            (Verdict::Deny, Reason::RequiresServerModeWithSessionTracking { rule_reason })
        }
        Effect::RequireServerSession if !has_table => (Verdict::Deny, Reason::RequiresSessionTracking { rule_reason }),
        Effect::Allow | Effect::RequireServer | Effect::RequireServerSession => {
            (Verdict::Allow, Reason::Rule(rule_reason))
        }
    }
}

impl<'a> Request<'a> {
    /// An empty name is no table.
    fn table(&self) -> Option<&'a str> {
        self.session_table.filter(|table| !table.is_empty())
    }
}

impl Conditions {
    /// The first condition that `request` doesn't meet; none if it meets all.
    pub(super) fn unmet(&self, request: &Request<'_>) -> Option<Unmet> {
        let in_time = || (!self.match_time(request.at)).then_some(Unmet::Time);
        self.unmet_apart_from_time(request).or_else(in_time)
    }

    fn unmet_apart_from_time(&self, request: &Request<'_>) -> Option<Unmet> {
        if !any_or(&self.profiles, |profile| profile.matches(request.profile)) {
            return Some(Unmet::Profiles);
        }
        if !any_or(&self.users, |user| user.matches(request.user)) {
            return Some(Unmet::Users);
        }
        if !any_or(&self.mode, |mode| *mode == request.mode) {
            return Some(Unmet::Mode);
        }
        // No posture of a device is known here, so a rule that asks for one can't be said to match.
        self.device.as_ref().map(|_| Unmet::Device)
    }

    fn match_time(&self, at: Timestamp) -> bool {
        self.time.as_ref().is_none_or(|window| window.contains(at))
    }

    fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        self.time.as_ref()?.next_change(at)
    }
}
