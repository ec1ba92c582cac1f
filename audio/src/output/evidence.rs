//! What an airing can be proved with: measured where the sound leaves, gathered clip by clip.

use std::time::{Duration, Instant};

use super::clock_map::Mapping;

/// Gaps of one clip that are told one by one; of more, only their number and length are known.
const KEPT: usize = 32;

/// What is known of one clip at the output so far. The last one before the clip's final event is complete.
///
/// Frames are those of the clip's [`Prepared`](crate::prepared::Prepared).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// When its first frame sounded; `None` before that.
    pub first: Option<Instant>,
    /// When the last frame sounded that was consumed so far.
    pub last: Option<Instant>,
    /// Frames that the device consumed.
    pub frames: u64,
    /// Frames that were handed to the device; what of them was never consumed was lost in an under-run or with the device.
    pub handed: u64,
    /// Interruptions inside the clip, in order; at most 32 of them.
    pub gaps: Vec<Gap>,
    /// How many interruptions there were.
    pub gap_count: u32,
    /// How long they were, together.
    pub gap_time: Duration,
    /// Integrated loudness of what was handed over, gain and fades included (ITU-R BS.1770-4, mono); `None` while it is
    /// too short or too quiet for that.
    pub lufs: Option<f64>,
    /// The largest sample that was handed over, in dB of full scale; `None` while all is digital silence.
    pub peak_dbfs: Option<f64>,
}

/// An interruption inside a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// When the sound stopped.
    pub at: Instant,
    /// How long nothing of the clip was heard.
    pub length: Duration,
    /// Why.
    pub cause: GapCause,
}

/// Why a clip was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapCause {
    /// The device ran dry: the machine was too busy to fill it in time. Frames may be lost.
    Underrun,
    /// Storage was too slow: silence was played, nothing of the clip is lost.
    Starved,
}

impl GapCause {
    /// The word in logs and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Underrun => "underrun",
            Self::Starved => "starved",
        }
    }
}

/// The interruptions of one clip while it plays.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    kept: Vec<Gap>,
    count: u32,
    /// Length of those that are not kept.
    more: Duration,
    /// The stream frame with which the sound goes on after the newest gap, while the clock is being mapped anew.
    resumes: Option<u64>,
    /// The stream frame after the newest stretch of silence: what begins there belongs to it.
    starved_to: Option<u64>,
}

impl Gaps {
    /// The device ran dry at `at`; the clip's frames up to `resumes` are lost, and `lost` is how long they are.
    pub(crate) fn underrun(&mut self, at: Instant, lost: Duration, resumes: u64) {
        self.resumes = Some(resumes);
        self.starved_to = None;
        self.push(Gap { at, length: lost, cause: GapCause::Underrun });
    }

    /// The device runs again: a gap is as long as the time until the next frame is heard.
    pub(crate) fn mapped(&mut self, mapping: &Mapping) {
        let Some(resumes) = self.resumes else { return };
        let one_by_one = self.count as usize == self.kept.len();
        if let Some(gap) = self.kept.last_mut().filter(|_| one_by_one) {
            gap.length = mapping.instant_of(resumes).saturating_duration_since(gap.at);
        }
    }

    /// Silence was played in the stream from frame `from` to `to`.
    pub(crate) fn starved(&mut self, from: u64, to: u64, mapping: &Mapping) {
        let start = mapping.instant_of(from);
        let length = mapping.instant_of(to).saturating_duration_since(start);
        let goes_on = self.starved_to.is_some_and(|end| end >= from);
        self.starved_to = Some(to);
        self.resumes = None;
        if !goes_on {
            self.push(Gap { at: start, length, cause: GapCause::Starved });
        } else if self.count as usize > self.kept.len() {
            self.more += length;
        } else if let Some(gap) = self.kept.last_mut() {
            gap.length = mapping.instant_of(to).saturating_duration_since(gap.at);
        }
    }

    fn push(&mut self, gap: Gap) {
        self.count = self.count.saturating_add(1);
        if self.kept.len() < KEPT {
            self.kept.push(gap);
        } else {
            self.more += gap.length;
        }
    }

    /// What is told of them.
    pub(crate) fn tell(&self, evidence: &mut Evidence) {
        evidence.gaps.clone_from(&self.kept);
        evidence.gap_count = self.count;
        evidence.gap_time = self.kept.iter().map(|gap| gap.length).sum::<Duration>() + self.more;
    }
}
