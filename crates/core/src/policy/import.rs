//! The second spelling that the policy reference shows, read into an access policy. It is accepted here and never stored.
//!
//! ```text
//!   policies:                          version: "1"
//!   - match: {profile: prod-*}    ─▶   rules:
//!     effect: require_server           - {name: rule-0, effect: require_server, conditions: {profiles: [prod-*]}}
//! ```
//!
//! Whatever is translated is noted; what can't be translated is refused.

use std::cell::RefCell;
use std::fmt;

use serde_json::Value;

use super::AccessPolicy;
use super::document::{MAX_RULES, Names};
use super::effect::Effect;
use super::pattern::Pattern;
use super::problem::Problems;
use super::rule::{Conditions, DeviceCondition, Rule};
use super::spelling::Spelling;
use super::walk::{At, MAX_ENTRIES, Object, Read, Walk};
use super::window;

/// A policy that was written in the second spelling.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// What it means.
    pub policy: AccessPolicy,
    /// What was translated, in the order of the document.
    pub notes: Vec<Note>,
}

/// One translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where, as the text spells it: `policies[0].match.profile`.
    pub path: String,
    /// What became of it.
    pub message: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// Whether a document is written in the second spelling.
pub fn is_second_spelling(document: &Value) -> bool {
    document.get("policies").is_some() && document.get("rules").is_none()
}

/// Reads a document of the second spelling; everything that is wrong with it comes back at once.
pub fn import(document: &Value) -> Result<Imported, Problems> {
    let walk = Walk::new(Spelling::Document);
    let import = Import::default();
    let rules = import.document(At::root(&walk, document));
    let rules = walk.finish(rules)?;
    Ok(Imported { policy: AccessPolicy::of(rules), notes: import.notes.into_inner() })
}

/// One import under way.
#[derive(Default)]
struct Import {
    names: Names,
    notes: RefCell<Vec<Note>>,
}

impl Import {
    fn document(&self, at: At<'_>) -> Read<Vec<Rule>> {
        let document = at.object(&["version", "policies"])?;
        let version = document.optional("version", |at| at.version());
        let none = || "policy must have at least one rule: write `policies:` and a list of them".to_owned();
        if let Ok(None) = version {
            self.note("policies", "has no version beside it, so `version: \"1\"` was added");
        }
        self.note("policies", "became `rules`");
        let rules = document.filled("policies", MAX_RULES, none, |index, at| self.rule(index, &at));
        version.and(rules)
    }

    fn rule(&self, index: usize, at: &At<'_>) -> Read<Rule> {
        let nameless = at.object(&["name", "match", "effect", "session_table", "reason", "max_server_duration"])?;
        let name = self.name(index, &nameless);
        let label = name.clone().unwrap_or_default();
        let rule = nameless.in_rule(&label);
        let no_effect = || rule.at.invalid_word::<Effect>("effect", "");
        let no_match = || "missing `match`: whom is it for? `match: {}` is any request".to_owned();
        let effect = rule.required("effect", no_effect, |at| at.word("effect"));
        let session_table = rule.optional("session_table", |at| at.line().map(ToOwned::to_owned));
        let conditions = rule.required("match", no_match, |at| self.conditions(at));
        let reason = rule.optional("reason", |at| at.prose().map(ToOwned::to_owned));
        let max_server_duration = rule.optional("max_server_duration", |at| at.duration("max_server_duration"));
        Ok(Rule {
            name: name?,
            effect: effect?,
            session_table: session_table?,
            conditions: conditions?,
            reason: reason?.unwrap_or_default(),
            max_server_duration: max_server_duration?,
        })
    }

    /// The name that a rule has, or gets: in the second spelling it may do without.
    fn name(&self, index: usize, rule: &Object<'_>) -> Read<String> {
        if let Some(name) = rule.optional("name", |at| self.names.take(at.line()?, index, &at))? {
            return Ok(name);
        }
        let name = format!("rule-{index}");
        self.note(rule.at.place(), format!("has no name: named '{name}'"));
        self.names.take(&name, index, &rule.at)
    }

    fn conditions(&self, at: At<'_>) -> Read<Conditions> {
        let place = at.place();
        let found = at.object(&["profile", "profiles", "user", "users", "mode", "time", "device"])?;
        self.note(place, "became `conditions`");
        let profiles = self.patterns(&found, "profile", "profiles");
        let users = self.patterns(&found, "user", "users");
        let mode = found.optional("mode", |at| at.one_or_more(MAX_ENTRIES, |at| at.word("credential mode")));
        let time = found.optional("time", window::read);
        let device = found.optional("device", DeviceCondition::read);
        Ok(Conditions {
            profiles: profiles?,
            users: users?,
            mode: mode?.unwrap_or_default(),
            time: time?,
            device: device?,
        })
    }

    /// What is written under `one` or under `many`; under both it isn't clear whether either or both are meant.
    fn patterns(&self, found: &Object<'_>, one: &'static str, many: &'static str) -> Read<Vec<Pattern>> {
        let single = found.optional(one, |at| self.read_patterns(&at, Some(many)))?;
        let several = found.optional(many, |at| self.read_patterns(&at, None))?;
        match (single, several) {
            (Some(_), Some(_)) => Err(found.at.note(format!("has both `{one}` and `{many}`: keep `{many}`"))),
            (single, several) => Ok(single.or(several).unwrap_or_default()),
        }
    }

    fn read_patterns(&self, at: &At<'_>, becomes: Option<&str>) -> Read<Vec<Pattern>> {
        let patterns: Vec<Pattern> = at.one_or_more(MAX_ENTRIES, |at| at.parse())?;
        if let Some(many) = becomes {
            self.note(at.place(), format!("became `{many}`"));
        }
        if let Some(glob) = patterns.iter().find(|pattern| pattern.is_glob()) {
            let message = format!(
                "'{glob}' is a glob here, and a plain name to Sentinel's other evaluators: of an allow each profile that it matches \
                 is published instead; with another effect name them one by one, or set publish: false"
            );
            self.note(at.place(), message);
        }
        Ok(patterns)
    }

    fn note(&self, path: impl Into<String>, message: impl Into<String>) {
        self.notes.borrow_mut().push(Note { path: path.into(), message: message.into() });
    }
}

#[cfg(test)]
mod tests;
