//! Day after day: what comes due on each, and what is handed over when it is decided.

use super::chances::SecondChances;
use super::item::Decided;
use super::limits::monday_of;
use super::station::{Show, Station};
use super::sweep::Sweep;
use super::types::{DayPlan, Permit};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// So many days of occurrences are worked out at a time.
const CHUNK: i64 = 32;

/// How far back a plan begins when no midnight before it is silent, in days.
const LONGEST_LOOK_BACK: i64 = 1;

/// Plans every day from the first one that matters on, and hands over what is wanted of those in `from..to`.
pub(super) fn plan_days(
    station: &Station<'_>,
    from: Date,
    to: Date,
    wanted: &mut dyn FnMut(Timestamp) -> bool,
    each: &mut dyn FnMut(DayPlan) -> ControlFlow<()>,
) {
    if to <= from {
        return;
    }
    let mut sweep = Sweep::new(station);
    let mut chances = sweep.second_chances();
    let snapshot = station.snapshot;
    let as_of = snapshot.as_of.map(|as_of| snapshot.timezone.to_datetime(as_of).date());
    let mut date = first_day(&sweep, from, as_of, &chances);
    let mut upcoming = Upcoming::new(date);
    let mut open = OpenDays::default();
    let longest_spacing =
        station.snapshot.campaigns.iter().map(|campaign| campaign.min_spacing_minutes).max();
    let longest_spacing = SignedDuration::from_mins(i64::from(longest_spacing.unwrap_or(0)));
    let lately = |begins: Timestamp| begins.saturating_sub(longest_spacing).unwrap_or(Timestamp::MIN);
    sweep.note_spacing(lately(sweep.hours.midnight(date)));
    // What sounds across the last midnight may still be cut: its day is complete when it is over.
    while date < to || open.waits() {
        if Some(date) == as_of {
            sweep.read_the_log(date);
        }
        sweep.hours.enter(date);
        let next = date.saturating_add(1.day());
        let day = Permit { from: sweep.hours.midnight(date), until: sweep.hours.midnight(next) };
        sweep.used.forget_before(monday_of(date).saturating_sub(1.day()));
        sweep.spacing.forget_before(lately(day.from));
        sweep.begin_day(day);
        for (at, show) in upcoming.take(&sweep, date, to) {
            sweep.occur(show, at);
        }
        for item in chances.timed.extract_if(.., |item| day.from <= item.due && item.due < day.until) {
            sweep.air.expect(item);
        }
        let wants = sweep.ask_campaigns(date, day);
        sweep.run_day(day.until);
        sweep.fill(day, &mut chances.make_goods, &wants);
        for (date, decided) in open.close(&mut sweep, date, day.until) {
            if from <= date && date < to && each(sweep.day_plan(date, &decided, wanted)).is_break() {
                return;
            }
        }
        if next == date {
            return;
        }
        date = next;
    }
}

/// The day on which a plan must begin so that it does not matter where it was asked to begin: where nothing
/// sounds across midnight, on a Monday (or at the moment of the plan) where a window has limits, and at the moment
/// of the plan where days after it depend on what is placed before them.
fn first_day(sweep: &Sweep<'_, '_>, from: Date, as_of: Option<Date>, chances: &SecondChances) -> Date {
    let snapshot = sweep.station.snapshot;
    let rolling =
        !snapshot.campaigns.is_empty() || !chances.timed.is_empty() || !chances.make_goods.is_empty();
    let busy = snapshot.busy.is_some();
    let mut date = match as_of {
        Some(as_of) if rolling || busy => from.min(as_of),
        _ => from,
    };
    if sweep.hours.limited() {
        let monday = monday_of(date);
        match as_of {
            // What the days before used is in the log.
            Some(as_of) if as_of <= date => date = monday.max(as_of),
            _ if sweep.hours.silent_midnight(monday) => return monday,
            _ => return monday.saturating_sub(7.days()),
        }
    }
    for _ in 0..LONGEST_LOOK_BACK {
        if sweep.hours.silent_midnight(date) {
            break;
        }
        date = date.saturating_sub(1.day());
    }
    date
}

/// The occurrences of programmes to come, by day.
struct Upcoming {
    known_until: Date,
    by_day: BTreeMap<Date, Vec<(Timestamp, usize)>>,
}

impl Upcoming {
    fn new(first: Date) -> Upcoming {
        Upcoming { known_until: first, by_day: BTreeMap::new() }
    }

    fn take(&mut self, sweep: &Sweep<'_, '_>, date: Date, to: Date) -> Vec<(Timestamp, usize)> {
        if date >= self.known_until {
            let longest = date.saturating_add(CHUNK.days());
            self.work_out(sweep, date, longest.min(to).max(date.saturating_add(1.day())));
        }
        self.by_day.remove(&date).unwrap_or_default()
    }

    fn work_out(&mut self, sweep: &Sweep<'_, '_>, from: Date, to: Date) {
        let mut days: Vec<(Timestamp, Date)> = Vec::new();
        let mut date = from;
        while date < to {
            days.push((sweep.hours.midnight(date), date));
            date = date.saturating_add(1.day());
        }
        self.known_until = to;
        let Some(&(begins, _)) = days.first() else { return };
        let ends = sweep.hours.midnight(to);
        for (index, show) in sweep.station.shows.iter().enumerate() {
            let Some(running) = Show::running(show) else { continue };
            for at in running.occurrences(begins, ends, sweep.station.snapshot) {
                let day = days.partition_point(|(midnight, _)| *midnight <= at);
                if let Some((_, date)) = day.checked_sub(1).and_then(|day| days.get(day)) {
                    self.by_day.entry(*date).or_default().push((at, index));
                }
            }
        }
    }
}

/// Days of which not everything is decided: something sounds across their end.
#[derive(Default)]
struct OpenDays {
    days: Vec<(Date, Vec<Decided>)>,
    /// Whether the first decision of the sweep is what sounds across the end of the first of them.
    carries: bool,
}

impl OpenDays {
    fn waits(&self) -> bool {
        self.carries
    }

    /// Takes over what was decided on a day, and answers the days that are complete.
    fn close(&mut self, sweep: &mut Sweep<'_, '_>, date: Date, ends: Timestamp) -> Vec<(Date, Vec<Decided>)> {
        let sounding = sweep.air.current.as_ref().filter(|current| ends < current.end);
        let sounding = sounding.map(|current| current.decided);
        let mut decided = std::mem::take(&mut sweep.decided);
        if self.carries && sounding != Some(0) && !decided.is_empty() {
            let over = decided.remove(0);
            if let Some((_, day)) = self.days.first_mut() {
                day.push(over);
            }
            self.carries = false;
            return self.close_rest(sweep, date, decided, sounding.map(|index| index.saturating_sub(1)));
        }
        self.close_rest(sweep, date, decided, sounding)
    }

    fn close_rest(
        &mut self,
        sweep: &mut Sweep<'_, '_>,
        date: Date,
        mut decided: Vec<Decided>,
        sounding: Option<usize>,
    ) -> Vec<(Date, Vec<Decided>)> {
        let mut complete = if self.carries { Vec::new() } else { std::mem::take(&mut self.days) };
        if let Some(index) = sounding.filter(|&index| index < decided.len()) {
            sweep.decided = vec![decided.remove(index)];
            if let Some(current) = &mut sweep.air.current {
                current.decided = 0;
            }
            self.carries = true;
            self.days.push((date, decided));
        } else {
            complete.push((date, decided));
        }
        complete
    }
}
