//! The arguments of `audit`.

use clap::Args as Arguments;
use sentinel_api::audit::MINORS_BEHIND;

use crate::lock::ContextArgs;

#[derive(Debug, Arguments)]
pub(crate) struct AuditArgs {
    /// So many minor versions a sidecar may be behind what is installed
    #[arg(long, value_name = "COUNT", default_value_t = MINORS_BEHIND)]
    pub(crate) minors_behind: u64,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Where Sentinel is installed
    #[arg(long, value_name = "NAMESPACE", default_value = "sentinel-system")]
    pub(crate) install_namespace: String,
}
