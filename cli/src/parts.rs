//! What a text holds: documents and objects, between lines of `---`.

use sentinel_api::names::GROUP;
use sentinel_core::policy::{Problems, tree};
use serde::Deserialize;
use serde_json::Value;

pub(crate) mod objects;

/// One of the things that a text holds.
pub(crate) enum Part {
    /// A document of the policy reference. Lines of the file before it are kept as empty ones, so that places are right.
    Document(String),
    /// An object of our group.
    Object(Value),
    /// An object of another group, by its kind.
    Foreign(String),
    /// An object of ours that can't be read.
    Unreadable(Problems),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    api_version: Option<String>,
    kind: Option<String>,
}

/// Everything that a text holds, in its order.
pub(crate) fn parts(text: &str) -> Vec<Part> {
    split(text).into_iter().flat_map(part).collect()
}

fn part(text: String) -> Vec<Part> {
    let Some((group, kind)) = head(&text) else { return vec![Part::Document(text)] };
    match tree(&text) {
        Ok(value) if group == "v1" && kind == "List" => items(&value),
        Ok(value) if is_ours(&group) => vec![Part::Object(value)],
        Err(problems) if is_ours(&group) || kind == "List" => vec![Part::Unreadable(problems)],
        _ => vec![Part::Foreign(kind)],
    }
}

/// `apiVersion` and `kind`, if the text is an object. One of ours that has lost its `apiVersion` must not pass for somebody else's.
fn head(text: &str) -> Option<(String, String)> {
    let head: Head = serde_yaml::from_str(text).ok()?;
    let kind = head.kind.unwrap_or_default();
    match head.api_version {
        Some(api_version) => Some((api_version, kind)),
        None => objects::KINDS.contains(&kind.as_str()).then(|| (GROUP.to_owned(), kind)),
    }
}

fn is_ours(api_version: &str) -> bool {
    api_version.split('/').next() == Some(GROUP)
}

/// The objects of a `kubectl get -o yaml`.
fn items(list: &Value) -> Vec<Part> {
    let items = list.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    items
        .into_iter()
        .map(|item| match item.get("apiVersion").and_then(Value::as_str) {
            Some(group) if is_ours(group) => Part::Object(item),
            _ => Part::Foreign(objects::text(&item, "/kind").to_owned()),
        })
        .collect()
}

/// `---` at the begin of a line always ends a document, whatever it stands in. Documents of nothing but comments are left out.
fn split(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for (number, line) in text.lines().enumerate() {
        let marker = line.strip_prefix("---").filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t']));
        let content = match marker {
            Some(rest) => {
                found.push("\n".repeat(number));
                rest
            }
            None => line,
        };
        if let Some(last) = found.last_mut() {
            last.push_str(content);
            last.push('\n');
        }
    }
    // A text of nothing at all is a document, too: it is told what it lacks.
    let blank = found.iter().all(|part| is_blank(part));
    found.into_iter().filter(|part| blank || !is_blank(part)).take(if blank { 1 } else { usize::MAX }).collect()
}

fn is_blank(text: &str) -> bool {
    text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#'))
}
