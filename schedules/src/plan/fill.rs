//! Gaps: where make-goods and the airings of campaigns find their place after the sweep of the day.

use super::hours::{intersect, merged};
use super::item::{Item, Met, Why};
use super::limits::{self, Exceeded};
use super::station::Show;
use super::sweep::{Fit, Sweep};
use super::types::Permit;
use crate::vocabulary::SegmentId;
use jiff::{SignedDuration, Timestamp};

/// Make-goods are placed no sooner than so long after the moment of the plan: the playout arms 8 seconds before
/// a start.
pub(super) const LEAD: SignedDuration = SignedDuration::from_secs(10);

/// The time of a day that is taken, merged and in order.
pub(super) struct TakenTime {
    taken: Vec<Permit>,
}

/// What is looked for.
pub(super) struct Search<'x> {
    pub(super) item: Item,
    pub(super) segment: SegmentId,
    /// The stretches in which it may lie.
    pub(super) within: &'x [Permit],
    /// What of them is free.
    pub(super) free: &'x [Permit],
    /// Where it would be best.
    pub(super) wish: Timestamp,
    /// The latest gap before the wish is better than none.
    pub(super) earlier: bool,
}

impl<'s, 'a> Sweep<'s, 'a> {
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

    pub(super) fn place(&mut self, item: &Item, fit: &Fit, start: Timestamp, taken: &mut TakenTime) {
        let until = start.saturating_add(fit.length).unwrap_or(Timestamp::MAX);
        self.take(item, Permit { from: start, until });
        taken.take(Permit { from: start, until });
        self.note_airing(item, fit, start);
        let closes = fit.permit.until.saturating_sub(fit.length).unwrap_or(start);
        let spot = self.spot(item, fit, start, Some(closes.min(self.last_second()).max(start)), Met::Nothing);
        self.decide(item, start, Some(fit.recording), fit.segment, Ok(spot));
    }

    /// What is free of the stretches in which an item may lie, far enough from what it has had.
    pub(super) fn free(&self, item: &Item, within: &[Permit], taken: &TakenTime) -> Vec<Permit> {
        let free = without(within, &taken.taken);
        let silences = self.spacing.silences(item.show, self.distance(item), SignedDuration::ZERO);
        if silences.is_empty() { free } else { without(&free, &merged(silences)) }
    }

    /// The first gap at or after the wish that holds the recording, else the latest one before it.
    pub(super) fn find(&mut self, search: &Search<'_>) -> Result<(Timestamp, Fit), Why> {
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
        let airable =
            self.station.airable(recording, search.item.class, search.wish, length).and_then(|held| {
                let show = self.station.shows.get(search.item.show);
                show.map_or(Ok(()), |show| held.ordered(show.origin, search.wish, length).map(|_| ()))
            });
        Err(why.unwrap_or(airable.map_or_else(Why::Unairable, |()| Why::NoRoom)))
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
    let from = all.first().map_or(Timestamp::MAX, |stretch| stretch.from);
    let until = all.last().map_or(Timestamp::MIN, |stretch| stretch.until);
    let taken = taken.get(taken.partition_point(|taken| taken.until <= from)..).unwrap_or_default();
    let taken = taken.get(..taken.partition_point(|taken| taken.from < until)).unwrap_or_default();
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
