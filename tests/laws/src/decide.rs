//! Any policy and any request.

use jiff::{SignedDuration, Timestamp};
use sentinel_core::policy::publish::portable;
use sentinel_core::policy::{AccessPolicy, CompiledPolicy, Decision, Request, Spelling, Verdict};
use serde_json::Value;

use crate::kind::PROFILES;
use crate::law::{Law, accepted, holds, same};

/// Users that no evaluator outside the cluster ever sees.
const SERVICE_ACCOUNTS: &str = "system:serviceaccount:";

/// There is a decision, the compiled policy and the long answer agree with it, it holds until it says, and nobody else is told to allow more.
pub(crate) fn decides_lawfully(policy: &AccessPolicy, compiled: &CompiledPolicy, request: &Request<'_>) -> Law {
    let decision = policy.decide(request);
    same("the compiled policy decides otherwise", &compiled.decide(request), &decision)?;
    walk_agrees(policy, request, &decision)?;
    holds_until_it_says(policy, request, &decision)?;
    nobody_allows_more(policy, request, &decision)
}

fn walk_agrees(policy: &AccessPolicy, request: &Request<'_>, decision: &Decision) -> Law {
    let first = policy.walk(request).position(|step| step.unmet.is_none());
    same("the walk finds another rule", &first, &decision.rule_index)
}

fn holds_until_it_says(policy: &AccessPolicy, request: &Request<'_>, decision: &Decision) -> Law {
    let at = request.at;
    let until = decision.holds_until;
    holds(until.is_none_or(|until| until > at), || format!("{decision:?} ends before it began at {at}"))?;
    let end = until.or_else(|| at.checked_add(SignedDuration::from_hours(7 * 24)).ok()).unwrap_or(Timestamp::MAX);
    let span = end.duration_since(at);
    for part in [span / 2, span - SignedDuration::from_nanos(1)] {
        let Ok(later) = at.checked_add(part) else { continue };
        let then = policy.decide(&Request { at: later, ..*request });
        let said = |decision: &Decision| (decision.effect, decision.rule_index);
        same(&format!("decided at {at}, and at {later}"), &said(&then), &said(decision))?;
    }
    Ok(())
}

/// Whoever reads literally what is published is never allowed more by it than the policy allows.
fn nobody_allows_more(policy: &AccessPolicy, request: &Request<'_>, decision: &Decision) -> Law {
    let Ok(text) = portable(policy, &PROFILES) else { return Ok(()) };
    if request.user.starts_with(SERVICE_ACCOUNTS) || decision.effect == Verdict::Allow {
        return Ok(());
    }
    let Ok(published) = AccessPolicy::from_yaml(&text) else { return Ok(()) };
    let mut literal = published.to_value(Spelling::Document);
    make_literal(&mut literal);
    let literal = accepted("without globs it is refused", AccessPolicy::from_value(&literal, Spelling::Document))?;
    let elsewhere = literal.decide(request);
    holds(elsewhere.effect != Verdict::Allow, || format!("{request:?}: {decision:?} here, and {elsewhere:?} elsewhere"))
}

/// A reader without globs: what has a star is a name that nobody has.
fn make_literal(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.replace('*', "\u{2217}"),
        Value::Array(entries) => entries.iter_mut().for_each(make_literal),
        Value::Object(fields) => fields.values_mut().for_each(make_literal),
        _ => {}
    }
}
