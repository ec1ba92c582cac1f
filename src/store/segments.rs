//! Segments: what was pushed, what became of it, who approved it.

use super::approval::{self, Approvals};
use super::prepared::Sound;
use super::search;
use super::{Store, col, from_json, nanos, storage, time, to_json};
use crate::error::{Error, Result};
use jiff::Timestamp;
use loaxa_audio::inspect::KeptPart;
use loaxa_schedules::{Bound, Class, Reason, SegmentId, Slot, Standing, Trim};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const COLUMNS: &str =
    "SELECT s.id, s.version, s.state, s.sha256, s.bytes, s.title, s.language, s.class, s.source,
    s.valid_from, s.valid_until, s.campaign, s.external_id, s.reason, s.duration, s.prepared, s.sound,
    s.uploaded_by, u.name, s.uploaded_at, s.approved_by, a.name, s.approved_at, s.approval_note, s.music,
    s.recipe, s.needed_at, s.trim_start, s.trim_end, s.original_length, s.spoken
  FROM segments s JOIN identities u ON u.id = s.uploaded_by LEFT JOIN identities a ON a.id = s.approved_by";
const INSERT: &str =
    "INSERT INTO segments (id, version, state, sha256, bytes, title, language, class, source,
    valid_from, valid_until, campaign, external_id, music, spoken, uploaded_by, uploaded_at)
  VALUES (:id, 1, 'received', :sha256, :bytes, :title, :language, :class, :source,
    :valid_from, :valid_until, :campaign, :external_id, :music, :spoken, :by, :at)";
const ADD_UPLOADER: &str = "INSERT OR IGNORE INTO uploaders (segment, identity) VALUES (:segment, :identity)";
/// Only while it is inspected: what a person decided meanwhile (withdrawn) stands.
const SET_INSPECTED: &str = "UPDATE segments SET version = version + 1, state = :state, reason = :reason
    WHERE id = :id AND state IN ('received', 'inspecting')";
const AWAITING: &str = "SELECT valid_until FROM segments WHERE state = 'awaiting_approval'";
const DELETE_UPLOADERS: &str = "DELETE FROM uploaders WHERE segment = :id";
const DELETE: &str = "DELETE FROM segments WHERE id = :id";
const USERS_OF_SHA: &str = "SELECT COUNT(*) FROM segments WHERE sha256 = :sha256";

/// A recording just pushed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewSegment {
    /// Its id.
    pub id: SegmentId,
    /// SHA-256 of the original, hexadecimal.
    pub sha256: String,
    /// Bytes of the original.
    pub bytes: u64,
    /// Title for people.
    pub title: String,
    /// BCP 47 language tag.
    pub language: String,
    /// Bulletin class.
    pub class: Class,
    /// Whether it is music, which days of mourning keep silent.
    pub music: bool,
    /// Where it comes from, in the uploader's words.
    pub source: Option<String>,
    /// Not aired before.
    pub valid_from: Option<Bound>,
    /// Not aired after.
    pub valid_until: Option<Bound>,
    /// The campaign it is meant for, in the uploader's words.
    pub campaign: Option<String>,
    /// The uploader's own id for it.
    pub external_id: Option<String>,
    /// The part of it that is aired; None for all of it, as it is when it was just pushed.
    #[serde(default)]
    pub trim: Option<Trim>,
    /// The text that a voice read; None of what was pushed as sound.
    #[serde(default)]
    pub spoken: Option<Spoken>,
}

/// A written text that a voice read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    /// As it was written, its lines ended by `\n`, in Unicode's composed form (NFC).
    pub text: String,
    /// What the voice was given, where it is not the text itself.
    pub read_as: Option<String>,
    /// The program, by its name.
    pub program: String,
    /// Its voice.
    pub voice: String,
    /// Its speed.
    pub speed: u32,
}

/// A segment as it is kept.
#[derive(Debug, Clone)]
pub struct SegmentRecord {
    /// What was pushed.
    pub pushed: NewSegment,
    /// Counts up with each change.
    pub version: i64,
    /// What became of it.
    pub standing: Standing,
    /// Why it was rejected.
    pub reason: Option<Reason>,
    /// Length of the prepared PCM: what is heard.
    pub duration: Option<jiff::SignedDuration>,
    /// Length of the original; None until it was inspected, and of what an older version inspected.
    pub original_length: Option<jiff::SignedDuration>,
    /// Root hash of the prepared PCM.
    pub prepared: Option<String>,
    /// What the inspection found.
    pub sound: Option<Sound>,
    /// What the prepared PCM was made with beside the original; None of what an older version prepared.
    pub recipe: Option<String>,
    /// When the prepared PCM was last planned, played, sent or listened to, to the hour.
    pub needed_at: Option<Timestamp>,
    /// Identity and name of who pushed it.
    pub uploaded_by: (String, String),
    /// When.
    pub uploaded_at: Timestamp,
    /// Identity and name of who approved (or rejected) it.
    pub approved_by: Option<(String, String)>,
    /// When.
    pub approved_at: Option<Timestamp>,
    /// What they wrote.
    pub approval_note: Option<String>,
    /// Who said of exactly this that it may sound.
    pub approvals: Approvals,
}

/// Which segments a listing wants.
#[derive(Debug, Clone, Default)]
pub struct SegmentFilter {
    /// Only those in this state.
    pub standing: Option<Standing>,
    /// Only those with this original.
    pub sha256: Option<String>,
    /// Only those with the uploader's own id.
    pub external_id: Option<String>,
    /// Only those of this class.
    pub class: Option<Class>,
    /// Only those whose title has this in it, whatever its capitals and accents.
    pub title: Option<String>,
    /// After this id, in the order of the listing.
    pub after: Option<String>,
    /// The newest first.
    pub newest_first: bool,
    /// At most so many.
    pub limit: u32,
}

/// The class that a word means.
fn class_of(word: &str) -> Option<Class> {
    [Class::Normal, Class::Priority, Class::Emergency].into_iter().find(|class| class.as_str() == word)
}

/// The standing that a word means.
pub(crate) fn standing_of(word: &str) -> Option<Standing> {
    [
        Standing::Received,
        Standing::Inspecting,
        Standing::AwaitingApproval,
        Standing::Approved,
        Standing::Rejected,
        Standing::Expired,
        Standing::Withdrawn,
    ]
    .into_iter()
    .find(|standing| standing.as_str() == word)
}

impl SegmentRecord {
    /// Length of the original: as it was inspected, or, of what an older version inspected and nobody cut, what is heard
    /// and the silence that was left out.
    #[must_use]
    pub fn length(&self) -> Option<jiff::SignedDuration> {
        let level = self.sound.as_ref().and_then(|sound| sound.loudness.as_ref());
        let silence = level.map_or(0.0, |level| level.trimmed_start_seconds + level.trimmed_end_seconds);
        let from_heard = || {
            let heard = self.duration.filter(|_| self.pushed.trim.is_none())?;
            Some(heard.saturating_add(jiff::SignedDuration::try_from_secs_f64(silence).unwrap_or_default()))
        };
        self.original_length.or_else(from_heard)
    }

    /// Whether the part of it that this slot plays is another one than what would be heard now, and people only asked for
    /// its approval since.
    #[must_use]
    pub fn is_trimmed_since(&self, slot: &Slot) -> bool {
        let asked = matches!(self.standing, Standing::AwaitingApproval | Standing::Approved);
        asked && self.pushed.sha256 == *slot.original_sha256 && self.pushed.trim != slot.trim
    }

    /// What its prepared sound names as what it was made from.
    #[must_use]
    pub fn made_from(&self) -> String {
        made_from(&self.pushed.sha256, self.pushed.trim)
    }
}

/// What sound that is prepared of this part of an original names as what it was made from.
#[must_use]
pub fn made_from(sha256: &str, trim: Option<Trim>) -> String {
    KeptPart::made_from(sha256, trim.map(kept))
}

/// A trim as those who prepare sound call it.
#[must_use]
pub const fn kept(trim: Trim) -> KeptPart {
    KeptPart { start_ms: trim.start_ms, end_ms: trim.end_ms }
}

impl Store {
    /// Keeps a segment that was just pushed. When a segment with the same sound and the same words is already alive
    /// on the station, that one is returned instead (`false`), and `by` counts as one of its uploaders from now on.
    pub fn add_segment(&self, new: &NewSegment, by: &str, at: Timestamp) -> Result<(SegmentRecord, bool)> {
        self.write(|transaction| {
            for twin in list(transaction, "WHERE s.sha256 = :value", &new.sha256)? {
                let alive = !matches!(twin.standing, Standing::Rejected | Standing::Withdrawn | Standing::Expired);
                if alive && same_words(&twin.pushed, new) {
                    approval::add_hand(transaction, twin.pushed.id, by, at)?;
                    return Ok((require(transaction, twin.pushed.id)?, false));
                }
            }
            let spoken = new.spoken.as_ref().map(to_json).transpose()?;
            transaction
                .execute(
                    INSERT,
                    named_params! {
                        ":id": new.id.to_string(), ":sha256": new.sha256, ":bytes": i64::try_from(new.bytes).unwrap_or(i64::MAX),
                        ":title": new.title, ":language": new.language, ":class": new.class.as_str(), ":source": new.source,
                        ":valid_from": text(&new.valid_from), ":valid_until": text(&new.valid_until),
                        ":campaign": new.campaign, ":external_id": new.external_id, ":music": new.music, ":spoken": spoken, ":by": by, ":at": nanos(at),
                    },
                )
                .map_err(storage)?;
            transaction
                .execute(ADD_UPLOADER, named_params! { ":segment": new.id.to_string(), ":identity": by })
                .map_err(storage)?;
            Ok((require(transaction, new.id)?, true))
        })
    }

    /// Moves a segment through its inspection.
    pub fn set_standing(&self, id: SegmentId, standing: Standing, reason: Option<&Reason>) -> Result<()> {
        self.write(|transaction| {
            let reason = reason.map(to_json).transpose()?;
            let parameters =
                named_params! { ":id": id.to_string(), ":state": standing.as_str(), ":reason": reason };
            transaction.execute(SET_INSPECTED, parameters).map_err(storage)?;
            Ok(())
        })
    }

    /// Removes a segment that turned out not to be audio. True when nothing else uses its original.
    pub fn forget_segment(&self, id: SegmentId) -> Result<bool> {
        self.write(|transaction| {
            let record = require(transaction, id)?;
            transaction
                .execute(DELETE_UPLOADERS, named_params! { ":id": id.to_string() })
                .map_err(storage)?;
            transaction.execute(DELETE, named_params! { ":id": id.to_string() }).map_err(storage)?;
            let users: i64 = transaction
                .query_row(USERS_OF_SHA, named_params! { ":sha256": record.pushed.sha256 }, |row| row.get(0))
                .map_err(storage)?;
            Ok(users == 0)
        })
    }

    /// One segment.
    pub fn segment(&self, id: SegmentId) -> Result<SegmentRecord> {
        self.read(|connection| require(connection, id))
    }

    /// Segments in the order in which they were pushed, or the other way round.
    pub fn segments(&self, filter: &SegmentFilter) -> Result<Vec<SegmentRecord>> {
        const WHERE: &str = "(:state IS NULL OR s.state = :state) AND (:class IS NULL OR s.class = :class)
            AND (:sha256 IS NULL OR s.sha256 = :sha256) AND (:external_id IS NULL OR s.external_id = :external_id)";
        const OLDEST_FIRST: &str = "WHERE s.id > COALESCE(:after, '') AND";
        const NEWEST_FIRST: &str = "WHERE (:after IS NULL OR s.id < :after) AND";
        let (page, order) = if filter.newest_first { (NEWEST_FIRST, "DESC") } else { (OLDEST_FIRST, "ASC") };
        let wanted = filter.title.as_deref().map(search::folded);
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached(&format!("{COLUMNS} {page} {WHERE} ORDER BY s.id {order}"))
                .map_err(storage)?;
            let mut rows = statement
                .query(named_params! {
                    ":after": filter.after, ":state": filter.standing.map(Standing::as_str),
                    ":class": filter.class.map(Class::as_str), ":sha256": filter.sha256,
                    ":external_id": filter.external_id,
                })
                .map_err(storage)?;
            let mut records = Vec::new();
            while records.len() < filter.limit as usize
                && let Some(row) = rows.next().map_err(storage)?
            {
                let record = record(connection, row)?;
                if wanted
                    .as_deref()
                    .is_none_or(|wanted| search::folded(&record.pushed.title).contains(wanted))
                {
                    records.push(record);
                }
            }
            Ok(records)
        })
    }

    /// How many segments wait for a decision and are still valid.
    pub fn awaiting_approval(&self, expired: impl Fn(&Bound) -> bool) -> Result<usize> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(AWAITING).map_err(storage)?;
            let mut rows = statement.query([]).map_err(storage)?;
            let mut count = 0;
            while let Some(row) = rows.next().map_err(storage)? {
                let until = col::<Option<String>>(row, 0)?.and_then(|text| text.parse::<Bound>().ok());
                count += usize::from(!until.is_some_and(|until| expired(&until)));
            }
            Ok(count)
        })
    }

    /// Those of these segments that exist.
    pub fn segments_named(&self, ids: &BTreeSet<SegmentId>) -> Result<Vec<SegmentRecord>> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached(&format!("{COLUMNS} WHERE s.id = :id")).map_err(storage)?;
            let mut records = Vec::with_capacity(ids.len());
            for id in ids {
                let rows = statement.query(named_params! { ":id": id.to_string() }).map_err(storage)?;
                records.extend(collect(connection, rows)?);
            }
            Ok(records)
        })
    }

    /// Every segment: for start-up, which looks after each of them.
    pub fn all_segments(&self) -> Result<Vec<SegmentRecord>> {
        self.segments(&SegmentFilter { limit: u32::MAX, ..SegmentFilter::default() })
    }
}

/// A bound as it is kept.
pub(super) fn text(bound: &Option<Bound>) -> Option<String> {
    bound.as_ref().map(ToString::to_string)
}

/// The part of a recording as it is kept: both ends or none.
fn trim(start: Option<i64>, end: Option<i64>) -> std::result::Result<Option<Trim>, ()> {
    match (start.map(u64::try_from), end.map(u64::try_from)) {
        (None, None) => Ok(None),
        (Some(Ok(start_ms)), Some(Ok(end_ms))) if start_ms < end_ms => Ok(Some(Trim { start_ms, end_ms })),
        _ => Err(()),
    }
}

fn same_words(a: &NewSegment, b: &NewSegment) -> bool {
    let words = |it: &NewSegment| {
        let validity = (it.valid_from.clone(), it.valid_until.clone());
        let theirs = (it.source.clone(), it.campaign.clone(), it.external_id.clone());
        let text = it.spoken.as_ref().map(|spoken| spoken.text.clone());
        (it.title.clone(), it.language.clone(), it.class, it.music, validity, theirs, (it.trim, text))
    };
    words(a) == words(b)
}

pub(super) fn require(connection: &Connection, id: SegmentId) -> Result<SegmentRecord> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE s.id = :id")).map_err(storage)?;
    statement
        .query_row(named_params! { ":id": id.to_string() }, |row| Ok(record(connection, row)))
        .optional()
        .map_err(storage)?
        .transpose()?
        .ok_or_else(|| Error::not_found("segment", id))
}

pub(super) fn list(connection: &Connection, condition: &str, value: &str) -> Result<Vec<SegmentRecord>> {
    let mut statement =
        connection.prepare_cached(&format!("{COLUMNS} {condition} ORDER BY s.id")).map_err(storage)?;
    collect(connection, statement.query(named_params! { ":value": value }).map_err(storage)?)
}

fn collect(connection: &Connection, mut rows: rusqlite::Rows<'_>) -> Result<Vec<SegmentRecord>> {
    let mut records = Vec::new();
    while let Some(row) = rows.next().map_err(storage)? {
        records.push(record(connection, row)?);
    }
    Ok(records)
}

/// A row as it is kept, and what the approvals make of its standing: nobody gets the one without the other.
fn record(connection: &Connection, row: &Row<'_>) -> Result<SegmentRecord> {
    let id: String = col(row, 0)?;
    let damaged = |what: &str| {
        Error::internal(format!("segment {id} in the database has a damaged {what}; restore a backup"))
    };
    let bound = |index: usize| -> Result<Option<Bound>> {
        let text: Option<String> = col(row, index)?;
        text.map(|text| text.parse().map_err(|_| damaged("validity"))).transpose()
    };
    let reason: Option<String> = col(row, 13)?;
    let sound: Option<String> = col(row, 16)?;
    let spoken: Option<String> = col(row, 30)?;
    let approver: (Option<String>, Option<String>) = (col(row, 20)?, col(row, 21)?);
    let pushed = NewSegment {
        id: id.parse().map_err(|_| damaged("id"))?,
        sha256: col(row, 3)?,
        bytes: u64::try_from(col::<i64>(row, 4)?).unwrap_or(0),
        title: col(row, 5)?,
        language: col(row, 6)?,
        class: class_of(&col::<String>(row, 7)?).ok_or_else(|| damaged("class"))?,
        music: col(row, 24)?,
        source: col(row, 8)?,
        valid_from: bound(9)?,
        valid_until: bound(10)?,
        campaign: col(row, 11)?,
        external_id: col(row, 12)?,
        trim: trim(col(row, 27)?, col(row, 28)?).map_err(|()| damaged("trim"))?,
        spoken: spoken.map(|text| from_json("a text that was read", &text)).transpose()?,
    };
    let kept = standing_of(&col::<String>(row, 2)?).ok_or_else(|| damaged("state"))?;
    let (approvals, standing) = approval::answer(connection, &pushed, kept)?;
    Ok(SegmentRecord {
        pushed,
        approvals,
        version: col(row, 1)?,
        standing,
        reason: reason.map(|text| from_json("a reason", &text)).transpose()?,
        duration: col::<Option<i64>>(row, 14)?.map(jiff::SignedDuration::from_nanos),
        original_length: col::<Option<i64>>(row, 29)?.map(jiff::SignedDuration::from_nanos),
        prepared: col(row, 15)?,
        sound: sound.map(|text| from_json("an inspection report", &text)).transpose()?,
        recipe: col(row, 25)?,
        needed_at: col::<Option<i64>>(row, 26)?.map(time),
        uploaded_by: (col(row, 17)?, col(row, 18)?),
        uploaded_at: time(col(row, 19)?),
        approved_by: approver.0.zip(approver.1),
        approved_at: col::<Option<i64>>(row, 22)?.map(time),
        approval_note: col(row, 23)?,
    })
}
