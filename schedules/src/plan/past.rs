//! What the history says about the items of programmes.

use super::key::of_programme;
use super::limits::{ItemId, monday_of};
use super::station::Station;
use super::types::{Origin, PastAiring, Permit};
use crate::vocabulary::{Outcome, instant_of};
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};

/// The closed airings of programmes, by what they were airings of.
#[derive(Default)]
pub(super) struct Past<'a> {
    /// In order; the attempts at one item stand together.
    closed: Vec<(ItemId, &'a PastAiring)>,
    /// What was heard and is no first attempt of a programme, so that no sweep of the day finds it again.
    /// In the order in which it began.
    pub(super) extra: Vec<Heard<'a>>,
    /// All that was heard of programmes and campaigns in the last days, with the show if it is known still. In the
    /// order in which it began.
    heard: Vec<(Permit, Option<usize>)>,
}

/// Room for so many rows is made at once.
const LIKELY: usize = 256;

/// Before the Monday of the plan by so much, nothing matters any more that was heard as planned.
const BEFORE_MONDAY: SignedDuration = SignedDuration::from_hours(2 * 24);

/// What was heard.
pub(super) struct Heard<'a> {
    pub(super) id: ItemId,
    pub(super) airing: &'a PastAiring,
    pub(super) stretch: Permit,
}

impl<'a> Past<'a> {
    /// Without `as_of` nothing has happened yet.
    pub(super) fn new(station: &Station<'a>) -> Past<'a> {
        let snapshot = station.snapshot;
        let Some(as_of) = snapshot.as_of else { return Past::default() };
        let room = snapshot.history.len().min(LIKELY);
        let mut past = Past {
            closed: Vec::with_capacity(room),
            heard: Vec::with_capacity(room),
            extra: Vec::with_capacity(room),
        };
        let today = snapshot.timezone.to_datetime(as_of).date();
        let monday = instant_of(monday_of(today).to_datetime(Time::midnight()), &snapshot.timezone);
        let spacing = snapshot.campaigns.iter().map(|campaign| campaign.min_spacing_minutes).max();
        let spacing = SignedDuration::from_mins(i64::from(spacing.unwrap_or(0)));
        let lately = monday.saturating_sub(BEFORE_MONDAY).unwrap_or(Timestamp::MIN);
        let lately = lately.min(as_of.saturating_sub(spacing).unwrap_or(Timestamp::MIN));
        for (index, airing) in (0_u32..).zip(&snapshot.history) {
            if let Origin::Emergency(_) = airing.origin {
                continue;
            }
            // What was long ago, and is of a campaign or was heard as planned, has nothing to say here.
            let of_campaign = airing.origin.campaign().is_some();
            let old = airing.ended < lately;
            if old && of_campaign {
                continue;
            }
            let (first, attempt) = airing.key.attempt();
            if old && attempt == 0 && airing.outcome == Outcome::Aired {
                continue;
            }
            let show = station.show_of(airing.origin);
            past.heard.extend(heard(airing).map(|stretch| (stretch, show)));
            let Some(show) = show else { continue };
            if of_campaign {
                past.add_extra((show, airing.planned_start, index, attempt), airing);
                continue;
            }
            let Some((occurrence, position)) = of_programme(first) else { continue };
            let item = (show, occurrence, position, attempt);
            past.closed.push((item, airing));
            if attempt > 0 {
                past.add_extra(item, airing);
            }
        }
        past.closed.sort_by_key(|(item, _)| *item);
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

    /// The closed attempts at each item, the first one first.
    pub(super) fn attempts(&self) -> impl Iterator<Item = &[(ItemId, &'a PastAiring)]> {
        let same = |(one, _): &(ItemId, _), (other, _): &(ItemId, _)| {
            (one.0, one.1, one.2) == (other.0, other.1, other.2)
        };
        self.closed.chunk_by(same)
    }

    pub(super) fn closed(&self, id: ItemId) -> Option<&'a PastAiring> {
        let after = self.closed.partition_point(|(item, _)| *item <= id);
        let (item, airing) = self.closed.get(after.checked_sub(1)?)?;
        (*item == id).then_some(*airing)
    }
}

/// When it was heard, if it was.
pub(super) fn heard(airing: &PastAiring) -> Option<Permit> {
    let from = airing.ended.saturating_sub(airing.played).ok()?;
    (from < airing.ended).then_some(Permit { from, until: airing.ended })
}
