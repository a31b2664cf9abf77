//! Where the values and keys of a text stand, in lines and columns.
//!
//! The YAML crate that reads documents tells no places, so a second parser is asked for them, and only once something is to
//! be said. It is a guide and no judge: what it can't find has no place, and is named by its path alone.

use std::cell::OnceCell;

use granit_parser::{Event, Parser, Span};
use sentinel_core::policy::Spot;
use serde::Serialize;

/// A text, and where everything in it stands.
pub(crate) struct Text {
    text: String,
    root: OnceCell<Option<Node>>,
}

/// A place in a text; all count from 1, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// How many characters of the line are meant.
    #[serde(skip)]
    pub(crate) length: usize,
}

struct Node {
    place: Place,
    inner: Inner,
}

enum Inner {
    Scalar,
    List(Vec<Node>),
    Map(Vec<Entry>),
}

struct Entry {
    key: String,
    place: Place,
    value: Node,
}

impl Text {
    pub(crate) fn new(text: String) -> Self {
        Self { text, root: OnceCell::new() }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// One of its lines, counted from 1.
    pub(crate) fn line(&self, number: usize) -> &str {
        self.text.lines().nth(number.saturating_sub(1)).unwrap_or_default()
    }

    /// Where the value at `path` stands, or what `spot` means of it.
    pub(crate) fn place(&self, path: &str, spot: Option<&Spot>) -> Option<Place> {
        match spot {
            Some(Spot::Text { line, column }) => Some(Place { line: *line, column: *column, length: 1 }),
            None if path.is_empty() => self.begin(),
            Some(Spot::Key(key)) => self.key(path, key),
            None => self.value(path).map(|found| found.place),
        }
    }

    fn key(&self, path: &str, key: &str) -> Option<Place> {
        let parent = || path.strip_suffix(key).map(|parent| parent.trim_end_matches('.'));
        self.value(path)?.key(key).or_else(|| self.value(parent()?)?.key(key))
    }

    fn value(&self, path: &str) -> Option<Found<'_>> {
        let root = self.root.get_or_init(|| Node::read(&self.text)).as_ref()?;
        Some(Found { node: root, place: root.place }.follow(path))
    }

    /// The document as a whole: its first line that says something. Needs no parser, so that no text is too dear for it.
    fn begin(&self) -> Option<Place> {
        let says = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let (index, line) = self.text.lines().enumerate().find(|(_, line)| says(line))?;
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        Some(Place { line: index + 1, column: indent + 1, length: 1 })
    }
}

/// A value on the way along a path, and the place by which it is named: a collection's is its key's.
#[derive(Clone, Copy)]
struct Found<'a> {
    node: &'a Node,
    place: Place,
}

impl<'a> Found<'a> {
    /// The value at the end of the path; where something is missing, what it is missing in.
    fn follow(self, path: &str) -> Self {
        self.step(path).map_or(self, |(found, rest)| found.follow(rest))
    }

    fn step<'p>(self, path: &'p str) -> Option<(Self, &'p str)> {
        match &self.node.inner {
            Inner::Scalar => None,
            Inner::List(entries) => {
                let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
                let node = entries.get(index.parse::<usize>().ok()?)?;
                Some((Found { node, place: node.place }, rest))
            }
            Inner::Map(entries) => {
                let path = path.strip_prefix('.').unwrap_or(path);
                let after = |entry: &'a Entry| Some((entry, after_key(path, &entry.key)?));
                let (entry, rest) = entries.iter().filter_map(after).max_by_key(|(entry, _)| entry.key.len())?;
                Some((entry.found(), rest))
            }
        }
    }

    /// The last of its keys that is this one.
    fn key(self, key: &str) -> Option<Place> {
        let Inner::Map(entries) = &self.node.inner else { return None };
        entries.iter().rfind(|entry| entry.key == key).map(|entry| entry.place)
    }
}

/// What is left of a path after a key, which may have dots of its own.
fn after_key<'p>(path: &'p str, key: &str) -> Option<&'p str> {
    path.strip_prefix(key).filter(|rest| !key.is_empty() && (rest.is_empty() || rest.starts_with(['.', '['])))
}

impl Entry {
    fn found(&self) -> Found<'_> {
        let is_shown = matches!(self.value.inner, Inner::Scalar) && self.value.place.length > 0;
        Found { node: &self.value, place: if is_shown { self.value.place } else { self.place } }
    }
}

impl Node {
    fn read(text: &str) -> Option<Self> {
        let options = granit_parser::options! { emit_comments: false };
        let mut events = Parser::new_from_str_with_options(text, options).map_while(Result::ok);
        let (event, span) = events.by_ref().find(|(event, _)| event.is_node())?;
        Some(Self::of(&mut events, &event, span))
    }

    /// The value that begins with this event. Where the events end early, so does the value.
    fn of<'t>(events: &mut impl Iterator<Item = (Event<'t>, Span)>, event: &Event<'t>, span: Span) -> Self {
        let inner = match event {
            Event::SequenceStart(..) => Inner::List(list(events)),
            Event::MappingStart(..) => Inner::Map(map(events)),
            _ => Inner::Scalar,
        };
        Self { place: Place::of(span), inner }
    }
}

fn list<'t>(events: &mut impl Iterator<Item = (Event<'t>, Span)>) -> Vec<Node> {
    let mut entries = Vec::new();
    while let Some((event, span)) = events.next().filter(|(event, _)| event.is_node()) {
        entries.push(Node::of(events, &event, span));
    }
    entries
}

fn map<'t>(events: &mut impl Iterator<Item = (Event<'t>, Span)>) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some((event, span)) = events.next().filter(|(event, _)| event.is_node()) {
        let place = Place::of(span);
        let key = event.scalar().map(|(text, _)| text.to_owned()).unwrap_or_default();
        // A key that is a collection has entries of its own to be read past.
        Node::of(events, &event, span);
        let Some((event, span)) = events.next() else { break };
        entries.push(Entry { key, place, value: Node::of(events, &event, span) });
    }
    entries
}

impl Place {
    fn of(span: Span) -> Self {
        let (start, end) = (span.start, span.end);
        // A text of several lines is marked by its beginning.
        let length = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { 1 };
        Self { line: start.line(), column: start.col() + 1, length }
    }
}

#[cfg(test)]
mod tests;
