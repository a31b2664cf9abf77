//! The wiring.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, Config, ResourceExt as _};
use sentinel_api::names::{BROKER_CA_CONFIG_MAP, BROKER_SECRET, BROKER_SERVICE, INJECTED_LABEL};
use sentinel_aws::Aws;
use sentinel_runtime::lines::Lines;
use sentinel_runtime::serving::{CaBundle, Policy, ServingCertificate, ServingError, TlsConfig, serve_tls};
use sentinel_runtime::shutdown::{CancellationToken, run_until};
use sentinel_runtime::telemetry::{self, Metrics, Readiness};

use sentinel_decision::{Entry, PodEntry, SessionEntry};
use tokio::sync::mpsc;
use tokio::sync::watch::Receiver;

use crate::args::Args;
use crate::caller::Callers;
use crate::clients::Clients;
use crate::cluster::Cluster;
use crate::credentials::CountedIssuer;
use crate::events::{Events, Note, write_events};
use crate::http::router;
use crate::identity::ClusterIdentity;
use crate::journal::Journal;
use crate::metrics::BrokerMetrics;
use crate::moment::Moment;
use crate::rows::{CountedTable, Rows};
use crate::service::Broker;
use crate::watch::{Store, World, keep_up};

/// Between two tries to read the cluster's id.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Runs a broker until `shutdown`.
pub async fn run(args: Args, shutdown: CancellationToken) -> anyhow::Result<()> {
    let metrics = Metrics::new("broker")?;
    let counts = BrokerMetrics::new(&metrics)?;
    let ready = Readiness::new();
    let (watches, certificate) = (ready.gate("watches"), ready.gate("certificate"));
    let telemetry = telemetry::serve(args.process.metrics_address, metrics, ready, shutdown.clone());
    let telemetry = tokio::spawn(telemetry);

    let lines = Lines::start("decision-log", args.signing.sealer(&args.process.pod_name)?)
        .context("starting the decision log")?;
    let config = Config::infer().await.context("finding the API server")?;
    let clients = Clients::new(config, counts.kube_calls.clone());
    let client = clients.plain()?;
    let Some(identity) = run_until(&shutdown, identify(&client, &args)).await else { return Ok(()) };
    let world = World::default();
    spawn_watches(&clients, &world, &shutdown)?;
    let (tls, bundle) = match serving_certificate(&client, &args, &shutdown).await {
        Err(ServingError::Stopped) => return Ok(()),
        made => made?,
    };
    certificate.set(true);

    let (events, notes) = Events::new(counts.clone());
    spawn_events(&client, &args, notes, &counts, &shutdown);
    let aws = Aws::load(args.region.clone()).await;
    let broker = Arc::new(assemble(&args, world, client, &aws, events, counts, identity, bundle, lines));
    spawn_upkeep(&broker, watches, &shutdown);
    let serving = serve_tls(args.listen, router(broker.clone()), tls, shutdown);
    let telemetry = async { telemetry.await?.context("serving metrics") };
    tokio::try_join!(async { serving.await.context("serving HTTPS") }, telemetry)?;
    broker.settle_all_rows().await;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the parts of the whole, put together once")]
fn assemble(
    args: &Args,
    world: World,
    client: Client,
    aws: &Aws,
    events: Events,
    metrics: BrokerMetrics,
    identity: ClusterIdentity,
    bundle: Receiver<CaBundle>,
    lines: Lines,
) -> Broker {
    let cluster: Arc<dyn Cluster> = Arc::new(client);
    let sessions = aws.sessions().metered(Arc::new(metrics.clone()));
    let table = CountedTable::new(sessions, metrics.clone());
    let dropped = metrics.dropped.with_label_values(&["decision_log"]);
    Broker {
        world,
        callers: Callers::new(cluster.clone()),
        cluster,
        rows: Rows::new(Arc::new(table), identity.clone(), args.touch_interval),
        issuer: Arc::new(CountedIssuer::new(aws.issuer(), metrics.clone())),
        cache: crate::credentials::Cache::default(),
        flights: crate::flight::Flights::default(),
        lookups: crate::service::PodLookups::default(),
        journal: Journal::new(identity.clone(), dropped, lines),
        events,
        metrics,
        identity,
        default_table: args.session_table(),
        bundle,
    }
}

/// The cluster's id, asked for until there is an answer.
async fn identify(client: &Client, args: &Args) -> ClusterIdentity {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    loop {
        match namespaces.get("kube-system").await.map(|namespace| namespace.uid()) {
            Ok(Some(uid)) => return ClusterIdentity::new(uid, &args.cluster_name),
            Ok(None) => tracing::error!("namespace kube-system has no UID"),
            Err(error) => tracing::warn!(%error, "the cluster's id (UID of namespace kube-system) can't be read yet"),
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

fn spawn_watches(clients: &Clients, world: &World, shutdown: &CancellationToken) -> kube::Result<()> {
    let injected = format!("{INJECTED_LABEL}=true");
    let graves = world.clone();
    let bury = move |pod: &PodEntry| graves.pod_is_gone(&pod.uid, Moment::now());
    spawn_watch(clients, &world.pods, Some(injected), bury, shutdown)?;
    spawn_watch(clients, &world.profiles, None, |_| (), shutdown)?;
    spawn_watch(clients, &world.policies, None, |_| (), shutdown)?;
    spawn_watch(clients, &world.locks, None, |_| (), shutdown)?;
    spawn_watch(clients, &world.requests, None, |_| (), shutdown)?;
    spawn_watch(clients, &world.emergencies, None, |_| (), shutdown)?;
    let graves = world.clone();
    let bury = move |session: &SessionEntry| graves.session_is_gone(session, Moment::now());
    spawn_watch(clients, &world.sessions, None, bury, shutdown)
}

fn spawn_watch<E: Entry>(
    clients: &Clients,
    store: &Store<E>,
    labels: Option<String>,
    gone: impl Fn(&E) + Send + 'static,
    shutdown: &CancellationToken,
) -> kube::Result<()> {
    let api: Api<E::Object> = Api::all(clients.hearing(&store.heard)?);
    let (store, shutdown) = (store.clone(), shutdown.clone());
    tokio::spawn(async move { run_until(&shutdown, keep_up(api, labels.as_deref(), store, gone)).await });
    Ok(())
}

async fn serving_certificate(
    client: &Client,
    args: &Args,
    shutdown: &CancellationToken,
) -> Result<(TlsConfig, Receiver<CaBundle>), ServingError> {
    let namespace = &args.process.namespace;
    let names = ["svc", "svc.cluster.local"].map(|domain| format!("{BROKER_SERVICE}.{namespace}.{domain}"));
    ServingCertificate::start(
        client.clone(),
        namespace,
        BROKER_SECRET,
        BROKER_CA_CONFIG_MAP,
        names.to_vec(),
        Policy::default(),
        shutdown.clone(),
    )
    .await
}

fn spawn_events(
    client: &Client,
    args: &Args,
    notes: mpsc::Receiver<Note>,
    metrics: &BrokerMetrics,
    shutdown: &CancellationToken,
) {
    let writing = write_events(client.clone(), args.process.pod_name.clone(), notes, metrics.clone());
    let shutdown = shutdown.clone();
    tokio::spawn(async move { run_until(&shutdown, writing).await });
}

fn spawn_upkeep(broker: &Arc<Broker>, watches: telemetry::Gate, shutdown: &CancellationToken) {
    let (quiet, stop) = (broker.clone(), shutdown.clone());
    tokio::spawn(async move { run_until(&stop, quiet.settle_rows()).await });
    let (broker, shutdown) = (broker.clone(), shutdown.clone());
    tokio::spawn(async move { run_until(&shutdown, broker.look_after(watches)).await });
}
