//! The part of a recording that people keep: what is before and after it is left out, and the cuts are not heard.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::prepared::to_hex;

/// The first word of what is hashed for a part, and its place among all that is ever hashed.
const FORMAT: &str = "loaxa-part/1";
/// A cut fades over so long, in milliseconds: long enough that it does not click, too short to be heard as a fade.
const FADE_MS: u64 = 5;

/// A part of a recording, counted from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPart {
    /// The first that is kept, in milliseconds.
    pub start_ms: u64,
    /// The first that is kept no more, in milliseconds.
    pub end_ms: u64,
}

impl KeptPart {
    /// Its length in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.end_ms.saturating_sub(self.start_ms) as f64 / 1000.0
    }

    /// What prepared sound names as its source: the original's SHA-256, or, of a part, SHA-256 over
    /// `loaxa-part/1 <original> <start_ms> <end_ms>`. The same original cut otherwise is another source.
    #[must_use]
    pub fn made_from(original_sha256: &str, part: Option<Self>) -> String {
        let original = original_sha256.to_ascii_lowercase();
        part.map_or_else(
            || original.clone(),
            |part| {
                let words = format!("{FORMAT} {original} {} {}", part.start_ms, part.end_ms);
                to_hex(&Sha256::digest(words.as_bytes()))
            },
        )
    }
}

/// Cuts decoded sound to its part, frame for frame at the original's rate.
#[derive(Debug)]
pub(super) struct Cutter {
    kept: Range<u64>,
    fade_in: bool,
    fade: u64,
    /// Frames that came so far.
    at: u64,
}

impl Cutter {
    pub(super) fn new(part: KeptPart, rate: u32) -> Self {
        let frame = |ms: u64| (ms.saturating_mul(u64::from(rate)) + 500) / 1000;
        let kept = frame(part.start_ms)..frame(part.end_ms);
        let fade = frame(FADE_MS).clamp(1, ((kept.end.saturating_sub(kept.start)) / 2).max(1));
        Self { kept, fade_in: part.start_ms > 0, fade, at: 0 }
    }

    /// Leaves of the next frames, one plane for each channel, what is kept, faded at the cuts.
    pub(super) fn cut(&mut self, planes: &mut [Vec<f32>]) {
        let frames = planes.first().map_or(0, Vec::len) as u64;
        let begin = self.at;
        self.at += frames;
        let inside = |at: u64| usize::try_from(at.clamp(begin, begin + frames) - begin).unwrap_or(usize::MAX);
        let (from, to) = (inside(self.kept.start), inside(self.kept.end));
        let first = begin.max(self.kept.start);
        for plane in planes {
            plane.truncate(to.max(from));
            plane.drain(..from.min(plane.len()));
            for (at, sample) in (first..).zip(plane) {
                *sample *= self.gain(at);
            }
        }
    }

    /// How much of a frame is left by the fades: half a cosine, from nothing to all.
    fn gain(&self, at: u64) -> f32 {
        let slope = |distance: u64| {
            let share = (distance as f32 + 0.5) / self.fade as f32;
            0.5 - 0.5 * (share * std::f32::consts::PI).cos()
        };
        let (before, after) = (at.saturating_sub(self.kept.start), self.kept.end.saturating_sub(at + 1));
        let gain_in = if self.fade_in && before < self.fade { slope(before) } else { 1.0 };
        let gain_out = if after < self.fade { slope(after) } else { 1.0 };
        gain_in * gain_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ramp in pieces of so many frames, cut at 1000 Hz: a millisecond is a frame.
    fn cut(part: KeptPart, pieces: &[usize]) -> Vec<f32> {
        let mut cutter = Cutter::new(part, 1000);
        let (mut left, mut at) = (Vec::new(), 0);
        for &piece in pieces {
            let mut planes = vec![(at..at + piece).map(|it| it as f32).collect::<Vec<_>>(); 2];
            cutter.cut(&mut planes);
            assert_eq!(planes[0], planes[1]);
            left.append(&mut planes[0]);
            at += piece;
        }
        left
    }

    #[test]
    fn it_is_exact_however_the_frames_come() {
        let part = KeptPart { start_ms: 20, end_ms: 80 };
        let whole = cut(part, &[100]);
        assert_eq!(whole.len(), 60);
        assert_eq!(whole[5..55], (25..75).map(|it| it as f32).collect::<Vec<_>>());
        for pieces in [&[1; 100][..], &[20, 60, 20], &[19, 2, 58, 2, 19], &[50, 0, 50], &[79, 1, 20]] {
            assert_eq!(cut(part, pieces), whole, "{pieces:?}");
        }
    }

    #[test]
    fn a_cut_rises_from_nothing_and_falls_to_nothing() {
        let mut cutter = Cutter::new(KeptPart { start_ms: 100, end_ms: 300 }, 48_000);
        let mut planes = vec![vec![1.0_f32; 48_000]];
        cutter.cut(&mut planes);
        let kept = &planes[0];
        assert_eq!(kept.len(), 9_600);
        assert!(kept[0] < 0.001 && kept[9_599] < 0.001, "{} {}", kept[0], kept[9_599]);
        assert!(kept[..240].windows(2).all(|it| it[0] < it[1]));
        assert!(kept[240..9_360].iter().all(|&it| it == 1.0));
        assert!(kept[9_360..].windows(2).all(|it| it[0] > it[1]));
        // the beginning of the recording is no cut
        let mut cutter = Cutter::new(KeptPart { start_ms: 0, end_ms: 300 }, 48_000);
        let mut planes = vec![vec![1.0_f32; 48_000]];
        cutter.cut(&mut planes);
        assert_eq!((planes[0][0], planes[0].len()), (1.0, 14_400));
    }

    #[test]
    fn what_lies_beyond_the_recording_keeps_nothing() {
        assert!(cut(KeptPart { start_ms: 200, end_ms: 300 }, &[50, 50]).is_empty());
        assert_eq!(cut(KeptPart { start_ms: 90, end_ms: 300 }, &[50, 50]).len(), 10);
    }

    #[test]
    fn each_part_is_a_source_of_its_own() {
        let original = "ab".repeat(32);
        let part = |start_ms, end_ms| KeptPart::made_from(&original, Some(KeptPart { start_ms, end_ms }));
        assert_eq!(KeptPart::made_from(&original.to_uppercase(), None), original);
        // printf 'loaxa-part/1 abab…ab 2300 9000' | sha256sum
        assert_eq!(part(2300, 9000), "6e20d6bc104266cc9cf8a68cd34ff6a5cba5aaa89cf1d7d4dfb715f2774e4b70");
        assert_ne!(part(2300, 9000), part(2300, 9001));
        assert_ne!(part(23, 9000), part(2, 39_000));
    }
}
