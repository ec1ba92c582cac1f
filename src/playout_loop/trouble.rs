//! What goes wrong at the device: said for engineers in a handful of lines, and written into the log where it cost sound.

use super::quiet::Quiet;
use loaxa_schedules::Now;
use serde_json::{Value, json};
use std::time::Duration;

/// Trouble in the middle of the sound is said so often.
const EVERY: Duration = Duration::from_secs(10);
/// A device that is gone is tried again and again; that is said so often.
const GONE_EVERY: Duration = Duration::from_secs(60);

/// The trouble of the output.
#[derive(Debug)]
pub(super) struct Trouble {
    starved: Quiet,
    dry: Quiet,
    failed: Quiet,
    lost: Quiet,
    /// Since when the device is gone, by the monotonic clock; None while it works.
    gone: Option<Duration>,
    /// Whether that it is gone was written down: then its return is, too.
    noted: bool,
}

impl Default for Trouble {
    fn default() -> Self {
        Self {
            starved: Quiet::new(EVERY),
            dry: Quiet::new(EVERY),
            failed: Quiet::new(GONE_EVERY),
            lost: Quiet::new(GONE_EVERY),
            gone: None,
            noted: false,
        }
    }
}

impl Trouble {
    /// Storage was too slow for so many frames.
    pub(super) fn starved(&mut self, frames: u64, now: Now) {
        if let Some(before) = self.starved.say(now.mono) {
            tracing::warn!(
                frames,
                unsaid = before,
                "the disk was too slow for the sound; silence was played instead"
            );
        }
    }

    /// The device ran dry for the `count`th time.
    pub(super) fn ran_dry(&mut self, count: u64, now: Now) {
        if let Some(before) = self.dry.say(now.mono) {
            tracing::warn!(count, unsaid = before, "the sound device ran dry");
        }
    }

    /// The device could not be opened.
    pub(super) fn not_opened(&mut self, why: &str, now: Now) {
        if let Some(before) = self.failed.say(now.mono) {
            tracing::error!(why, unsaid = before, "the output cannot be opened");
        }
    }

    /// The open device is lost; what is to be written down of it, if it was not lost just before.
    pub(super) fn lost(&mut self, device: Option<&str>, why: &str, cut: &[&str], now: Now) -> Option<Value> {
        let said = self.lost.say(now.mono);
        if let Some(before) = said {
            tracing::error!(why, slots = ?cut, unsaid = before, "the output is lost");
        }
        self.gone.get_or_insert(now.mono);
        // what was cut says so in its own rows, too
        said?;
        self.noted = true;
        Some(json!({ "what": "lost", "device": device, "why": why, "slots": cut }))
    }

    /// The device is open; what is to be written down of it, if it had been lost.
    pub(super) fn back(&mut self, device: Option<&str>, now: Now) -> Option<Value> {
        let gone = now.mono.saturating_sub(self.gone.take()?);
        if !std::mem::take(&mut self.noted) {
            return None;
        }
        tracing::warn!(device, seconds = gone.as_secs_f64(), "the output is back");
        let ms = u64::try_from(gone.as_millis()).unwrap_or(u64::MAX);
        Some(json!({ "what": "back", "device": device, "gone_ms": ms }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn at(seconds: u64) -> Now {
        Now { wall: Timestamp::UNIX_EPOCH, mono: Duration::from_secs(seconds), trusted: true }
    }

    #[test]
    fn a_loss_and_its_return_are_a_pair_of_rows_and_a_flapping_device_does_not_fill_the_log() {
        let mut trouble = Trouble::default();
        assert_eq!(trouble.back(Some("card"), at(0)), None, "nothing was lost");
        let lost = trouble.lost(Some("card"), "unplugged", &["k/1"], at(10)).unwrap();
        assert_eq!(lost, json!({ "what": "lost", "device": "card", "why": "unplugged", "slots": ["k/1"] }));
        assert_eq!(trouble.back(Some("card"), at(22)).unwrap()["gone_ms"], 12_000);
        assert_eq!(trouble.back(Some("card"), at(23)), None);
        let rows = (30..150).filter(|second| {
            let lost = trouble.lost(Some("card"), "unplugged", &[], at(*second)).is_some();
            let back = trouble.back(Some("card"), at(*second)).is_some();
            assert_eq!(lost, back);
            lost
        });
        assert_eq!(rows.count(), 2, "once a minute");
    }
}
