//! From text to a tree. The only place that knows the YAML crate.
//!
//! The crate turns a whole document into events before anything can be refused, and follows aliases silently; so what would
//! be costly is refused by a look at the text first.

use serde::de::DeserializeSeed as _;
use serde_json::Value;

use super::path::Path;
use super::problem::{Problems, Spot};
use super::spelling::Spelling;
use super::walk::{Noted, Read, Walk};

mod bounds;
mod brackets;
mod tree;

pub(super) use bounds::MAX_TEXT;

/// Reads one YAML or JSON document into a tree, and refuses duplicate keys, anchors, and what would be costly to parse.
pub fn tree(text: &str) -> Result<Value, Problems> {
    let walk = Walk::new(Spelling::Document);
    let read = read(&walk, text);
    walk.finish(read)
}

fn read(walk: &Walk, text: &str) -> Read<Value> {
    bounds::check(text).map_err(|message| walk.note(&Path::Root, message))?;
    if let Some(value) = json(text) {
        return Ok(value);
    }
    bounds::check_nesting(text).map_err(|message| walk.note(&Path::Root, message))?;
    refuse_anchors(walk, text)?;
    yaml(walk, text).map_err(|problem| walk.note_text(explain(&problem), spot(&problem)))
}

/// JSON is nearly a subset of YAML: the YAML crate doesn't know JSON's surrogate pairs. Duplicate keys are left to YAML, too.
fn json(text: &str) -> Option<Value> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let walk = Walk::new(Spelling::Document);
    let mut source = serde_json::Deserializer::from_str(text);
    let value = tree::Seed::root(&walk).deserialize(&mut source).and_then(|value| source.end().map(|()| value));
    walk.finish(value.map_err(|_| Noted)).ok()
}

fn yaml(walk: &Walk, text: &str) -> Result<Value, serde_yaml::Error> {
    tree::Seed::root(walk).deserialize(serde_yaml::Deserializer::from_str(text))
}

const UNKNOWN_ANCHOR: &str = "unknown anchor";

/// An anchor written as an alias is an alias of nothing, which the parser refuses where it stands; inside of quotes, words and
/// comments both characters are ordinary. So this finds anchors without expanding any.
fn refuse_anchors(walk: &Walk, text: &str) -> Read<()> {
    if !text.contains('&') {
        return Ok(());
    }
    let scratch = Walk::new(Spelling::Document);
    match yaml(&scratch, &text.replace('&', "*")) {
        Err(problem) if problem.to_string().starts_with(UNKNOWN_ANCHOR) => {
            Err(walk.note_text(explain(&problem), spot(&problem)))
        }
        _ => Ok(()),
    }
}

fn spot(problem: &serde_yaml::Error) -> Option<Spot> {
    problem.location().map(|place| Spot::Text { line: place.line(), column: place.column() })
}

fn explain(problem: &serde_yaml::Error) -> String {
    let text = problem.to_string();
    match text.strip_prefix(UNKNOWN_ANCHOR) {
        Some(place) => {
            format!(
                "anchors and aliases are refused{place}: write the value out, and quote a text that begins with * or &"
            )
        }
        None if text.contains("more than one document") => {
            "more than one YAML document: keep one, without `---` between".to_owned()
        }
        None if text.contains(tree::TOO_DEEP) => tree::TOO_DEEP.to_owned(),
        None => format!("not a YAML document: {text}"),
    }
}

#[cfg(test)]
mod tests;
