//! The program's own identity, loaded apart from the calls that need it.
//!
//! A call on the credential path gives up after some 100 ms. Loading an identity (a web identity from STS, a role from EKS
//! Pod Identity) may take longer, and a load that is dropped with the call that started it would never end. So a load runs
//! in a task of its own, and an identity is renewed in the background while the old one still serves.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result, SharedCredentialsProvider, future};
use tokio::sync::Mutex;

/// From when on before its end an identity is renewed. The SDK's cache asks us from then on.
pub(crate) const RENEWED_BEFORE: Duration = Duration::from_mins(5);
/// An identity with less than this left is not handed out: the call has to arrive, and clocks differ.
const USABLE_UNTIL: Duration = Duration::from_secs(15);
/// How long a load may take.
const LOAD_TIMEOUT: Duration = Duration::from_secs(10);

/// A source of credentials that outlives impatient callers.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    source: SharedCredentialsProvider,
    held: Arc<std::sync::Mutex<Option<Credentials>>>,
    loading: Arc<Mutex<()>>,
}

impl Identity {
    pub fn new(source: SharedCredentialsProvider) -> Self {
        Self { source, held: Arc::default(), loading: Arc::default() }
    }

    async fn provide(&self) -> Result {
        let Some(held) = self.held_for(USABLE_UNTIL) else { return self.load_apart().await };
        if !lasts(&held, RENEWED_BEFORE) {
            let renewal = self.clone();
            tokio::spawn(async move { renewal.renew().await });
        }
        Ok(held)
    }

    /// What is held, if it lasts for at least `time` from now.
    fn held_for(&self, time: Duration) -> Option<Credentials> {
        let held = self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        held.clone().filter(|credentials| lasts(credentials, time))
    }

    async fn load_apart(&self) -> Result {
        let load = self.clone();
        let task = tokio::spawn(async move { load.load().await });
        task.await.map_err(CredentialsError::unhandled)?
    }

    /// Whoever waited for another's load takes its result.
    async fn load(&self) -> Result {
        let _turn = self.loading.lock().await;
        match self.held_for(USABLE_UNTIL) {
            Some(held) => Ok(held),
            None => self.ask().await,
        }
    }

    /// One renewal at a time; a failure is silent, since the next call tries again and the last one before the end reports.
    async fn renew(&self) {
        let Ok(_turn) = self.loading.try_lock() else { return };
        if self.held_for(RENEWED_BEFORE).is_none()
            && let Err(error) = self.ask().await
        {
            tracing::debug!(%error, "AWS credentials not renewed yet");
        }
    }

    async fn ask(&self) -> Result {
        let loaded = tokio::time::timeout(LOAD_TIMEOUT, self.source.provide_credentials())
            .await
            .map_err(|_| CredentialsError::provider_timed_out(LOAD_TIMEOUT))??;
        *self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(loaded.clone());
        Ok(loaded)
    }
}

impl ProvideCredentials for Identity {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }
}

/// Credentials without an end come from the environment or a file that may change: they are never held.
fn lasts(credentials: &Credentials, time: Duration) -> bool {
    credentials.expiry().is_some_and(|end| end > SystemTime::now() + time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Takes 300 ms to answer with credentials of `lifetime`, numbered; fails from the `fails_from`-th on.
    #[derive(Debug)]
    struct Slow {
        lifetime: Duration,
        fails_from: u32,
        asked: Arc<AtomicU32>,
    }

    impl ProvideCredentials for Slow {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::new(async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
                if number >= self.fails_from {
                    return Err(CredentialsError::provider_error("down"));
                }
                let end = SystemTime::now() + self.lifetime;
                Ok(Credentials::new(number.to_string(), "s", None, Some(end), "test"))
            })
        }
    }

    fn identity(lifetime: u64, fails_from: u32) -> (Identity, Arc<AtomicU32>) {
        let asked = Arc::new(AtomicU32::new(0));
        let slow = Slow { lifetime: Duration::from_secs(lifetime), fails_from, asked: asked.clone() };
        (Identity::new(SharedCredentialsProvider::new(slow)), asked)
    }

    #[tokio::test]
    async fn a_load_survives_callers_that_give_up() {
        let (identity, asked) = identity(3600, u32::MAX);
        for _ in 0..2 {
            let call = tokio::time::timeout(Duration::from_millis(20), identity.provide_credentials()).await;
            assert!(call.is_err());
        }
        assert_eq!(identity.provide_credentials().await.unwrap().access_key_id(), "1");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn the_old_serves_while_the_new_is_loaded() {
        let (identity, asked) = identity(RENEWED_BEFORE.as_secs() - 1, u32::MAX);
        assert_eq!(identity.provide_credentials().await.unwrap().access_key_id(), "1");
        let at_once = tokio::time::timeout(Duration::from_millis(100), identity.provide_credentials()).await.unwrap();
        assert_eq!(at_once.unwrap().access_key_id(), "1");
        while asked.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        while identity.provide_credentials().await.unwrap().access_key_id() == "1" {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_failed_renewal_leaves_the_old() {
        let (identity, asked) = identity(RENEWED_BEFORE.as_secs() - 1, 2);
        identity.provide_credentials().await.unwrap();
        while asked.load(Ordering::SeqCst) < 3 {
            assert_eq!(identity.provide_credentials().await.unwrap().access_key_id(), "1");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn an_ended_identity_is_not_handed_out() {
        let (identity, _) = identity(USABLE_UNTIL.as_secs() - 1, 2);
        identity.provide_credentials().await.unwrap();
        assert!(identity.provide_credentials().await.is_err());
    }
}
