//! The arguments that they share.

use clap::Args as Arguments;
use kube::api::ObjectMeta;
use sentinel_core::ask::note_problem;

use crate::failure::Failure;

/// What is asked for, and for whom.
#[derive(Debug, Arguments)]
pub(crate) struct AskArgs {
    /// The profile
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: String,
    /// The service account, of the namespace; each of its pods is meant
    #[arg(long, value_name = "NAME")]
    pub(crate) service_account: String,
    /// For how long, as 30m or 2h
    #[arg(long, value_name = "DURATION")]
    pub(crate) duration: String,
    /// Why, in one line: whoever decides, or looks back, reads it
    #[arg(long, value_name = "TEXT")]
    pub(crate) justification: String,
    /// The name of the object; made from service account and profile, if it isn't given
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Only have it judged, by the API server too: nothing is stored
    #[arg(long)]
    pub(crate) dry_run: bool,
}

impl AskArgs {
    /// The name of the object, or what the API server makes one from.
    pub(crate) fn metadata(&self) -> ObjectMeta {
        match &self.name {
            Some(name) => ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() },
            None => ObjectMeta {
                generate_name: Some(format!("{}-{}-", self.service_account, self.profile)),
                ..ObjectMeta::default()
            },
        }
    }
}

/// What somebody adds, without blanks at its ends, if the law lets it.
pub(crate) fn note(option: &str, text: Option<&str>, most: usize) -> Result<Option<String>, Failure> {
    let Some(text) = text else { return Ok(None) };
    match note_problem(option, text, most) {
        Some(problem) => Err(Failure::Usage(problem.to_string())),
        None => Ok(Some(text.trim().to_owned())),
    }
}
