//! The one thread that writes the airing log, so that neither the air nor the web waits for a disk.
//!
//! Requests that wait together become durable together, in the order in which they came. A request that must not be
//! lost (an outcome) is kept and tried again while the disk refuses; one that others wait for (a slot falling due) is
//! answered at once, because without it nothing may be heard.

use crate::error::{Error, Result};
use crate::store::{LogJob, Store};
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How long the writer waits before it tries the disk again.
const RETRY_EVERY: Duration = Duration::from_secs(2);
/// At most so many requests in one transaction.
const TOGETHER: usize = 512;
/// At most so many outcomes are kept in memory while the disk refuses (some hundred bytes each).
const KEPT: usize = 20_000;

/// What happens to a request that the disk refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// It is answered with the error.
    AnswerNow,
    /// It is tried until it is written.
    KeepTrying,
}

type Answer = Box<dyn FnOnce(Result<()>) + Send>;

struct Request {
    at: Timestamp,
    jobs: Vec<LogJob>,
    urgency: Urgency,
    answer: Answer,
}

/// The way to the log's writer. Dropping it ends the thread after what was handed over is written.
pub struct LogWriter {
    requests: Option<Sender<Request>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl LogWriter {
    /// Starts the writer.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start(store: Arc<Store>) -> Result<Self> {
        let (requests, incoming) = channel();
        let thread = std::thread::Builder::new()
            .name("airing-log".to_owned())
            .spawn(move || run(&store, &incoming))
            .map_err(|error| Error::internal(format!("no thread for the airing log: {error}")))?;
        Ok(Self { requests: Some(requests), thread: Some(thread) })
    }

    /// Hands over jobs; `answer` is called on the writer's thread when they are durable, or refused.
    pub fn write(
        &self,
        at: Timestamp,
        jobs: Vec<LogJob>,
        urgency: Urgency,
        answer: impl FnOnce(Result<()>) + Send + 'static,
    ) {
        let request = Request { at, jobs, urgency, answer: Box::new(answer) };
        let Some(requests) = &self.requests else { return };
        if let Err(refused) = requests.send(request) {
            (refused.0.answer)(Err(gone()));
        }
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the airing log's writer died; what it still held is lost");
        }
    }
}

fn gone() -> Error {
    Error::internal("the airing log's writer is gone; restart the daemon")
}

fn run(store: &Store, incoming: &Receiver<Request>) {
    let mut kept: VecDeque<Request> = VecDeque::new();
    loop {
        let first = if kept.is_empty() {
            match incoming.recv() {
                Ok(request) => Some(request),
                Err(_) => return,
            }
        } else {
            match incoming.recv_timeout(RETRY_EVERY) {
                Ok(request) => Some(request),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => {
                    write_kept(store, &mut kept);
                    if !kept.is_empty() {
                        tracing::error!(
                            outcomes = kept.len(),
                            "the disk refuses the airing log to the end; these outcomes are lost"
                        );
                    }
                    return;
                }
            }
        };
        let mut batch: Vec<Request> = first.into_iter().collect();
        while batch.len() < TOGETHER {
            match incoming.try_recv() {
                Ok(request) => batch.push(request),
                Err(_) => break,
            }
        }
        write_kept(store, &mut kept);
        write_batch(store, batch, &mut kept);
    }
}

/// What waits from before goes first: the chain keeps the order of what happened.
fn write_kept(store: &Store, kept: &mut VecDeque<Request>) {
    while let Some(request) = kept.pop_front() {
        if store.log(request.at, &request.jobs).is_err() {
            kept.push_front(request);
            return;
        }
        (request.answer)(Ok(()));
    }
}

fn write_batch(store: &Store, batch: Vec<Request>, kept: &mut VecDeque<Request>) {
    if batch.len() > 1 && kept.is_empty() && together(store, &batch).is_ok() {
        batch.into_iter().for_each(|request| (request.answer)(Ok(())));
        return;
    }
    for request in batch {
        if !kept.is_empty() && request.urgency == Urgency::KeepTrying && kept.len() < KEPT {
            // behind what waits already, so that the order of what happened is kept
            keep(kept, request);
            continue;
        }
        match store.log(request.at, &request.jobs) {
            Ok(()) => (request.answer)(Ok(())),
            Err(error) if request.urgency == Urgency::KeepTrying && kept.len() < KEPT => {
                if kept.is_empty() {
                    tracing::error!(%error, "the airing log cannot be written; its outcomes are kept in memory and tried again");
                }
                keep(kept, request);
            }
            Err(error) => (request.answer)(Err(error)),
        }
    }
}

/// How far is accounted for is said anew every minute, and only the last word counts: a disk that refuses for weeks must not
/// fill the room of outcomes with it.
fn keep(kept: &mut VecDeque<Request>, request: Request) {
    let accounts = |request: &Request| matches!(request.jobs[..], [LogJob::AccountedUntil(_)]);
    if accounts(&request)
        && let Some(place) = kept.iter().rposition(accounts)
        && let Some(before) = kept.remove(place)
    {
        (before.answer)(Ok(()));
    }
    kept.push_back(request);
}

/// One transaction for the whole batch; all of it or nothing is written.
fn together(store: &Store, batch: &[Request]) -> Result<()> {
    let Some(last) = batch.last() else { return Ok(()) };
    let jobs: Vec<LogJob> = batch.iter().flat_map(|request| request.jobs.iter().cloned()).collect();
    store.log(last.at, &jobs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_word_on_what_is_accounted_for_waits_behind_the_outcomes_before_it() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let note = || LogJob::Note { kind: "clock", body: serde_json::json!({}) };
        let request =
            |jobs| Request { at: at(0), jobs, urgency: Urgency::KeepTrying, answer: Box::new(|_| {}) };
        let mut kept = VecDeque::new();
        let jobs = [
            note(),
            LogJob::AccountedUntil(at(1)),
            LogJob::AccountedUntil(at(2)),
            note(),
            LogJob::AccountedUntil(at(3)),
            note(),
        ];
        jobs.into_iter().for_each(|job| keep(&mut kept, request(vec![job])));
        let left: Vec<Option<i64>> = kept
            .iter()
            .map(|request| match request.jobs[..] {
                [LogJob::AccountedUntil(until)] => Some(until.as_second()),
                _ => None,
            })
            .collect();
        assert_eq!(left, [None, None, Some(3), None]);
    }
}
