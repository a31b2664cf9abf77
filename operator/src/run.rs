//! The wiring: connect, wait for the lease, lead until it is lost or the process is told to end.

use std::io;
use std::time::Duration;

use anyhow::{Context as _, bail};
use kube::Config;
use kube::client::ClientBuilder;
use sentinel_runtime::kube_calls::counting;
use sentinel_runtime::lines::Lines;
use sentinel_runtime::shutdown::{self, CancellationToken};
use sentinel_runtime::telemetry::{self, Gate, Readiness};
use tokio::task::{JoinError, JoinHandle};

use crate::Args;
use crate::cluster::Cluster;
use crate::leader::Candidate;
use crate::metrics::Metrics;
use crate::notifications::Targets;
use crate::rooms::Rooms;

/// For calls under way at shutdown.
const OVERTIME: Duration = Duration::from_secs(10);

/// Runs the operator until SIGTERM or SIGINT. Ends with an error when the lease is lost: whoever starts it again starts
/// it clean.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let shutdown = shutdown::on_signal()?;
    let targets = Targets::load(&args.notifications_file)?;
    let lines = Lines::start("audit-log", args.signing.sealer(&args.process.pod_name)?)?;
    let metrics = telemetry::Metrics::new("operator")?;
    let ready = Readiness::new();
    let gate = ready.gate("kubernetes");
    let own = Metrics::new(&metrics)?;
    let server = tokio::spawn(telemetry::serve(args.process.metrics_address, metrics, ready, shutdown.clone()));
    let result = tokio::select! {
        result = lead(&args, own, lines, targets, &gate, &shutdown) => result,
        result = failed(server, &shutdown) => result?.context("probes and metrics can't be served"),
    };
    shutdown.cancel();
    result
}

/// Resolves when the server of probes and metrics ends before its time: at shutdown, leading ends later than it does.
async fn failed(server: JoinHandle<io::Result<()>>, shutdown: &CancellationToken) -> Result<io::Result<()>, JoinError> {
    match server.await {
        Ok(Ok(())) if shutdown.is_cancelled() => std::future::pending().await,
        result => result,
    }
}

async fn lead(
    args: &Args,
    metrics: Metrics,
    lines: Lines,
    targets: Targets,
    gate: &Gate,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let config = Config::infer().await.context("no way to the API server")?;
    let client = ClientBuilder::try_from(config)?.with_layer(&counting(metrics.kube_calls.clone())).build();
    let cluster = Cluster::identify(&client, &args.cluster_name).await?;
    tracing::info!(cluster = cluster.id, name = cluster.name, "cluster identified");
    let candidate = Candidate::new(client.clone(), &args.process.namespace, &args.process.pod_name).await?;
    gate.set(true);
    if shutdown::run_until(shutdown, candidate.elected()).await.is_none() {
        return Ok(());
    }
    metrics.leader.set(1);
    let rooms = Rooms::build(args, client, cluster, metrics, lines, &targets, shutdown.clone()).await;
    tokio::select! {
        result = rooms.work() => result?,
        () = candidate.lost() => bail!("the lease is lost: another replica leads, or the API server can't be reached"),
        () = overtime(shutdown) => tracing::info!("not waiting any longer for calls under way: they are made again"),
    }
    candidate.resign().await;
    Ok(())
}

/// Resolves some time after `shutdown`: before whoever sent the signal loses patience, too.
async fn overtime(shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    tokio::time::sleep(OVERTIME).await;
}
