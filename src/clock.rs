//! The Clock port: wall time, monotonic time, and whether wall time can be trusted.
//!
//! Everything below the daemon's edge is handed a [`Now`]; this file is where the machine's clocks are read.

use jiff::Timestamp;
pub use loaxa_schedules::Now;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What the operator lets the station believe about its wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Trusted while the kernel says that a time daemon keeps it synchronised.
    #[default]
    Kernel,
    /// Trusted while it agrees with the board's real-time clock chip.
    Rtc,
    /// Always trusted: for the demo and for tests; the status page says so.
    Always,
}

/// Why wall time is or is not trusted just now; the words stand on the status page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustReason {
    /// The kernel says that a time daemon keeps it synchronised.
    KernelSynchronised,
    /// It agrees with the real-time clock chip.
    RtcAgrees,
    /// A person with the right to do so confirmed the time since the last start.
    Vouched,
    /// The configuration says so (demo, tests).
    ConfiguredAlways,
    /// The kernel says that nobody keeps it synchronised.
    NotSynchronised,
    /// There is no real-time clock, it holds no sane time, or it disagrees.
    RtcDisagrees,
    /// It shows a time before one that this board already recorded.
    BeforeRemembered,
}

impl TrustReason {
    /// Whether this reason means that slots may be aired.
    pub const fn trusted(self) -> bool {
        matches!(self, Self::KernelSynchronised | Self::RtcAgrees | Self::Vouched | Self::ConfiguredAlways)
    }

    /// The word of the reason, as it stands in `/status` and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KernelSynchronised => "kernel_synchronised",
            Self::RtcAgrees => "rtc_agrees",
            Self::Vouched => "vouched",
            Self::ConfiguredAlways => "configured_always",
            Self::NotSynchronised => "not_synchronised",
            Self::RtcDisagrees => "rtc_disagrees",
            Self::BeforeRemembered => "before_remembered",
        }
    }
}

/// Time as the daemon sees it.
pub trait Clock: Send + Sync {
    /// Wall time, monotonic time and trust, read together.
    fn now(&self) -> Now;
    /// Why wall time is or is not trusted.
    fn trust(&self) -> TrustReason;
    /// The instant on the machine's monotonic clock that `mono` of a [`Now`] stands for.
    fn instant(&self, mono: Duration) -> Instant;
    /// The reverse of [`Clock::instant`]; an instant before the origin is the origin.
    fn mono(&self, instant: Instant) -> Duration;
    /// Tells the clock the latest wall time that the board has on record.
    fn remember(&self, wall: Timestamp);
    /// A person confirmed that the wall clock is right: it is believed until it is stepped or the daemon restarts.
    fn vouch(&self);
}

/// How far the wall clock may lie behind what the board remembers: time daemons slew and step by such amounts.
const REMEMBERED_TOLERANCE: Duration = Duration::from_secs(60);
/// How far the wall clock and the clock chip may lie apart: the chip counts whole seconds and drifts.
const RTC_TOLERANCE_SECONDS: i64 = 60;
/// A clock chip that shows a time before this lost its battery (2025-01-01).
const RTC_SANE_FROM: i64 = 1_735_689_600;
/// How long an answer about trust is used again: the kernel is asked at most once in this time.
const TRUST_AGE: Duration = Duration::from_secs(1);

/// The machine's own clocks.
pub struct SystemClock {
    origin: Instant,
    policy: Trust,
    state: Mutex<State>,
}

struct State {
    remembered: Option<Timestamp>,
    /// Offset between wall and monotonic time, in nanoseconds, when a person vouched for it.
    vouched_offset: Option<i128>,
    /// The last answer and when it was given.
    answer: Option<(Duration, TrustReason)>,
}

impl SystemClock {
    /// A clock whose monotonic origin is now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clocks")]
    pub fn new(policy: Trust) -> Self {
        let state = State { remembered: None, vouched_offset: None, answer: None };
        Self { origin: Instant::now(), policy, state: Mutex::new(state) }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clocks")]
    fn read(&self) -> (Timestamp, Duration) {
        (Timestamp::now(), self.origin.elapsed())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn judge(&self, wall: Timestamp, mono: Duration) -> TrustReason {
        let mut state = self.state();
        if let Some((at, reason)) = state.answer
            && mono.saturating_sub(at) < TRUST_AGE
        {
            return reason;
        }
        let reason = self.ask(&mut state, wall, mono);
        state.answer = Some((mono, reason));
        reason
    }

    fn ask(&self, state: &mut State, wall: Timestamp, mono: Duration) -> TrustReason {
        if self.policy == Trust::Always {
            return TrustReason::ConfiguredAlways;
        }
        if let Some(vouched) = state.vouched_offset {
            if offset(wall, mono).abs_diff(vouched) < REMEMBERED_TOLERANCE.as_nanos() {
                return TrustReason::Vouched;
            }
            state.vouched_offset = None;
        }
        let behind = state.remembered.map(|seen| seen.duration_since(wall));
        if behind.is_some_and(|behind| {
            behind > jiff::SignedDuration::try_from(REMEMBERED_TOLERANCE).unwrap_or_default()
        }) {
            return TrustReason::BeforeRemembered;
        }
        match self.policy {
            Trust::Rtc if rtc_agrees(Path::new("/sys/class/rtc/rtc0/since_epoch"), wall) => {
                TrustReason::RtcAgrees
            }
            Trust::Rtc => TrustReason::RtcDisagrees,
            _ if loaxa_board_sys::kernel_clock().is_ok_and(|clock| clock.synchronised) => {
                TrustReason::KernelSynchronised
            }
            _ => TrustReason::NotSynchronised,
        }
    }
}

/// The kernel's name for this boot, so that the log tells a restart of the daemon from one of the board.
pub fn boot_id() -> Option<String> {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|text| text.trim().to_owned())
}

fn offset(wall: Timestamp, mono: Duration) -> i128 {
    wall.as_nanosecond() - i128::try_from(mono.as_nanos()).unwrap_or(i128::MAX)
}

fn rtc_agrees(path: &Path, wall: Timestamp) -> bool {
    let seconds = std::fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<i64>().ok());
    seconds.is_some_and(|rtc| rtc >= RTC_SANE_FROM && (rtc - wall.as_second()).abs() <= RTC_TOLERANCE_SECONDS)
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let (wall, mono) = self.read();
        Now { wall, mono, trusted: self.judge(wall, mono).trusted() }
    }

    fn trust(&self) -> TrustReason {
        let (wall, mono) = self.read();
        self.judge(wall, mono)
    }

    fn instant(&self, mono: Duration) -> Instant {
        self.origin + mono
    }

    fn mono(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.origin)
    }

    fn remember(&self, wall: Timestamp) {
        self.state().remembered = Some(wall);
    }

    fn vouch(&self) {
        let (wall, mono) = self.read();
        let mut state = self.state();
        state.vouched_offset = Some(offset(wall, mono));
        state.answer = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_time_before_the_remembered_one_is_not_trusted_until_a_person_vouches() {
        let clock = SystemClock::new(Trust::Rtc);
        let (wall, mono) = clock.read();
        clock.remember(wall + jiff::SignedDuration::from_hours(1));
        let reason = clock.ask(&mut clock.state(), wall, mono);
        assert_eq!(reason, TrustReason::BeforeRemembered);
        clock.vouch();
        assert_eq!(clock.trust(), TrustReason::Vouched);
        // a step of an hour ends the vouching
        let stepped = wall + jiff::SignedDuration::from_hours(-1);
        assert_eq!(clock.ask(&mut clock.state(), stepped, mono), TrustReason::BeforeRemembered);
    }

    #[test]
    fn the_clock_chip_must_be_there_sane_and_near() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("since_epoch");
        let wall = at("2026-11-30T10:00:00Z");
        assert!(!rtc_agrees(&file, wall), "no chip");
        let check = |text: &str| {
            std::fs::write(&file, text).unwrap();
            rtc_agrees(&file, wall)
        };
        assert!(check(&format!("{}\n", wall.as_second() + 3)));
        assert!(!check(&format!("{}\n", wall.as_second() + 600)));
        assert!(!check("0\n"));
        assert!(!check("broken\n"));
    }
}
