//! How many children are at work at once, and who is next.

use crate::error::{Error, Result};
use std::num::NonZero;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

/// Children at work at once, at most; a board with one core has one. They are nice: the air goes before them.
const MOST: usize = 2;

/// Lanes for children. Uploads queue before them one behind the other, so that the keeper, which is one, has at most one
/// upload before it, and uploads have at most one rebuild before them.
#[derive(Debug)]
pub struct Lanes {
    lanes: Arc<Semaphore>,
    gate: Mutex<()>,
    count: u64,
}

impl Lanes {
    /// As many as this machine's cores, and no more than two.
    pub fn of_this_machine() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST))
    }

    fn new(count: usize) -> Self {
        Self { lanes: Arc::new(Semaphore::new(count)), gate: Mutex::new(()), count: count as u64 }
    }

    /// How many there are.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// A lane for an upload, in the order in which they came.
    ///
    /// # Errors
    /// When the station goes down.
    pub async fn for_upload(&self) -> Result<OwnedSemaphorePermit> {
        let _gate = self.gate.lock().await;
        self.for_keeper().await
    }

    /// A lane for the keeper.
    ///
    /// # Errors
    /// When the station goes down.
    pub async fn for_keeper(&self) -> Result<OwnedSemaphorePermit> {
        let lane = Arc::clone(&self.lanes).acquire_owned().await;
        lane.map_err(|_| Error::internal("the station is shutting down"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex as Log;

    /// Who got a lane, in order, when one upload is at work on the only lane and these wait.
    async fn order(waiting: &'static [&'static str]) -> Vec<&'static str> {
        let (lanes, log) = (Arc::new(Lanes::new(1)), Arc::new(Log::new(Vec::new())));
        let first = lanes.for_upload().await.unwrap();
        let mut tasks = Vec::new();
        for name in waiting {
            let (lanes, log) = (Arc::clone(&lanes), Arc::clone(&log));
            tasks.push(tokio::spawn(async move {
                let lane =
                    if *name == "keeper" { lanes.for_keeper().await } else { lanes.for_upload().await };
                log.lock().unwrap().push(*name);
                drop(lane);
            }));
            // it waits before the next one comes
            tokio::task::yield_now().await;
        }
        drop(first);
        for task in tasks {
            task.await.unwrap();
        }
        std::mem::take(&mut *log.lock().unwrap())
    }

    #[tokio::test]
    async fn the_keeper_has_one_upload_before_it_however_many_wait() {
        assert_eq!(order(&["a", "b", "c", "keeper", "d"]).await, ["a", "keeper", "b", "c", "d"]);
        assert_eq!(order(&["keeper", "a", "b"]).await, ["keeper", "a", "b"]);
    }
}
