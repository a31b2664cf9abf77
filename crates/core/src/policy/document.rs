//! What all kinds of policy documents share: a version, and a list of rules with names of their own.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::Value;

use super::node::Node;
use super::problem::Problems;
use super::spelling::Spelling;
use super::text::excerpt;
use super::walk::{At, Object, Read, Walk};
use super::yaml::{self, MAX_TEXT};

/// Rules of one document.
pub(super) const MAX_RULES: usize = 1000;
/// Keys and list entries of one document, all together: what comes as an object may be no larger than what comes as a text.
const MAX_VALUES: usize = 24_000;

/// A rule of one kind of document.
pub(crate) trait DocumentRule: Sized {
    /// What messages call the document: `policy`, `approval policy`.
    const KIND: &'static str;

    /// The keys of a rule, in snake_case and in the order in which they are printed.
    const KEYS: &'static [&'static str];

    /// Reads everything but the name.
    fn read(name: String, rule: &Object<'_>) -> Read<Self>;

    /// The rule as it is printed.
    fn node(&self) -> Node;
}

/// Reads the rules of a YAML or JSON text.
pub(crate) fn from_text<R: DocumentRule>(text: &str) -> Result<Vec<R>, Problems> {
    from_value(&yaml::tree(text)?, Spelling::Document)
}

/// Reads the rules of an object of `version` and `rules`.
pub(crate) fn from_value<R: DocumentRule>(value: &Value, spelling: Spelling) -> Result<Vec<R>, Problems> {
    let walk = Walk::new(spelling);
    let at = At::root(&walk, value);
    let rules = Size::of(value).check().map_err(|message| at.note(message)).and_then(|()| document(at));
    walk.finish(rules)
}

/// How large a tree is.
#[derive(Default)]
struct Size {
    /// Keys and list entries, at any depth.
    values: usize,
    /// Bytes of keys and strings.
    bytes: usize,
}

impl Size {
    fn of(value: &Value) -> Self {
        let mut size = Self::default();
        size.add(value);
        size
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::Array(entries) => {
                self.values += entries.len();
                for entry in entries {
                    self.add(entry);
                }
            }
            Value::Object(fields) => {
                self.values += fields.len();
                self.bytes += fields.keys().map(String::len).sum::<usize>();
                fields.values().for_each(|field| self.add(field));
            }
            Value::String(text) => self.bytes += text.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn check(&self) -> Result<(), String> {
        let Self { values, bytes } = self;
        if *values > MAX_VALUES {
            return Err(format!(
                "the document has {values} keys and entries: at most {MAX_VALUES} are allowed; split the policy"
            ));
        }
        if *bytes > MAX_TEXT {
            return Err(format!("the document has {bytes} bytes: at most {MAX_TEXT} are allowed; split the policy"));
        }
        Ok(())
    }
}

/// The whole document as it is printed.
pub(crate) fn node<R: DocumentRule>(rules: &[R]) -> Node {
    Node::Map(vec![("version", Node::text("1")), ("rules", Node::List(rules.iter().map(R::node).collect()))])
}

fn document<R: DocumentRule>(at: At<'_>) -> Read<Vec<R>> {
    let document = at.object(&["version", "rules"])?;
    let missing = || "missing version field: write version: \"1\"".to_owned();
    let version = document.required("version", missing, |at| at.version());
    let none = || format!("{} must have at least one rule: write `rules:` and a list of them", R::KIND);
    let names = Names::default();
    let rules = document.filled("rules", MAX_RULES, none, |index, at| rule(index, &at, &names));
    version.and(rules)
}

fn rule<R: DocumentRule>(index: usize, at: &At<'_>, names: &Names) -> Read<R> {
    let nameless = at.object(R::KEYS)?;
    let missing = || format!("rule at index {index} missing name: give it a name of its own");
    let name = nameless.required("name", missing, |at| match at.string()?.trim() {
        "" => Err(at.note(missing())),
        _ => names.take(at.line()?, index, &at),
    });
    let label = name.clone().unwrap_or_default();
    let rule = R::read(label.clone(), &nameless.in_rule(&label));
    name.and(rule)
}

/// The names that rules have taken, and where. Decisions and logs name a rule, so a name must mean one.
#[derive(Default)]
pub(super) struct Names(RefCell<HashMap<String, usize>>);

impl Names {
    /// The name, unless it is taken.
    pub(super) fn take(&self, name: &str, index: usize, at: &At<'_>) -> Read<String> {
        match self.0.borrow_mut().entry(name.to_owned()) {
            Entry::Vacant(free) => {
                free.insert(index);
                Ok(name.to_owned())
            }
            Entry::Occupied(taken) => {
                let first = taken.get();
                let name = excerpt(name);
                Err(at.note(format!("duplicate rule name '{name}', which rules[{first}] has: give each rule its own")))
            }
        }
    }
}
