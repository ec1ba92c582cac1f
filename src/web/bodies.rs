//! What people plan with, as it is sent and as it is shown.

use super::wire::{local, name};
use crate::error::{Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use loaxa_schedules::{
    Announced, Bound, Campaign, CampaignId, Class, DateSpan, DayEffect, Holiday, HolidayId, HolidayRule,
    Limits, MissedRule, OnHolidays, Period, Phase, Programme, ProgrammeId, Quota, Recurrence, Rotation,
    SegmentId, Share, StartRule, TimeOfDay, Unit, UnitId, Weekday, Window, WindowId, Zone, ZoneId,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// A zone as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ZoneBody {
    name: String,
    #[serde(default)]
    volume_db: f64,
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
    #[serde(default)]
    holidays: Vec<HolidayId>,
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
    opening: Option<SegmentId>,
    closing: Option<SegmentId>,
    #[serde(default)]
    gap_seconds: u32,
    on_holidays: Option<OnHolidays>,
    owner: Option<UnitId>,
    #[serde(default)]
    order: i32,
}

/// A campaign as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CampaignBody {
    name: String,
    segments: Vec<ShareBody>,
    rotation: Option<Rotation>,
    class: Option<Class>,
    #[serde(default)]
    zones: Vec<ZoneId>,
    #[serde(default)]
    languages: Vec<String>,
    #[serde(default)]
    min_spacing_minutes: u32,
    phases: Vec<PhaseBody>,
    owner: Option<UnitId>,
    #[serde(default)]
    order: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShareBody {
    id: SegmentId,
    weight: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PhaseBody {
    name: String,
    from: Date,
    to: Date,
    #[serde(default)]
    windows: Vec<WindowId>,
    airings: QuotaBody,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaBody {
    count: u32,
    per: Period,
}

/// A holiday as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HolidayBody {
    name: String,
    rule: RuleBody,
    #[serde(default)]
    first_day: i32,
    days: Option<u32>,
    #[serde(default)]
    announced: Vec<AnnouncedBody>,
    #[serde(default)]
    effect: EffectBody,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum RuleBody {
    Solar {
        month: i8,
        day: i8,
    },
    Lunar {
        month: i8,
        day: i8,
        #[serde(default)]
        leap: bool,
    },
    NthWeekday {
        month: i8,
        weekday: Weekday,
        nth: i8,
    },
    Dates {
        dates: Vec<Date>,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnnouncedBody {
    year: i16,
    days: Option<SpanBody>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpanBody {
    from: Date,
    to: Date,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct EffectBody {
    closed: bool,
    no_music: bool,
    acts_as: Option<Weekday>,
    ordinary: bool,
}

/// A unit of the administration as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnitBody {
    code: String,
    name: String,
    tier: String,
    parent: Option<UnitId>,
    valid_from: Option<Date>,
    valid_until: Option<Date>,
}

impl ZoneBody {
    pub(super) fn zone(self, id: ZoneId) -> Result<Zone> {
        Ok(Zone { id, name: name("zone", self.name)?, volume_db: self.volume_db })
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
            holidays: self.holidays,
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
            opening: self.opening,
            closing: self.closing,
            gap_seconds: self.gap_seconds,
            on_holidays: self.on_holidays.unwrap_or_default(),
            owner: self.owner,
            order: self.order,
        })
    }
}

impl CampaignBody {
    pub(super) fn campaign(self, id: CampaignId) -> Result<Campaign> {
        let share = |it: ShareBody| Share { id: it.id, weight: it.weight.unwrap_or(1) };
        let phase = |it: PhaseBody| -> Result<Phase> {
            Ok(Phase {
                name: name("phase", it.name)?,
                from: it.from,
                to: it.to,
                windows: it.windows,
                airings: Quota { count: it.airings.count, per: it.airings.per },
            })
        };
        Ok(Campaign {
            id,
            name: name("campaign", self.name)?,
            segments: self.segments.into_iter().map(share).collect(),
            rotation: self.rotation.unwrap_or_default(),
            class: self.class.unwrap_or(Class::Normal),
            zones: self.zones,
            languages: self.languages,
            min_spacing_minutes: self.min_spacing_minutes,
            phases: self.phases.into_iter().map(phase).collect::<Result<_>>()?,
            owner: self.owner,
            order: self.order,
        })
    }
}

impl HolidayBody {
    pub(super) fn holiday(self, id: HolidayId) -> Result<Holiday> {
        let announced = self.announced.into_iter().map(|it| Announced {
            year: it.year,
            days: it.days.map(|span| DateSpan { from: span.from, to: span.to }),
        });
        let EffectBody { closed, no_music, acts_as, ordinary } = self.effect;
        Ok(Holiday {
            id,
            name: name("holiday", self.name)?,
            rule: match self.rule {
                RuleBody::Solar { month, day } => HolidayRule::Solar { month, day },
                RuleBody::Lunar { month, day, leap } => HolidayRule::Lunar { month, day, leap },
                RuleBody::NthWeekday { month, weekday, nth } => {
                    HolidayRule::NthWeekday { month, weekday, nth }
                }
                RuleBody::Dates { dates } => HolidayRule::Dates { dates },
            },
            first_day: self.first_day,
            days: self.days.unwrap_or(1),
            announced: announced.collect(),
            effect: DayEffect { closed, no_music, acts_as, ordinary },
        })
    }
}

impl UnitBody {
    pub(super) fn unit(self, id: UnitId) -> Result<Unit> {
        Ok(Unit {
            id,
            code: name("unit (its code)", self.code)?,
            name: name("unit", self.name)?,
            tier: name("unit (its tier)", self.tier)?,
            parent: self.parent,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
        })
    }
}

/// What a kind of document looks like when it is shown.
pub(super) trait Show {
    fn show(&self, timezone: &TimeZone) -> Value;
}

impl Show for Zone {
    fn show(&self, _: &TimeZone) -> Value {
        json!({ "id": self.id.to_string(), "name": self.name, "volume_db": self.volume_db })
    }
}

impl Show for Window {
    fn show(&self, _: &TimeZone) -> Value {
        json!({
            "id": self.id.to_string(), "name": self.name, "days": self.days, "start": self.start, "end": self.end,
            "zones": self.zones, "volume_ceiling_db": self.volume_ceiling_db, "limits": self.limits,
            "holidays": self.holidays,
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
            "start_rule": self.start_rule, "missed": self.missed, "opening": self.opening, "closing": self.closing,
            "gap_seconds": self.gap_seconds, "on_holidays": self.on_holidays, "owner": self.owner, "order": self.order,
        })
    }
}

impl Show for Campaign {
    fn show(&self, _: &TimeZone) -> Value {
        json!({
            "id": self.id.to_string(), "name": self.name, "segments": self.segments, "rotation": self.rotation,
            "class": self.class.as_str(), "zones": self.zones, "languages": self.languages,
            "min_spacing_minutes": self.min_spacing_minutes, "phases": self.phases, "owner": self.owner,
            "order": self.order,
        })
    }
}

impl Show for Holiday {
    fn show(&self, _: &TimeZone) -> Value {
        json!({
            "id": self.id.to_string(), "name": self.name, "rule": self.rule, "first_day": self.first_day,
            "days": self.days, "announced": self.announced, "effect": self.effect,
        })
    }
}

impl Show for Unit {
    fn show(&self, _: &TimeZone) -> Value {
        json!({
            "id": self.id.to_string(), "code": self.code, "name": self.name, "tier": self.tier, "parent": self.parent,
            "valid_from": self.valid_from, "valid_until": self.valid_until,
        })
    }
}
