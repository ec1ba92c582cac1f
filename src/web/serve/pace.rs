//! How fast a body must come. Only the time that we wait for its sender counts, not what our own disk takes.

use std::time::Duration;

/// Every body may take so long.
const GRACE: Duration = Duration::from_secs(8);
/// After it began to come, a longer pause than this ends it: a mobile line that changes its cell.
const PAUSE: Duration = Duration::from_secs(20);
/// A body that is no upload, in bytes a second: what comes of it buys time for more.
const SMALL: u64 = 16 * 1024;
/// An upload, in bytes a second: a fifth of a slow mobile line.
const UPLOAD: u64 = 1024;

/// What a body's sender has brought and used up so far.
#[derive(Debug)]
pub(super) struct Pace {
    rate: u64,
    brought: u64,
    waited: Duration,
}

impl Pace {
    pub(super) fn new(upload: bool) -> Self {
        Self { rate: if upload { UPLOAD } else { SMALL }, brought: 0, waited: Duration::ZERO }
    }

    /// How long the next bytes may take.
    pub(super) fn patience(&self) -> Duration {
        let earned = Duration::from_millis(self.brought.saturating_mul(1000) / self.rate);
        (GRACE + earned).saturating_sub(self.waited).min(PAUSE)
    }

    /// So many bytes came after so long a wait.
    pub(super) fn came(&mut self, bytes: u64, after: Duration) {
        self.brought = self.brought.saturating_add(bytes);
        self.waited += after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many seconds a sender of so many bytes a second is cut, within ten minutes.
    fn cut(upload: bool, bytes_a_second: u64) -> Option<u32> {
        let mut pace = Pace::new(upload);
        (1..=600).find(|_| {
            let late = pace.patience() < Duration::from_secs(1);
            pace.came(bytes_a_second, Duration::from_secs(1));
            late
        })
    }

    #[test]
    fn who_drips_is_cut_within_ten_seconds() {
        for upload in [false, true] {
            assert!(cut(upload, 1).is_some_and(|seconds| seconds <= 10), "{upload}");
            assert!(cut(upload, 20).is_some_and(|seconds| seconds <= 10), "{upload}");
        }
    }

    #[test]
    fn a_slow_line_is_let_be() {
        assert_eq!(cut(true, 2_000), None);
        assert_eq!(cut(false, 20_000), None);
    }

    #[test]
    fn an_upload_may_pause_when_it_has_come_some_way() {
        let mut pace = Pace::new(true);
        pace.came(100_000, Duration::from_secs(3));
        assert_eq!(pace.patience(), PAUSE);
        assert_eq!(Pace::new(true).patience(), GRACE);
    }
}
