//! How much of each window is used, and what it still allows.

use super::hours::Opening;
use super::types::Permit;
use crate::reason::ReasonCode;
use crate::vocabulary::{Limits, Window};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::BTreeMap;

/// Slots of one window and day with less silence than this between them belong to one session.
const SESSION_GAP: SignedDuration = SignedDuration::from_mins(30);

/// Tells one item from every other: show, occurrence, position, attempt.
pub(super) type ItemId = (usize, Timestamp, u32, u32);

/// The limit that one more stretch would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exceeded {
    pub(super) code: ReasonCode,
    /// Index of the window.
    pub(super) window: usize,
    pub(super) limit: u32,
}

/// The sound inside each opening of the windows that have limits.
#[derive(Clone, Default)]
pub(super) struct Used {
    by_opening: BTreeMap<(usize, Date), Vec<(ItemId, Permit)>>,
}

impl Used {
    /// Takes the time of an item in every opening that it touches.
    pub(super) fn take(&mut self, windows: &[&Window], id: ItemId, stretch: Permit, touched: &[Opening]) {
        for opening in touched {
            if windows.get(opening.window).is_some_and(|window| window.limits != Limits::default()) {
                let used = self.by_opening.entry((opening.window, opening.date)).or_default();
                used.push((id, within(stretch, opening.permit)));
            }
        }
    }

    /// Gives back what an item took.
    pub(super) fn release(&mut self, id: ItemId) {
        for used in self.by_opening.values_mut() {
            used.retain(|(of, _)| *of != id);
        }
    }

    /// Forgets the days before `date`.
    pub(super) fn forget_before(&mut self, date: Date) {
        self.by_opening.retain(|(_, day), _| *day >= date);
    }

    fn on(&self, window: usize, date: Date) -> impl Iterator<Item = Permit> {
        self.by_opening.get(&(window, date)).into_iter().flatten().map(|(_, stretch)| *stretch)
    }

    /// The sum of another day of the week; None when nothing sounds on it.
    fn sum_on(&self, reserved: Option<&Used>, window: usize, date: Date) -> Option<SignedDuration> {
        let mut all = self.on(window, date).chain(reserved.into_iter().flat_map(|r| r.on(window, date)));
        let first = all.next()?;
        Some(all.fold(length(first), |sum, stretch| sum + length(stretch)))
    }
}

/// Whether every opening that a stretch touches has room for it beside what is used and what is reserved.
pub(super) fn check(
    used: &Used,
    reserved: Option<&Used>,
    windows: &[&Window],
    stretch: Permit,
    touched: &[Opening],
) -> Result<(), Exceeded> {
    for opening in touched {
        let Some(window) = windows.get(opening.window) else { continue };
        if window.limits == Limits::default() {
            continue;
        }
        let (index, date) = (opening.window, opening.date);
        let mut today: Vec<Permit> = used.on(index, date).collect();
        today.extend(reserved.into_iter().flat_map(|reserved| reserved.on(index, date)));
        today.push(within(stretch, opening.permit));
        let monday = monday_of(date);
        let week = (0..7).map(|offset| monday.saturating_add(offset.days())).filter(|day| *day != date);
        let others: Vec<SignedDuration> = week.filter_map(|day| used.sum_on(reserved, index, day)).collect();
        if let Some((code, limit)) = exceeded(&window.limits, today, &others) {
            return Err(Exceeded { code, window: index, limit });
        }
    }
    Ok(())
}

/// The Monday of a week.
pub(super) fn monday_of(date: Date) -> Date {
    date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days())
}

/// The part of a stretch that lies inside another.
fn within(stretch: Permit, permit: Permit) -> Permit {
    Permit { from: stretch.from.max(permit.from), until: stretch.until.min(permit.until) }
}

fn length(stretch: Permit) -> SignedDuration {
    stretch.until.duration_since(stretch.from)
}

/// The first limit that a day exceeds, beside what sounds on the other days of its week.
fn exceeded(limits: &Limits, mut today: Vec<Permit>, others: &[SignedDuration]) -> Option<(ReasonCode, u32)> {
    let over = |limit: Option<u32>, code, sum: SignedDuration| {
        limit.filter(|&limit| sum > SignedDuration::from_mins(i64::from(limit))).map(|limit| (code, limit))
    };
    let too_many = |limit: Option<u32>, code, count: usize| {
        limit.filter(|&limit| count > usize::try_from(limit).unwrap_or(usize::MAX)).map(|limit| (code, limit))
    };
    let sessions = sessions(&mut today);
    let longest = sessions.iter().copied().max().unwrap_or(SignedDuration::ZERO);
    let day = sessions.iter().fold(SignedDuration::ZERO, |sum, session| sum.saturating_add(*session));
    let week = others.iter().fold(day, |sum, other| sum.saturating_add(*other));
    over(limits.minutes_per_session, ReasonCode::LimitMinutesPerSession, longest)
        .or_else(|| over(limits.minutes_per_day, ReasonCode::LimitMinutesPerDay, day))
        .or_else(|| over(limits.minutes_per_week, ReasonCode::LimitMinutesPerWeek, week))
        .or_else(|| too_many(limits.sessions_per_day, ReasonCode::LimitSessionsPerDay, sessions.len()))
        .or_else(|| too_many(limits.days_per_week, ReasonCode::LimitDaysPerWeek, others.len() + 1))
}

/// The sound of each session of a day.
fn sessions(day: &mut [Permit]) -> Vec<SignedDuration> {
    day.sort_by_key(|stretch| stretch.from);
    let mut sessions: Vec<SignedDuration> = Vec::new();
    let mut last_end: Option<Timestamp> = None;
    for stretch in day.iter() {
        match (last_end, sessions.last_mut()) {
            (Some(end), Some(session)) if stretch.from.duration_since(end) < SESSION_GAP => {
                *session = session.saturating_add(length(*stretch));
            }
            _ => sessions.push(length(*stretch)),
        }
        last_end = Some(stretch.until);
    }
    sessions
}
