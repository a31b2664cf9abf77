//! Reading a document's tree: each reader notes what is wrong and goes on, so that one answer holds every problem.
//!
//! A reader returns [`Read`]: the value, or the mark that its problem is noted already. A struct reads all of its fields
//! first and uses `?` on the results afterwards.

use std::cell::{Cell, RefCell};

use serde_json::{Map, Value};

use super::path::Path;
use super::problem::{Problem, Problems, Spot};
use super::spelling::Spelling;
use super::unknown::unknown_key;

mod value;

/// More problems than anybody reads; the rest is counted.
const MAX_PROBLEMS: usize = 100;
/// Entries of one list.
pub(crate) const MAX_ENTRIES: usize = 1000;

/// The value could not be read, and the walk knows why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noted;

/// What a reader returns.
pub(crate) type Read<T> = Result<T, Noted>;

/// One reading of one document.
pub(crate) struct Walk {
    spelling: Spelling,
    found: RefCell<Vec<Problem>>,
    more: Cell<usize>,
}

impl Walk {
    pub(crate) fn new(spelling: Spelling) -> Self {
        Self { spelling, found: RefCell::default(), more: Cell::new(0) }
    }

    /// Notes a problem.
    pub(crate) fn note(&self, path: &Path<'_>, message: impl Into<String>) -> Noted {
        self.note_with(|| Problem::new(path.to_string(), message))
    }

    /// The same, about a key; its message may be dear to make.
    pub(crate) fn note_key(&self, path: &Path<'_>, key: &str, message: impl FnOnce() -> String) -> Noted {
        self.note_with(|| Problem::new(path.to_string(), message()).at_key(key))
    }

    /// The same, where the text couldn't be read any further.
    pub(crate) fn note_text(&self, message: String, spot: Option<Spot>) -> Noted {
        self.note_with(|| Problem { spot, ..Problem::new("", message) })
    }

    fn note_with(&self, problem: impl FnOnce() -> Problem) -> Noted {
        let mut found = self.found.borrow_mut();
        if found.len() < MAX_PROBLEMS {
            found.push(problem());
        } else {
            self.more.set(self.more.get() + 1);
        }
        Noted
    }

    /// The document, or everything that was noted.
    pub(crate) fn finish<T>(self, read: Read<T>) -> Result<T, Problems> {
        let mut found = self.found.into_inner();
        if self.more.get() > 0 {
            found.push(Problem::new("", format!("and {} more problems", self.more.get())));
        }
        match read {
            Ok(value) => Problems::refuse(found, value),
            Err(Noted) => Err(Problems::some(found)),
        }
    }
}

/// A value at its place.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    walk: &'a Walk,
    path: Path<'a>,
    value: &'a Value,
    rule: &'a str,
}

impl<'a> At<'a> {
    /// The document itself.
    pub(crate) fn root(walk: &'a Walk, value: &'a Value) -> Self {
        Self { walk, path: Path::Root, value, rule: "" }
    }

    /// The rule that messages name.
    pub(crate) fn rule(&self) -> &'a str {
        self.rule
    }

    /// The place, written out.
    pub(crate) fn place(&self) -> String {
        self.path.to_string()
    }

    /// Notes a problem here.
    pub(crate) fn note(&self, message: impl Into<String>) -> Noted {
        self.walk.note(&self.path, message)
    }

    /// A key as this document spells it.
    pub(crate) fn spell(&self, key: &'static str) -> std::borrow::Cow<'static, str> {
        self.walk.spelling.spell(key)
    }

    /// An object that has no other keys than these (written in snake_case).
    pub(crate) fn object(self, keys: &'static [&'static str]) -> Read<Object<'a>> {
        let Value::Object(map) = self.value else {
            return Err(self.mismatch("a mapping"));
        };
        let spelled: Vec<_> = keys.iter().map(|key| self.spell(key)).collect();
        for key in map.keys().filter(|key| !spelled.iter().any(|known| known == *key)) {
            self.walk.note_key(&self.path, key, || unknown_key(key, &spelled));
        }
        Ok(Object { at: self, map })
    }
}

/// An object whose keys are all known.
pub(crate) struct Object<'a> {
    /// Its place.
    pub(crate) at: At<'a>,
    map: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    /// The same object; messages about it and what is below name the rule.
    pub(crate) fn in_rule<'r>(&self, rule: &'r str) -> Object<'r>
    where
        'a: 'r,
    {
        Object { at: At { rule, ..self.at }, map: self.map }
    }

    /// What `read` makes of the value of `key`, if the key is there.
    pub(crate) fn optional<T>(&self, key: &'static str, read: impl FnOnce(At<'_>) -> Read<T>) -> Read<Option<T>> {
        let spelled = self.at.spell(key);
        let Some(value) = self.map.get(spelled.as_ref()) else { return Ok(None) };
        read(At { path: Path::Key(&self.at.path, &spelled), value, ..self.at }).map(Some)
    }

    /// The same; `missing` says what is wrong if the key isn't there.
    pub(crate) fn required<T>(
        &self,
        key: &'static str,
        missing: impl FnOnce() -> String,
        read: impl FnOnce(At<'_>) -> Read<T>,
    ) -> Read<T> {
        self.optional(key, read)?.ok_or_else(|| self.at.note(missing()))
    }

    /// The entries of a list that has at least one; `none` says what is wrong if it hasn't, or isn't there.
    pub(crate) fn filled<T>(
        &self,
        key: &'static str,
        most: usize,
        none: impl Fn() -> String,
        read: impl Fn(usize, At<'_>) -> Read<T>,
    ) -> Read<Vec<T>> {
        self.required(key, &none, |at| {
            let entries = at.entries(most, read)?;
            if entries.is_empty() { Err(at.note(none())) } else { Ok(entries) }
        })
    }

    /// Every entry of the list at `key`; nothing if the key isn't there.
    pub(crate) fn list<T>(&self, key: &'static str, read: impl Fn(At<'_>) -> Read<T>) -> Read<Vec<T>> {
        Ok(self.optional(key, |at| at.entries(MAX_ENTRIES, |_, at| read(at)))?.unwrap_or_default())
    }
}
