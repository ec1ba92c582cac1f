//! The sweep through a day: a deterministic run of everything that comes due.

use super::air::{Air, Current};
use super::hours::{Hours, holding};
use super::item::{Chance, Decided, Holder, Item, Met, Spot, Why};
use super::limits::Used;
use super::past::Past;
use super::spacing::Spacing;
use super::station::{Show, Station, What};
use super::types::{Permit, Resumption};
use crate::campaigns::{Book, Want};
use crate::vocabulary::{Class, OnHolidays, Outcome, SegmentId, StartRule};
use jiff::{SignedDuration, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::rc::Rc;

/// The station while its days are planned, one after the other.
pub(super) struct Sweep<'s, 'a> {
    pub(super) station: &'s Station<'a>,
    pub(super) hours: Hours<'s>,
    pub(super) past: Past<'a>,
    pub(super) book: Book<'a>,
    /// Every want of a campaign so far; items name them by index.
    pub(super) wants: Vec<Want>,
    /// Where the phases of campaigns may air on the day that was entered, by campaign and phase.
    pub(super) stretches: BTreeMap<(usize, usize), Rc<[Permit]>>,
    /// What campaigns have had lately.
    pub(super) spacing: Spacing,
    pub(super) used: Used,
    /// Whether `used` counts all that the log has heard, and not what a plan would have used instead.
    pub(super) logged: bool,
    /// What priority items will need today, as long as they have not had it.
    pub(super) reserved: Option<Used>,
    pub(super) air: Air,
    /// What is decided and not yet handed over.
    pub(super) decided: Vec<Decided>,
    /// The end of the day that is swept.
    pub(super) ends: Timestamp,
    rehearsal: bool,
}

/// A recording that has its place, but for the limits.
pub(super) struct Fit {
    pub(super) recording: usize,
    pub(super) segment: SegmentId,
    pub(super) length: SignedDuration,
    pub(super) permit: Permit,
}

type Arrivals = BinaryHeap<Reverse<Item>>;

impl<'s, 'a> Sweep<'s, 'a> {
    pub(super) fn new(station: &'s Station<'a>) -> Sweep<'s, 'a> {
        Sweep {
            hours: Hours::new(station.snapshot, &station.zone_sets),
            past: Past::new(station),
            book: Book::new(station.snapshot),
            wants: Vec::new(),
            stretches: BTreeMap::new(),
            spacing: Spacing::default(),
            used: Used::default(),
            logged: false,
            reserved: None,
            air: Air::new(station.snapshot.as_of),
            decided: Vec::new(),
            ends: Timestamp::MIN,
            rehearsal: false,
            station,
        }
    }

    /// Expects an occurrence of a programme on the day that was entered.
    pub(super) fn occur(&mut self, show: usize, at: Timestamp) {
        let station = self.station;
        let Some(running) = station.shows.get(show).and_then(Show::running) else { return };
        let length = u32::try_from(running.items.len()).unwrap_or(u32::MAX);
        let first = Item {
            show,
            class: running.programme.class,
            due: at,
            occurrence: at,
            position: 0,
            attempt: 0,
            offset: SignedDuration::ZERO,
            run: None,
            until: None,
            chance: Chance::First,
        };
        let holiday = self.hours.today().and_then(|today| today.day.holiday);
        match (running.programme.on_holidays, holiday) {
            (OnHolidays::Only, None) => {}
            (OnHolidays::Skip, Some(holiday)) => {
                for position in 0..length {
                    self.refuse(&Item { position, ..first }, Why::SkipsHoliday { holiday });
                }
            }
            _ if length > 0 => self.air.begin(first, length),
            _ => {}
        }
    }

    /// Decides everything that comes due before `ends`.
    pub(super) fn run_day(&mut self, ends: Timestamp) {
        self.ends = ends;
        if self.hours.limited() && self.air.mixed(Class::Priority) {
            self.rehearse(Class::Priority);
        }
        self.run();
        self.reserved = None;
    }

    /// Sweeps the day with what goes first alone, and reserves what that uses of the windows' limits.
    fn rehearse(&mut self, class: Class) {
        let (air, used, known) = (self.air.clone(), self.used.clone(), self.decided.clone());
        self.air.keep(class);
        self.rehearsal = true;
        self.run();
        self.rehearsal = false;
        (self.air, self.used) = (air, used);
        let mut reserved = Used::default();
        for decided in self.decided.drain(known.len()..) {
            let Ok(spot) = &decided.verdict else { continue };
            let end = decided.start.saturating_add(spot.length).unwrap_or(Timestamp::MAX);
            let stretch = Permit { from: decided.start, until: end };
            reserved.take(&self.hours.windows, decided.item.id(), stretch, &spot.touched);
        }
        self.reserved = Some(reserved);
        // What sounded across midnight may have been cut in the rehearsal.
        self.decided = known;
    }

    fn run(&mut self) {
        while let Some(now) = self.air.next_event().filter(|&now| now < self.ends) {
            self.air.end_current(now);
            let facts = self.air.as_of.take_if(|as_of| *as_of <= now).is_some();
            // A cut that was planned for this very moment is in the log already.
            if !facts || self.station.snapshot.busy.is_none() {
                self.meet(now);
            }
            if facts {
                self.face_the_facts(now);
                self.meet(now);
            }
        }
        // Nobody waits longer than his day.
        while let Some(Reverse(item)) = self.air.waiting.pop() {
            let at = self.give_up(&item);
            let mut arrivals = self.air.arrivals(at);
            while let Some(Reverse(item)) = arrivals.pop() {
                self.meet_busy(&item, at);
                arrivals.append(&mut self.air.arrivals(at));
            }
        }
    }

    /// At the moment of the plan: what the log has closed no longer sounds, and what sounds although no plan has
    /// it has the air.
    fn face_the_facts(&mut self, now: Timestamp) {
        let busy = self.station.snapshot.busy;
        let over = |current: &mut Current| busy.is_some() || self.past.closed(current.item.id()).is_some();
        if let Some(current) = self.air.current.take_if(over) {
            self.air.free_at = now;
            self.air.follow(&current.item, current.after());
        }
        if let Some(busy) = busy {
            self.air.free_at = self.air.free_at.max(busy.until);
            self.air.holder = Some(Holder::Emergency { until: busy.until });
        }
    }

    /// Everything that happens at one instant, in the total order.
    fn meet(&mut self, now: Timestamp) {
        let mut arrivals: Arrivals = self.air.arrivals(now);
        loop {
            if now < self.air.free_at {
                let Some(Reverse(item)) = arrivals.pop() else { return };
                self.meet_busy(&item, now);
            } else {
                let arrived = arrivals.peek().map(|Reverse(item)| *item);
                let waited = self.air.waiting.peek().map(|Reverse(item)| *item);
                let Some(first) = arrived.into_iter().chain(waited).min() else { return };
                if arrived == Some(first) {
                    arrivals.pop();
                } else {
                    self.air.waiting.pop();
                }
                self.meet_free(&first, now);
            }
            arrivals.append(&mut self.air.arrivals(now));
        }
    }

    fn meet_free(&mut self, item: &Item, now: Timestamp) {
        if self.redundant(item) || self.pass_over(item, now) {
            return;
        }
        if let Some(free) = self.spaced_from(item, now) {
            self.put_off(item, free);
            return;
        }
        if item.due < now && self.refused_before(item, now) {
            return;
        }
        let found = self.fit(item, now).and_then(|fit| {
            self.within_limits(item, &fit, now)?;
            Ok(fit)
        });
        match found {
            Ok(fit) => self.start(item, &fit, now, None),
            Err(why) => {
                self.refuse(item, why);
                self.air.follow(item, now);
            }
        }
    }

    /// Refuses what could not air at its due time, or has waited for too long since, as if it had been asked then.
    fn refused_before(&mut self, item: &Item, now: Timestamp) -> bool {
        match self.fit(item, item.due) {
            Err(why) => {
                self.refuse(item, why);
                self.air.follow(item, item.due);
                true
            }
            Ok(fit) if self.latest(item, Some(&fit)) < now => {
                self.give_up(item);
                true
            }
            Ok(_) => false,
        }
    }

    fn meet_busy(&mut self, item: &Item, now: Timestamp) {
        if self.redundant(item) || self.pass_over(item, now) {
            return;
        }
        if item.due < now && self.refused_before(item, now) {
            return;
        }
        let fit = match self.fit(item, item.due) {
            Ok(fit) => fit,
            Err(why) => {
                self.refuse(item, why);
                self.air.follow(item, item.due);
                return;
            }
        };
        if !self.cuts(item) {
            self.air.waiting.push(Reverse(*item));
            return;
        }
        let verdict = match self.air.current {
            // The first at an instant has it.
            Some(current) if now <= current.start || item.class < current.item.class => {
                Err(self.taken(item, None))
            }
            Some(current) => self.cut(item, &fit, &current, now),
            // The silence between two items is nobody's recording.
            None if matches!(self.air.holder, Some(Holder::Emergency { .. })) => Err(self.taken(item, None)),
            None => self.within_limits(item, &fit, now).map(|()| self.start(item, &fit, now, None)),
        };
        if let Err(why) = verdict {
            self.refuse(item, why);
            self.air.follow(item, now);
        }
    }

    /// Whether an item takes the air although something has it: the first item of an occurrence that starts at
    /// once.
    pub(super) fn cuts(&self, item: &Item) -> bool {
        let rule = self.show(item).map(Show::start_rule);
        rule == Some(StartRule::AtOnce) && self.air.run(item).is_some_and(|run| !run.begun)
    }

    /// Cuts what sounds, if the limits allow what comes instead.
    fn cut(&mut self, item: &Item, fit: &Fit, current: &Current, now: Timestamp) -> Result<(), Why> {
        let cut = current.item;
        let whole = Permit { from: current.start, until: current.end };
        self.give_back(&cut, whole);
        let heard = Permit { until: now, ..whole };
        self.take(&cut, heard);
        if let Err(why) = self.within_limits(item, fit, now) {
            self.give_back(&cut, heard);
            self.take(&cut, whole);
            return Err(why);
        }
        if let Some(Decided { verdict: Ok(spot), .. }) = self.decided.get_mut(current.decided) {
            spot.silence = SignedDuration::ZERO;
            spot.length = now.duration_since(current.start);
            spot.yields = Some((*item, now));
        }
        self.air.current = None;
        match self.rest_of(&cut, current, now) {
            Some(rest) => {
                self.air.resumed.insert(rest.id());
                self.air.hold_for(item, rest);
            }
            None => self.air.follow(&cut, now),
        }
        self.start(item, fit, now, Some(cut.show));
        Ok(())
    }

    /// What is heard later of something that is cut; None when it is dropped, or when the log says that it was
    /// not cut after all.
    fn rest_of(&self, cut: &Item, current: &Current, now: Timestamp) -> Option<Item> {
        let past = self.past.closed(cut.id());
        if past.is_some_and(|past| past.outcome != Outcome::Preempted) {
            return None;
        }
        let heard = cut.offset.saturating_add(now.duration_since(current.start));
        let offset = match self.resumption(cut.class) {
            Resumption::Drop => return None,
            Resumption::Restart => SignedDuration::ZERO,
            Resumption::Continue => past.map_or(heard, |past| past.offset.saturating_add(past.played)),
        };
        // Its window, or its day, was the limit of what is cut; it is that of the rest too.
        let permit = match self.decided.get(current.decided).map(|decided| &decided.verdict) {
            Some(Ok(spot)) => spot.permit,
            _ => return None,
        };
        let total = current.end.duration_since(current.start).saturating_add(cut.offset);
        let rest = total.saturating_sub(offset);
        let until = permit.until.saturating_sub(rest).unwrap_or(Timestamp::MIN);
        Some(Item {
            attempt: cut.attempt + 1,
            offset,
            until: Some(until),
            chance: Chance::Resumed { cut: now },
            ..*cut
        })
    }

    /// What becomes of what yielded, by its class.
    pub(super) fn resumption(&self, class: Class) -> Resumption {
        match class {
            Class::Priority => self.station.snapshot.after_preemption.priority,
            Class::Normal | Class::Emergency => self.station.snapshot.after_preemption.normal,
        }
    }

    fn start(&mut self, item: &Item, fit: &Fit, now: Timestamp, cuts: Option<usize>) {
        let length = fit.length;
        let end = now.saturating_add(length).unwrap_or(Timestamp::MAX);
        let gap = match self.show(item).and_then(Show::running) {
            Some(running) if self.air.goes_on(item) => running.gap,
            _ => SignedDuration::ZERO,
        };
        let latest_start = (!self.cuts(item)).then(|| self.latest(item, Some(fit)).max(now));
        let met = match (cuts, self.air.holder) {
            (Some(show), _) => Met::Cut { show },
            (None, Some(holder)) if item.due < now => Met::Waited { holder, until: now },
            _ => Met::Nothing,
        };
        if let Some(run) = self.air.run_mut(item) {
            run.begun = true;
        }
        self.take(item, Permit { from: now, until: end });
        self.air.holder = Some(Holder::Show { show: item.show, start: now });
        self.air.free_at = end.saturating_add(gap).unwrap_or(Timestamp::MAX);
        self.air.current = Some(Current { item: *item, decided: self.decided.len(), start: now, end, gap });
        let spot = Spot { silence: gap, ..self.spot(item, fit, now, latest_start, met) };
        if !self.rehearsal {
            self.note_airing(item, fit, now);
        }
        self.decide(item, now, Some(fit.recording), fit.segment, Ok(spot));
    }

    pub(super) fn spot(
        &self,
        item: &Item,
        fit: &Fit,
        start: Timestamp,
        latest_start: Option<Timestamp>,
        met: Met,
    ) -> Spot {
        let end = start.saturating_add(fit.length).unwrap_or(Timestamp::MAX);
        let set = self.show(item).and_then(|show| show.zones).unwrap_or(usize::MAX);
        let touched = self.hours.touched(Some(set), Permit { from: start, until: end });
        Spot {
            permit: fit.permit,
            touched,
            length: fit.length,
            silence: SignedDuration::ZERO,
            latest_start,
            met,
            yields: None,
        }
    }

    /// Which recording an item would play at `now`, and in which permit; limits are not asked.
    pub(super) fn fit(&mut self, item: &Item, now: Timestamp) -> Result<Fit, Why> {
        let station = self.station;
        match station.shows.get(item.show).map(|show| &show.what) {
            Some(What::Programme(running)) => {
                let index = usize::try_from(item.position).unwrap_or(usize::MAX);
                let (segment, recording) = running.items.get(index).copied().ok_or(Why::NoRoom)?;
                self.fit_recording(item, segment, recording, now, None)
            }
            Some(What::Campaign(_)) => self.fit_campaign(item, now),
            None => Err(Why::NoRoom),
        }
    }

    /// Whether a recording may sound from `now` on. `permits` are the stretches to choose from, if they are not
    /// those of the zones.
    pub(super) fn fit_recording(
        &mut self,
        item: &Item,
        segment: SegmentId,
        recording: Option<usize>,
        now: Timestamp,
        permits: Option<&[Permit]>,
    ) -> Result<Fit, Why> {
        let station = self.station;
        let show = station.shows.get(item.show).ok_or(Why::NoRoom)?;
        let index = recording.unwrap_or(usize::MAX);
        let whole = station.recordings.get(index).map_or(SignedDuration::ZERO, |held| held.duration);
        let length = whole.saturating_sub(item.offset);
        let held = station.airable(recording, item.class, now, length).map_err(Why::Unairable)?;
        let ordered = held.ordered(show.origin, now, length).map_err(Why::Unairable)?;
        let today = self.hours.today();
        if let Some(holiday) = today.and_then(|today| today.day.no_music_by).filter(|_| held.facts.music) {
            return Err(Why::NoMusic { holiday });
        }
        let set = show.zones.ok_or(Why::UnknownZone)?;
        if self.hours.windows.is_empty() {
            return Err(Why::NoWindowDefined);
        }
        let closed = today.and_then(|today| Some((today.day.closed_by?, today.date)));
        let permits = match permits {
            Some(permits) => permits,
            None => self.hours.permits(set),
        };
        let permit = holding(permits, now).ok_or(match closed {
            Some((holiday, date)) => Why::Closed { holiday, date },
            None => Why::OutsideWindow,
        })?;
        if now.saturating_add(length).unwrap_or(Timestamp::MAX) > permit.until {
            return Err(Why::BeyondWindowEnd { until: permit.until });
        }
        let permit = Permit { from: permit.from.max(ordered.from), until: permit.until.min(ordered.until) };
        Ok(Fit { recording: index, segment, length, permit })
    }

    /// Passes over what has its outcome already, from the moment of the plan on: a key never airs again, even where
    /// a plan made now would have had another place for it.
    fn pass_over(&mut self, item: &Item, now: Timestamp) -> bool {
        let known = self.station.snapshot.as_of.is_some_and(|as_of| as_of <= now);
        let over = known && self.past.closed(item.id()).is_some();
        if over {
            self.unreserve(item);
            self.air.follow(item, now);
        }
        over
    }

    /// Whether a second chance from the log is one that a planned cut has made already.
    fn redundant(&self, item: &Item) -> bool {
        !matches!(item.chance, Chance::First | Chance::Resumed { .. })
            && self.air.resumed.contains(&item.id())
    }

    pub(super) fn show(&self, item: &Item) -> Option<&'s Show<'a>> {
        self.station.shows.get(item.show)
    }

    /// Writes down that an item is refused.
    pub(super) fn refuse(&mut self, item: &Item, why: Why) {
        self.unreserve(item);
        if !self.tells(item) {
            return;
        }
        let index = usize::try_from(item.position).unwrap_or(usize::MAX);
        let running = self.show(item).and_then(Show::running);
        let (segment, recording) = match running.and_then(|running| running.items.get(index)) {
            Some(&found) => found,
            None => self.first_turn(item),
        };
        let at = item.refused_at().min(self.last_second());
        self.decide(item, at, recording, segment, Err(why));
    }

    pub(super) fn decide(
        &mut self,
        item: &Item,
        start: Timestamp,
        recording: Option<usize>,
        segment: SegmentId,
        verdict: Result<Spot, Why>,
    ) {
        self.decided.push(Decided { item: *item, start, recording, segment, verdict });
    }
}
