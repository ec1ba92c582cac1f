//! Gaps: where make-goods and the airings of campaigns find their place after the sweep of the day.

use super::hours::{intersect, merged};
use super::item::{Chance, Item, Met, Why};
use super::limits::{self, Exceeded};
use super::past::Heard;
use super::station::{Show, What};
use super::sweep::{Fit, Sweep};
use super::types::{Origin, Permit};
use crate::campaigns::{Opened, Want};
use crate::vocabulary::{Class, SegmentId, WindowId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::rc::Rc;

/// Make-goods are placed no sooner than so long after the moment of the plan: the playout arms 8 seconds before
/// a start.
pub(super) const LEAD: SignedDuration = SignedDuration::from_secs(10);

/// The time of a day that is taken, merged and in order.
pub(super) struct TakenTime {
    taken: Vec<Permit>,
}

/// What is looked for.
struct Search<'x> {
    item: Item,
    segment: SegmentId,
    /// The stretches in which it may lie.
    within: &'x [Permit],
    /// What of them is free.
    free: &'x [Permit],
    /// Where it would be best.
    wish: Timestamp,
    /// The latest gap before the wish is better than none.
    earlier: bool,
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

    /// Places the make-goods of programmes and the airings of campaigns in the gaps of the day. What found no
    /// place remains in `make_goods`, as long as a later day may hold it.
    pub(super) fn fill(&mut self, day: Permit, make_goods: &mut Vec<Item>, wants: &[usize]) {
        if make_goods.is_empty() && wants.is_empty() {
            return;
        }
        let mut taken = self.taken_time(day);
        make_goods.sort();
        make_goods.retain(|item| !self.make_good(item, day, &mut taken));
        for want in self.in_time(wants, day) {
            self.place_want(want, day, &mut taken);
        }
    }

    /// Campaign after campaign as they go, and the airings of each as they would follow each other, so that the turns
    /// of its recordings do too. What is closed has its place already; a make-good comes after what is due.
    fn in_time(&mut self, wants: &[usize], day: Permit) -> Vec<usize> {
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

    /// Answers whether nothing remains to be done about a make-good.
    fn make_good(&mut self, item: &Item, day: Permit, taken: &mut TakenTime) -> bool {
        let until = item.until.unwrap_or(Timestamp::MAX);
        let station = self.station;
        let index = usize::try_from(item.position).unwrap_or(usize::MAX);
        let running = station.shows.get(item.show).and_then(Show::running);
        let Some(&(segment, _)) = running.and_then(|running| running.items.get(index)) else { return true };
        let last = until < day.until;
        if day.until <= item.due {
            return false;
        }
        if !self.keeps_holidays(item) {
            if last {
                self.refuse(item, Why::NoRoom);
            }
            return last;
        }
        let set = station.shows.get(item.show).and_then(|show| show.zones).unwrap_or(usize::MAX);
        // It starts no later than its time is over.
        let within = Permit { from: item.due.max(day.from), until: day.until };
        let within = intersect(self.hours.permits(set), &[within]);
        let free = self.free(item, &within, taken);
        let search =
            Search { item: *item, segment, within: &within, free: &free, wish: item.due, earlier: false };
        match self.find(&search) {
            Ok((start, fit)) if start <= until => {
                self.place(item, &fit, start, taken);
                true
            }
            _ if last => {
                self.refuse(item, Why::NoRoom);
                true
            }
            _ => false,
        }
    }

    fn place_want(&mut self, want: usize, day: Permit, taken: &mut TakenTime) {
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
        let free = self.free(&item, &within, taken);
        let search = |segment| Search {
            item,
            segment,
            within: &within,
            free: &free,
            wish: wish.max(soonest),
            earlier: true,
        };
        let mut why = None;
        // What would air twice in a row, because of what stands around the gap, is a last resort.
        let mut repeat = None;
        for segment in self.book.turn(campaign) {
            match self.find(&search(segment)) {
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
            && let Ok((start, fit)) = self.find(&search(segment))
        {
            self.place(&Item { due: start, occurrence: start, ..item }, &fit, start, taken);
            return;
        }
        self.refuse(&item, why.unwrap_or(Why::NoRoom));
    }

    /// What is closed keeps its start and takes nobody's place.
    fn place_closed(&mut self, item: Item, segment: SegmentId) {
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

    fn place(&mut self, item: &Item, fit: &Fit, start: Timestamp, taken: &mut TakenTime) {
        let until = start.saturating_add(fit.length).unwrap_or(Timestamp::MAX);
        self.take(item, Permit { from: start, until });
        taken.take(Permit { from: start, until });
        self.note_airing(item, fit, start);
        let closes = fit.permit.until.saturating_sub(fit.length).unwrap_or(start);
        let spot = self.spot(item, fit, start, Some(closes.min(self.last_second()).max(start)), Met::Nothing);
        self.decide(item, start, Some(fit.recording), fit.segment, Ok(spot));
    }

    /// What is free of the stretches in which an item may lie, far enough from what it has had.
    fn free(&self, item: &Item, within: &[Permit], taken: &TakenTime) -> Vec<Permit> {
        let free = without(within, &taken.taken);
        let silences = self.spacing.silences(item.show, self.distance(item), SignedDuration::ZERO);
        if silences.is_empty() { free } else { without(&free, &merged(silences)) }
    }

    /// The first gap at or after the wish that holds the recording, else the latest one before it.
    fn find(&mut self, search: &Search<'_>) -> Result<(Timestamp, Fit), Why> {
        let recording = self.station.recording_of(search.segment);
        let held = recording.and_then(|index| self.station.recordings.get(index));
        let length = held.map_or(SignedDuration::ZERO, |held| held.duration);
        let gaps = search.free;
        let fits = |gap: &Permit, start: Timestamp| {
            gap.from <= start && start.saturating_add(length).is_ok_and(|end| end <= gap.until)
        };
        let later = gaps.iter().filter(|gap| gap.until > search.wish).filter_map(|gap| {
            let start = gap.from.max(search.wish);
            fits(gap, start).then_some(start)
        });
        let earlier = gaps.iter().rev().filter(|gap| search.earlier && gap.from < search.wish);
        let earlier = earlier.filter_map(|gap| {
            let last = gap.until.min(search.wish.saturating_add(length).ok()?);
            let start = whole_second(last.saturating_sub(length).ok()?).max(gap.from);
            fits(gap, start).then_some(start)
        });
        let mut why = None;
        let mut full: Vec<usize> = Vec::new();
        for start in later.chain(earlier) {
            if !full.is_empty() && self.inside_one_of(&full, start, length) {
                continue;
            }
            let fit = self.fit_recording(&search.item, search.segment, recording, start, Some(search.within));
            let verdict = fit.and_then(|fit| self.within_limits(&search.item, &fit, start).map(|()| fit));
            match verdict {
                Ok(fit) => return Ok((start, fit)),
                Err(other) => {
                    why.get_or_insert(other);
                    if let Why::Limit(Exceeded { code, window, .. }) = other
                        && limits::wherever(code)
                    {
                        full.push(window);
                    }
                }
            }
        }
        // Without any gap the recording itself may be the reason.
        let airable = self.station.airable(recording, search.item.class, search.wish, length);
        Err(why.unwrap_or(airable.map_or_else(Why::Unairable, |_| Why::NoRoom)))
    }

    /// Whether a stretch lies in one of these windows as a whole: no place there is better than another.
    fn inside_one_of(&self, windows: &[usize], start: Timestamp, length: SignedDuration) -> bool {
        let Ok(end) = start.saturating_add(length) else { return false };
        self.hours.today().is_some_and(|today| {
            today.openings.iter().any(|opening| {
                windows.contains(&opening.window)
                    && opening.permit.from <= start
                    && end <= opening.permit.until
            })
        })
    }

    /// What is taken of a day: what sounds, with the silence behind it, and what sounds outside the plan.
    fn taken_time(&self, day: Permit) -> TakenTime {
        let mut taken: Vec<Permit> = Vec::new();
        for decided in &self.decided {
            let Ok(spot) = &decided.verdict else { continue };
            let mut until = decided.start.saturating_add(spot.length.saturating_add(spot.silence));
            if let Some(airing) = self.past.closed(decided.item.id()) {
                until = Ok(airing.ended);
            }
            taken.push(Permit { from: decided.start, until: until.unwrap_or(Timestamp::MAX) });
        }
        if let Some(current) = self.air.current.filter(|current| current.start < day.from) {
            taken.push(Permit { from: current.start, until: current.after() });
        }
        let snapshot = self.station.snapshot;
        if let (Some(from), Some(busy)) = (snapshot.as_of, snapshot.busy) {
            taken.push(Permit { from, until: busy.until });
        }
        taken.retain(|stretch| stretch.from < stretch.until);
        TakenTime { taken: merged(taken) }
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

    /// Counts what the log says was heard on a day, and no sweep finds again.
    pub(super) fn begin_day(&mut self, day: Permit) {
        self.ends = day.until;
        self.stretches.clear();
        if self.logged || !self.hours.limited() {
            return;
        }
        for &Heard { id, stretch, .. } in self.past.extra_in(day) {
            if let Some(set) = self.station.shows.get(id.0).and_then(|show| show.zones) {
                let touched = self.hours.touched(Some(set), stretch);
                self.used.take(&self.hours.windows, id, stretch, &touched);
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

    /// Whether a second chance of a programme may come on the day that was entered.
    pub(super) fn keeps_holidays(&self, item: &Item) -> bool {
        use crate::vocabulary::OnHolidays;
        let holiday = self.hours.today().and_then(|today| today.day.holiday);
        match self.show(item).map(Show::on_holidays) {
            Some(OnHolidays::Skip) => holiday.is_none(),
            Some(OnHolidays::Only) => holiday.is_some(),
            _ => true,
        }
    }

    /// The first moment at or after `from` at which something new may start.
    pub(super) fn soonest(&self, from: Timestamp) -> Timestamp {
        let as_of = self.station.snapshot.as_of;
        as_of.map_or(from, |as_of| from.max(ready_after(as_of)))
    }

    fn distance(&self, item: &Item) -> u32 {
        match self.show(item).map(|show| &show.what) {
            Some(&What::Campaign(index)) => {
                self.station.snapshot.campaigns.get(index).map_or(0, |campaign| campaign.min_spacing_minutes)
            }
            _ => 0,
        }
    }

    fn item_of(&self, show: usize, want: usize, due: Timestamp) -> Item {
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
    fn wish(&mut self, want: usize, day: Permit) -> Timestamp {
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
    fn stretches(&mut self, want: usize) -> Rc<[Permit]> {
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
    fn opened(&mut self, set: usize) -> Vec<Opened> {
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

    pub(super) fn last_second(&self) -> Timestamp {
        self.ends.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MIN)
    }
}

impl TakenTime {
    /// Takes one more stretch, and joins what it touches.
    fn take(&mut self, stretch: Permit) {
        let first = self.taken.partition_point(|taken| taken.until < stretch.from);
        let after = self.taken.partition_point(|taken| taken.from <= stretch.until);
        let touched = self.taken.get(first..after).unwrap_or_default();
        let from = touched.first().map_or(stretch.from, |taken| taken.from.min(stretch.from));
        let until = touched.last().map_or(stretch.until, |taken| taken.until.max(stretch.until));
        self.taken.splice(first..after.max(first), [Permit { from, until }]);
    }
}

/// The first whole ten seconds that the playout can still make: a plan that is made a moment later places it
/// there too, as a rule.
pub(super) fn ready_after(as_of: Timestamp) -> Timestamp {
    let second = as_of.saturating_add(LEAD).unwrap_or(Timestamp::MAX);
    let up = second.as_second() + i64::from(second.subsec_nanosecond() > 0);
    Timestamp::from_second(up.div_euclid(10) * 10 + if up.rem_euclid(10) > 0 { 10 } else { 0 })
        .unwrap_or(Timestamp::MAX)
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// What of `all` does not lie in `taken`; both merged and in order.
fn without(all: &[Permit], taken: &[Permit]) -> Vec<Permit> {
    let mut free = Vec::with_capacity(all.len() + taken.len());
    for stretch in all {
        let mut from = stretch.from;
        let first = taken.partition_point(|taken| taken.until <= stretch.from);
        let touched = taken.iter().skip(first).take_while(|taken| taken.from < stretch.until);
        for taken in touched {
            if from < taken.from {
                free.push(Permit { from, until: taken.from });
            }
            from = from.max(taken.until);
        }
        if from < stretch.until {
            free.push(Permit { from, until: stretch.until });
        }
    }
    free
}
