//! The tree as serde hands it over, from JSON or YAML alike: `1` stays an integer and `1.0` a float, and a key that is there
//! twice is noted.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::policy::path::Path;
use crate::policy::text::excerpt;
use crate::policy::walk::Walk;

/// Reads the value at one place.
pub(super) struct Seed<'a> {
    walk: &'a Walk,
    path: Path<'a>,
    depth: usize,
}

/// Collections in each other.
const MAX_DEPTH: usize = 32;

/// What the refusal of a deeper one says.
pub(super) const TOO_DEEP: &str = "the document nests deeper than 32 levels: no policy needs that; check its brackets";

impl<'a> Seed<'a> {
    pub(super) fn root(walk: &'a Walk) -> Self {
        Self { walk, path: Path::Root, depth: 0 }
    }

    /// Goes into a collection.
    fn enter<E: Error>(mut self) -> Result<Self, E> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(E::custom(TOO_DEEP)) } else { Ok(self) }
    }

    fn below<'b>(&'b self, path: Path<'b>) -> Seed<'b> {
        Seed { walk: self.walk, path, depth: self.depth }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping, a list, a string, a number, true or false")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    /// What the YAML crate makes of a document of nothing.
    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("infinity and NaN are refused"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let here = self.enter()?;
        let mut entries = Vec::new();
        while let Some(entry) = seq.next_element_seed(here.below(Path::Index(&here.path, entries.len())))? {
            entries.push(entry);
        }
        Ok(Value::Array(entries))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let here = self.enter()?;
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(here.below(Path::Key(&here.path, &key)))?;
            if object.contains_key(&key) {
                here.walk.note_key(&here.path, &key, || format!("duplicate key `{}`: keep one of them", excerpt(&key)));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Value, A::Error> {
        Err(A::Error::custom("tags are refused: remove the word that begins with !"))
    }
}
