//! Reading what was signed.

use serde::de::IgnoredAny;

use super::{Key, SIGNED, message};

/// A signed line, taken apart. Nothing of it is believed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed<'a> {
    /// The JSON value that was signed, as it stands in the line.
    pub entry: &'a str,
    /// The signature, as it stands in the line.
    pub signature: &'a str,
    /// By which key.
    pub key_id: &'a str,
    /// When it was signed.
    pub timestamp: &'a str,
}

impl<'a> Sealed<'a> {
    /// Takes `line` apart; none: it is no signed line, to the byte.
    pub fn read(line: &'a str) -> Option<Self> {
        let rest = line.strip_prefix(SIGNED)?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        values.next()?.ok()?;
        let (entry, rest) = rest.split_at_checked(values.byte_offset())?;
        let rest = rest.strip_prefix(",\"signature\":\"")?;
        let (signature, rest) = rest.split_once("\",\"key_id\":\"")?;
        let (key_id, rest) = rest.split_once("\",\"timestamp\":\"")?;
        let timestamp = rest.strip_suffix("\"}")?;
        let plain = |text: &str| !text.contains(['"', '\\']);
        (plain(signature) && plain(key_id) && plain(timestamp)).then_some(Self { entry, signature, key_id, timestamp })
    }

    /// Whether `key` has signed it, and nothing was changed since. The key's own id doesn't matter: the line's was signed, too.
    pub fn is_by(&self, key: &Key) -> bool {
        key.verifies(&message(self.entry, self.timestamp, self.key_id), self.signature)
    }
}
