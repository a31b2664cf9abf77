//! Whether all engines give the same answers: what is timed must do the same work.

use anyhow::{Result, ensure};
use cedar_policy::{Authorizer, PolicySet};
use sentinel_core::policy::{Decision, Rule, RuleIndex, Verdict, decide};

use crate::cedar::{self, Answer, Question};
use crate::requests::Asked;

/// How many answers were compared, and how many of them some rule gave.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compared {
    pub answers: usize,
    pub by_a_rule: usize,
}

/// An error at the first difference.
pub fn check(asked: &[Asked], rules: &[Rule], index: &RuleIndex, policies: &PolicySet) -> Result<Compared> {
    let authorizer = Authorizer::new();
    let mut compared = Compared::default();
    for asked in asked {
        let plain = decide(rules, &asked.request());
        let decision = index.decide(rules, &asked.request());
        ensure!(decision == plain, "compiled and plain differ for {asked:?}:\n{decision:?}\n{plain:?}");
        let answer = cedar::answer(&Question::new(asked)?.ask(&authorizer, policies))?;
        ensure!(is_same(&decision, &answer), "Cedar differs for {asked:?}:\n{decision:?}\n{answer:?}");
        compared.answers += 1;
        compared.by_a_rule += usize::from(decision.rule_index.is_some());
    }
    Ok(compared)
}

/// Cedar knows no approval: the policy that permits says by its rule that somebody must approve.
fn is_same(decision: &Decision, answer: &Answer) -> bool {
    (decision.effect != Verdict::Deny) == answer.allowed && decision.rule_index == answer.rule
}
