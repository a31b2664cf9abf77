//! Credentials for callers: from memory, or from the broker, who is asked once for all who wait.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::broker::Broker;
use crate::clock::{Clock, Moment};
use crate::state::{Answer, BrokerAnswer, State};

/// Where callers get their answer.
pub struct Source {
    broker: Broker,
    clock: Clock,
    state: Mutex<State>,
    /// Ends (its sender is gone) when the question under way has been answered.
    flight: Mutex<Option<watch::Receiver<()>>>,
    served: AtomicU64,
}

impl Source {
    /// A source that knows nothing yet.
    pub fn new(broker: Broker, clock: Clock) -> Arc<Self> {
        let (state, flight) = (Mutex::default(), Mutex::default());
        Arc::new(Self { broker, clock, state, flight, served: AtomicU64::new(0) })
    }

    /// The answer for one caller. Never [`Answer::Ask`].
    pub async fn answer(self: &Arc<Self>) -> Answer {
        let answer = match self.look(State::answer) {
            Answer::Ask => self.ask().await,
            known => known,
        };
        if matches!(answer, Answer::Serve(_)) {
            self.served.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    /// Has the broker asked, together with all who wait already, and gives what follows from its answer.
    pub async fn ask(self: &Arc<Self>) -> Answer {
        let mut flight = self.join();
        // The sender says nothing; that it is gone is the news.
        _ = flight.changed().await;
        self.look(State::settled)
    }

    /// Looks at the state of now.
    pub fn look<T>(&self, look: impl FnOnce(&State, Moment) -> T) -> T {
        look(&locked(&self.state), self.clock.now())
    }

    /// The question under way, or a new one. It runs on its own: a caller that hangs up takes nothing from the others.
    fn join(self: &Arc<Self>) -> watch::Receiver<()> {
        let mut flight = locked(&self.flight);
        if let Some(running) = flight.as_ref().filter(|running| running.has_changed().is_ok()) {
            return running.clone();
        }
        let (landed, running) = watch::channel(());
        *flight = Some(running.clone());
        let source = Arc::clone(self);
        tokio::spawn(async move {
            source.fly().await;
            drop(landed);
        });
        running
    }

    async fn fly(&self) {
        let asked_at = self.clock.now();
        let reported = self.served.load(Ordering::Relaxed);
        let (answer, acknowledged) = self.broker.ask(reported).await;
        if acknowledged {
            self.served.fetch_sub(reported, Ordering::Relaxed);
        }
        self.learn(asked_at, answer);
    }

    fn learn(&self, asked_at: Moment, answer: BrokerAnswer) {
        let now = self.clock.now();
        let mut state = locked(&self.state);
        let before = word(&state);
        state.learn(asked_at, now, answer);
        if word(&state) != before {
            log(&state);
        }
    }
}

/// What is worth a log line when it changes.
fn word(state: &State) -> (&'static str, Option<String>) {
    let (word, refusal) = state.summary();
    (word, refusal.map(|refusal| refusal.code.clone()))
}

fn log(state: &State) {
    match state.summary() {
        (word, None) => tracing::info!(state = word, "the broker's answer changed"),
        (word, Some(refusal)) => {
            let (code, message) = (&refusal.code, &refusal.message);
            tracing::warn!(state = word, code, message, rule = refusal.rule, "the broker's answer changed");
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // No code panics while it holds one of these; and if it did, the state would still be whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
