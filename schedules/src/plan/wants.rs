//! What campaigns want of a day, and where each airing finds its place.

use super::fill::{Search, TakenTime};
use super::hours::intersect;
use super::item::{Chance, Item, Met, Why};
use super::station::{Show, What};
use super::sweep::{Fit, Sweep};
use super::types::{Origin, Permit};
use crate::campaigns::{Opened, Want};
use crate::vocabulary::{Class, SegmentId, WindowId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::rc::Rc;

/// So far behind a wish a gap is looked for first.
const NEAR: SignedDuration = SignedDuration::from_hours(1);

/// What is free around a wish.
struct Gaps {
    near: Vec<Permit>,
    /// Of the whole day, once it was needed.
    all: Option<Vec<Permit>>,
}

impl<'s, 'a> Sweep<'s, 'a> {
    /// What the campaigns want of the day that was entered. Those of class priority join the sweep; the others
    /// are answered, to fill gaps.
    pub(super) fn ask_campaigns(&mut self, date: Date, day: Permit) -> Vec<usize> {
        let station = self.station;
        if station.snapshot.campaigns.is_empty() {
            return Vec::new();
        }
        let sets: Vec<Option<usize>> = station
            .snapshot
            .campaigns
            .iter()
            .map(|campaign| station.shows.get(station.campaign(campaign.id)?)?.zones)
            .collect();
        let mut opened: Vec<Option<Vec<Opened>>> = vec![None; station.zone_sets.len()];
        for &set in sets.iter().flatten() {
            if let Some(slot @ None) = opened.get_mut(set) {
                *slot = Some(self.opened(set));
            }
        }
        let opened = |campaign: usize| opened.get((*sets.get(campaign)?)?)?.clone();
        let wants = self.book.wants(date, &|campaign| opened(campaign).unwrap_or_default());
        let mut fillers = Vec::new();
        for want in wants {
            let index = self.wants.len();
            let campaign = station.snapshot.campaigns.get(want.campaign);
            let show = campaign.and_then(|campaign| station.campaign(campaign.id));
            let (Some(campaign), Some(show)) = (campaign, show) else { continue };
            let joins = campaign.class == Class::Priority && want.closed.is_none();
            self.wants.push(want);
            if joins {
                let wish = self.wish(index, day);
                let openings = self.stretches(index);
                let from = openings.iter().rfind(|opening| opening.from <= wish);
                let due = from.map_or(wish, |opening| opening.from).max(self.soonest(day.from));
                self.air.expect(self.item_of(show, index, due));
            } else {
                fillers.push(index);
            }
        }
        fillers
    }

    /// Campaign after campaign as they go, and the airings of each as they would follow each other, so that the turns
    /// of its recordings do too. What is closed has its place already; a make-good comes after what is due.
    pub(super) fn in_time(&mut self, wants: &[usize], day: Permit) -> Vec<usize> {
        let mut campaigns: Vec<usize> = Vec::new();
        let mut keyed = Vec::with_capacity(wants.len());
        for &index in wants {
            let wish = self.wish(index, day);
            let Some(want) = self.wants.get(index) else { continue };
            let known = campaigns.iter().position(|campaign| *campaign == want.campaign);
            let rank = known.unwrap_or_else(|| {
                campaigns.push(want.campaign);
                campaigns.len() - 1
            });
            keyed.push((rank, want.closed.is_none(), wish, want.make_good, index));
        }
        keyed.sort_unstable();
        keyed.into_iter().map(|(.., index)| index).collect()
    }

    pub(super) fn place_want(&mut self, want: usize, day: Permit, taken: &mut TakenTime) {
        let Some(Want { campaign, closed, .. }) = self.wants.get(want).cloned() else { return };
        let station = self.station;
        let show =
            station.snapshot.campaigns.get(campaign).and_then(|campaign| station.campaign(campaign.id));
        let Some(show) = show else { return };
        if let Some((start, segment)) = closed {
            self.place_closed(self.item_of(show, want, start), segment);
            return;
        }
        let wish = self.wish(want, day);
        let soonest = self.soonest(day.from);
        let item = self.item_of(show, want, wish);
        let within = intersect(&self.stretches(want), &[Permit { from: soonest, until: day.until }]);
        let wish = wish.max(soonest);
        let mut gaps = Gaps { near: self.near(&item, &within, wish, taken), all: None };
        let mut why = None;
        // What would air twice in a row, because of what stands around the gap, is a last resort.
        let mut repeat = None;
        for segment in self.book.turn(campaign) {
            match self.find_gap(&item, segment, &within, wish, &mut gaps, taken) {
                Ok((start, _)) if self.book.repeats(campaign, segment, start) => {
                    repeat.get_or_insert(segment);
                }
                Ok((start, fit)) => {
                    self.place(&Item { due: start, occurrence: start, ..item }, &fit, start, taken);
                    return;
                }
                Err(other) => {
                    why.get_or_insert(other);
                }
            }
        }
        if let Some(segment) = repeat
            && let Ok((start, fit)) = self.find_gap(&item, segment, &within, wish, &mut gaps, taken)
        {
            self.place(&Item { due: start, occurrence: start, ..item }, &fit, start, taken);
            return;
        }
        self.refuse(&item, why.unwrap_or(Why::NoRoom));
    }

    /// What is free in the hour after a wish: as a rule that is all that has to be looked at.
    fn near(&self, item: &Item, within: &[Permit], wish: Timestamp, taken: &TakenTime) -> Vec<Permit> {
        let hour = Permit { from: wish, until: wish.saturating_add(NEAR).unwrap_or(Timestamp::MAX) };
        self.free(item, &intersect(within, &[hour]), taken)
    }

    /// The first gap at or after the wish that holds the recording, else the latest one before it. What fits in the
    /// hour after the wish begins before anything else that fits.
    fn find_gap(
        &mut self,
        item: &Item,
        segment: SegmentId,
        within: &[Permit],
        wish: Timestamp,
        gaps: &mut Gaps,
        taken: &TakenTime,
    ) -> Result<(Timestamp, Fit), Why> {
        let item = *item;
        let near = Search { item, segment, within, free: &gaps.near, wish, earlier: false };
        if let Ok(found) = self.find(&near) {
            return Ok(found);
        }
        let free = gaps.all.get_or_insert_with(|| self.free(&item, within, taken));
        self.find(&Search { item, segment, within, free, wish, earlier: true })
    }

    /// What is closed keeps its start and takes nobody's place.
    pub(super) fn place_closed(&mut self, item: Item, segment: SegmentId) {
        let recording = self.station.recording_of(segment);
        let held = recording.and_then(|index| self.station.recordings.get(index));
        let length = held.map_or(SignedDuration::ZERO, |held| held.duration);
        let until = item.due.saturating_add(length).unwrap_or(Timestamp::MAX);
        let permit = Permit { from: item.due, until };
        let index = recording.unwrap_or(usize::MAX);
        let fit = Fit { recording: index, segment, length, permit };
        let spot = self.spot(&item, &fit, item.due, None, Met::Nothing);
        self.decide(&item, item.due, recording, segment, Ok(spot));
    }

    /// Which recording a priority airing of a campaign would play now.
    pub(super) fn fit_campaign(&mut self, item: &Item, now: Timestamp) -> Result<Fit, Why> {
        let index = usize::try_from(item.position).unwrap_or(usize::MAX);
        let Some(campaign) = self.wants.get(index).map(|want| want.campaign) else { return Err(Why::NoRoom) };
        let within = self.stretches(index);
        let (mut why, mut repeat) = (None, None);
        for segment in self.book.turn(campaign) {
            let recording = self.station.recording_of(segment);
            match self.fit_recording(item, segment, recording, now, Some(&within)) {
                Ok(fit) if self.book.repeats(campaign, segment, now) => {
                    repeat.get_or_insert(fit);
                }
                Ok(fit) => return Ok(fit),
                Err(other) => {
                    why.get_or_insert(other);
                }
            }
        }
        repeat.ok_or(why.unwrap_or(Why::NoRoom))
    }

    /// When an airing of a campaign may start at last, if the airing before it is too near now.
    pub(super) fn spaced_from(&mut self, item: &Item, now: Timestamp) -> Option<Timestamp> {
        let distance = self.distance(item);
        self.show(item).filter(|show| show.running().is_none())?;
        let length = self.fit(item, now).ok()?.length;
        let first = self.spacing.first_start(item.show, distance, length, now);
        (first > now).then_some(first)
    }

    /// Whether the refusal of an item is told. That of a campaign that asks again on another day is not, for one
    /// key has one entry.
    pub(super) fn tells(&self, item: &Item) -> bool {
        let campaign = matches!(self.show(item).map(|show| &show.what), Some(What::Campaign(_)));
        let want = usize::try_from(item.position).ok().and_then(|index| self.wants.get(index));
        !campaign || want.is_none_or(|want| want.last_chance)
    }

    /// Lets an item come due again.
    pub(super) fn put_off(&mut self, item: &Item, until: Timestamp) {
        if until < self.ends {
            self.air.expect(Item { due: until, ..*item });
        } else {
            self.refuse(item, Why::NoRoom);
        }
    }

    /// Remembers an airing of a campaign.
    pub(super) fn note_airing(&mut self, item: &Item, fit: &Fit, start: Timestamp) {
        let Some(Show { what: What::Campaign(_), .. }) = self.show(item) else { return };
        let until = start.saturating_add(fit.length).unwrap_or(Timestamp::MAX);
        self.spacing.note(item.show, Permit { from: start, until });
        if let Some(want) = usize::try_from(item.position).ok().and_then(|index| self.wants.get(index)) {
            self.book.placed(want, fit.segment, start);
        }
    }

    /// When campaigns were heard, from `since` on.
    pub(super) fn note_spacing(&mut self, since: Timestamp) {
        for heard in self.past.extra.iter().filter(|heard| since <= heard.stretch.until) {
            if let Origin::Campaign(_) = heard.airing.origin {
                self.spacing.note(heard.id.0, heard.stretch);
            }
        }
    }

    /// The segment whose turn it is.
    pub(super) fn first_turn(&self, item: &Item) -> (SegmentId, Option<usize>) {
        let want = usize::try_from(item.position).ok().and_then(|index| self.wants.get(index));
        let first = want.and_then(|want| self.book.turn(want.campaign).first().copied());
        match first {
            Some(segment) => (segment, self.station.recording_of(segment)),
            None => (SegmentId(uuid::Uuid::nil()), None),
        }
    }

    pub(super) fn distance(&self, item: &Item) -> u32 {
        match self.show(item).map(|show| &show.what) {
            Some(&What::Campaign(index)) => {
                self.station.snapshot.campaigns.get(index).map_or(0, |campaign| campaign.min_spacing_minutes)
            }
            _ => 0,
        }
    }

    pub(super) fn item_of(&self, show: usize, want: usize, due: Timestamp) -> Item {
        let class = self.station.shows.get(show).map_or(Class::Normal, |show| show.class);
        Item {
            show,
            class,
            due,
            occurrence: due,
            position: u32::try_from(want).unwrap_or(u32::MAX),
            attempt: 0,
            offset: SignedDuration::ZERO,
            run: None,
            until: None,
            chance: Chance::First,
        }
    }

    /// At nth / of of the open time of the want's windows on the day.
    pub(super) fn wish(&mut self, want: usize, day: Permit) -> Timestamp {
        let open = intersect(&self.stretches(want), &[day]);
        let Some(want) = self.wants.get(want) else { return day.from };
        let length = |stretch: &Permit| stretch.until.as_second() - stretch.from.as_second();
        let total: i64 = open.iter().map(length).sum();
        let mut rest = total * i64::from(want.nth) / i64::from(want.of.max(1));
        for stretch in &open {
            if rest < length(stretch) {
                return stretch.from.saturating_add(SignedDuration::from_secs(rest)).unwrap_or(day.from);
            }
            rest -= length(stretch);
        }
        open.first().map_or(day.from, |stretch| stretch.from)
    }

    /// The stretches around the day in which a want may be placed.
    pub(super) fn stretches(&mut self, want: usize) -> Rc<[Permit]> {
        let station = self.station;
        let Some(&Want { campaign: index, phase, .. }) = self.wants.get(want) else { return Rc::default() };
        if let Some(known) = self.stretches.get(&(index, phase)) {
            return Rc::clone(known);
        }
        let campaign = station.snapshot.campaigns.get(index);
        let set = campaign.and_then(|campaign| station.shows.get(station.campaign(campaign.id)?)?.zones);
        let (Some(campaign), Some(set)) = (campaign, set) else { return Rc::default() };
        let windows: &[WindowId] = campaign.phases.get(phase).map_or(&[], |phase| &phase.windows);
        let stretches: Rc<[Permit]> = self.hours.permits_of(set, windows).into();
        self.stretches.insert((index, phase), Rc::clone(&stretches));
        stretches
    }

    /// The openings of the day in which every zone of a campaign may sound.
    pub(super) fn opened(&mut self, set: usize) -> Vec<Opened> {
        let permits = self.hours.permits(set).to_vec();
        let Some(today) = self.hours.today() else { return Vec::new() };
        let mut opened = Vec::new();
        for opening in &today.openings {
            let Some(window) = self.hours.windows.get(opening.window) else { continue };
            for permit in intersect(&[opening.permit], &permits) {
                opened.push(Opened { window: window.id, permit });
            }
        }
        opened
    }
}
