//! Signing, a line after the other.

use jiff::Timestamp;

use super::{Key, SIGNED, escaped, message};

/// Signs the lines of one process, which make one chain: each names the signature of the one before.
#[derive(Clone, Debug)]
pub struct Sealer {
    key: Key,
    writer: String,
    seq: u64,
    prev: String,
}

impl Sealer {
    /// Of the pod `pod`, which has begun at `start`: together they name the chain.
    pub fn new(key: Key, pod: &str, start: Timestamp) -> Self {
        Self { key, writer: format!("{pod}@{start}"), seq: 0, prev: String::new() }
    }

    /// `entry`, a compact JSON object, signed at `now`. None: it is no object, and the chain goes on without it.
    pub fn seal(&mut self, entry: &str, now: Timestamp) -> Option<String> {
        let fields = entry.strip_prefix('{')?.strip_suffix('}')?;
        let comma = if fields.is_empty() { "" } else { "," };
        let writer = serde_json::to_string(&self.writer).ok()?;
        let (seq, prev) = (self.seq.saturating_add(1), &self.prev);
        let entry = format!("{{{fields}{comma}\"writer\":{writer},\"seq\":{seq},\"prev\":\"{prev}\"}}");
        let (entry, timestamp, id) = (escaped(&entry), now.to_string(), self.key.id());
        let signature = self.key.sign(&message(&entry, &timestamp, id));
        let line = format!(
            "{SIGNED}{entry},\"signature\":\"{signature}\",\"key_id\":\"{id}\",\"timestamp\":\"{timestamp}\"}}"
        );
        (self.seq, self.prev) = (seq, signature);
        Some(line)
    }
}
