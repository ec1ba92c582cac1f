//! The thread that turns records into events and notices a device that is lost.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::health::Health;
use super::ledger::Ledger;
use super::renderer::Record;
use super::types::OutputEvent;
use crate::monotonic;

/// How often the monitor looks while something is about to change.
const LOOK: Duration = Duration::from_millis(100);
/// How often it looks in the middle of a clip and in silence: each waking costs more than what it then does.
const CALM: Duration = Duration::from_millis(500);
/// So long after somebody wanted something of the output it may be about to change.
const STIRRED: Duration = Duration::from_secs(1);
/// A device that has not asked for sound for so long (or for three periods) is lost. The monitor looks when that is due,
/// so that, whatever the device was at when it stopped, a fault is known within a second.
const STALLED: Duration = Duration::from_millis(800);
/// A device that is ahead of time by so much (and four periods) does not keep time.
const RUNAWAY_SECONDS: f64 = 1.0;

/// The state that the monitor shares with the output's handle.
#[derive(Debug)]
pub(crate) struct Shared {
    ledger: Mutex<Ledger>,
    pub(crate) health: Health,
    pub(crate) rate: u32,
}

impl Shared {
    pub(crate) fn new(rate: u32, now: Instant) -> Self {
        Self { ledger: Mutex::new(Ledger::new(rate)), health: Health::new(now), rate }
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a device may be quiet.
fn patience(period: Duration) -> Duration {
    STALLED.max(period * 3)
}

/// How long the monitor may wait at `now` until it looks again.
fn wait(shared: &Shared, period: Duration, stirring: bool, awake: Instant, now: Instant) -> Duration {
    let Some(called) = shared.health.last_call() else { return LOOK };
    let due = called.max(awake) + patience(period) + Duration::from_millis(1);
    let rest = if stirring { LOOK } else { CALM };
    // what is overdue was looked at just now
    rest.min(due.checked_duration_since(now).unwrap_or(LOOK))
}

/// Why the device counts as lost at `now`, if it does. Silence before `awake` is not the device's fault.
fn lost(shared: &Shared, period: Duration, handed: u64, awake: Instant, now: Instant) -> Option<String> {
    if let Some(why) = shared.health.gone() {
        return Some(why);
    }
    let quiet = now.saturating_duration_since(shared.health.last_call()?.max(awake));
    if quiet > patience(period) {
        return Some(format!(
            "the device has not taken any sound for {:.1} s; check the card and its cable",
            quiet.as_secs_f64()
        ));
    }
    let running = now.saturating_duration_since(shared.health.first_call()?).as_secs_f64();
    let due = (running + 4.0 * period.as_secs_f64() + RUNAWAY_SECONDS) * f64::from(shared.rate);
    (handed as f64 > due)
        .then(|| "the device does not keep time, so nothing can be heard; choose a real sound card".into())
}

/// What the monitor needs to run.
pub(crate) struct Monitor {
    pub(crate) shared: Arc<Shared>,
    pub(crate) records: rtrb::Consumer<Record>,
    pub(crate) events: Box<dyn Fn(OutputEvent) + Send>,
    pub(crate) period: Duration,
    /// Tears the stream down, once; must return at once.
    pub(crate) tear_down: Box<dyn Fn() + Send>,
    /// A word whenever something is wanted of the output; disconnected when it is closed.
    pub(crate) open: Receiver<()>,
}

impl Monitor {
    /// Runs until the device is lost or the output is closed.
    pub(crate) fn run(mut self) {
        let mut events = Vec::new();
        // Since when this thread has looked without a break: the whole process may have been stopped.
        let mut awake = monotonic::now();
        let mut looked = awake;
        let mut stirred = awake;
        let mut rest = LOOK;
        loop {
            let word = self.open.recv_timeout(rest);
            let closing = word == Err(RecvTimeoutError::Disconnected);
            let now = monotonic::now();
            if word.is_ok() {
                stirred = now;
            }
            if now.saturating_duration_since(looked) > LOOK * 10 {
                awake = now;
            }
            looked = now;
            let mut ledger = self.shared.ledger();
            while let Ok(record) = self.records.pop() {
                ledger.take(record, now, &mut events);
            }
            let lost = lost(&self.shared, self.period, ledger.handed(), awake, now);
            if let Some(why) = &lost {
                self.shared.health.lose(why.clone());
                let playing = ledger.lose(&mut events);
                events.push(OutputEvent::Lost { why: why.clone(), playing });
            } else if closing {
                self.shared.health.lose("the output was closed".into());
                ledger.close(now, &mut events);
            }
            let stirring = now.saturating_duration_since(stirred) < STIRRED || ledger.stirs();
            drop(ledger);
            rest = wait(&self.shared, self.period, stirring, awake, now);
            // Closing is silence first; a loss is news first, for the tear-down of a hung device takes time.
            if lost.is_none() && closing {
                (self.tear_down)();
            }
            events.drain(..).for_each(|event| (self.events)(event));
            if lost.is_some() {
                (self.tear_down)();
            }
            if lost.is_some() || closing {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A card with large periods stands still at any moment between two of them: the fault is known within a second of
    /// it, and not while the device could still be about to ask.
    #[test]
    fn a_card_that_stands_still_is_known_within_a_second() {
        let period = Duration::from_secs_f64(8_192.0 / 48_000.0);
        for (phase, stirring) in (0..10).flat_map(|phase| [(phase, false), (phase, true)]) {
            let start = monotonic::now();
            let shared = Shared::new(48_000, start);
            (0..20).for_each(|call| shared.health.called(start + period * call));
            let fault = start + period * 19 + period * phase / 10;
            let looks = std::iter::successors(Some(fault), |&look| {
                Some(look + wait(&shared, period, stirring, start, look))
            });
            let told = looks.take(100).find(|&look| lost(&shared, period, 20 * 8_192, start, look).is_some());
            let after = told.map(|at| at.saturating_duration_since(fault));
            assert!(after.is_some_and(|after| after > period * 2), "phase {phase}: {after:?}");
            assert!(after.is_some_and(|after| after <= Duration::from_secs(1)), "phase {phase}: {after:?}");
        }
    }
}
