//! Signatures of webhook bodies, as Standard Webhooks has them: any of its libraries verifies ours.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::letter::Letter;

/// As few bytes a key may have.
const LEAST: usize = 24;
/// How Standard Webhooks marks a key in base64.
const MARK: &str = "whsec_";

/// The keys of one target: the first is today's, another may be tomorrow's or yesterday's.
pub(super) struct Keys(Vec<Hmac<Sha256>>);

impl Keys {
    /// Those in `file`, one a line: `whsec_` and base64, or any text.
    pub fn read(file: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(file)
            .map_err(|error| format!("the key can't be read from {}: {error}", file.display()))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys: Result<Vec<_>, String> = lines.map(key).collect();
        match keys {
            Ok(keys) if keys.is_empty() => Err(format!("there is no key in {}", file.display())),
            Ok(keys) => Ok(Self(keys)),
            Err(problem) => Err(format!("a key in {} can't be used: {problem}", file.display())),
        }
    }

    /// The header `webhook-signature` of `letter`, sent at `second`.
    pub fn sign(&self, letter: &Letter, second: i64) -> String {
        let signed = format!("{}.{second}.{}", letter.id, letter.body);
        let one = |key: &Hmac<Sha256>| {
            format!("v1,{}", STANDARD.encode(key.clone().chain_update(&signed).finalize().into_bytes()))
        };
        self.0.iter().map(one).collect::<Vec<_>>().join(" ")
    }
}

fn key(line: &str) -> Result<Hmac<Sha256>, String> {
    let bytes = match line.strip_prefix(MARK) {
        Some(text) => STANDARD.decode(text).map_err(|error| format!("what follows {MARK} is no base64: {error}"))?,
        None => line.as_bytes().to_vec(),
    };
    if bytes.len() < LEAST {
        return Err(format!(
            "it has {} bytes, and {LEAST} are the least: make one with `openssl rand -hex 32`",
            bytes.len()
        ));
    }
    Hmac::new_from_slice(&bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use std::io::Write as _;

    /// The example of the Standard Webhooks libraries.
    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const OTHER: &str = "0123456789abcdef0123456789abcdef";

    fn keys(text: &str) -> Result<Keys, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Keys::read(file.path())
    }

    fn letter() -> Letter {
        let body = r#"{"test": 2432232314}"#.to_owned();
        Letter::new("msg_p5jXN8AQM9LWM0D4loKWxJek", "request.created", "s", Timestamp::UNIX_EPOCH, body)
    }

    #[test]
    fn a_signature_is_the_one_that_its_libraries_make() {
        let signed = keys(KEY).unwrap().sign(&letter(), 1_614_265_330);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn two_keys_make_two_signatures() {
        let signed = keys(&format!("{OTHER}\n{KEY}\n")).unwrap().sign(&letter(), 1_614_265_330);
        let both: Vec<&str> = signed.split(' ').collect();
        assert_eq!(
            both,
            [&keys(OTHER).unwrap().sign(&letter(), 1_614_265_330), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="]
        );
    }

    #[test]
    fn a_key_that_can_not_be_used_is_not_shown() {
        for (text, says) in [
            ("", "there is no key in"),
            ("too-short-a-secret", "it has 18 bytes, and 24 are the least"),
            ("whsec_!secret!", "is no base64"),
            ("whsec_c2VjcmV0", "it has 6 bytes"),
        ] {
            let error = keys(text).err().unwrap();
            assert!(error.contains(says) && !error.contains("secret!") && !error.contains("too-short"), "{error}");
        }
        assert!(Keys::read(Path::new("/nowhere")).err().unwrap().contains("can't be read from /nowhere"));
    }
}
