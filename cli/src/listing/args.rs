//! Where to look, and for how long.

use clap::Args as Arguments;

use crate::args::ConnectArgs;

#[derive(Debug, Arguments)]
pub(crate) struct ListArgs {
    /// Of all namespaces
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub(crate) all_namespaces: bool,
    /// Go on, and print each that changes; with -o json or yaml, each as an object of its own
    #[arg(short, long)]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
}
