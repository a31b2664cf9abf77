//! The schema of a field that holds one word of a vocabulary.

use schemars::{Schema, json_schema};

/// One of `words`.
pub(crate) fn words(words: impl Iterator<Item = &'static str>) -> Schema {
    json_schema!({"type": "string", "enum": words.collect::<Vec<_>>()})
}
