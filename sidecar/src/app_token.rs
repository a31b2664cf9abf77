//! The token that the app's SDKs show: 32 random bytes in hex, in a file of a memory volume.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use subtle::ConstantTimeEq as _;

const BYTES: usize = 32;
/// Every container of the pod may read it, whatever its user; nobody but us has the directory writable.
const READABLE: u32 = 0o444;

/// The token. It has no `Debug` that shows it.
#[derive(Clone)]
pub struct AppToken(String);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file can't be written.
    #[error("{path}: {source}; it must lie in an emptyDir that this container may write", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// There is no randomness.
    #[error("the system gives no random bytes")]
    Random,
}

impl AppToken {
    /// The token in `path` if there is a sound one (a restart must not lock the app out), else a new one, written there.
    pub fn ensure(path: &Path) -> Result<Self, TokenError> {
        if let Some(token) = kept(path) {
            return Ok(token);
        }
        let token = hex::encode(random::<BYTES>().ok_or(TokenError::Random)?);
        write_atomically(path, token.as_bytes())
            .map_err(|source| TokenError::File { path: path.to_owned(), source })?;
        Ok(Self(token))
    }

    /// Whether a caller showed it; takes the same time however wrong the guess is.
    pub fn matches(&self, shown: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(shown).into()
    }
}

impl std::fmt::Debug for AppToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppToken(…)")
    }
}

/// From the TLS library's generator: a static binary without /dev has no other.
pub(crate) fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    rustls::crypto::aws_lc_rs::default_provider().secure_random.fill(&mut bytes).ok()?;
    Some(bytes)
}

fn kept(path: &Path) -> Option<AppToken> {
    let text = fs::read_to_string(path).ok()?;
    let sound = text.len() == 2 * BYTES && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let readable = fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o777 == READABLE);
    (sound && readable).then_some(AppToken(text))
}

/// Writes beside and renames, so that nobody reads half a file.
pub(crate) fn write_atomically(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::write(&beside, content)?;
    fs::set_permissions(&beside, Permissions::from_mode(READABLE))?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_token_is_readable_hex_without_a_newline() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let token = AppToken::ensure(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!((text.len(), text.trim().len()), (64, 64));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o444);
        assert!(token.matches(text.as_bytes()));
        assert!(!format!("{token:?}").contains(&text));
    }

    #[test]
    fn a_sound_token_is_kept_and_another_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        AppToken::ensure(&path).unwrap();
        let first = fs::read(&path).unwrap();
        assert!(AppToken::ensure(&path).unwrap().matches(&first));
        for unsound in [&b""[..], b"short", &[b'G'; 64], &[b'a'; 65]] {
            fs::remove_file(&path).unwrap();
            fs::write(&path, unsound).unwrap();
            assert!(!AppToken::ensure(&path).unwrap().matches(unsound));
            assert_eq!(fs::read(&path).unwrap().len(), 64);
        }
    }

    #[test]
    fn only_the_whole_token_matches() {
        let token = AppToken("abc".to_owned());
        assert!(token.matches(b"abc"));
        for wrong in [&b""[..], b"ab", b"abd", b"abcc", b"Bearer abc"] {
            assert!(!token.matches(wrong));
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let error = AppToken::ensure(Path::new("/nowhere/token")).unwrap_err().to_string();
        assert!(error.starts_with("/nowhere/token: ") && error.contains("emptyDir"), "{error}");
    }
}
