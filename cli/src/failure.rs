//! Why a command can't answer.

use crate::finding::Finding;

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
    /// A cluster that can't be asked, or that doesn't say.
    #[error("{0}")]
    Cluster(String),
    /// A cluster that said no to what was to be written.
    #[error("{0}")]
    Refused(String),
    /// A document that isn't valid, where a valid one is needed: everything that is wrong with it.
    #[error("{}", lines(.0))]
    Invalid(Vec<Finding>),
}

impl Failure {
    /// As --help states them.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::File { .. } | Self::Usage(_) | Self::Cluster(_) | Self::Refused(_) => 2,
            Self::Invalid(_) => 1,
        }
    }
}

fn lines(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
