//! What the output measures of each clip, gathered by slot until its outcome is written.

use crate::airing_log::{Evidence, Gap};
use jiff::Timestamp;
use loaxa_audio::output::Evidence as Measured;
use loaxa_schedules::SlotKey;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The evidence of the slots that are open.
#[derive(Debug, Default)]
pub(super) struct Gathered(HashMap<SlotKey, (u64, Evidence)>);

/// Where a clip was handed to.
#[derive(Debug, Clone)]
pub(super) struct Sink {
    pub(super) device: String,
    /// Samples a second of the recording.
    pub(super) rate: u32,
}

impl Gathered {
    /// Takes in what is known of a clip of this slot. Of several attempts at an emergency the one counts of which most
    /// was heard, as in its row.
    pub(super) fn take(
        &mut self,
        slot: &SlotKey,
        clip: u64,
        sink: &Sink,
        measured: &Measured,
        wall: impl Fn(Instant) -> Timestamp,
    ) {
        let mut evidence = told(sink, measured, wall);
        if let Some((known, before)) = self.0.get(slot) {
            if *known != clip && before.frames > evidence.frames {
                return;
            }
            if *known == clip {
                // what was told once stands, also when the wall clock is set meanwhile
                evidence.first = before.first.or(evidence.first);
            }
        }
        self.0.insert(slot.clone(), (clip, evidence));
    }

    /// What is known so far.
    pub(super) fn of(&self, slot: &SlotKey) -> Option<Box<Evidence>> {
        self.0.get(slot).map(|(_, evidence)| Box::new(evidence.clone()))
    }

    /// A slot is closed.
    pub(super) fn forget(&mut self, slot: &SlotKey) {
        self.0.remove(slot);
    }
}

fn told(sink: &Sink, measured: &Measured, wall: impl Fn(Instant) -> Timestamp) -> Evidence {
    let millis = |length: Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let hundredths = |decibels: f64| (decibels * 100.0).round() / 100.0;
    let gaps = measured.gaps.iter().map(|gap| Gap {
        at: wall(gap.at),
        ms: millis(gap.length),
        cause: gap.cause.as_str().to_owned(),
    });
    Evidence {
        device: sink.device.clone(),
        sample_rate: sink.rate,
        first: measured.first.map(&wall),
        last: measured.last.map(&wall),
        frames: measured.frames,
        handed: measured.handed,
        gaps: gaps.collect(),
        gap_count: measured.gap_count,
        gap_ms: millis(measured.gap_time),
        lufs: measured.lufs.map(hundredths),
        peak_dbfs: measured.peak_dbfs.map(hundredths),
        amplifier: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(told: &[(u64, u64)], expect: u64) {
        let mut gathered = Gathered::default();
        let slot = SlotKey("s".to_owned());
        let sink = Sink { device: "card".to_owned(), rate: 48_000 };
        for &(clip, frames) in told {
            let measured = Measured { frames, ..Measured::default() };
            gathered.take(&slot, clip, &sink, &measured, |_| Timestamp::UNIX_EPOCH);
        }
        assert_eq!(gathered.of(&slot).unwrap().frames, expect, "{told:?}");
        gathered.forget(&slot);
        assert_eq!(gathered.of(&slot), None);
    }

    #[test]
    fn the_attempt_that_was_heard_longest_counts() {
        check(&[(1, 0), (1, 500), (1, 900)], 900);
        check(&[(1, 900), (2, 0), (2, 500)], 900);
        check(&[(1, 900), (2, 500), (2, 1_200)], 1_200);
        check(&[(1, 900), (2, 900)], 900);
    }
}
