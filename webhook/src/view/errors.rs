//! Why the view has no answer.

use sentinel_api::names::BROKER_CA_CONFIG_MAP;

/// Why nothing can be said now. Trying again helps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// The first listing is not done.
    #[error("Sentinel's webhook has not read the {0} yet: try again in a moment")]
    Syncing(&'static str),
    /// The API server doesn't answer the webhook.
    #[error("Sentinel's webhook can't read the {0} from the API server: try again in a moment")]
    Stale(&'static str),
    /// The broker has not published its bundle.
    #[error(
        "the broker has not published its CA bundle (ConfigMap {BROKER_CA_CONFIG_MAP} in {0}) yet: try again in a moment, or look at `kubectl -n {0} get pods`"
    )]
    NoBundle(String),
}

/// Why nobody can have the profile that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoProfile {
    /// There is none.
    #[error("there is no SentinelProfile `{0}`: `kubectl get sentinelprofiles` lists those that there are")]
    Unknown(String),
    /// It is going away.
    #[error("SentinelProfile `{0}` is being deleted: choose another, or make it anew first")]
    Deleted(String),
    /// It can't be used.
    #[error("SentinelProfile `{0}` can't be used, whoever keeps it must mend it: {1}")]
    Broken(String, String),
}
