//! What a command found, in the format that was asked for.

use serde::Serialize;

use crate::failure::Failure;

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For people, with more columns where there is a table
    Wide,
    /// One JSON value
    Json,
    /// One YAML document
    Yaml,
}

/// What a command found.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) stdout: String,
    /// For stderr.
    pub(crate) notes: Vec<String>,
    /// Exit 1.
    pub(crate) found: bool,
}

impl Report {
    /// Nothing was found.
    pub(crate) fn fine(stdout: String) -> Self {
        Self { stdout, notes: Vec::new(), found: false }
    }
}

impl Format {
    /// Whether a person reads it.
    pub(crate) fn is_for_people(self) -> bool {
        matches!(self, Self::Text | Self::Wide)
    }

    /// The text, or the value in the other formats.
    pub(crate) fn render(self, text: String, value: &impl Serialize) -> Result<String, Failure> {
        match self {
            Self::Text | Self::Wide => Ok(text),
            Self::Json => {
                serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|error| unprintable(&error))
            }
            Self::Yaml => serde_yaml::to_string(value).map_err(|error| unprintable(&error)),
        }
    }
}

/// Each on a line of its own.
pub(crate) fn lines(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().fold(String::new(), |text, line| text + &line + "\n")
}

fn unprintable(error: &dyn std::error::Error) -> Failure {
    Failure::Usage(format!("the result can't be printed: {error}"))
}
