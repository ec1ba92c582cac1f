//! What the history says about the items of programmes.

use super::limits::ItemId;
use super::station::Station;
use super::types::{Origin, PastAiring, Permit};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap};

/// The closed airings of programmes, by what they were airings of.
#[derive(Default)]
pub(super) struct Past<'a> {
    closed: HashMap<ItemId, &'a PastAiring>,
    /// By show, occurrence and position: the attempts, the first one first.
    pub(super) attempts: BTreeMap<(usize, Timestamp, u32), Vec<(u32, &'a PastAiring)>>,
    /// What was heard and is no first attempt of a programme, so that no sweep of the day finds it again.
    pub(super) extra: Vec<(ItemId, &'a PastAiring)>,
}

impl<'a> Past<'a> {
    /// Without `as_of` nothing has happened yet.
    pub(super) fn new(station: &Station<'a>) -> Past<'a> {
        let mut past = Past::default();
        if station.snapshot.as_of.is_none() {
            return past;
        }
        for (index, airing) in (0_u32..).zip(&station.snapshot.history) {
            let (first, attempt) = airing.key.attempt();
            match airing.origin {
                Origin::Programme(id) => {
                    let Some(show) = station.programme(id) else { continue };
                    let Some((occurrence, position)) = parts(first) else { continue };
                    let item = (show, occurrence, position, attempt);
                    past.closed.insert(item, airing);
                    past.attempts.entry((show, occurrence, position)).or_default().push((attempt, airing));
                    if attempt > 0 {
                        past.extra.push((item, airing));
                    }
                }
                Origin::Campaign(id) => {
                    let Some(show) = station.campaign(id) else { continue };
                    past.extra.push(((show, airing.planned_start, index, attempt), airing));
                }
                Origin::Emergency(_) => {}
            }
        }
        for attempts in past.attempts.values_mut() {
            attempts.sort_by_key(|(attempt, _)| *attempt);
        }
        past.extra.retain(|(_, airing)| heard(airing).is_some());
        past
    }

    pub(super) fn closed(&self, id: ItemId) -> Option<&'a PastAiring> {
        self.closed.get(&id).copied()
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
    let civil = DateTime::strptime("%Y%m%dT%H%M%SZ", parts.next()?).ok()?;
    let occurrence = TimeZone::UTC.to_timestamp(civil).ok()?;
    Some((occurrence, parts.next()?.parse().ok()?))
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
        assert_eq!(parts("no key"), None);
    }
}
