//! The end of a process: one token, cancelled on SIGTERM or SIGINT, that everything long-lived waits for.

use std::future::Future;
use std::io;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
pub use tokio_util::sync::CancellationToken;

/// A token that is cancelled on SIGTERM or SIGINT. To be called within a tokio runtime.
pub fn on_signal() -> io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!(signal = "SIGTERM", "shutting down"),
            _ = interrupt.recv() => tracing::info!(signal = "SIGINT", "shutting down"),
        }
        cancelled.cancel();
    });
    Ok(token)
}

/// What `future` gives, or `None` if the token is cancelled first (the future is dropped then).
pub async fn run_until<F: Future>(token: &CancellationToken, future: F) -> Option<F::Output> {
    token.run_until_cancelled(future).await
}

/// 0 for a clean end; 1, and one log line with the whole chain of causes, for an error.
pub fn exit_code(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "stopped by an error");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_cancelled_token_ends_what_never_would() {
        let token = CancellationToken::new();
        assert_eq!(run_until(&token, async { 7 }).await, Some(7));
        token.cancel();
        assert_eq!(run_until(&token, std::future::pending::<u8>()).await, None);
    }
}
