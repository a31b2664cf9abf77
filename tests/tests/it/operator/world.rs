//! One operator for all of these stories, since its objects are the cluster's. Killing it is always allowed: whatever story
//! is told at that moment must not notice.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::api::events::v1::Event;
use kube::Client;
use kube::api::{Api, ListParams};
use sentinel_operator::{Args, run};
use sentinel_runtime::args::ProcessArgs;
use sentinel_runtime::logs::Format;
use sentinel_runtime::signing::SigningArgs;
use tokio::runtime::{Builder, Runtime};

use super::receiver::receiver;
use crate::aws_wire::refuse_the_real_aws;

/// Nobody here waits for long, but the machine may be busy, and SSM is asked slowly on purpose.
pub const SOON: Duration = Duration::from_mins(1);
/// Where the operator keeps its lease and looks for the webhook's bundle.
pub const HOME: &str = "default";

static OPERATOR: Mutex<Operator> = Mutex::new(Operator { runtime: None, killed: false });
/// Which replica it is: another name has to wait for the lease.
static REPLICA: AtomicU32 = AtomicU32::new(0);
/// One killer at a time.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

struct Operator {
    runtime: Option<Runtime>,
    killed: bool,
}

/// Starts the operator, unless it runs or is to stay dead for a while.
pub fn operator() {
    refuse_the_real_aws();
    let mut operator = lock();
    if !operator.killed {
        operator.runtime.get_or_insert_with(start);
    }
}

/// Kills the operator at whatever it is doing, has `meanwhile` happen, and starts it again.
pub async fn while_dead(meanwhile: impl AsyncFnOnce()) {
    let _turn = TURN.lock().await;
    let killed = {
        let mut operator = lock();
        operator.killed = true;
        operator.runtime.take()
    };
    if let Some(runtime) = killed {
        runtime.shutdown_background();
    }
    meanwhile().await;
    lock().killed = false;
    operator();
}

/// Has `meanwhile` happen while nobody kills the operator: what is deleted while it is dead is told by nobody.
pub async fn while_alive(meanwhile: impl AsyncFnOnce()) {
    let _turn = TURN.lock().await;
    meanwhile().await;
}

/// Kills the operator, and has another replica take over.
pub async fn fail_over() {
    while_dead(async || {
        REPLICA.fetch_add(1, Ordering::Relaxed);
    })
    .await;
}

fn lock() -> MutexGuard<'static, Operator> {
    OPERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A runtime of its own: it outlives the test that started it, and dies as a process would.
fn start() -> Runtime {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.spawn(async {
        if let Err(error) = run(args()).await {
            eprintln!("the operator has ended: {error:#}");
        }
    });
    runtime
}

fn args() -> Args {
    Args {
        process: ProcessArgs {
            metrics_address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            log_format: Format::Text,
            namespace: HOME.to_owned(),
            pod_name: format!("operator-{}", REPLICA.load(Ordering::Relaxed)),
        },
        signing: SigningArgs::default(),
        parameter_root: "/sentinel".to_owned(),
        resync: Duration::from_secs(8),
        session_table: String::new(),
        cluster_name: "test cluster".to_owned(),
        advanced_parameters: false,
        hard_revocation: true,
        notifications_file: receiver().file.display().to_string(),
    }
}

/// Whether there is an Event of `reason` on the object `name`; those of cluster-wide objects are in namespace default.
pub async fn event(client: &Client, namespace: &str, name: &str, reason: &str) -> bool {
    let events: Api<Event> = Api::namespaced(client.clone(), namespace);
    let all = events.list(&ListParams::default()).await.unwrap();
    let is_it = |event: &Event| {
        let about = event.regarding.as_ref().and_then(|object| object.name.as_deref());
        about == Some(name) && event.reason.as_deref() == Some(reason)
    };
    all.iter().any(is_it)
}
