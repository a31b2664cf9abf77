//! `serve`: from the environment to a sidecar that answers.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use sentinel_runtime::shutdown::{self, run_until};
use tokio::net::TcpListener;

use crate::app_token::{AppToken, random};
use crate::broker::{Broker, Trust};
use crate::clock::Clock;
use crate::config::{Config, environment};
use crate::server::Server;
use crate::source::Source;
use crate::state::State;

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(2);
/// Beside the app token: the newest trust bundle.
const BUNDLE_FILE: &str = "broker-ca.pem";

/// Serves until SIGTERM. A native sidecar gets that after the app's containers have ended, so there is nobody to wait for.
pub fn run() -> anyhow::Result<()> {
    let config = Config::read(&environment)?;
    tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build()?.block_on(async {
        let shutdown = shutdown::on_signal()?;
        run_until(&shutdown, serve(config)).await.unwrap_or(Ok(()))
    })
}

/// Binds and serves; ends only with an error.
async fn serve(config: Config) -> anyhow::Result<()> {
    Sidecar::bind(config).await?.run().await;
    Ok(())
}

/// A sidecar that has its token, its trust and its port, and doesn't answer yet.
pub struct Sidecar {
    listener: TcpListener,
    port: u16,
    server: Arc<Server>,
    source: Arc<Source>,
}

impl Sidecar {
    /// Writes the token, reads the trust bundle, listens.
    pub async fn bind(config: Config) -> anyhow::Result<Self> {
        let token = AppToken::ensure(&config.app_token_file).context("the app's token")?;
        let bundle_file = config.app_token_file.with_file_name(BUNDLE_FILE);
        let trust = Trust::new(&config.broker_ca, bundle_file).context("SENTINEL_BROKER_CA")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port))
            .await
            .with_context(|| format!("listening on 127.0.0.1:{}; SENTINEL_PORT chooses another port", config.port))?;
        let port = listener.local_addr()?.port();
        tracing::info!(pod = config.pod, profile = config.profile, broker = %config.broker, port, "serving credentials");
        let broker = Broker::new(config.broker, config.profile, config.broker_token_file, trust);
        let source = Source::new(broker, Clock::start());
        Ok(Self { listener, port, server: Server::new(token, port, Arc::clone(&source)), source })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Serves, and asks the broker at once. Never ends; what it began in the background ends with the runtime.
    pub async fn run(self) {
        let warm = warm_up(self.source);
        let serving = self.server.run(self.listener);
        tokio::join!(warm, serving);
    }
}

/// Asks until there are credentials or a plain denial, so that the startup probe passes without a caller.
async fn warm_up(source: Arc<Source>) {
    let mut pause = FIRST_RETRY;
    loop {
        _ = source.ask().await;
        if source.look(State::readiness).is_ok() {
            return;
        }
        let lease = source.look(State::refused_for);
        tokio::time::sleep(jittered(pause).max(lease)).await;
        pause = (pause * 2).min(LAST_RETRY);
    }
}

/// Between three quarters of `pause` and the whole: pods that start together shall not ask together.
fn jittered(pause: Duration) -> Duration {
    // Without randomness there is no jitter; nothing worse.
    let [byte] = random().unwrap_or_default();
    pause.mul_f64(0.75 + f64::from(byte) / 1024.0)
}
