//! The process.

use anyhow::Context as _;
use kube::Client;
use sentinel_api::names::{WEBHOOK_CA_CONFIG_MAP, WEBHOOK_SECRET};
use sentinel_runtime::serving::{self, ServingCertificate};
use sentinel_runtime::shutdown::{self, CancellationToken};
use sentinel_runtime::telemetry::{self, Gate, Metrics, Readiness};
use tokio::task::JoinHandle;

use crate::admission::{AdmissionMetrics, router};
use crate::args::Args;
use crate::desk::Desks;
use crate::judge::Judge;
use crate::view::View;

/// Runs the webhook until it is told to stop.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let shutdown = shutdown::on_signal().context("signals can't be listened for")?;
    let client = Client::try_default().await.context("there is no way to the API server")?;
    let (metrics, ready) = (Metrics::new("webhook")?, Readiness::new());
    let (watches, certificate) = (ready.gate("watches"), ready.gate("certificate"));
    let telemetry = spawn_telemetry(&args, &metrics, &ready, &shutdown);
    let view = View::watch(&client, &args.process.namespace, &shutdown);
    spawn_sync(view.clone(), watches, &shutdown);
    let judge = judge(&args, view, &metrics)?;
    let Some(tls) = serving_certificate(&args, client, &shutdown).await? else { return Ok(()) };
    certificate.set(true);
    let served = serving::serve_tls(args.listen, router(judge), tls, shutdown.clone()).await;
    shutdown.cancel();
    telemetry.await.context("the server of probes and metrics broke")??;
    served.context("the HTTPS server stopped")
}

fn judge(args: &Args, view: View, metrics: &Metrics) -> anyhow::Result<Judge> {
    Ok(Judge {
        view,
        sidecar: args.sidecar()?,
        default_table: args.session_table.clone(),
        person_key: args.person_extra_key.clone(),
        metrics: AdmissionMetrics::new(metrics)?,
        desks: Desks::default(),
    })
}

/// None: told to stop before there was one.
async fn serving_certificate(
    args: &Args,
    client: Client,
    shutdown: &CancellationToken,
) -> anyhow::Result<Option<serving::TlsConfig>> {
    let started = ServingCertificate::start(
        client,
        &args.process.namespace,
        WEBHOOK_SECRET,
        WEBHOOK_CA_CONFIG_MAP,
        args.dns_names(),
        serving::Policy::default(),
        shutdown.clone(),
    )
    .await;
    match started {
        Ok((tls, _)) => Ok(Some(tls)),
        Err(serving::ServingError::Stopped) => Ok(None),
        Err(error) => Err(error).context("there is no serving certificate"),
    }
}

fn spawn_telemetry(
    args: &Args,
    metrics: &Metrics,
    ready: &Readiness,
    shutdown: &CancellationToken,
) -> JoinHandle<anyhow::Result<()>> {
    let (address, metrics, ready, shutdown) =
        (args.process.metrics_address, metrics.clone(), ready.clone(), shutdown.clone());
    tokio::spawn(async move {
        let served = telemetry::serve(address, metrics, ready, shutdown.clone()).await;
        // Without probes the process is of no use: stop it all.
        shutdown.cancel();
        served.with_context(|| format!("probes and metrics can't be served on {address}"))
    })
}

fn spawn_sync(view: View, gate: Gate, shutdown: &CancellationToken) {
    let synced = async move {
        view.synced().await;
        gate.set(true);
    };
    tokio::spawn(shutdown.clone().run_until_cancelled_owned(synced));
}
