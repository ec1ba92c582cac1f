//! The shapes on the wire. Domain types do not know them.

use crate::error::{Error, Result};
use crate::store::{Airing, SegmentRecord, Stored};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use loaxa_schedules::{
    Bound, Class, Entry, Limits, MissedRule, Programme, ProgrammeId, Reason, Recurrence, SegmentId, Standing,
    StartRule, TimeOfDay, Weekday, Window, WindowId, Zone, ZoneId,
};
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
}

/// A segment as it is shown.
pub(super) fn segment(record: &SegmentRecord, timezone: &TimeZone) -> Value {
    let pushed = &record.pushed;
    let sound = record.sound.as_ref();
    let reason = record.reason.as_ref();
    let rejected = record.standing == Standing::Rejected;
    let decided = record.approved_by.as_ref().map(|(_, name)| name);
    json!({
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
        "duration": record.duration.map(seconds),
        "codec": sound.map(|sound| &sound.codec),
        "sample_rate": sound.map(|sound| sound.sample_rate),
        "channels": sound.map(|sound| sound.channels),
        "peak_dbfs": sound.and_then(|sound| sound.peak_dbfs),
        "warnings": sound.map(|sound| &sound.warnings),
        "loudness_lufs": null,
        "true_peak_dbtp": null,
        "waveform": null,
        "prepared_sha256": record.prepared,
        "uploaded_by": record.uploaded_by.1,
        "uploaded_at": local(record.uploaded_at, timezone),
        "approved_by": decided.filter(|_| !rejected),
        "rejected_by": decided.filter(|_| rejected),
        "approved_at": record.approved_at.filter(|_| !rejected).map(|at| local(at, timezone)),
        "approval_note": record.approval_note,
    })
}

/// `POST /segments/{id}/approval`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApprovalBody {
    pub(super) decision: crate::store::Decision,
    pub(super) note: Option<String>,
}

/// A zone as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ZoneBody {
    name: String,
}

/// A window as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WindowBody {
    name: String,
    days: Vec<Weekday>,
    start: TimeOfDay,
    end: TimeOfDay,
    #[serde(default)]
    zones: Vec<ZoneId>,
    volume_ceiling_db: Option<f64>,
    limits: Option<LimitsBody>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsBody {
    minutes_per_session: Option<u32>,
    minutes_per_day: Option<u32>,
    minutes_per_week: Option<u32>,
    sessions_per_day: Option<u32>,
    days_per_week: Option<u32>,
}

/// A programme as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgrammeBody {
    name: String,
    segments: Vec<SegmentId>,
    cron: Option<String>,
    at: Option<Vec<Timestamp>>,
    class: Option<Class>,
    #[serde(default)]
    zones: Vec<ZoneId>,
    valid_from: Option<Bound>,
    valid_until: Option<Bound>,
    start_rule: Option<StartRule>,
    missed: Option<MissedRule>,
}

impl ZoneBody {
    pub(super) fn zone(self, id: ZoneId) -> Result<Zone> {
        Ok(Zone { id, name: name("zone", self.name)? })
    }
}

impl WindowBody {
    pub(super) fn window(self, id: WindowId) -> Result<Window> {
        let limits = self.limits.map_or_else(Limits::default, |limits| Limits {
            minutes_per_session: limits.minutes_per_session,
            minutes_per_day: limits.minutes_per_day,
            minutes_per_week: limits.minutes_per_week,
            sessions_per_day: limits.sessions_per_day,
            days_per_week: limits.days_per_week,
        });
        Ok(Window {
            id,
            name: name("window", self.name)?,
            days: self.days,
            start: self.start,
            end: self.end,
            zones: self.zones,
            volume_ceiling_db: self.volume_ceiling_db,
            limits,
            holidays: Vec::new(),
        })
    }
}

impl ProgrammeBody {
    pub(super) fn programme(self, id: ProgrammeId) -> Result<Programme> {
        let recurrence = match (self.cron, self.at) {
            (Some(cron), None) => Recurrence::Cron(cron),
            (None, Some(at)) => Recurrence::At(at),
            (Some(_), Some(_)) => {
                return Err(Error::unacceptable(
                    "cron_and_at",
                    "a programme has either cron or at; leave one of the two out",
                ));
            }
            (None, None) => {
                return Err(Error::unacceptable(
                    "no_recurrence",
                    "a programme says when it starts: give cron (\"0 0 17 * * Mon-Fri\") or at ([\"2026-11-30T17:00:00+07:00\"])",
                ));
            }
        };
        Ok(Programme {
            id,
            name: name("programme", self.name)?,
            segments: self.segments,
            recurrence,
            class: self.class.unwrap_or(Class::Normal),
            zones: self.zones,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            start_rule: self.start_rule.unwrap_or_default(),
            missed: self.missed.unwrap_or_default(),
            opening: None,
            closing: None,
            gap_seconds: 0,
            on_holidays: Default::default(),
            owner: None,
            order: 0,
        })
    }
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

/// What a kind of document looks like when it is shown.
pub(super) trait Show {
    fn show(&self, timezone: &TimeZone) -> Value;
}

impl Show for Zone {
    fn show(&self, _: &TimeZone) -> Value {
        json!({ "id": self.id.to_string(), "name": self.name })
    }
}

impl Show for Window {
    fn show(&self, _: &TimeZone) -> Value {
        json!({
            "id": self.id.to_string(), "name": self.name, "days": self.days, "start": self.start, "end": self.end,
            "zones": self.zones, "volume_ceiling_db": self.volume_ceiling_db, "limits": self.limits,
        })
    }
}

impl Show for Programme {
    fn show(&self, timezone: &TimeZone) -> Value {
        let (cron, at) = match &self.recurrence {
            Recurrence::Cron(cron) => (Some(cron), None),
            Recurrence::At(at) => (None, Some(at.iter().map(|at| local(*at, timezone)).collect::<Vec<_>>())),
        };
        json!({
            "id": self.id.to_string(), "name": self.name, "segments": self.segments, "cron": cron, "at": at,
            "class": self.class.as_str(), "zones": self.zones,
            "valid_from": self.valid_from.as_ref().map(ToString::to_string),
            "valid_until": self.valid_until.as_ref().map(ToString::to_string),
            "start_rule": self.start_rule, "missed": self.missed,
        })
    }
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
        Entry::Slot(slot) => json!({
            "slot": slot.key.as_str(),
            "start": local(slot.start, timezone),
            "end": local(slot.start + slot.duration, timezone),
            "seconds": seconds(slot.duration),
            "programme": slot.origin.programme(),
            "campaign": slot.origin.campaign(),
            "programme_name": slot.name,
            "segment": slot.segment.to_string(),
            "title": slot.title,
            "class": slot.class.as_str(),
            "zones": slot.zones,
            "gain_db": slot.gain_db,
            "sha256": slot.original_sha256,
            "approved_by": slot.approved_by,
            "code": slot.reason.code,
            "reason": slot.reason.en,
            "reason_vi": slot.reason.vi,
        }),
        Entry::Refused(refusal) => json!({
            "slot": refusal.key.as_str(),
            "start": local(refusal.start, timezone),
            "seconds": refusal.duration.map(seconds),
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
        }),
    }
}

/// The columns of an airing in CSV.
pub(super) const AIRING_COLUMNS: [&str; 22] = [
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
];

/// A closed airing as it is shown.
pub(super) fn airing(airing: &Airing, timezone: &TimeZone) -> Value {
    let (programme_name, zones) = match &airing.entry {
        Entry::Slot(slot) => (&slot.name, &slot.zones),
        Entry::Refused(refusal) => (&refusal.name, &refusal.zones),
    };
    let reason = airing.reason.as_ref();
    let say = |pick: fn(&Reason) -> &String| reason.map(pick);
    json!({
        "seq": airing.seq,
        "slot": airing.slot,
        "planned_start": local(airing.planned_start, timezone),
        "started": airing.started.map(|at| local(at, timezone)),
        "ended": airing.ended.map(|at| local(at, timezone)),
        "seconds_planned": airing.planned.map(seconds),
        "seconds_aired": seconds(airing.played),
        "outcome": airing.outcome,
        "reason_code": say(|reason| &reason.code),
        "reason": say(|reason| &reason.en),
        "reason_vi": say(|reason| &reason.vi),
        "confirmed": airing.confirmed,
        "programme": airing.programme,
        "programme_name": programme_name,
        "segment": airing.segment,
        "sha256": airing.sha256,
        "title": airing.title,
        "approved_by": airing.approved_by,
        "zones": zones,
        "clock": airing.clock,
        "external_id": airing.external_id,
        "campaign": airing.campaign,
    })
}
