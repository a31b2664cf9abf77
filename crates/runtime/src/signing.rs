//! The key of the audit log's signatures, from a file.

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::Args;
use jiff::Timestamp;
use sentinel_core::audit::{Key, KeyError, Sealer};

/// To be flattened into the arguments of a program that writes an audit log.
#[derive(Clone, Debug, Default, Args)]
pub struct SigningArgs {
    /// The file of the key that the audit log is signed with: at least 32 bytes. Empty: lines are not signed.
    #[arg(long, env = "SENTINEL_AUDIT_KEY_FILE", default_value = "")]
    pub audit_key_file: String,
    /// What signed lines call the key.
    #[arg(long, env = "SENTINEL_AUDIT_KEY_ID", default_value = "1")]
    pub audit_key_id: String,
}

/// Why a key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// A file that can't be read.
    #[error("the key of the audit log can't be read from {file}: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What it holds is none.
    #[error("the key of the audit log, in {file}, can't be used: {source}")]
    Key {
        /// The file.
        file: PathBuf,
        /// Why.
        source: KeyError,
    },
}

impl SigningArgs {
    /// What signs the lines of the process of `pod`, which begins now; none: they are not signed.
    pub fn sealer(&self, pod: &str) -> Result<Option<Sealer>, SigningError> {
        if self.audit_key_file.is_empty() {
            return Ok(None);
        }
        let key = read(Path::new(&self.audit_key_file), &self.audit_key_id)?;
        tracing::info!(key_id = key.id(), "the audit log is signed");
        Ok(Some(Sealer::new(key, pod, Timestamp::now())))
    }
}

fn read(file: &Path, id: &str) -> Result<Key, SigningError> {
    let bytes = fs::read(file).map_err(|source| SigningError::File { file: file.to_owned(), source })?;
    Key::read(id, &bytes).map_err(|source| SigningError::Key { file: file.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(file: &Path) -> SigningArgs {
        SigningArgs { audit_key_file: file.display().to_string(), audit_key_id: "1".to_owned() }
    }

    #[test]
    fn a_key_that_can_not_be_used_is_an_error_that_shows_nothing_of_it() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("key");
        let error = |args: &SigningArgs| args.sealer("pod").unwrap_err().to_string();
        assert!(error(&args(&file)).contains("can't be read from"));
        fs::write(&file, "too-short-a-secret").unwrap();
        let short = error(&args(&file));
        assert!(short.contains("it has 18 bytes"), "{short}");
        assert!(!short.contains("too-short-a-secret"), "{short}");
        fs::write(&file, [7; 32]).unwrap();
        assert!(args(&file).sealer("pod").unwrap().is_some());
        assert!(
            error(&SigningArgs { audit_key_id: "a b".to_owned(), ..args(&file) }).contains("`a b` can't be the id")
        );
        assert!(args(Path::new("")).sealer("pod").unwrap().is_none());
    }
}
