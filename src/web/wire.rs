//! The shapes on the wire. Domain types do not know them.

use super::bodies::Show;
use crate::airing_log::{AmplifierEvidence, AmplifierReading, Evidence};
use crate::error::{Error, Result};
use crate::preparing::Readiness;
use crate::store::{Airing, Identity, IdentityKind, Removed, SegmentRecord, Stored, Waveforms};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use loaxa_schedules::{Bound, Class, Entry, Move, Origin, Reason, Refusal, Slot, Standing, Trim};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A page of a list.
#[derive(Debug, Serialize)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// What to send as `cursor` for the rest; null at the end.
    pub(super) next: Option<String>,
}

/// An instant as RFC 3339 with the offset that the station's zone has then.
pub(crate) fn local(instant: Timestamp, timezone: &TimeZone) -> String {
    instant.display_with_offset(timezone.to_offset(instant)).to_string()
}

/// A length in seconds, to the millisecond.
pub(crate) fn seconds(length: SignedDuration) -> f64 {
    (length.as_secs_f64() * 1000.0).round() / 1000.0
}

fn milli(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// A segment as it is shown alone, with peaks for drawing it and the text that a voice read.
pub(super) fn segment_alone(record: &SegmentRecord, waveforms: &Waveforms, timezone: &TimeZone) -> Value {
    let mut value = segment(record, timezone);
    let shown = |peaks: &Option<Vec<u8>>| {
        json!(peaks.as_ref().filter(|peaks| !peaks.is_empty()).map(|peaks| json!({ "peaks": peaks })))
    };
    value["waveform"] = shown(&waveforms.prepared);
    value["original_waveform"] = shown(&waveforms.original);
    value["spoken"] = json!(record.pushed.spoken.as_ref().map(|spoken| json!({
        "text": spoken.text, "read_as": spoken.read_as, "program": spoken.program, "voice": spoken.voice,
        "speed": spoken.speed, "text_sha256": crate::store::text_hash(&spoken.text),
    })));
    value
}

/// The part of an original that is heard, in seconds from its beginning.
fn trim(it: Option<Trim>) -> Value {
    json!(it.map(|it| json!({ "start": it.start_ms as f64 / 1000.0, "end": it.end_ms as f64 / 1000.0 })))
}

/// A slot or a refusal of the plan as it is shown, with whether its sound is ready.
pub(super) fn planned(it: &Entry, readiness: impl Fn(&Slot) -> Readiness, timezone: &TimeZone) -> Value {
    let mut value = entry(it, timezone);
    if let Entry::Slot(slot) = it {
        ready(&mut value, &readiness(slot));
    }
    value
}

/// Says of a slot whether its sound is ready.
pub(crate) fn ready(slot: &mut Value, readiness: &Readiness) {
    let why = readiness.why();
    slot["ready"] = json!(why.is_none());
    slot["ready_code"] = json!(why.map(|why| &why.code));
    slot["ready_reason"] = json!(why.map(|why| &why.en));
    slot["ready_reason_vi"] = json!(why.map(|why| &why.vi));
}

/// `meta` of an upload.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SegmentMeta {
    pub(super) title: String,
    pub(super) language: Option<String>,
    pub(super) class: Option<Class>,
    pub(super) source: Option<String>,
    pub(super) valid_from: Option<Bound>,
    pub(super) valid_until: Option<Bound>,
    pub(super) campaign: Option<String>,
    pub(super) external_id: Option<String>,
    #[serde(default)]
    pub(super) music: bool,
}

/// A segment as it is shown.
pub(super) fn segment(record: &SegmentRecord, timezone: &TimeZone) -> Value {
    let pushed = &record.pushed;
    let sound = record.sound.as_ref();
    let reason = record.reason.as_ref();
    let rejected = record.standing == Standing::Rejected;
    let decided = record.approved_by.as_ref().map(|(_, name)| name.clone());
    // what is asked for again is approved by nobody yet
    let waits = matches!(record.standing, Standing::AwaitingApproval | Standing::Altered);
    let approved_by = record.approvals.names().or_else(|| decided.clone()).filter(|_| !rejected && !waits);
    let why = (record.standing == Standing::Altered).then(|| Reason::approval_altered(&pushed.title));
    let reason = reason.or(why.as_ref());
    let level = sound.and_then(|sound| sound.loudness.as_ref());
    let tenth = |value: Option<f64>| value.map(|value| (value * 10.0).round() / 10.0);
    let trimmed = level.map(|level| {
        json!({ "start": milli(level.trimmed_start_seconds), "end": milli(level.trimmed_end_seconds) })
    });
    let mut value = json!({
        "id": pushed.id.to_string(),
        "sha256": pushed.sha256,
        "bytes": pushed.bytes,
        "state": record.standing.as_str(),
        "reason_code": reason.map(|reason| &reason.code),
        "reason": reason.map(|reason| &reason.en),
        "reason_vi": reason.map(|reason| &reason.vi),
        "title": pushed.title,
        "language": pushed.language,
        "class": pushed.class.as_str(),
        "source": pushed.source,
        "valid_from": pushed.valid_from.as_ref().map(ToString::to_string),
        "valid_until": pushed.valid_until.as_ref().map(ToString::to_string),
        "campaign": pushed.campaign,
        "external_id": pushed.external_id,
        "music": pushed.music,
        "duration": record.duration.map(seconds),
        "codec": sound.map(|sound| &sound.codec),
        "sample_rate": sound.map(|sound| sound.sample_rate),
        "channels": sound.map(|sound| sound.channels),
        "peak_dbfs": sound.and_then(|sound| sound.peak_dbfs),
        "warnings": sound.map(|sound| &sound.warnings),
        "loudness_lufs": level.and_then(|level| tenth(level.lufs)),
        "true_peak_dbtp": level.and_then(|level| tenth(level.true_peak_dbtp)),
        "original_loudness_lufs": level.and_then(|level| tenth(level.original_lufs)),
        "original_true_peak_dbtp": level.and_then(|level| tenth(level.original_true_peak_dbtp)),
        "range_lu": level.and_then(|level| tenth(level.range_lu)),
        "gain_db": level.and_then(|level| tenth(Some(level.gain_db))),
        "limited_db": level.and_then(|level| tenth(Some(level.limited_db))),
        "trimmed": trimmed,
        "tags": sound.map(|sound| &sound.tags),
        "waveform": null,
        "spoken": null,
        "prepared_sha256": record.prepared,
        "uploaded_by": record.uploaded_by.1,
        "uploaded_at": local(record.uploaded_at, timezone),
        "approved_by": approved_by,
        "rejected_by": decided.filter(|_| rejected),
        "approved_at": record.approved_at.filter(|_| !rejected && !waits).map(|at| local(at, timezone)),
        "approval_note": record.approval_note,
    });
    let given = record.approvals.given.iter().map(
        |approval| json!({ "by": approval.by.1, "at": local(approval.at, timezone), "note": approval.note }),
    );
    value["approvals"] = given.collect();
    value["trim"] = trim(pushed.trim);
    value["original_duration"] = json!(record.length().map(seconds));
    value["original_waveform"] = Value::Null;
    value["approval_digest"] = json!(record.approvals.digest);
    value["approvals_needed"] = json!(record.approvals.needed);
    value["approvals_missing"] = json!(record.approvals.missing());
    value
}

/// `POST /segments/{id}/approval`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApprovalBody {
    pub(super) decision: crate::store::Decision,
    pub(super) note: Option<String>,
    /// The `approval_digest` of what was seen.
    pub(super) seen: Option<String>,
}

/// A person or token as it is shown; never its secret.
pub(crate) fn identity(it: &Identity, now: Timestamp, timezone: &TimeZone) -> Value {
    let instant = |at: Option<Timestamp>| at.map(|at| local(at, timezone));
    let mut value = json!({
        "id": it.id,
        "name": it.name,
        "scopes": it.scopes,
        "created_at": local(it.created_at, timezone),
        "created_by": it.created_by,
        "last_used": instant(it.seen_at),
        "revoked_at": instant(it.revoked_at),
        "valid": it.valid(now),
        "version": it.version,
    });
    match it.kind {
        IdentityKind::Person => {
            value["role"] = json!(it.role);
            value["one_time_password_pending"] = json!(it.one_time);
            value["second_factor"] = json!(it.second_factor);
        }
        IdentityKind::Token => value["expires"] = json!(instant(it.expires_at)),
    }
    value
}

/// A name that people read.
pub(super) fn name(what: &str, text: String) -> Result<String> {
    let text = text.trim().to_owned();
    if (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(text);
    }
    Err(Error::unacceptable(
        "bad_name",
        format!("a {what}'s name has 1 to 200 characters and no control characters"),
    ))
}

/// A kept document as it is shown.
pub(super) fn stored<T: Show>(stored: &Stored<T>, timezone: &TimeZone) -> Value {
    let mut value = stored.value.show(timezone);
    value["version"] = json!(stored.version);
    value["changed_at"] = json!(local(stored.changed_at, timezone));
    value
}

/// A slot or a refusal of the plan as it is shown.
pub(crate) fn entry(entry: &Entry, timezone: &TimeZone) -> Value {
    match entry {
        Entry::Slot(it) => slot(it, timezone),
        Entry::Refused(it) => refusal(it, timezone),
    }
}

/// A slot as it is shown.
pub(crate) fn slot(slot: &Slot, timezone: &TimeZone) -> Value {
    let (_, attempt) = slot.key.attempt();
    json!({
        "slot": slot.key.as_str(),
        "start": local(slot.start, timezone),
        "end": local(slot.end(), timezone),
        "seconds": seconds(slot.duration),
        "offset": seconds(slot.offset),
        "latest_start": slot.latest_start.map(|at| local(at, timezone)),
        "occurrence": local(slot.occurrence, timezone),
        "position": slot.position,
        "attempt": attempt,
        "moved": attempt > 0 || (slot.position == 0 && slot.start != slot.occurrence),
        "yields": slot.yields.as_ref().map(|it| json!({ "to": it.to.as_str(), "name": it.name, "then": it.then })),
        "programme": slot.origin.programme(),
        "campaign": slot.origin.campaign(),
        "programme_name": slot.name,
        "segment": slot.segment.to_string(),
        "title": slot.title,
        "class": slot.class.as_str(),
        "zones": slot.zones,
        "gain_db": slot.gain_db,
        "sha256": slot.original_sha256,
        "trim": trim(slot.trim),
        "approved_by": slot.approved_by,
        "code": slot.reason.code,
        "reason": slot.reason.en,
        "reason_vi": slot.reason.vi,
    })
}

/// A refusal as it is shown.
pub(crate) fn refusal(refusal: &Refusal, timezone: &TimeZone) -> Value {
    let (_, attempt) = refusal.key.attempt();
    json!({
        "slot": refusal.key.as_str(),
        "start": local(refusal.start, timezone),
        "seconds": refusal.duration.map(seconds),
        "occurrence": local(refusal.occurrence, timezone),
        "position": refusal.position,
        "attempt": attempt,
        "programme": refusal.origin.programme(),
        "campaign": refusal.origin.campaign(),
        "programme_name": refusal.name,
        "segment": refusal.segment.to_string(),
        "title": refusal.title,
        "class": refusal.class.as_str(),
        "zones": refusal.zones,
        "code": refusal.reason.code,
        "reason": refusal.reason.en,
        "reason_vi": refusal.reason.vi,
    })
}

/// A slot that remains, but not as it was: as it becomes, with what it was.
pub(super) fn moved(it: &Move, timezone: &TimeZone) -> Value {
    let mut value = slot(&it.after, timezone);
    value["from"] = json!(local(it.before.start, timezone));
    value["to"] = json!(local(it.after.start, timezone));
    value["seconds_before"] = json!(seconds(it.before.duration));
    value["segment_before"] = json!(it.before.segment);
    value
}

/// The columns of an airing in CSV.
pub(super) const AIRING_COLUMNS: [&str; 31] = [
    "seq",
    "slot",
    "planned_start",
    "started",
    "ended",
    "seconds_planned",
    "seconds_aired",
    "outcome",
    "reason_code",
    "reason",
    "reason_vi",
    "confirmed",
    "programme",
    "programme_name",
    "segment",
    "sha256",
    "title",
    "approved_by",
    "zones",
    "clock",
    "external_id",
    "campaign",
    "emergency",
    "device",
    "gaps",
    "gap_seconds",
    "lufs",
    "amplifier_samples",
    "amplifier_gap_seconds",
    "trim_start",
    "trim_end",
];

/// What is gone by the rule of retention, and how to tell.
pub(super) fn removed(removed: &Removed, timezone: &TimeZone) -> Value {
    let (seq, row, until) = (removed.seq, removed.row, local(removed.until, timezone));
    let days = removed.boundary().ok().map(|signed| signed.boundary.keep_days);
    json!({
        "seq": seq, "row": row, "until": until, "told": removed.told, "keep_days": days, "code": "retention",
        "vi": format!("Các lần phát có số thứ tự đến {seq} (trước {until}) đã xóa theo quy định thời hạn lưu nhật ký."),
        "en": format!("Airings up to seq {seq} (before {until}) were removed by the rule of retention; row {} of the log tells of it.", removed.told),
    })
}

/// A closed airing as it is shown.
pub(super) fn airing(airing: &Airing, timezone: &TimeZone) -> Value {
    let (programme_name, zones, origin) = match &airing.entry {
        Entry::Slot(slot) => (&slot.name, &slot.zones, slot.origin),
        Entry::Refused(refusal) => (&refusal.name, &refusal.zones, refusal.origin),
    };
    let emergency = match origin {
        Origin::Emergency(id) => Some(id),
        Origin::Programme(_) | Origin::Campaign(_) => None,
    };
    let (reason, proof) = (airing.reason.as_ref(), airing.evidence.as_ref());
    let word = proof.and_then(|proof| proof.amplifier.as_ref());
    let say = |pick: fn(&Reason) -> &str| reason.map(pick);
    json!({
        "seq": airing.seq,
        "slot": airing.slot,
        "planned_start": local(airing.planned_start, timezone),
        "started": airing.started.map(|at| local(at, timezone)),
        "ended": airing.ended.map(|at| local(at, timezone)),
        "seconds_planned": airing.planned.map(seconds),
        "seconds_aired": seconds(airing.played),
        "outcome": airing.outcome,
        "reason_code": say(|reason| &*reason.code),
        "reason": say(|reason| &reason.en),
        "reason_vi": say(|reason| &reason.vi),
        "confirmed": airing.confirmed,
        "programme": airing.programme,
        "programme_name": programme_name,
        "segment": airing.segment,
        "sha256": airing.sha256,
        "trim": trim(match &airing.entry {
            Entry::Slot(slot) => slot.trim,
            Entry::Refused(_) => None,
        }),
        "title": airing.title,
        "approved_by": airing.approved_by,
        "zones": zones,
        "clock": airing.clock,
        "external_id": airing.external_id,
        "campaign": airing.campaign,
        "emergency": emergency,
        "device": proof.map(|proof| &proof.device),
        "gaps": proof.map(|proof| proof.gap_count),
        "gap_seconds": proof.map(|proof| millis(proof.gap_ms)),
        "lufs": proof.and_then(|proof| proof.lufs),
        "amplifier_samples": word.map(|word| word.samples),
        "amplifier_gap_seconds": word.map(|word| millis(word.longest_gap_ms)),
        "evidence": proof.map(|proof| evidence(proof, timezone)),
    })
}

/// What the output can say of an airing.
fn evidence(it: &Evidence, timezone: &TimeZone) -> Value {
    json!({
        "device": it.device,
        "sample_rate": it.sample_rate,
        "first": it.first.map(|at| local(at, timezone)),
        "last": it.last.map(|at| local(at, timezone)),
        "frames": it.frames,
        "frames_handed": it.handed,
        "gaps": it.gaps.iter().map(|gap| json!({
            "at": local(gap.at, timezone), "seconds": millis(gap.ms), "cause": gap.cause,
        })).collect::<Vec<Value>>(),
        "gap_count": it.gap_count,
        "gap_seconds": millis(it.gap_ms),
        "lufs": it.lufs,
        "peak_dbfs": it.peak_dbfs,
        "amplifier": it.amplifier.as_ref().map(|word| amplifier(word, timezone)),
    })
}

/// What the amplifier said of an airing.
fn amplifier(word: &AmplifierEvidence, timezone: &TimeZone) -> Value {
    let reading = |it: &Option<AmplifierReading>| {
        it.as_ref().map(|it| {
            json!({ "at": local(it.at, timezone), "power": it.power, "sound": it.sound, "zones": it.zones })
        })
    };
    let tenths = |(low, high): (i16, i16)| [f64::from(low) / 10.0, f64::from(high) / 10.0];
    let volts = |(low, high): (u16, u16)| [f64::from(low) / 1000.0, f64::from(high) / 1000.0];
    json!({
        "driver": word.driver,
        "held_by": word.held_by,
        "samples": word.samples,
        "longest_gap_seconds": millis(word.longest_gap_ms),
        "before": reading(&word.before),
        "begin": reading(&word.begin),
        "end": reading(&word.end),
        "temperature": word.temperature.map(tenths),
        "supply": word.supply.map(volts),
        "faults": word.faults,
        "unconfirmed": word.unconfirmed,
    })
}

fn millis(millis: u64) -> f64 {
    millis as f64 / 1000.0
}
