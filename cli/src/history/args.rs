//! The arguments of `history`.

use clap::Args as Arguments;

#[derive(Debug, Arguments)]
pub(crate) struct HistoryArgs {
    /// Log files, the oldest first; - is stdin [default: -]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// On this profile; repeatable, globs
    #[arg(long = "profile", value_name = "NAME")]
    pub(crate) profiles: Vec<String>,
    /// Of this service account: `<namespace>/<name>` or `system:serviceaccount:<namespace>:<name>`; repeatable, globs
    #[arg(long = "user", value_name = "USER")]
    pub(crate) users: Vec<String>,
    /// Of pods in this namespace; repeatable, globs
    #[arg(short, long = "namespace", value_name = "NAME")]
    pub(crate) namespaces: Vec<String>,
    /// Who had something after this time: 12h ago, or 2026-03-02T22:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Who had something before this time: 2h ago, or 2026-03-03T06:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// The key that lines must be signed with; ID= limits it to those that name it so; repeatable
    #[arg(long = "key-file", value_name = "[ID=]FILE")]
    pub(crate) keys: Vec<String>,
}
