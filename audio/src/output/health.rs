//! What a device's thread leaves behind for the monitor: counters only, so that nothing there ever waits.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// So many errors within a second are a storm: the device does not recover.
const STORM: u64 = 25;
/// Errors before the device's thread is slowed down; the rest of a storm then spans nearly half a second, which a sound
/// server may need until its first timing message.
const PATIENT: u64 = 3;
/// A device that calls only to report errors is slowed down, so that it cannot take a whole processor.
const THROTTLE: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Health {
    origin: Instant,
    /// Nanoseconds from `origin` + 1; 0 before the first call.
    first_call: AtomicU64,
    last_call: AtomicU64,
    calls: AtomicU64,
    /// Errors in the second that began at `storm_from`.
    storm: AtomicU64,
    storm_from: AtomicU64,
    gone: AtomicBool,
    why: OnceLock<String>,
}

impl Health {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            origin: now,
            first_call: AtomicU64::new(0),
            last_call: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            storm: AtomicU64::new(0),
            storm_from: AtomicU64::new(0),
            gone: AtomicBool::new(false),
            why: OnceLock::new(),
        }
    }

    fn nanos(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.origin).as_nanos()).unwrap_or(u64::MAX - 1) + 1
    }

    fn instant(&self, nanos: u64) -> Option<Instant> {
        nanos.checked_sub(1).map(|nanos| self.origin + Duration::from_nanos(nanos))
    }

    /// The device asked for sound.
    pub(crate) fn called(&self, now: Instant) {
        let nanos = self.nanos(now);
        let _ = self.first_call.compare_exchange(0, nanos, Ordering::AcqRel, Ordering::Acquire);
        self.last_call.store(nanos, Ordering::Release);
        self.calls.fetch_add(1, Ordering::AcqRel);
    }

    /// The device reported an error that it may recover from.
    pub(crate) fn failed(&self, now: Instant, why: impl FnOnce() -> String) {
        let nanos = self.nanos(now);
        if nanos.saturating_sub(self.storm_from.load(Ordering::Acquire)) > 1_000_000_000 {
            self.storm_from.store(nanos, Ordering::Release);
            self.storm.store(0, Ordering::Release);
        }
        let errors = self.storm.fetch_add(1, Ordering::AcqRel);
        if errors >= STORM && !self.is_gone() {
            self.lose(format!("the device fails again and again: {}", why()));
        }
        if errors >= PATIENT {
            std::thread::park_timeout(THROTTLE);
        }
    }

    /// The device will not come back.
    pub(crate) fn lose(&self, why: String) {
        let _ = self.why.set(why);
        self.gone.store(true, Ordering::Release);
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// Why the device is gone, when it is.
    pub(crate) fn gone(&self) -> Option<String> {
        self.is_gone().then(|| self.why.get().cloned().unwrap_or_else(|| "the device is gone".into()))
    }

    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Acquire)
    }

    pub(crate) fn first_call(&self) -> Option<Instant> {
        self.instant(self.first_call.load(Ordering::Acquire))
    }

    pub(crate) fn last_call(&self) -> Option<Instant> {
        self.instant(self.last_call.load(Ordering::Acquire))
    }
}
