//! Any bytes as a document of each kind.

use std::collections::BTreeMap;

use arbitrary::Unstructured;
use sentinel_core::policy::import::import;
use sentinel_core::policy::lint::{KnownProfile, Surroundings};
use sentinel_core::policy::publish::{
    ADVANCED_LIMIT, check_size, deny_all, refuse_approval, refuse_break_glass, tightest_rate_limit,
};
use sentinel_core::policy::{
    AccessPolicy, ApprovalPolicy, BreakGlassPolicy, CompiledPolicy, Problems, RateLimitPolicy, Spelling, tree,
};

use crate::asked;
use crate::decide::decides_lawfully;
use crate::kind::{Kind, PROFILES};
use crate::law::{Law, accepted, holds, same};

/// Problems of one answer, and a last one that says how many more there are.
const MOST_PROBLEMS: usize = 101;

/// The document is what stands before the first NUL, which is legal in none; requests are made of the bytes after it.
pub fn document(bytes: &[u8]) -> Law {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (text, tail) = (parts.next().unwrap_or_default(), parts.next().unwrap_or(bytes));
    let Ok(text) = str::from_utf8(text) else { return Ok(()) };
    reads_lawfully::<ApprovalPolicy>(text)?;
    reads_lawfully::<BreakGlassPolicy>(text)?;
    reads_lawfully::<RateLimitPolicy>(text)?;
    if let Some(policy) = reads_lawfully::<AccessPolicy>(text)? {
        let compiled = CompiledPolicy::new(policy.clone());
        for asked in asked::requests(&policy, &mut Unstructured::new(tail)) {
            decides_lawfully(&policy, &compiled, &asked.request())?;
        }
    }
    is_imported_lawfully(text)?;
    refusals_can_be_read(text)
}

/// The policy, if it is one; everything that holds without a request is asked.
fn reads_lawfully<K: Kind>(text: &str) -> Result<Option<K>, crate::Broken> {
    match K::read(text) {
        Ok(policy) => policy_is_lawful(&policy).map(|()| Some(policy)),
        Err(problems) => answer_is_bounded(&problems).map(|()| None),
    }
}

/// The second spelling, which is read only on import.
fn is_imported_lawfully(text: &str) -> Law {
    let Ok(document) = tree(text) else { return Ok(()) };
    match import(&document) {
        Ok(imported) => policy_is_lawful(&imported.policy),
        Err(problems) => answer_is_bounded(&problems),
    }
}

/// Whatever a policy was read from.
pub(crate) fn policy_is_lawful<K: Kind>(policy: &K) -> Law {
    is_printed_one_way(policy)?;
    is_read_back(policy)?;
    lints_are_lawful(policy)?;
    is_published_lawfully(policy)
}

/// Nobody is told more than they can read.
pub(crate) fn answer_is_bounded(problems: &Problems) -> Law {
    let count = problems.len();
    holds((1..=MOST_PROBLEMS).contains(&count), || format!("{count} problems in one answer"))?;
    let silent = problems.iter().find(|problem| problem.message.trim().is_empty());
    holds(silent.is_none(), || format!("a problem without a message: {silent:?}"))
}

fn is_printed_one_way<K: Kind>(policy: &K) -> Law {
    let text = policy.print(Spelling::Document);
    let again = accepted("what is printed is refused", K::read(&text))?;
    same("printing and reading changes the policy", &again, policy)?;
    same("printed twice", &again.print(Spelling::Document), &text)
}

fn is_read_back<K: Kind>(policy: &K) -> Law {
    for spelling in [Spelling::Document, Spelling::Manifest] {
        let value = policy.value(spelling);
        let again = accepted("the tree is refused", K::read_value(&value, spelling))?;
        same("the tree means something else", &again, policy)?;
        let printed = accepted("the text is no tree", tree(&policy.print(spelling)))?;
        same("the text is another tree", &printed, &value)?;
    }
    Ok(())
}

fn lints_are_lawful<K: Kind>(policy: &K) -> Law {
    let known = |(index, name): (usize, &&str)| ((*name).to_owned(), KnownProfile { has_table: index == 0 });
    let profiles: BTreeMap<_, _> = PROFILES.iter().enumerate().map(known).collect();
    let much = Surroundings { profiles: Some(profiles), default_table: Some(false) };
    for around in [Surroundings::default(), much] {
        for lint in policy.lints(&around) {
            let says = !lint.message.is_empty() && lint.path.starts_with("rules");
            holds(says, || format!("a lint says too little: {lint:?}"))?;
        }
    }
    Ok(())
}

/// What is published is read by whoever reads documents, and nothing in it waits to be translated once more. What doesn't fit
/// into a parameter is never published.
fn is_published_lawfully<K: Kind>(policy: &K) -> Law {
    let text = match policy.publish() {
        Ok(text) => text,
        Err(problems) => return holds(problems.len() > 0, || "refused without a problem".to_owned()),
    };
    if check_size(&text, ADVANCED_LIMIT).is_err() {
        return Ok(());
    }
    holds(!text.contains("{{"), || format!("SSM refuses {{{{ in {text}"))?;
    let again = accepted("what is published is refused", K::read(&text))?;
    let twice = accepted("what is published can't be published", again.publish())?;
    same("published twice", &twice, &text)
}

/// What replaces a document that can't be published is itself one, whatever the reason.
fn refusals_can_be_read(reason: &str) -> Law {
    is_refusal::<AccessPolicy>(&deny_all(reason))?;
    is_refusal::<ApprovalPolicy>(&refuse_approval(reason))?;
    is_refusal::<BreakGlassPolicy>(&refuse_break_glass(reason))?;
    is_refusal::<RateLimitPolicy>(&tightest_rate_limit(reason))
}

fn is_refusal<K: Kind>(text: &str) -> Law {
    accepted("a refusal is no document", K::read(text))?;
    holds(!text.contains("{{"), || format!("SSM refuses {{{{ in {text}"))?;
    accepted("a refusal doesn't fit", check_size(text, sentinel_core::policy::publish::STANDARD_LIMIT))
}
