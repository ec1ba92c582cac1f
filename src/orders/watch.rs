//! Publishers' keys that somebody changes at the board's console, beside the running daemon: what a revoked key signed falls
//! silent within a second.

use crate::intake::blocking;
use crate::store::Store;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// It is looked so often whether somebody changed a key.
const EVERY: Duration = Duration::from_secs(1);

/// Tells the plan when publishers' keys changed, for as long as it is not dropped.
pub async fn watch(store: Arc<Store>, plan_changed: watch::Sender<u64>) {
    let mut known = None;
    loop {
        let asked = Arc::clone(&store);
        match blocking(move || asked.publisher_changes()).await {
            Ok(now) => {
                if known.is_some_and(|known| known != now) {
                    tracing::info!("publishers' keys changed");
                    plan_changed.send_modify(|count| *count += 1);
                }
                known = Some(now);
            }
            Err(error) => tracing::error!(%error, "publishers' keys cannot be read"),
        }
        tokio::time::sleep(EVERY).await;
    }
}
