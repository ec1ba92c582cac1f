//! The time limit that every exchange with the hardware runs in.

use std::{future::Future, time::Duration};

use crate::BridgeError;

/// Runs one exchange with the hardware, and gives it up after `limit`.
///
/// `asked` names the exchange in the error. When the limit passes, the future is dropped: whoever wrote it must hold
/// nothing across an `await` that would let a late answer be taken for the next one.
///
/// # Errors
/// [`BridgeError::NoAnswer`] when `limit` passed; otherwise whatever `exchange` itself answers.
pub async fn bounded<T>(
    asked: &str,
    limit: Duration,
    exchange: impl Future<Output = Result<T, BridgeError>>,
) -> Result<T, BridgeError> {
    match tokio::time::timeout(limit, exchange).await {
        Ok(answer) => answer,
        Err(_) => {
            tracing::warn!(asked, limit_ms = limit.as_millis(), "the amplifier did not answer");
            Err(BridgeError::NoAnswer { asked: asked.to_owned(), after: limit })
        }
    }
}
