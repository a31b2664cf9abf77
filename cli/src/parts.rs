//! What a text holds: documents and objects, between lines of `---`.

use std::rc::Rc;

use sentinel_api::names::GROUP;
use sentinel_core::policy::{Problem, Problems, tree};
use serde_json::Value;

use crate::finding::{Finding, Origin};
use crate::places::Text;
use crate::source::Source;

mod chosen;
pub(crate) mod objects;

pub(crate) use chosen::{Chosen, Wanted, choose, the_policy, the_policy_of};

/// One of the things that a text holds.
pub(crate) struct Part {
    pub(crate) file: String,
    /// Lines of the file before it are kept as empty ones, so that places are those of the file.
    pub(crate) text: Rc<Text>,
    /// The path to it within the text; empty is the whole of it.
    pub(crate) at: String,
    pub(crate) holds: Holds,
}

/// What it is.
pub(crate) enum Holds {
    /// A document of the policy reference, as a text that can be read on its own.
    Document(Rc<str>),
    /// An object of our group.
    Object(Value),
    /// An object of another group, by its kind.
    Foreign(String),
    /// An object of ours that can't be read.
    Unreadable(Problems),
}

struct Head {
    api_version: Option<String>,
    kind: Option<String>,
}

impl Part {
    /// A document or object that stands within another text.
    pub(crate) fn inline(file: &str, text: Rc<Text>, at: &str, value: Value) -> Self {
        let holds = match Head::of(&value).and_then(Head::identity) {
            Some(_) => Holds::Object(value),
            None => Holds::Document(value.to_string().into()),
        };
        Self { file: file.to_owned(), text, at: at.to_owned(), holds }
    }

    /// `AccessPolicy prod`; empty for a document.
    pub(crate) fn label(&self) -> String {
        match &self.holds {
            Holds::Object(object) => objects::label(object),
            Holds::Foreign(kind) => kind.clone(),
            Holds::Document(_) | Holds::Unreadable(_) => String::new(),
        }
    }

    /// Its problems, each with its place.
    pub(crate) fn problems<'a>(&self, problems: impl IntoIterator<Item = &'a Problem>) -> Vec<Finding> {
        let label = self.label();
        let origin = self.origin(&label);
        let mut found: Vec<_> = problems.into_iter().map(|problem| origin.problem(problem)).collect();
        // What is there three times is told twice, at the last of them.
        found.dedup_by_key(|finding| finding.to_string());
        found
    }

    /// Whose findings its findings are.
    pub(crate) fn origin<'a>(&'a self, label: &'a str) -> Origin<'a> {
        Origin { file: &self.file, object: label, text: &self.text, at: &self.at }
    }
}

/// Everything that a text holds, in its order.
pub(crate) fn parts(source: &Source) -> Vec<Part> {
    split(&source.text).into_iter().flat_map(|text| part(&source.name, text)).collect()
}

fn part(file: &str, text: String) -> Vec<Part> {
    let value = tree(&text);
    let head = match &value {
        Ok(value) => Head::of(value),
        // What core refuses to read may be nothing of ours; or be too dear to read.
        Err(_) => Head::guess(&text),
    };
    let text = Rc::new(Text::new(text));
    let part = |at: String, holds| Part { file: file.to_owned(), text: Rc::clone(&text), at, holds };
    let whole = |holds| vec![part(String::new(), holds)];
    match (head.and_then(Head::identity), value) {
        (None, _) => whole(Holds::Document(text.as_str().into())),
        (Some((group, kind)), Ok(list)) if is_list(&group, &kind, &list) => {
            items(list).into_iter().enumerate().map(|(index, holds)| part(format!("items[{index}]"), holds)).collect()
        }
        (Some((group, _)), Ok(object)) if is_ours(&group) => whole(Holds::Object(object)),
        (Some((group, kind)), Err(problems)) if is_ours(&group) || kind == "List" => whole(Holds::Unreadable(problems)),
        (Some((_, kind)), _) => whole(Holds::Foreign(kind)),
    }
}

impl Head {
    fn of(value: &Value) -> Option<Self> {
        let text = |key| value.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
        value.is_object().then(|| Self { api_version: text("apiVersion"), kind: text("kind") })
    }

    /// As far as lines say it without being parsed: of a block only its own keys, of JSON whatever comes first.
    fn guess(text: &str) -> Option<Self> {
        let json = text.trim_start().starts_with('{');
        let own = |line: &'_ &str| json || !line.starts_with([' ', '\t', '-']);
        let value = |key: &str| {
            let after =
                |line: &str| line.trim_start_matches(['{', ' ', '\t', '"']).strip_prefix(key).map(ToOwned::to_owned);
            let rest = text.lines().filter(own).find_map(after)?;
            let value = rest.trim_start_matches('"').trim_start().strip_prefix(':')?.split('#').next()?;
            Some(value.trim_matches([' ', '\t', ',', '"', '\'']).to_owned())
        };
        let (api_version, kind) = (value("apiVersion"), value("kind"));
        api_version.as_ref().or(kind.as_ref())?;
        Some(Self { api_version, kind })
    }

    /// The group and the kind, if this is an object. One of ours that has lost its `apiVersion` must not pass for somebody
    /// else's.
    fn identity(self) -> Option<(String, String)> {
        let kind = self.kind.unwrap_or_default();
        match self.api_version {
            Some(api_version) => Some((api_version, kind)),
            None => objects::KINDS.contains(&kind.as_str()).then(|| (GROUP.to_owned(), kind)),
        }
    }
}

fn is_ours(api_version: &str) -> bool {
    api_version.split('/').next() == Some(GROUP)
}

/// `kubectl get -o yaml` makes a List, `kubectl get --raw` an `AccessPolicyList`.
fn is_list(group: &str, kind: &str, value: &Value) -> bool {
    let typed = || is_ours(group) && kind.ends_with("List") && value.get("items").is_some_and(Value::is_array);
    (group == "v1" && kind == "List") || typed()
}

fn items(mut list: Value) -> Vec<Holds> {
    let items = list.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    let holds = |item: Value| match Head::of(&item).and_then(Head::identity) {
        Some((group, _)) if is_ours(&group) => Holds::Object(item),
        _ => Holds::Foreign(objects::text(&item, "/kind").to_owned()),
    };
    items.into_iter().map(holds).collect()
}

/// `---` or `...` at the begin of a line always ends a document, whatever it stands in. Documents of nothing but comments are
/// left out, and so is the mark that some editors write before everything else.
fn split(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for (number, line) in text.strip_prefix('\u{FEFF}').unwrap_or(text).lines().enumerate() {
        let marker = line.strip_prefix("---").filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t']));
        let marker = marker.or_else(|| line.strip_prefix("...").filter(|rest| is_blank(rest)));
        if marker.is_some() {
            found.push("\n".repeat(number));
        }
        if let Some(last) = found.last_mut() {
            // What follows the marker stays in its column.
            last.push_str(&marker.map_or(line.to_owned(), |rest| format!("   {rest}")));
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
