//! Our engine, plain and compiled.

use anyhow::{Result, anyhow};
use sentinel_core::policy::{AccessPolicy, Rule};

use crate::policy::{self, Document};

/// A document holds at most 1000 rules, and so many tokens of YAML: more rules come in several.
const RULES_PER_DOCUMENT: usize = 500;

/// The documents that hold the rules.
pub fn documents(rules: &[policy::Rule]) -> Vec<String> {
    rules.chunks(RULES_PER_DOCUMENT).map(|rules| Document(rules).to_string()).collect()
}

/// The rules of all documents, in one list.
pub fn read(documents: &[String]) -> Result<Vec<Rule>> {
    let mut rules = Vec::new();
    for document in documents {
        let policy = AccessPolicy::from_yaml(document).map_err(|problems| anyhow!("our own document: {problems}"))?;
        rules.extend_from_slice(policy.rules());
    }
    Ok(rules)
}
