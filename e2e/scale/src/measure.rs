//! The run: fill the cluster, let it settle, measure the steady state, then stop everybody.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use sentinel_api::Phase;
use sentinel_aws::{Aws, Meter};
use sentinel_sidecar::config::BrokerAddress;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::Args;
use crate::cost::Counted;
use crate::crowd::{Crowd, Told};
use crate::gauge::{Counters, Memory};
use crate::place::{NAME, Place};
use crate::report::Report;

/// The profile's default.
const LEASE: Duration = Duration::from_secs(5);
/// What the issue asks.
const MOST_MEMORY: f64 = 64.0;
const LONGEST_LIST: f64 = 2.0;
const MOST_DOLLARS: f64 = 1.0;
const DEFAULT_INTERVAL: Duration = Duration::from_hours(2);
/// Between the last first credentials and the measurement. New sessions are written often, for the last time when they are 125 s old; from then
/// on once in an interval (broker/src/rows/cadence.rs).
const SETTLE: Duration = Duration::from_secs(130);
const REVOKED: usize = 500;
const PATIENCE: Duration = Duration::from_mins(20);

/// Runs everything.
pub async fn run(args: &Args) -> anyhow::Result<Report> {
    let (window, interval) = (args.window.as_secs(), args.touch_interval.as_secs());
    anyhow::ensure!(
        window > 0 && window.is_multiple_of(interval),
        "--window {window} is not a multiple of --touch-interval {interval}: sessions that began together are touched together, and \
         only whole intervals have their share"
    );
    let mut report = Report::default();
    machine(&mut report);
    let place = Place::new(args.pods).await?;
    let crowd = fill(args, &place, &mut report).await.context("filling the cluster")?;
    steady(args, &crowd, &mut report).await.context("the steady state")?;
    list(args, &mut report).await.context("the list")?;
    revoke(args, &place, &crowd, &mut report).await.context("revocations")?;
    lock(args, &place, &crowd, &mut report).await.context("the lock")?;
    unlock(args, &place, &crowd, &mut report).await.context("unlocking")?;
    machine(&mut report);
    Ok(report)
}

/// The numbers say little without it.
fn machine(report: &mut Report) {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    report.told("machine", format!("{cores} cores, load average {load}, {}", jiff::Timestamp::now()));
}

async fn fill(args: &Args, place: &Place, report: &mut Report) -> anyhow::Result<Crowd> {
    memory(args, "with no pod", report)?;
    place.prepare().await?;
    let took = place.make_pods().await?;
    report.told(format!("{} pods made, through the webhook", args.pods), format!("{:.1} s", took.as_secs_f64()));
    let start = Instant::now();
    place.await_sessions(args.pods, Phase::Pending, PATIENCE).await?;
    place.await_running(PATIENCE).await?;
    let took = start.elapsed();
    report.told("until each runs and has its SentinelSession", format!("{:.1} s more", took.as_secs_f64()));
    let told = Told {
        broker: BrokerAddress { host: args.broker.clone(), port: args.port },
        bundle: place.bundle().await?,
        profile: NAME.to_owned(),
        scratch: args.scratch.clone(),
    };
    let start = Instant::now();
    let crowd = Crowd::start(&told, place.tokens().await?, args.at_once)?;
    let took = crowd.until(args.pods, true, start, PATIENCE).await?;
    report.told(
        format!("until each has credentials, {} at a time", args.at_once),
        format!("{:.0} s", took.as_secs_f64()),
    );
    place.await_sessions(args.pods, Phase::Active, PATIENCE).await?;
    sleep(SETTLE).await;
    Ok(crowd)
}

async fn steady(args: &Args, crowd: &Crowd, report: &mut Report) -> anyhow::Result<()> {
    crowd.take();
    let before = counters(args).await?;
    sleep(args.window).await;
    let change = counters(args).await?.since(&before);
    let minutes = args.window.as_secs_f64() / 60.0;
    let (granted, refused, undecided, p50, p99) = crowd.take();
    let rate = per(granted, args.window);
    report.told("steady state: renewals", format!("{rate:.0} a second; refused {refused}, undecided {undecided}"));
    report.told("a renewal, p50 and p99", format!("{:.1} ms, {:.1} ms", millis(p50), millis(p99)));
    memory(args, "in the steady state", report)?;
    for (program, aws, kube) in [
        ("broker", "sentinel_broker_aws_calls_total", "sentinel_broker_kube_calls_total"),
        ("operator", "sentinel_aws_calls_total", "sentinel_kube_calls_total"),
    ] {
        report.told(format!("{program}: calls to AWS in a minute"), by_the_minute(&change, aws, minutes));
        report.told(format!("{program}: calls to the API server in a minute"), by_the_minute(&change, kube, minutes));
    }
    let extra = calls_of_renewals(args, &change);
    report.limited(
        "calls to AWS that issues and touches don't explain, for each renewal",
        extra / to_f64(granted.max(1)),
        0.0,
        "",
    );
    let cost = counted(args, &change).await?.cost();
    report.limited(format!("DynamoDB a day for 10 000 pods: {cost}"), cost.total(), MOST_DOLLARS, "$");
    Ok(())
}

/// The broker's calls to AWS beyond a read and an AssumeRole for each issue and one touch for each pod and interval.
fn calls_of_renewals(args: &Args, change: &Counters) -> f64 {
    let calls = |operation: &str| change.sum("sentinel_broker_aws_calls_total", &[operation]);
    let issues = calls("AssumeRole");
    let touches = to_f64(args.pods as u64) * (args.window.as_secs_f64() / args.touch_interval.as_secs_f64());
    let explained = 2.0 * issues + touches;
    (change.sum("sentinel_broker_aws_calls_total", &[]) - explained).max(0.0)
}

async fn counted(args: &Args, change: &Counters) -> anyhow::Result<Counted> {
    let broker = |operation: &str| change.sum("sentinel_broker_table_units_total", &[operation]);
    let operator = |operation: &str| change.sum("sentinel_table_units_total", &[operation]);
    Ok(Counted {
        pods: to_f64(args.pods as u64),
        window: args.window,
        interval: (args.touch_interval, DEFAULT_INTERVAL),
        touches: broker("UpdateItem") + broker("PutItem"),
        // A renewal that comes with a touch reads nothing; with rarer touches it would.
        checks: broker("GetItem").max(change.sum("sentinel_broker_aws_calls_total", &["AssumeRole"])),
        reads: operator("GetItem") + operator("Query"),
        writes: operator("UpdateItem") + operator("PutItem"),
        scan: scan(args).await?,
    })
}

/// Adds up what is consumed.
#[derive(Debug, Default)]
struct Sum(Mutex<f64>);

impl Meter for Sum {
    fn consumed(&self, _: &'static str, units: f64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += units;
    }
}

/// Read units of one look at all active rows, as the operator does it every hour.
async fn scan(args: &Args) -> anyhow::Result<f64> {
    let sum = Arc::new(Sum::default());
    let settings = sentinel_aws::Settings { timeouts: sentinel_aws::Timeouts::CONTROLLER, ..Default::default() };
    let sessions = Aws::load_with(settings).await.sessions().metered(sum.clone());
    sessions.active(&args.table).await?;
    let units = *sum.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(units)
}

async fn list(args: &Args, report: &mut Report) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for _ in 0..3 {
        let start = Instant::now();
        let mut command = Command::new(&args.command);
        command.args(["sessions", "--all-namespaces"]);
        let answer = spawn_blocking(move || command.output()).await??;
        times.push(start.elapsed());
        let lines = String::from_utf8_lossy(&answer.stdout).lines().filter(|line| line.contains("Active")).count();
        anyhow::ensure!(
            lines == args.pods,
            "{lines} of {} are listed: {}",
            args.pods,
            String::from_utf8_lossy(&answer.stderr)
        );
    }
    times.sort_unstable();
    let median = times.get(1).copied().unwrap_or_default();
    report.limited(
        "`kubectl sentinel sessions --all-namespaces`, median of three",
        median.as_secs_f64(),
        LONGEST_LIST,
        "s",
    );
    Ok(())
}

async fn lock(args: &Args, place: &Place, crowd: &Crowd, report: &mut Report) -> anyhow::Result<()> {
    let start = Instant::now();
    place.lock().await?;
    let took = crowd.until(args.pods, false, start, Duration::from_mins(2)).await?;
    let limit = (LEASE + Duration::from_secs(1)).as_secs_f64();
    report.limited("a lock over all: until the last sidecar is refused", took.as_secs_f64(), limit, "s");
    sleep(LEASE * 2).await;
    memory(args, "while all are refused", report)
}

/// All want new credentials at once then, which real STS gives and moto can't.
async fn unlock(args: &Args, place: &Place, crowd: &Crowd, report: &mut Report) -> anyhow::Result<()> {
    let some = args.pods / 10;
    let start = Instant::now();
    place.unlock().await?;
    let took = crowd.until(some, true, start, PATIENCE).await?;
    let what = format!("unlocked: until {some} have new credentials (moto is slow)");
    report.told(what, format!("{:.1} s", took.as_secs_f64()));
    // Five thousand calls to emulators that answer ten a second: no steady state, and no limit of the issue's.
    for process in &args.processes {
        let Memory { now, peak } = process.memory()?;
        report.told(
            format!("{}: resident while all come back (peak)", process.name),
            format!("{now:.2} MiB ({peak:.1})"),
        );
    }
    Ok(())
}

async fn revoke(args: &Args, place: &Place, crowd: &Crowd, report: &mut Report) -> anyhow::Result<()> {
    let count = REVOKED.min(args.pods / 2);
    let start = Instant::now();
    place.revoke(count).await?;
    let written = start.elapsed();
    let took = crowd.until(count, false, start, Duration::from_mins(2)).await?.saturating_sub(written);
    let what = format!(
        "{count} sessions revoked within {:.1} s: after that, until the last sidecar is refused",
        written.as_secs_f64()
    );
    report.limited(what, took.as_secs_f64(), (LEASE + Duration::from_secs(1)).as_secs_f64(), "s");
    place.await_sessions(count, Phase::Revoked, PATIENCE).await?;
    report.told(
        "until all of them show Revoked, and so do their rows",
        format!("{:.1} s", start.elapsed().as_secs_f64()),
    );
    Ok(())
}

/// Of every program; the limit is on operator and broker.
fn memory(args: &Args, when: &str, report: &mut Report) -> anyhow::Result<()> {
    for process in &args.processes {
        let Memory { now, peak } = process.memory()?;
        let what = format!("{}: resident {when} (peak so far {peak:.1})", process.name);
        if process.name.starts_with("webhook") {
            report.told(what, format!("{now:.2} MiB"));
        } else {
            report.limited(what, now.max(peak), MOST_MEMORY, "MiB");
        }
    }
    Ok(())
}

async fn counters(args: &Args) -> anyhow::Result<Counters> {
    let mut all = Counters::default();
    for process in &args.processes {
        all = all.and(process.counters().await?);
    }
    Ok(all)
}

fn by_the_minute(change: &Counters, name: &str, minutes: f64) -> String {
    let parts = change.parts(name).into_iter().map(|(labels, count)| format!("{labels} {:.1}", count / minutes));
    parts.collect::<Vec<_>>().join(", ")
}

fn per(count: u64, window: Duration) -> f64 {
    to_f64(count) / window.as_secs_f64()
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "a measurement")]
fn to_f64(count: u64) -> f64 {
    count as f64
}
