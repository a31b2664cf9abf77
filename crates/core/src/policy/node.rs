//! A document on its way out: keys in the order of the schema, spelled when it is written.

use std::fmt;

use serde_json::Value;

use super::spelling::Spelling;

mod emit;

/// A printable tree. Lists and mappings that say nothing are left out before they get here.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Text(String),
    Flag(bool),
    Count(u32),
    List(Vec<Node>),
    Map(Vec<(&'static str, Node)>),
}

impl Node {
    /// What a value prints as.
    pub(crate) fn text(value: impl fmt::Display) -> Self {
        Self::Text(value.to_string())
    }

    /// A mapping of those fields that are there.
    pub(crate) fn map(fields: impl IntoIterator<Item = (&'static str, Option<Self>)>) -> Self {
        Self::Map(fields.into_iter().filter_map(|(key, node)| Some((key, node?))).collect())
    }

    /// A list, unless it is empty.
    pub(crate) fn list<T: fmt::Display>(entries: &[T]) -> Option<Self> {
        (!entries.is_empty()).then(|| Self::List(entries.iter().map(Self::text).collect()))
    }

    /// As JSON, in the given spelling.
    pub(crate) fn to_value(&self, spelling: Spelling) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Flag(flag) => (*flag).into(),
            Self::Count(count) => (*count).into(),
            Self::List(entries) => entries.iter().map(|entry| entry.to_value(spelling)).collect(),
            Self::Map(fields) => {
                fields.iter().map(|(key, node)| (spelling.spell(key).into_owned(), node.to_value(spelling))).collect()
            }
        }
    }

    /// As a YAML document, the same to the byte for the same tree.
    pub(crate) fn to_yaml(&self, spelling: Spelling) -> String {
        emit::document(self, spelling)
    }
}
