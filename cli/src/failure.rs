//! Why a command can't answer.

use sentinel_core::policy::Problems;

/// Why a command can't answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file that can't be read or written.
    #[error("{name}: {cause}")]
    File {
        /// The file.
        name: String,
        /// Why.
        cause: std::io::Error,
    },
    /// What was asked for makes no sense with this input.
    #[error("{0}")]
    Usage(String),
    /// A document that isn't valid, where a valid one is needed.
    #[error("{}", lines(name, problems))]
    Invalid {
        /// The file, and the object in it.
        name: String,
        /// Everything that is wrong with it.
        problems: Problems,
    },
}

impl Failure {
    /// As --help states them.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::File { .. } | Self::Usage(_) => 2,
            Self::Invalid { .. } => 1,
        }
    }
}

fn lines(name: &str, problems: &Problems) -> String {
    problems.iter().map(|problem| format!("{name}: {problem}")).collect::<Vec<_>>().join("\n")
}
