//! Where originals become prepared sound: a disposable child at work, with bounds that the disk allows.

use super::lanes::Lanes;
use super::shelf::{For, Shelf};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::intake::{Folders, sync_folder};
use crate::store::{PreparedSound, SegmentRecord, Sound, kept};
use crate::turns::Turns;
use jiff::SignedDuration;
use loaxa_audio::child::{self, ChildLimits};
use loaxa_audio::inspect::{InspectRefusal, InspectReport, InspectRequest, RefusalCode};
use loaxa_audio::loudness::Correction;
use loaxa_schedules::{Reason, Trim};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Less room than this is none.
const LEAST: u64 = 64 << 10;

/// Decodes one recording.
type Inspector = dyn Fn(&InspectRequest, &ChildLimits) -> Result<InspectReport, InspectRefusal> + Send + Sync;

/// Makes prepared sound.
pub struct Workshop {
    folders: Folders,
    shelf: Arc<Shelf>,
    lanes: Lanes,
    /// One upload of the same bytes at a time, and none while they are prepared again.
    turns: Turns,
    inspector: Box<Inspector>,
    correction: Correction,
    sample_rate: u32,
    max_duration: Duration,
}

impl Workshop {
    /// A workshop whose children are the running program started again.
    pub fn new(folders: Folders, shelf: Arc<Shelf>, config: &Config) -> Self {
        // by this name the running program is found even when its file was replaced by an upgrade
        let program = PathBuf::from("/proc/self/exe");
        let inspector =
            move |request: &InspectRequest, limits: &ChildLimits| child::inspect(&program, request, limits);
        Self::with(folders, shelf, config, Box::new(inspector))
    }

    pub(crate) fn with(
        folders: Folders,
        shelf: Arc<Shelf>,
        config: &Config,
        inspector: Box<Inspector>,
    ) -> Self {
        Self {
            folders,
            shelf,
            lanes: Lanes::of_this_machine(),
            turns: Turns::default(),
            inspector,
            correction: config.correction(),
            sample_rate: config.audio.sample_rate,
            max_duration: config.max_duration(),
        }
    }

    /// How many may be at work here, and who is next.
    pub const fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    /// Whose turn it is with an original, by its hash.
    pub const fn turns(&self) -> &Turns {
        &self.turns
    }

    /// Where room is found.
    pub const fn shelf(&self) -> &Arc<Shelf> {
        &self.shelf
    }

    /// What everything is made with beside its original.
    pub fn recipe(&self) -> String {
        self.correction.recipe(self.sample_rate)
    }

    /// Decodes a segment's original and puts what is prepared of its part under its own hash. It needs a lane.
    ///
    /// # Errors
    /// When the machine fails us; the recording's own fault is a refusal.
    pub fn make(
        &self,
        record: &SegmentRecord,
        whom: For,
    ) -> Result<std::result::Result<PreparedSound, InspectRefusal>> {
        let ours = ChildLimits::for_original(record.pushed.bytes, self.max_duration, self.sample_rate);
        let bound = match self.bound(record, ours.file_bytes, whom) {
            Err(error) if error.kind == ErrorKind::StorageFull => return Ok(Err(full(error))),
            bound => bound?,
        };
        let id = record.pushed.id;
        let run = crate::ids::hex(&crate::ids::random::<8>()?);
        let output = self.folders.incoming.join(format!("{id}-{run}.pcm"));
        // the table of hashes comes on top of the sound
        let limits = ChildLimits { file_bytes: bound + bound / 64 + LEAST, ..ours.clone() };
        let request = InspectRequest {
            original: self.folders.original(&record.pushed.sha256),
            original_sha256: record.pushed.sha256.clone(),
            part: record.pushed.trim.map(kept),
            output: output.clone(),
            sample_rate: self.sample_rate,
            max_duration: self.max_duration,
            max_output_bytes: bound,
            correction: self.correction.clone(),
        };
        let report = match (self.inspector)(&request, &limits) {
            Ok(report) => report,
            Err(refusal) => {
                let _ = fs::remove_file(&output);
                tracing::info!(segment = %id, code = refusal.code.as_str(), why = %refusal.en, "a recording was refused");
                // what the disk had no room for is not the recording's fault
                let crowded = refusal.code == RefusalCode::TooBigToPrepare && bound < ours.file_bytes;
                return Ok(Err(if crowded { full(self.shelf.space().full()) } else { refusal }));
            }
        };
        fs::rename(&output, self.folders.prepared(&report.root))
            .map_err(|error| Error::io("the prepared sound", &error))?;
        sync_folder(&self.folders.prepared)?;
        Ok(Ok(self.prepared(&report, record.pushed.trim)))
    }

    /// The most that a child may write: its share of what the disk has, or what is known to be needed.
    fn bound(&self, record: &SegmentRecord, most: u64, whom: For) -> Result<u64> {
        // another part of it may be longer than what was prepared before
        let known = record.length().max(record.duration).and_then(|length| Duration::try_from(length).ok());
        let known = known.map_or(0, |length| {
            let frames = length.as_millis() * u128::from(self.sample_rate) / 1000;
            // while it is being made a frame takes four bytes, two of them in the end
            u64::try_from(frames * 4 * 11 / 10).unwrap_or(u64::MAX / 4)
        });
        let expected = known.saturating_add(LEAST);
        self.shelf.make_room(expected, whom)?;
        let left = self.shelf.space().left()?;
        Ok((left / self.lanes.count()).max(expected.min(left)).min(most))
    }

    fn prepared(&self, report: &InspectReport, trim: Option<Trim>) -> PreparedSound {
        let warnings = report.warnings.iter().map(|warning| Reason {
            code: warning.code.as_str().into(),
            en: warning.en.clone(),
            vi: warning.vi.clone(),
        });
        PreparedSound {
            duration: SignedDuration::try_from(report.duration()).unwrap_or(SignedDuration::MAX),
            root: report.root.clone(),
            sound: Sound {
                codec: report.codec.clone(),
                sample_rate: report.original_rate,
                channels: u32::from(report.channels),
                peak_dbfs: report.peak_dbfs,
                warnings: warnings.collect(),
                loudness: Some(report.loudness.clone()),
                tags: report.tags.clone(),
            },
            waveform: report.waveform.clone(),
            recipe: self.recipe(),
            trim,
            original_length: SignedDuration::try_from(report.original_duration())
                .unwrap_or(SignedDuration::MAX),
            original_waveform: report.original_waveform.clone(),
        }
    }
}

/// That there is no room, as the child would say it.
fn full(error: Error) -> InspectRefusal {
    let vi = error.detail_vi.unwrap_or_default();
    InspectRefusal { code: RefusalCode::StorageFull, en: error.detail, vi }
}
