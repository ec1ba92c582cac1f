//! Who gets the time: the total order, overlaps and the limits of windows.

use super::candidates::{Candidate, Station, Unairable};
use super::permits::{Opening, holding};
use super::types::Permit;
use crate::reason::ReasonCode;
use crate::vocabulary::{Limits, Window};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Slots of one window and day with less silence than this between them belong to one session.
const SESSION_GAP: SignedDuration = SignedDuration::from_mins(30);

/// A slot of the day before that still sounds when the stretch begins.
pub(super) struct Carried {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) name: String,
    /// The rank of its programme, which has its zones.
    pub(super) zones_of: usize,
}

/// What became of a candidate.
pub(super) enum Placed {
    Slot(Spot),
    Refused(Why),
}

/// Where a slot found its place.
pub(super) struct Spot {
    pub(super) permit: Permit,
    /// The windows it touches.
    pub(super) windows: Vec<usize>,
}

/// Why it found none; made into a sentence only when somebody reads it.
pub(super) enum Why {
    Unairable(Unairable),
    UnknownZone,
    NoWindowDefined,
    OutsideWindow,
    BeyondWindowEnd { until: Timestamp },
    Overlap { winner: String, start: Timestamp },
    Limit { code: ReasonCode, window: String, limit: u32 },
}

/// Decides every candidate that starts on one of `days` days from `first` on, day after day.
pub(super) fn place_days<'a>(
    station: &Station<'a>,
    first: Date,
    days: i64,
    carried: &[Carried],
) -> Vec<(Candidate<'a>, Placed)> {
    let mut candidates = Vec::new();
    for offset in 0..days {
        let begins = station.midnight(first.saturating_add(offset.days()));
        let ends = station.midnight(first.saturating_add((offset + 1).days()));
        let mut day = station.candidates(begins, ends);
        day.sort_by_key(|candidate| {
            (Reverse(candidate.programme.class), candidate.start, candidate.rank, candidate.position)
        });
        candidates.append(&mut day);
    }
    let openings = station.hours.openings(first, days);
    let mut permits: HashMap<usize, Vec<Permit>> = HashMap::with_capacity(station.programme_count());
    let mut taken = Taken::default();
    let touched = |zones: &[_], stretch| station.hours.touched(&openings, zones, stretch);
    for slot in carried {
        let stretch = Permit { from: slot.start, until: slot.end };
        let zones = station.zones_by_rank(slot.zones_of);
        taken.take(stretch, &slot.name, &touched(zones, stretch));
    }
    let mut decided = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let verdict = (|| {
            candidate.airable.map_err(Why::Unairable)?;
            let zones = station.zones(&candidate).ok_or(Why::UnknownZone)?;
            if station.hours.none_defined() {
                return Err(Why::NoWindowDefined);
            }
            let permits =
                permits.entry(candidate.rank).or_insert_with(|| station.hours.permits(&openings, zones));
            let permit = holding(permits, candidate.start).ok_or(Why::OutsideWindow)?;
            let stretch = Permit { from: candidate.start, until: candidate.end() };
            if stretch.until > permit.until {
                return Err(Why::BeyondWindowEnd { until: permit.until });
            }
            taken.overlap(stretch)?;
            let touched = touched(zones, stretch);
            taken.limits(station.hours.windows(), stretch, &touched)?;
            taken.take(stretch, &candidate.programme.name, &touched);
            let mut windows: Vec<usize> = touched.iter().map(|&(index, _)| index).collect();
            windows.dedup();
            Ok(Spot { permit, windows })
        })();
        let placed = match verdict {
            Ok(spot) => Placed::Slot(spot),
            Err(why) => Placed::Refused(why),
        };
        decided.push((candidate, placed));
    }
    decided
}

/// What is taken so far.
#[derive(Default)]
struct Taken {
    /// By start: the end and whose it is.
    slots: BTreeMap<Timestamp, (Timestamp, String)>,
    /// By window and day: the stretches of sound inside the opening.
    used: HashMap<usize, BTreeMap<Date, Vec<Permit>>>,
}

impl Taken {
    fn overlap(&self, stretch: Permit) -> Result<(), Why> {
        let before =
            self.slots.range(..=stretch.from).next_back().filter(|(_, (end, _))| *end > stretch.from);
        let found = before.or_else(|| self.slots.range(stretch.from..stretch.until).next());
        match found {
            Some((&start, (_, name))) => Err(Why::Overlap { winner: name.clone(), start }),
            None => Ok(()),
        }
    }

    fn take(&mut self, stretch: Permit, name: &str, touched: &[(usize, Opening)]) {
        self.slots.insert(stretch.from, (stretch.until, name.to_owned()));
        for &(index, opening) in touched {
            let day = self.used.entry(index).or_default().entry(opening.date).or_default();
            day.push(within(stretch, opening));
        }
    }

    /// Whether every window that the slot touches has room for it.
    fn limits(&self, windows: &[&Window], stretch: Permit, touched: &[(usize, Opening)]) -> Result<(), Why> {
        for &(index, opening) in touched {
            let Some(window) = windows.get(index) else { continue };
            if window.limits == Limits::default() {
                continue;
            }
            let none = BTreeMap::new();
            let used = self.used.get(&index).unwrap_or(&none);
            let exceeded = exceeded(&window.limits, used, within(stretch, opening), opening.date);
            if let Some((code, limit)) = exceeded {
                return Err(Why::Limit { code, window: window.name.clone(), limit });
            }
        }
        Ok(())
    }
}

/// The part of a stretch that lies inside the opening.
fn within(stretch: Permit, opening: Opening) -> Permit {
    Permit { from: stretch.from.max(opening.permit.from), until: stretch.until.min(opening.permit.until) }
}

/// The first limit that one more stretch on `date` would exceed.
fn exceeded(
    limits: &Limits,
    used: &BTreeMap<Date, Vec<Permit>>,
    more: Permit,
    date: Date,
) -> Option<(ReasonCode, u32)> {
    let mut today: Vec<Permit> = used.get(&date).cloned().unwrap_or_default();
    today.push(more);
    let monday = super::monday_of(date);
    let other_days = used.range(monday..monday.saturating_add(7.days())).filter(|(day, _)| **day != date);
    let over = |limit: Option<u32>, code, sum: SignedDuration| {
        limit.filter(|&limit| sum > SignedDuration::from_mins(i64::from(limit))).map(|limit| (code, limit))
    };
    let too_many = |limit: Option<u32>, code, count: usize| {
        limit.filter(|&limit| count > usize::try_from(limit).unwrap_or(usize::MAX)).map(|limit| (code, limit))
    };
    let sessions = sessions(&mut today);
    let longest = sessions.iter().copied().max().unwrap_or(SignedDuration::ZERO);
    let week = other_days.clone().fold(sum(&today), |all, (_, day)| all + sum(day));
    over(limits.minutes_per_session, ReasonCode::LimitMinutesPerSession, longest)
        .or_else(|| over(limits.minutes_per_day, ReasonCode::LimitMinutesPerDay, sum(&today)))
        .or_else(|| over(limits.minutes_per_week, ReasonCode::LimitMinutesPerWeek, week))
        .or_else(|| too_many(limits.sessions_per_day, ReasonCode::LimitSessionsPerDay, sessions.len()))
        .or_else(|| too_many(limits.days_per_week, ReasonCode::LimitDaysPerWeek, other_days.count() + 1))
}

fn sum(stretches: &[Permit]) -> SignedDuration {
    stretches
        .iter()
        .fold(SignedDuration::ZERO, |all, stretch| all + stretch.until.duration_since(stretch.from))
}

/// The seconds of sound of each session of a day.
fn sessions(day: &mut [Permit]) -> Vec<SignedDuration> {
    day.sort_by_key(|stretch| stretch.from);
    let mut sessions: Vec<SignedDuration> = Vec::new();
    let mut last_end: Option<Timestamp> = None;
    for stretch in day.iter() {
        let length = stretch.until.duration_since(stretch.from);
        match (last_end, sessions.last_mut()) {
            (Some(end), Some(session)) if stretch.from.duration_since(end) < SESSION_GAP => {
                *session = session.saturating_add(length);
            }
            _ => sessions.push(length),
        }
        last_end = Some(stretch.until);
    }
    sessions
}
