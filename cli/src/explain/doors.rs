//! What an access policy itself would take: rules that miss the request by one condition, and what a denial asks for.

use jiff::Timestamp;
use sentinel_core::policy::{
    AccessPolicy, Conditions, Decision, Effect, Mode, Pattern, Reason, Request, Rule, Unmet, Verdict,
};

/// The ways that can be named; nothing where access is allowed.
pub(super) fn of(law: &AccessPolicy, request: &Request<'_>, decision: &Decision) -> Vec<String> {
    let asked_for = match (decision.effect, &decision.reason) {
        (Verdict::Allow, _) => return vec![],
        (_, Reason::RequiresSessionTracking { .. }) => Some(
            "a session table: sessionTable of the rule, of the SentinelProfile, or of the installation (--session-table here)",
        ),
        (_, Reason::RequiresServerMode { .. } | Reason::RequiresServerModeWithSessionTracking { .. }) => {
            Some("mode server: a sidecar's, or --mode server here")
        }
        // What approvals and emergencies open is not the policy's to say.
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

#[cfg(test)]
mod tests {
    use super::*;

    const LAW: &str = "\
version: \"1\"
rules:
- {name: others, effect: allow, conditions: {users: [bob], profiles: [prod]}}
- {name: by day, effect: allow, conditions: {profiles: [prod], time: {hours: {start: \"09:00\", end: \"17:00\"}}}}
- {name: far, effect: allow, conditions: {users: [bob], profiles: [dev]}}
- {name: stop, effect: deny, conditions: {profiles: [prod]}}
- {name: never reached, effect: allow, conditions: {users: [bob]}}
";

    fn ways(law: &str, at: &str) -> Vec<String> {
        let law = AccessPolicy::from_yaml(law).unwrap();
        let request = Request {
            user: "alice",
            profile: "prod",
            mode: Mode::Server,
            session_table: None,
            at: at.parse().unwrap(),
        };
        of(&law, &request, &law.decide(&request))
    }

    #[test]
    fn rules_that_miss_by_one_condition_and_are_reached_are_named() {
        let expected = [
            "rule `others` would allow it if its users had `alice`",
            "rule `by day` allows it from 2026-11-23T09:00:00Z: its time window",
        ];
        assert_eq!(ways(LAW, "2026-11-22T20:00:00Z"), expected);
        assert!(ways(LAW, "2026-11-22T12:00:00Z").is_empty(), "it is open");
    }

    #[test]
    fn a_denial_for_want_of_a_table_asks_for_one() {
        let law = "version: \"1\"\nrules:\n- {name: r, effect: require_server_session, conditions: {}}\n";
        assert!(ways(law, "2026-11-22T20:00:00Z")[0].starts_with("a session table: "));
    }
}
