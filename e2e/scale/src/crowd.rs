//! The sidecars: each asks the broker by the sidecar's own client, whenever its lease is over, for an app that always asks.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use sentinel_sidecar::broker::{Broker, Trust};
use sentinel_sidecar::config::BrokerAddress;
use sentinel_sidecar::state::BrokerAnswer;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// After an answer that decided nothing.
const PAUSE: Duration = Duration::from_secs(1);

/// One pod's sidecar, as the others see it.
#[derive(Debug, Default)]
struct Seen {
    /// When it was told so first, and whether it has credentials.
    said: Mutex<Option<(Instant, bool)>>,
}

/// What all answers were.
#[derive(Debug, Default)]
pub struct Tally {
    /// 200.
    pub granted: AtomicU64,
    /// 403.
    pub refused: AtomicU64,
    /// 429, 503, and no answer.
    pub undecided: AtomicU64,
    latencies: Mutex<Vec<Duration>>,
}

/// All sidecars.
pub struct Crowd {
    seen: Vec<Arc<Seen>>,
    tally: Arc<Tally>,
}

/// What every sidecar is told by the webhook.
#[derive(Clone, Debug)]
pub struct Told {
    /// The broker.
    pub broker: BrokerAddress,
    /// The CA bundle.
    pub bundle: String,
    /// The profile.
    pub profile: String,
    /// A folder for each sidecar's files is made in here.
    pub scratch: PathBuf,
}

impl Crowd {
    /// Starts a sidecar for each of `tokens`; no more than `at_once` wait for their first credentials, or the emulators, which are
    /// slow, would work on questions that nobody waits for any more.
    pub fn start(told: &Told, tokens: Vec<String>, at_once: usize) -> anyhow::Result<Self> {
        let (tally, turns) = (Arc::new(Tally::default()), Arc::new(Semaphore::new(at_once)));
        let mut seen = Vec::with_capacity(tokens.len());
        for (number, token) in (0_u32..).zip(tokens) {
            let sidecar = sidecar(told, number, &token).context("a sidecar")?;
            let mine = Arc::new(Seen::default());
            seen.push(mine.clone());
            tokio::spawn(live(sidecar, mine, tally.clone(), turns.clone()));
        }
        Ok(Self { seen, tally })
    }

    /// How many have credentials, or none, by what they heard last.
    pub fn count(&self, granted: bool) -> usize {
        self.all().iter().filter(|said| said.is_some_and(|(_, has)| has == granted)).count()
    }

    /// Waits until `count` sidecars are `granted`, or are not; how long after `start` the last of them heard so.
    pub async fn until(
        &self,
        count: usize,
        granted: bool,
        start: Instant,
        limit: Duration,
    ) -> anyhow::Result<Duration> {
        let reached = async {
            while self.count(granted) < count {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let word = if granted { "have credentials" } else { "are refused" };
        let waited = timeout(limit, reached).await;
        waited.with_context(|| format!("{} of {count} {word} after {limit:?}", self.count(granted)))?;
        let heard = self.all().into_iter().flatten().filter(|(_, has)| *has == granted).map(|(at, _)| at);
        Ok(heard.max().map_or(Duration::ZERO, |at| at.saturating_duration_since(start)))
    }

    /// What the answers were since the last look: granted, refused, undecided, and the 50th and 99th percentile of the time
    /// that they took.
    pub fn take(&self) -> (u64, u64, u64, Duration, Duration) {
        let Tally { granted, refused, undecided, latencies } = &*self.tally;
        let mut times = std::mem::take(&mut *latencies.lock().unwrap_or_else(PoisonError::into_inner));
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
        let [granted, refused, undecided] = [granted, refused, undecided].map(|count| count.swap(0, Ordering::Relaxed));
        (granted, refused, undecided, at(50), at(99))
    }

    fn all(&self) -> Vec<Option<(Instant, bool)>> {
        self.seen.iter().map(|one| *one.said.lock().unwrap_or_else(PoisonError::into_inner)).collect()
    }
}

fn sidecar(told: &Told, number: u32, token: &str) -> anyhow::Result<Broker> {
    let folder = told.scratch.join(number.to_string());
    std::fs::create_dir_all(&folder)?;
    let (file, trust) = (folder.join("token"), folder.join("bundle"));
    std::fs::write(&file, token)?;
    let trust = Trust::new(&told.bundle, trust)?;
    Ok(Broker::new(told.broker.clone(), told.profile.clone(), file, trust))
}

async fn live(sidecar: Broker, seen: Arc<Seen>, tally: Arc<Tally>, turns: Arc<Semaphore>) {
    let mut turn = turns.acquire().await.ok();
    let mut unreported = 0;
    loop {
        let asked = Instant::now();
        let (answer, acknowledged) = sidecar.ask(unreported).await;
        let now = Instant::now();
        tally.latencies.lock().unwrap_or_else(PoisonError::into_inner).push(now - asked);
        if acknowledged {
            unreported = 0;
        }
        // As in the sidecar's state: a lease counts from the question.
        let next = match answer {
            BrokerAnswer::Granted(grant) => {
                tally.granted.fetch_add(1, Ordering::Relaxed);
                seen.hears(true, now);
                unreported += 1;
                drop(turn.take());
                asked + Duration::from_millis(grant.lease_ms)
            }
            BrokerAnswer::Refused(denial) => {
                tally.refused.fetch_add(1, Ordering::Relaxed);
                seen.hears(false, now);
                asked + denial.refusal.lease_ms.map_or(PAUSE, Duration::from_millis)
            }
            BrokerAnswer::Throttled(_) | BrokerAnswer::Undecided(_) => {
                tally.undecided.fetch_add(1, Ordering::Relaxed);
                now + PAUSE
            }
        };
        sleep_until(next).await;
    }
}

impl Seen {
    fn hears(&self, has: bool, now: Instant) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|(_, had)| had != has) {
            *said = Some((now, has));
        }
    }
}
