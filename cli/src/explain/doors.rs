//! What would open the door: rules that miss the request by one condition, and what a denial asks for.

use jiff::Timestamp;
use sentinel_core::policy::{
    AccessPolicy, Conditions, Decision, Effect, Mode, Pattern, Reason, Request, Rule, Unmet, Verdict,
};

/// The ways that can be named; nothing where access is allowed.
pub(super) fn of(law: &AccessPolicy, request: &Request<'_>, decision: &Decision) -> Vec<String> {
    let asked_for = match (decision.effect, &decision.reason) {
        (Verdict::Allow, _) => return vec![],
        (_, Reason::RequiresSessionTracking { .. }) => {
            Some("a session table: sessionTable of the rule, of the SentinelProfile, or of the installation")
        }
        (_, Reason::RequiresServerMode { .. } | Reason::RequiresServerModeWithSessionTracking { .. }) => {
            Some("mode server: a sidecar's, or --mode server here")
        }
        (Verdict::RequireApproval, _) => Some("an approval, once approvals are installed"),
        _ => None,
    };
    // A rule after the one that decides is never reached.
    let reached = decision.rule_index.unwrap_or(law.rules().len());
    let near = law.rules().iter().take(reached).filter_map(|rule| way(rule, request));
    asked_for.map(str::to_owned).into_iter().chain(near).collect()
}

/// What this rule lacks, if it is one thing only and the rule would allow then.
fn way(rule: &Rule, request: &Request<'_>) -> Option<String> {
    if !would_allow(rule, request) {
        return None;
    }
    let unmet = unmet(&rule.conditions, request);
    let [one] = unmet.as_slice() else { return None };
    let name = &rule.name;
    Some(match one {
        Unmet::Users => format!("rule `{name}` would allow it if its users had `{}`", request.user),
        Unmet::Profiles => format!("rule `{name}` would allow it if its profiles had `{}`", request.profile),
        Unmet::Mode => format!("rule `{name}` would allow it if its mode had `{}`", request.mode),
        Unmet::Time => format!("rule `{name}` allows it from {}: its time window", opens(rule, request.at)?),
        Unmet::Device => return None,
    })
}

fn would_allow(rule: &Rule, request: &Request<'_>) -> bool {
    let table = rule.session_table.as_deref().or(request.session_table).is_some_and(|table| !table.is_empty());
    match rule.effect {
        Effect::Allow => true,
        Effect::RequireServer => request.mode == Mode::Server,
        Effect::RequireServerSession => request.mode == Mode::Server && table,
        Effect::Deny | Effect::RequireApproval => false,
    }
}

/// Every condition that fails; core names the first only.
fn unmet(conditions: &Conditions, request: &Request<'_>) -> Vec<Unmet> {
    let none = |patterns: &[Pattern], name: &str| !patterns.is_empty() && !patterns.iter().any(|one| one.matches(name));
    let failing = [
        (Unmet::Profiles, none(&conditions.profiles, request.profile)),
        (Unmet::Users, none(&conditions.users, request.user)),
        (Unmet::Mode, !conditions.mode.is_empty() && !conditions.mode.contains(&request.mode)),
        (Unmet::Device, conditions.device.is_some()),
        (Unmet::Time, conditions.time.as_ref().is_some_and(|window| !window.contains(request.at))),
    ];
    failing.into_iter().filter_map(|(unmet, fails)| fails.then_some(unmet)).collect()
}

/// When a closed window opens next.
fn opens(rule: &Rule, at: Timestamp) -> Option<Timestamp> {
    rule.conditions.time.as_ref()?.next_change(at)
}
