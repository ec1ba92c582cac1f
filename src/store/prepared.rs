//! What was prepared of a segment, and when it was last needed.

use super::segments::{SegmentRecord, list, require};
use super::{Change, Store, col, nanos, storage, time, to_json};
use crate::error::Result;
use jiff::Timestamp;
use loaxa_audio::inspect::Tags;
use loaxa_audio::loudness::Loudness;
use loaxa_schedules::{Class, Reason, SegmentId, Trim};
use rusqlite::{OptionalExtension, named_params};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

const SET_PREPARED: &str =
    "UPDATE segments SET version = version + 1, state = 'awaiting_approval', duration = :duration,
    prepared = :prepared, sound = :sound, waveform = :waveform, recipe = :recipe,
    original_length = :original_length, original_waveform = :original_waveform, needed_at = :at
    WHERE id = :id AND state IN ('received', 'inspecting')";
/// Whoever has the same part of the same original has the same sound.
const SET_PREPARED_AGAIN: &str = "UPDATE segments SET version = version + 1, duration = :duration,
    prepared = :prepared, sound = :sound, waveform = :waveform, recipe = :recipe,
    original_length = :original_length, original_waveform = :original_waveform
    WHERE id = :id AND sha256 = :sha256 AND state IN ('awaiting_approval', 'approved')";
const TWINS: &str = "WHERE s.sha256 = :value AND s.state IN ('awaiting_approval', 'approved')";
const SET_NEEDED: &str = "UPDATE segments SET needed_at = :at
    WHERE id = :id AND (needed_at IS NULL OR needed_at < :before)";
const PREPARED_NEEDED: &str = "SELECT prepared, MAX(COALESCE(needed_at, uploaded_at)) FROM segments
    WHERE prepared IS NOT NULL GROUP BY prepared";
/// Another part of it: what is heard of it from now on.
const SET_TRIMMED: &str = "UPDATE segments SET trim_start = :start, trim_end = :end, duration = :duration,
    prepared = :prepared, sound = :sound, waveform = :waveform, recipe = :recipe,
    original_length = :original_length, original_waveform = :original_waveform, needed_at = :at
    WHERE id = :id";
const WAVEFORMS: &str = "SELECT waveform, original_waveform FROM segments WHERE id = :id";
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
    /// The part of the original that it holds; None for all of it.
    pub trim: Option<Trim>,
    /// Length of the whole original.
    pub original_length: jiff::SignedDuration,
    /// Peaks of the whole original, as `waveform`.
    pub original_waveform: Vec<u8>,
}

/// Peaks for drawing a segment, each as [`PreparedSound::waveform`]; None of what was never made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waveforms {
    /// Of what is heard.
    pub prepared: Option<Vec<u8>>,
    /// Of the whole original.
    pub original: Option<Vec<u8>>,
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
                ":original_length": whole(prepared), ":original_waveform": prepared.original_waveform, ":at": nanos(at),
            };
            transaction.execute(SET_PREPARED, parameters).map_err(storage)?;
            require(transaction, id)
        })
    }

    /// Notes that a part of an original was prepared again, for every segment that has it; nothing else of them changes. Where the
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
            for record in before.into_iter().filter(|record| record.pushed.trim == prepared.trim) {
                let id = record.pushed.id;
                let parameters = named_params! {
                    ":id": id.to_string(), ":sha256": sha256, ":duration": length(prepared),
                    ":prepared": prepared.root, ":sound": to_json(&prepared.sound)?,
                    ":waveform": prepared.waveform, ":recipe": prepared.recipe,
                    ":original_length": whole(prepared), ":original_waveform": prepared.original_waveform,
                };
                transaction.execute(SET_PREPARED_AGAIN, parameters).map_err(storage)?;
                if record.prepared.as_deref() != Some(&prepared.root) {
                    let body = serde_json::json!({
                        "segment": id.to_string(), "sha256": sha256, "before": record.prepared,
                        "prepared": prepared.root, "recipe": prepared.recipe,
                    });
                    super::chain::append(transaction, at, "prepared", &body)?;
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

    /// Peaks of a segment, for drawing it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn waveforms(&self, id: SegmentId) -> Result<Waveforms> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(WAVEFORMS).map_err(storage)?;
            let found = statement.query_row(named_params! { ":id": id.to_string() }, |row| {
                Ok(Waveforms { prepared: row.get(0)?, original: row.get(1)? })
            });
            Ok(found.optional().map_err(storage)?.unwrap_or_default())
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

/// Leads a segment to another part of its original, and to what was prepared of that.
pub(super) fn set_trimmed(
    change: &Change<'_>,
    id: SegmentId,
    prepared: &PreparedSound,
    at: Timestamp,
) -> Result<()> {
    let ms = |end: fn(Trim) -> u64| prepared.trim.map(|trim| i64::try_from(end(trim)).unwrap_or(i64::MAX));
    let parameters = named_params! {
        ":id": id.to_string(), ":start": ms(|trim| trim.start_ms), ":end": ms(|trim| trim.end_ms),
        ":duration": length(prepared), ":prepared": prepared.root, ":sound": to_json(&prepared.sound)?,
        ":waveform": prepared.waveform, ":recipe": prepared.recipe, ":original_length": whole(prepared),
        ":original_waveform": prepared.original_waveform, ":at": nanos(at),
    };
    change.execute(SET_TRIMMED, parameters).map_err(storage)?;
    Ok(())
}

/// Nanoseconds of the original.
fn whole(prepared: &PreparedSound) -> i64 {
    i64::try_from(prepared.original_length.as_nanos()).unwrap_or(i64::MAX)
}

/// Nanoseconds of a prepared form.
fn length(prepared: &PreparedSound) -> i64 {
    i64::try_from(prepared.duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use crate::store::{Store, look_at};
    use jiff::{SignedDuration, Timestamp};
    use loaxa_schedules::{Standing, Trim};
    use rusqlite::Connection;

    const SOUND: &str = r#"{"codec":"mp3","sample_rate":44100,"channels":1,"peak_dbfs":-1.0,"warnings":[],
        "loudness":{"original_lufs":-20.0,"original_true_peak_dbtp":-3.0,"range_lu":2.0,"gain_db":4.0,"limited_db":0.0,
        "lufs":-16.0,"true_peak_dbtp":-1.0,"trimmed_start_seconds":1.5,"trimmed_end_seconds":0.5}}"#;

    #[test]
    fn a_database_of_version_7_is_brought_up_to_date_with_everything_in_it() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = old.path().join("loaxa.db");
        let connection = Connection::open(&file).unwrap();
        connection.execute_batch(include_str!("schema_7.sql")).unwrap();
        drop(Store::open(new.path(), Timestamp::UNIX_EPOCH).unwrap());
        // as docs/approvals.md said before anything could be trimmed
        let digest = "5a0b35c592797e514d9d21605fa0d288e6e2f1781e92887a7e540ce172ebc619";
        let (body, before) =
            (r#"{"format":"loaxa-airing-log/1","log":"00"}"#, crate::airing_log::chain::BEFORE_THE_FIRST);
        let at = "2026-11-30T10:00:00Z";
        let hash = crate::airing_log::chain::link(1, at, "log_begins", before, body);
        connection
            .execute_batch(&format!(
                "INSERT INTO airing_log (row, at, kind, body, prev, hash) VALUES (1, '{at}', 'log_begins', '{body}', '{before}', '{hash}');
                INSERT INTO identities (id, kind, name, scopes, secret, created_at) VALUES ('i', 'token', 'i', '[]', 's', 0),
                    ('a', 'token', 'a', '[]', 't', 0);
                INSERT INTO segments (id, version, state, sha256, bytes, title, language, class, uploaded_by, uploaded_at,
                    duration, prepared, sound, waveform, recipe)
                VALUES ('01890a5d-ac96-774b-bcce-b302099a8051', 3, 'approved', 'aa', 1, 'Tin', 'vi', 'normal', 'i', 0,
                    10000000000, 'bb', '{SOUND}', x'0102', 'r');
                INSERT INTO approvals (segment, identity, digest, at)
                VALUES ('01890a5d-ac96-774b-bcce-b302099a8051', 'a', '{digest}', 5);
                PRAGMA user_version = 7;"
            ))
            .unwrap();
        drop(connection);
        let upgraded = Store::open(old.path(), Timestamp::UNIX_EPOCH).unwrap();
        upgraded.check().unwrap();
        let segment = upgraded.all_segments().unwrap().remove(0);
        assert_eq!(
            (segment.standing, segment.pushed.trim),
            (Standing::Approved, None),
            "its approval stands"
        );
        assert_eq!((segment.original_length, segment.length()), (None, Some(SignedDuration::from_secs(12))));
        let drawn = upgraded.waveforms(segment.pushed.id).unwrap();
        assert_eq!((drawn.prepared, drawn.original), (Some(vec![1, 2]), None));
        // half a trim is no trim: the row is damaged, and nothing is guessed
        let connection = Connection::open(&file).unwrap();
        for (sql, wanted) in [
            (
                "UPDATE segments SET trim_start = 5, trim_end = 2000",
                Ok(Some(Trim { start_ms: 5, end_ms: 2000 })),
            ),
            ("UPDATE segments SET trim_end = NULL", Err(())),
            ("UPDATE segments SET trim_start = -1, trim_end = 2000", Err(())),
            ("UPDATE segments SET trim_start = 2000", Err(())),
        ] {
            connection.execute(sql, []).unwrap();
            let found = upgraded.segment(segment.pushed.id);
            assert_eq!(found.map(|it| it.pushed.trim).map_err(|_| ()), wanted, "{sql}");
        }
        assert_eq!(look_at(&old.path().join("loaxa-version-7.db")).unwrap().version, 7);
        assert_eq!(schema(&connection), schema(&Connection::open(new.path().join("loaxa.db")).unwrap()));
    }

    fn schema(connection: &Connection) -> Vec<(String, String)> {
        let mut statement = connection
            .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .unwrap();
        let plain = |sql: String| {
            let lines = sql.lines().map(|line| line.split("--").next().unwrap().to_owned());
            lines.collect::<String>().chars().filter(|c| !c.is_whitespace() && *c != '"').collect::<String>()
        };
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, plain(row.get(1)?)))).unwrap();
        rows.map(Result::unwrap).collect()
    }
}
