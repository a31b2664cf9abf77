//! The key that lines are signed with.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// A key has at least so many bytes.
pub const MIN_KEY: usize = 32;
/// The longest id of a key.
const MAX_ID: usize = 64;

/// A secret, and the id that lines name it by. Nothing shows the secret.
#[derive(Clone)]
pub struct Key {
    id: String,
    mac: Hmac<Sha256>,
}

/// Why something is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Too few bytes.
    #[error("it has {0} bytes, and {MIN_KEY} are the least: make one with `openssl rand -hex 32`")]
    Short(usize),
    /// An id that can't be.
    #[error("`{0}` can't be the id of a key: 1 to {MAX_ID} characters of A-Z a-z 0-9 . _ - are expected")]
    Id(String),
}

impl Key {
    /// The key `id` of a file that holds `bytes`. Of a text the end of its last line is no part; other bytes are taken as they are.
    pub fn read(id: &str, bytes: &[u8]) -> Result<Self, KeyError> {
        let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if id.is_empty() || id.len() > MAX_ID || !id.chars().all(legal) {
            return Err(KeyError::Id(id.chars().take(MAX_ID).collect()));
        }
        let secret = secret(bytes);
        if secret.len() < MIN_KEY {
            return Err(KeyError::Short(secret.len()));
        }
        let mac = Hmac::new_from_slice(secret).map_err(|_| KeyError::Short(secret.len()))?;
        Ok(Self { id: id.to_owned(), mac })
    }

    /// What lines name it by.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The signature of `message`: 64 lowercase hex characters.
    pub(super) fn sign(&self, message: &str) -> String {
        hex::encode(self.mac.clone().chain_update(message).finalize().into_bytes())
    }

    /// Whether `signature` is that of `message`; one spelling counts.
    pub(super) fn verifies(&self, message: &str, signature: &str) -> bool {
        let lower = signature.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let Some(signature) = hex::decode(signature).ok().filter(|_| lower) else { return false };
        self.mac.clone().chain_update(message).verify_slice(&signature).is_ok()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// `bytes`, without the end of a text's last line.
fn secret(bytes: &[u8]) -> &[u8] {
    let line = bytes.strip_suffix(b"\n").map_or(bytes, |line| line.strip_suffix(b"\r").unwrap_or(line));
    let is_text = line.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    if is_text { line } else { bytes }
}
