//! What the history says about the items of programmes.

use super::limits::ItemId;
use super::station::Station;
use super::types::{Origin, PastAiring, Permit};
use crate::vocabulary::Outcome;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// The closed airings of programmes, by what they were airings of.
#[derive(Default)]
pub(super) struct Past<'a> {
    /// By show, occurrence and position: the attempts, the first one first.
    pub(super) attempts: BTreeMap<(usize, Timestamp, u32), Attempts<'a>>,
    /// What was heard and is no first attempt of a programme, so that no sweep of the day finds it again.
    /// In the order in which it began.
    pub(super) extra: Vec<Heard<'a>>,
    /// All that was heard of programmes and campaigns in the last days, with the show if it is known still. In the
    /// order in which it began.
    heard: Vec<(Permit, Option<usize>)>,
}

/// So long ago the week of the plan had not begun.
const LATELY: SignedDuration = SignedDuration::from_hours(10 * 24);

/// What was heard.
pub(super) struct Heard<'a> {
    pub(super) id: ItemId,
    pub(super) airing: &'a PastAiring,
    pub(super) stretch: Permit,
}

/// The attempts at one item, by number.
type Attempts<'a> = Vec<(u32, &'a PastAiring)>;

impl<'a> Past<'a> {
    /// Without `as_of` nothing has happened yet.
    pub(super) fn new(station: &Station<'a>) -> Past<'a> {
        let mut past = Past::default();
        let snapshot = station.snapshot;
        let Some(as_of) = snapshot.as_of else { return past };
        let lately = as_of.saturating_sub(LATELY).unwrap_or(Timestamp::MIN);
        for (index, airing) in (0_u32..).zip(&snapshot.history) {
            let show = match airing.origin {
                Origin::Programme(id) => station.programme(id),
                Origin::Campaign(id) => station.campaign(id),
                Origin::Emergency(_) => continue,
            };
            let recent = lately < airing.ended;
            past.heard.extend(heard(airing).filter(|_| recent).map(|stretch| (stretch, show)));
            let (Some(show), (first, attempt)) = (show, airing.key.attempt()) else { continue };
            if airing.origin.campaign().is_some() {
                past.add_extra((show, airing.planned_start, index, attempt), airing);
                continue;
            }
            // What was heard as planned, and is on no day that is planned again, has nothing to say.
            if attempt == 0 && !recent && airing.outcome == Outcome::Aired {
                continue;
            }
            let Some((occurrence, position)) = parts(first) else { continue };
            let item = (show, occurrence, position, attempt);
            past.attempts.entry((show, occurrence, position)).or_default().push((attempt, airing));
            if attempt > 0 {
                past.add_extra(item, airing);
            }
        }
        for attempts in past.attempts.values_mut() {
            attempts.sort_by_key(|(attempt, _)| *attempt);
        }
        past.extra.sort_by_key(|heard| heard.stretch.from);
        past.heard.sort_unstable_by_key(|(stretch, show)| (stretch.from, stretch.until, *show));
        past
    }

    fn add_extra(&mut self, id: ItemId, airing: &'a PastAiring) {
        self.extra.extend(heard(airing).map(|stretch| Heard { id, airing, stretch }));
    }

    /// What of `extra` began in a stretch of time.
    pub(super) fn extra_in(&self, day: Permit) -> &[Heard<'a>] {
        let from = self.extra.partition_point(|heard| heard.stretch.from < day.from);
        let until = self.extra.partition_point(|heard| heard.stretch.from < day.until);
        self.extra.get(from..until).unwrap_or_default()
    }

    /// What of all that was heard lately began in a stretch of time.
    pub(super) fn heard_in(&self, day: Permit) -> &[(Permit, Option<usize>)] {
        let from = self.heard.partition_point(|(heard, _)| heard.from < day.from);
        let until = self.heard.partition_point(|(heard, _)| heard.from < day.until);
        self.heard.get(from..until).unwrap_or_default()
    }

    pub(super) fn closed(&self, id: ItemId) -> Option<&'a PastAiring> {
        let (show, occurrence, position, attempt) = id;
        let attempts = self.attempts.get(&(show, occurrence, position))?;
        attempts.iter().rfind(|(other, _)| *other == attempt).map(|(_, airing)| *airing)
    }
}

/// When it was heard, if it was.
pub(super) fn heard(airing: &PastAiring) -> Option<Permit> {
    let from = airing.ended.saturating_sub(airing.played).ok()?;
    (from < airing.ended).then_some(Permit { from, until: airing.ended })
}

/// The occurrence and the position that a first key of a programme names.
fn parts(first: &str) -> Option<(Timestamp, u32)> {
    let mut parts = first.split('/').skip(1);
    let occurrence = instant(parts.next()?)?;
    Some((occurrence, parts.next()?.parse().ok()?))
}

/// `20261130T100000Z`, read by hand: every plan reads the whole history.
fn instant(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(date, 8) || !digits(time, 6) {
        return None;
    }
    let (date, time): (i32, i32) = (date.parse().ok()?, time.parse().ok()?);
    let part = |number: i32| i8::try_from(number % 100).ok();
    let (month, day) = (part(date / 100)?, part(date)?);
    let (hour, minute, second) = (part(time / 10_000)?, part(time / 100)?, part(time)?);
    let civil =
        DateTime::new(i16::try_from(date / 10_000).ok()?, month, day, hour, minute, second, 0).ok()?;
    Offset::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

    use super::super::types::SlotKey;
    use super::*;
    use crate::vocabulary::ProgrammeId;

    #[test]
    fn a_key_is_read_back() {
        let at: Timestamp = "2026-11-30T10:00:07Z".parse().unwrap();
        let key = SlotKey::new(ProgrammeId(uuid::Uuid::from_u128(5)), at, 3).with_attempt(2);
        assert_eq!(key.attempt().1, 2);
        assert_eq!(parts(key.attempt().0), Some((at, 3)));
        for wrong in [
            "no key",
            "p/20261130T1000Z/1",
            "p/20261330T100000Z/1",
            "p/+0261130T100000Z/1",
            "p/20261130T100000Z",
        ] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }
}
