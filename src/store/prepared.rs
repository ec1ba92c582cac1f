//! What was prepared of a segment, and when it was last needed.

use super::segments::{SegmentRecord, list, require};
use super::{Store, col, nanos, storage, time, to_json};
use crate::error::Result;
use jiff::Timestamp;
use loaxa_audio::inspect::Tags;
use loaxa_audio::loudness::Loudness;
use loaxa_schedules::{Class, Reason, SegmentId};
use rusqlite::{OptionalExtension, named_params};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

const SET_PREPARED: &str =
    "UPDATE segments SET version = version + 1, state = 'awaiting_approval', duration = :duration,
    prepared = :prepared, sound = :sound, waveform = :waveform, recipe = :recipe, needed_at = :at
    WHERE id = :id AND state IN ('received', 'inspecting')";
/// Whoever has the same original has the same sound.
const SET_PREPARED_AGAIN: &str = "UPDATE segments SET version = version + 1, duration = :duration,
    prepared = :prepared, sound = :sound, waveform = :waveform, recipe = :recipe
    WHERE id = :id AND sha256 = :sha256 AND state IN ('awaiting_approval', 'approved')";
const TWINS: &str = "WHERE s.sha256 = :value AND s.state IN ('awaiting_approval', 'approved')";
const SET_NEEDED: &str = "UPDATE segments SET needed_at = :at
    WHERE id = :id AND (needed_at IS NULL OR needed_at < :before)";
const PREPARED_NEEDED: &str = "SELECT prepared, MAX(COALESCE(needed_at, uploaded_at)) FROM segments
    WHERE prepared IS NOT NULL GROUP BY prepared";
const WAVEFORM: &str = "SELECT waveform FROM segments WHERE id = :id";
const USABLE: &str =
    "WHERE s.state IN ('awaiting_approval', 'approved') AND (:value = '' OR s.class = :value)";

/// What the inspection found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sound {
    /// Codec of the original.
    pub codec: String,
    /// Samples a second of the original.
    pub sample_rate: u32,
    /// Channels of the original.
    pub channels: u32,
    /// Highest sample of the prepared PCM, dB below full scale.
    pub peak_dbfs: Option<f64>,
    /// What a broadcaster should know.
    pub warnings: Vec<Reason>,
    /// How loud it was, and what was done about it; None of what an older version prepared.
    #[serde(default)]
    pub loudness: Option<Loudness>,
    /// What the file says of itself: proposals, never facts.
    #[serde(default)]
    pub tags: Tags,
}

/// A prepared form, and what is known of it.
#[derive(Debug, Clone)]
pub struct PreparedSound {
    /// Its length.
    pub duration: jiff::SignedDuration,
    /// Its root hash.
    pub root: String,
    /// What the inspection found.
    pub sound: Sound,
    /// Its peaks, 0 to 255 of full scale, evenly spaced.
    pub waveform: Vec<u8>,
    /// What it was made with beside the original.
    pub recipe: String,
}

impl Store {
    /// Notes what the inspection made of a segment, which then waits for its approval.
    ///
    /// # Errors
    /// `not_found` when it is gone.
    pub fn set_prepared(
        &self,
        id: SegmentId,
        prepared: &PreparedSound,
        at: Timestamp,
    ) -> Result<SegmentRecord> {
        self.write(|transaction| {
            let parameters = named_params! {
                ":id": id.to_string(), ":duration": length(prepared), ":prepared": prepared.root,
                ":sound": to_json(&prepared.sound)?, ":waveform": prepared.waveform, ":recipe": prepared.recipe,
                ":at": nanos(at),
            };
            transaction.execute(SET_PREPARED, parameters).map_err(storage)?;
            require(transaction, id)
        })
    }

    /// Notes that an original was prepared again, for every segment that has it; nothing else of them changes. Where the
    /// prepared form is another one than before, the airing log says so: what an approval names is the original.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_prepared_again(
        &self,
        sha256: &str,
        prepared: &PreparedSound,
        at: Timestamp,
    ) -> Result<Vec<SegmentRecord>> {
        self.write(|transaction| {
            let before = list(transaction, TWINS, sha256)?;
            let mut changed = Vec::with_capacity(before.len());
            for record in before {
                let id = record.pushed.id;
                let parameters = named_params! {
                    ":id": id.to_string(), ":sha256": sha256, ":duration": length(prepared),
                    ":prepared": prepared.root, ":sound": to_json(&prepared.sound)?,
                    ":waveform": prepared.waveform, ":recipe": prepared.recipe,
                };
                transaction.execute(SET_PREPARED_AGAIN, parameters).map_err(storage)?;
                if record.prepared.as_deref() != Some(&prepared.root) {
                    let body = serde_json::json!({
                        "segment": id.to_string(), "sha256": sha256, "before": record.prepared,
                        "prepared": prepared.root, "recipe": prepared.recipe,
                    });
                    super::airings::append(transaction, at, "prepared", &body)?;
                }
                changed.push(require(transaction, id)?);
            }
            Ok(changed)
        })
    }

    /// Notes that the prepared form of these is needed, unless that was noted since `before`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_needed(&self, ids: &[SegmentId], at: Timestamp, before: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(SET_NEEDED).map_err(storage)?;
            for id in ids {
                let parameters =
                    named_params! { ":id": id.to_string(), ":at": nanos(at), ":before": nanos(before) };
                statement.execute(parameters).map_err(storage)?;
            }
            Ok(())
        })
    }

    /// When each prepared form that a segment names was last needed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn prepared_needed(&self) -> Result<HashMap<String, Timestamp>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(PREPARED_NEEDED).map_err(storage)?;
            let mut rows = statement.query([]).map_err(storage)?;
            let mut needed = HashMap::new();
            while let Some(row) = rows.next().map_err(storage)? {
                needed.insert(col(row, 0)?, time(col(row, 1)?));
            }
            Ok(needed)
        })
    }

    /// Peaks of a segment's prepared form, for drawing it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn waveform(&self, id: SegmentId) -> Result<Option<Vec<u8>>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(WAVEFORM).map_err(storage)?;
            let found = statement.query_row(named_params! { ":id": id.to_string() }, |row| row.get(0));
            Ok(found.optional().map_err(storage)?.flatten())
        })
    }

    /// Segments that may air or wait for the decision, of a class or of all of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn usable_segments(&self, class: Option<Class>) -> Result<Vec<SegmentRecord>> {
        self.read(|connection| list(connection, USABLE, class.map_or("", Class::as_str)))
    }
}

/// Nanoseconds of a prepared form.
fn length(prepared: &PreparedSound) -> i64 {
    i64::try_from(prepared.duration.as_nanos()).unwrap_or(i64::MAX)
}
