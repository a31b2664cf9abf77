//! The sidecar's configuration: its environment, which the webhook wrote.

use std::path::PathBuf;

use http::Uri;

const DEFAULT_PORT: u16 = 9911;
const DEFAULT_BROKER_TOKEN: &str = "/var/run/secrets/sentinel.dev/broker/token";
const DEFAULT_APP_TOKEN: &str = "/var/run/sentinel/token";

/// What the webhook told us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `SENTINEL_PROFILE`.
    pub profile: String,
    /// `SENTINEL_BROKER_URL`.
    pub broker: BrokerAddress,
    /// `SENTINEL_BROKER_CA`: PEM of the CAs that may vouch for the broker.
    pub broker_ca: String,
    /// `SENTINEL_BROKER_TOKEN_FILE`: the projected token that tells the broker which pod we are.
    pub broker_token_file: PathBuf,
    /// `SENTINEL_APP_TOKEN_FILE`: the token that the app's SDKs show us.
    pub app_token_file: PathBuf,
    /// `SENTINEL_PORT`, on 127.0.0.1; 0 lets the kernel choose.
    pub port: u16,
    /// `POD_NAMESPACE`/`POD_NAME`, for the logs.
    pub pod: String,
}

/// Where the broker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerAddress {
    /// The name that its certificate must carry.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// What is wrong with the environment.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable is missing.
    #[error(
        "{0} is not set; Sentinel's webhook sets it when it injects this container, so let it inject: remove the container from the pod's own spec"
    )]
    Missing(&'static str),
    /// A variable can't be used.
    #[error("{variable}=`{value}` can't be used: {wanted} is expected")]
    Wrong {
        /// Its name.
        variable: &'static str,
        /// What it says.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
}

/// The process environment, as a lookup.
pub fn environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

impl Config {
    /// Reads the variables through `lookup`.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let required = |variable| lookup(variable).ok_or(ConfigError::Missing(variable));
        let path = |variable, default: &str| PathBuf::from(lookup(variable).unwrap_or_else(|| default.to_owned()));
        Ok(Self {
            profile: required("SENTINEL_PROFILE")?,
            broker: address(required("SENTINEL_BROKER_URL")?)?,
            broker_ca: required("SENTINEL_BROKER_CA")?,
            broker_token_file: path("SENTINEL_BROKER_TOKEN_FILE", DEFAULT_BROKER_TOKEN),
            app_token_file: path("SENTINEL_APP_TOKEN_FILE", DEFAULT_APP_TOKEN),
            port: listening_port(lookup)?,
            pod: pod(lookup),
        })
    }
}

/// The port to ask for readiness; the default where the variable says nothing useful, since `serve` complains of it.
pub fn port(lookup: &dyn Fn(&str) -> Option<String>) -> u16 {
    listening_port(lookup).unwrap_or(DEFAULT_PORT)
}

fn listening_port(lookup: &dyn Fn(&str) -> Option<String>) -> Result<u16, ConfigError> {
    let Some(value) = lookup("SENTINEL_PORT") else { return Ok(DEFAULT_PORT) };
    value.parse().map_err(|_| ConfigError::Wrong { variable: "SENTINEL_PORT", value, wanted: "a port number" })
}

fn pod(lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let or_unknown = |variable| lookup(variable).unwrap_or_else(|| "?".to_owned());
    format!("{}/{}", or_unknown("POD_NAMESPACE"), or_unknown("POD_NAME"))
}

fn address(url: String) -> Result<BrokerAddress, ConfigError> {
    parse_address(&url).ok_or(ConfigError::Wrong {
        variable: "SENTINEL_BROKER_URL",
        value: url,
        wanted: "https://<host>[:<port>]",
    })
}

/// Only https, and nothing after the port: the paths are ours.
fn parse_address(url: &str) -> Option<BrokerAddress> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?;
    let bare = uri.scheme_str() == Some("https") && uri.path() == "/" && uri.query().is_none();
    let plain = !authority.as_str().contains('@');
    (bare && plain)
        .then(|| BrokerAddress { host: authority.host().to_owned(), port: authority.port_u16().unwrap_or(443) })
}

impl std::fmt::Display for BrokerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "https://{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    const WHOLE: [(&str, &str); 3] = [
        ("SENTINEL_PROFILE", "prod"),
        ("SENTINEL_BROKER_URL", "https://sentinel-broker.sentinel-system.svc:443"),
        ("SENTINEL_BROKER_CA", "pem"),
    ];

    fn read(variables: &[(&'static str, &'static str)]) -> Result<Config, ConfigError> {
        let variables: HashMap<&str, &str> = variables.iter().copied().collect();
        Config::read(&|variable| variables.get(variable).map(|value| (*value).to_owned()))
    }

    #[test]
    fn defaults_fill_the_rest() {
        let config = read(&WHOLE).unwrap();
        assert_eq!((config.port, config.broker.port), (9911, 443));
        assert_eq!(config.broker.to_string(), "https://sentinel-broker.sentinel-system.svc:443");
        assert_eq!(config.app_token_file.to_str(), Some(DEFAULT_APP_TOKEN));
    }

    #[test]
    fn what_is_missing_is_named() {
        for missing in 0..WHOLE.len() {
            let mut variables = WHOLE.to_vec();
            let (name, _) = variables.remove(missing);
            assert!(read(&variables).unwrap_err().to_string().starts_with(name));
        }
    }

    #[test]
    fn only_https_without_a_path_is_an_address() {
        for wrong in
            ["http://broker", "broker", "https://broker/v1", "https://user@broker", "https://broker?x=1", "https://"]
        {
            assert_eq!(parse_address(wrong), None, "{wrong}");
        }
        assert_eq!(parse_address("https://broker").unwrap().port, 443);
    }

    #[test]
    fn a_wrong_port_is_refused() {
        let mut variables = WHOLE.to_vec();
        variables.push(("SENTINEL_PORT", "99110"));
        assert!(read(&variables).unwrap_err().to_string().contains("SENTINEL_PORT=`99110`"));
    }
}
