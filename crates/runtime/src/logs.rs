//! Logs: one JSON object a line on standard error, filtered by `SENTINEL_LOG`.

use std::fmt;
use std::str::FromStr;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The environment variable that holds the filter: `info`, or `info,kube=debug,hyper=off`.
pub const FILTER_VARIABLE: &str = "SENTINEL_LOG";
const DEFAULT_FILTER: &str = "info";

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serving", derive(clap::ValueEnum))]
pub enum Format {
    /// One JSON object a line.
    #[default]
    Json,
    /// For a person at a terminal.
    Text,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "json",
            Self::Text => "text",
        })
    }
}

/// Why logging could not begin.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// The filter can't be read.
    #[error("{FILTER_VARIABLE}=`{filter}` is not a log filter; `info` or `info,kube=debug` would be")]
    Filter {
        /// What was found.
        filter: String,
        /// What the parser says.
        source: ParseError,
    },
    /// Somebody called [`init`] before.
    #[error("logging is set up already")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Starts logging in `format`, filtered by `SENTINEL_LOG` (default `info`).
pub fn init(format: Format) -> Result<(), LogsError> {
    let filter = read_filter(std::env::var(FILTER_VARIABLE).ok())?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        Format::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
        Format::Text => lines.boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).try_init()?;
    Ok(())
}

fn read_filter(variable: Option<String>) -> Result<Targets, LogsError> {
    let filter = variable.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| DEFAULT_FILTER.to_owned());
    Targets::from_str(&filter).map_err(|source| LogsError::Filter { filter, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn the_default_is_info() {
        for variable in [None, Some(String::new()), Some(" ".to_owned())] {
            let filter = read_filter(variable).unwrap();
            assert!(filter.would_enable("any", &Level::INFO));
            assert!(!filter.would_enable("any", &Level::DEBUG));
        }
    }

    #[test]
    fn a_module_can_be_made_louder() {
        let filter = read_filter(Some("warn,kube=debug".to_owned())).unwrap();
        assert!(filter.would_enable("kube::client", &Level::DEBUG));
        assert!(!filter.would_enable("sentinel_broker", &Level::INFO));
    }

    #[test]
    fn a_bad_filter_says_which_variable_to_mend() {
        let error = read_filter(Some("kube=loud".to_owned())).unwrap_err();
        assert!(error.to_string().contains("SENTINEL_LOG=`kube=loud`"), "{error}");
    }
}
