//! Where judging goes that may take long: beside the threads that answer pods, few at a time, so that however much is written
//! of one kind, pods and the other kinds are answered meanwhile.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Judged at the same time.
const TURNS: usize = 2;
/// A turn and the judging together stay under the API server's patience.
const PATIENCE: Duration = Duration::from_secs(2);

/// A desk for each sort of object.
#[derive(Clone, Debug, Default)]
pub struct Desks {
    /// Policies and profiles.
    pub policies: Desk,
    /// Locks: they stop at once, so they don't wait for policies.
    pub locks: Desk,
    /// Requests and emergencies: people wait for them.
    pub asks: Desk,
}

/// A desk of so many turns.
#[derive(Clone, Debug)]
pub struct Desk {
    turns: Arc<Semaphore>,
    patience: Duration,
}

impl Default for Desk {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(TURNS)), patience: PATIENCE }
    }
}

impl Desk {
    /// One whose turns come at once or not at all.
    #[cfg(test)]
    pub(crate) fn impatient() -> Self {
        Self { patience: Duration::from_millis(50), ..Self::default() }
    }

    /// Does the work that `prepare` gives, which is asked when the turn has come: who waits holds nothing. None: it didn't come
    /// in time, or the work broke.
    pub async fn take<T, W>(&self, prepare: impl FnOnce() -> W) -> Option<T>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        let turn = timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await.ok()?.ok()?;
        let work = prepare();
        // It goes on when the API server hangs up, and so does its turn.
        let working = spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        working.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn those_who_hang_up_keep_their_turns_until_the_work_is_done() {
        let desk = Desk::impatient();
        let (go, wait) = mpsc::channel::<()>();
        let wait = Arc::new(std::sync::Mutex::new(wait));
        for _ in 0..TURNS {
            let wait = Arc::clone(&wait);
            let work = desk.take(|| move || wait.lock().unwrap().recv());
            timeout(Duration::from_millis(20), work).await.unwrap_err();
        }
        assert_eq!(desk.turns.available_permits(), 0);
        assert_eq!(desk.take(|| || 1).await, None, "nobody waits for ever");
        drop(go);
        let patient = Desk { patience: Duration::from_mins(1), ..desk };
        assert_eq!(patient.take(|| || 1).await, Some(1));
    }

    #[tokio::test]
    async fn what_breaks_gives_its_turn_back() {
        let desk = Desk::default();
        for _ in 0..=TURNS {
            assert_eq!(desk.take(|| || panic!("down")).await, None::<()>);
        }
        assert_eq!(desk.take(|| || 1).await, Some(1));
    }
}
