//! Brings letters to one target, again and again until it has them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep_until};

use super::address::{Delivery, Door};
use super::letter::Letter;
use super::outbox::Waiting;
use crate::metrics::Metrics;
use crate::pace::backoff;

/// Whoever hasn't taken a letter by then never gets it.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// What a courier is told.
pub(super) enum Order {
    /// Bring this.
    Bring(Box<Waiting>),
    /// Don't bring that any more.
    Forget(String),
}

/// A letter that needs no courier any more.
pub(super) struct Closed {
    /// Its id.
    pub id: String,
    /// For whom.
    pub target: String,
}

/// The courier of one target.
pub(super) struct Courier {
    /// The target's name.
    pub target: String,
    /// How it is reached.
    pub door: Door,
    /// What to bring.
    pub orders: UnboundedReceiver<Order>,
    /// What needs no bringing any more.
    pub closed: UnboundedSender<Closed>,
    /// For Prometheus.
    pub metrics: Metrics,
}

struct Parcel {
    letter: Letter,
    since: Timestamp,
    failures: u32,
    due: Instant,
}

impl Courier {
    /// Works until nobody gives orders any more.
    pub async fn run(mut self) {
        let mut bag = Vec::new();
        loop {
            let next = next(&bag);
            tokio::select! {
                biased;
                order = self.orders.recv() => match order {
                    Some(order) => take(&mut bag, order),
                    None => return,
                },
                Some(index) = due(next) => {
                    let parcel = bag.swap_remove(index);
                    bag.extend(self.bring(parcel).await);
                }
            }
        }
    }

    /// One attempt; the parcel, if there is to be another.
    async fn bring(&self, mut parcel: Parcel) -> Option<Parcel> {
        let Letter { id, event, .. } = &parcel.letter;
        let (target, delivery) = (self.target.as_str(), self.door.deliver(&parcel.letter).await);
        let outcome = match delivery {
            Delivery::Done => "delivered",
            Delivery::Refused(problem) => {
                tracing::error!(
                    target_name = target,
                    id,
                    event,
                    problem,
                    "a notification is refused; it is not sent again"
                );
                "refused"
            }
            Delivery::Later(problem) if Timestamp::now().duration_since(parcel.since) >= GIVEN_UP_AFTER => {
                tracing::error!(target_name = target, id, event, problem, "a notification is given up after a day");
                "given_up"
            }
            Delivery::Later(problem) => {
                parcel.failures += 1;
                let wait = backoff(parcel.failures);
                tracing::warn!(target_name = target, id, event, problem, again_in = ?wait, "a notification is not delivered");
                self.metrics.notified(target, "retried");
                parcel.due = Instant::now() + wait;
                return Some(parcel);
            }
        };
        self.metrics.notified(target, outcome);
        // Nobody listens at shutdown; then the next leader brings it again.
        _ = self.closed.send(Closed { id: parcel.letter.id, target: self.target.clone() });
        None
    }
}

fn take(bag: &mut Vec<Parcel>, order: Order) {
    match order {
        Order::Bring(waiting) => {
            let Waiting { letter, since, .. } = *waiting;
            bag.push(Parcel { letter, since, failures: 0, due: Instant::now() });
        }
        Order::Forget(id) => bag.retain(|parcel| parcel.letter.id != id),
    }
}

/// Waits until the next parcel is due, and says which it is; without one it says so at once.
async fn due(next: Option<(usize, Instant)>) -> Option<usize> {
    let (index, due) = next?;
    sleep_until(due).await;
    Some(index)
}

/// Of those that are due the one that has failed least often, so that a letter which a target chokes on holds up no other; else the one
/// that is due next. And when that is.
fn next(bag: &[Parcel]) -> Option<(usize, Instant)> {
    let now = Instant::now();
    let rank = |parcel: &Parcel| {
        let wait = parcel.due.saturating_duration_since(now);
        (wait, if wait == Duration::ZERO { parcel.failures } else { 0 }, parcel.since)
    };
    let first = bag.iter().enumerate().min_by_key(|(_, parcel)| rank(parcel));
    first.map(|(index, parcel)| (index, parcel.due))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(id: &str, failures: u32, due: Instant, since: i64) -> Parcel {
        let since = Timestamp::from_second(since).unwrap();
        Parcel { letter: Letter::new(id, "lock.ended", "s", since, String::new()), since, failures, due }
    }

    #[tokio::test(start_paused = true)]
    async fn what_failed_least_goes_first_and_then_the_oldest() {
        let now = Instant::now();
        tokio::time::advance(Duration::from_mins(1)).await;
        let later = Instant::now() + Duration::from_secs(5);
        let bag = [
            parcel("choke", 4, now, 1),
            parcel("new", 0, Instant::now(), 9),
            parcel("old", 0, Instant::now(), 8),
            parcel("later", 0, later, 0),
        ];
        assert_eq!(next(&bag), Some((2, bag[2].due)), "not the one that is due longest and fails each time");
        assert_eq!(next(&bag[3..]), Some((0, later)), "nothing is due: the first to be");
        assert_eq!(next(&[]), None);
    }

    #[test]
    fn what_was_dropped_is_forgotten() {
        let mut bag = vec![parcel("a", 0, Instant::now(), 1), parcel("b", 0, Instant::now(), 1)];
        take(&mut bag, Order::Forget("a".to_owned()));
        assert_eq!(bag.iter().map(|one| one.letter.id.as_str()).collect::<Vec<_>>(), ["b"]);
    }
}
