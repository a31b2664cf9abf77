//! Answers of the API server about tokens, by the tokens' hashes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::review::Reviewed;
use crate::moment::Moment;

/// SHA-256 of a token.
pub type Hash = [u8; 32];

const GOOD_FOR: Duration = Duration::from_mins(1);
const BAD_FOR: Duration = Duration::from_secs(2);
/// More than there are pods; beyond it nothing is remembered, and the API server is asked.
const MOST: usize = 50_000;

/// What was answered, and until when it counts.
#[derive(Debug, Default)]
pub struct Answers {
    held: Mutex<HashMap<Hash, Answer>>,
}

#[derive(Clone, Debug)]
struct Answer {
    reviewed: Reviewed,
    at: Instant,
    lasts: Duration,
    expires: Timestamp,
}

impl Answers {
    /// The answer, if it still counts.
    pub fn get(&self, hash: &Hash, now: Moment) -> Option<Reviewed> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(hash).filter(|answer| answer.counts(now)).map(|answer| answer.reviewed.clone())
    }

    /// Remembers an answer about a token that ends at `expires`; that nobody could answer is not remembered.
    pub fn put(&self, hash: Hash, reviewed: &Reviewed, expires: Timestamp, now: Moment) {
        let lasts = match reviewed {
            Reviewed::Caller(_) => GOOD_FOR,
            Reviewed::Refused(_) => BAD_FOR,
            Reviewed::Unknown(_) => return,
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() < MOST {
            held.insert(hash, Answer { reviewed: reviewed.clone(), at: now.steady, lasts, expires });
        }
    }

    /// Forgets what doesn't count any more.
    pub fn forget(&self, now: Moment) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, answer| answer.counts(now));
    }
}

impl Answer {
    fn counts(&self, now: Moment) -> bool {
        now.since(self.at) < self.lasts && now.wall < self.expires
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinel_decision::Caller;

    fn caller() -> Reviewed {
        let [namespace, service_account, pod, pod_uid] = ["ns", "sa", "pod", "uid"].map(str::to_owned);
        Reviewed::Caller(Caller { namespace, service_account, service_account_uid: "sa-uid".to_owned(), pod, pod_uid })
    }

    #[tokio::test(start_paused = true)]
    async fn answers_count_for_a_while_and_never_past_the_token() {
        let (answers, start) = (Answers::default(), Moment::now());
        let at = |seconds| Moment {
            wall: start.wall + jiff::SignedDuration::from_secs(seconds),
            steady: start.steady + Duration::from_secs(u64::try_from(seconds).unwrap()),
        };
        answers.put([1; 32], &caller(), at(1000).wall, start);
        answers.put([2; 32], &caller(), at(30).wall, start);
        answers.put([3; 32], &Reviewed::Refused("no".into()), at(1000).wall, start);
        answers.put([4; 32], &Reviewed::Unknown("down".into()), at(1000).wall, start);
        for (key, last) in [(1, 59), (2, 29), (3, 1)] {
            assert!(answers.get(&[key; 32], at(last)).is_some(), "{key}");
            assert!(answers.get(&[key; 32], at(last + 1)).is_none(), "{key}");
        }
        assert!(answers.get(&[4; 32], start).is_none());
        answers.forget(at(60));
        assert!(answers.held.lock().unwrap().is_empty());
    }
}
