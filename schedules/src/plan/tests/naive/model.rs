//! The second model: the station's one output, instant by instant.

use super::limits::{Openings, Taken, exceeded};
use super::*;
use std::collections::BTreeMap;

pub(super) const DAY: i64 = 86_400;

/// Programme, occurrence, position, attempt.
pub(super) type Id = (usize, i64, usize, u32);

/// Seconds from a Monday at midnight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) from: i64,
    pub(super) until: i64,
}

impl Span {
    pub(super) fn meets(self, other: Span) -> bool {
        self.from < other.until && other.from < self.until
    }

    pub(super) fn shared(self, other: Span) -> Span {
        Span { from: self.from.max(other.from), until: self.until.min(other.until) }
    }
}

#[derive(Clone, Debug)]
struct Wanting {
    programme: usize,
    occurrence: i64,
    position: usize,
    attempt: u32,
    due: i64,
    /// Seconds of the recording that are over.
    offset: i64,
    /// No start after this.
    until: i64,
}

#[derive(Clone, Debug)]
struct Sounding {
    item: Wanting,
    start: i64,
    end: i64,
    line: usize,
}

/// What is known of an occurrence: whether it has begun, and what it has cut.
#[derive(Clone, Default)]
struct Occurrence {
    begun: bool,
    held: Vec<Wanting>,
}

/// Something that was decided, at which second, for how many.
#[derive(Clone)]
struct Line {
    at: i64,
    text: String,
    seconds: i64,
}

/// The station's output while time passes.
#[derive(Clone)]
pub(super) struct Model<'a> {
    snapshot: &'a Snapshot,
    openings: Openings<'a>,
    /// So many seconds pass at a time: everything happens at a multiple of it.
    step: i64,
    /// Seconds, by programme and position; None cannot air.
    lengths: Vec<Vec<Option<i64>>>,
    occurrences: BTreeMap<(usize, i64), Occurrence>,
    wanting: Vec<Wanting>,
    sounding: Option<Sounding>,
    free_at: i64,
    /// Whose was on the air last.
    holder: usize,
    taken: Vec<Taken>,
    /// What priority items will need today and have not had yet.
    reserved: Vec<Taken>,
    lines: Vec<Line>,
    /// The end of the day.
    ends: i64,
    /// Only what is of class priority exists.
    priority_alone: bool,
}

impl<'a> Model<'a> {
    /// `monday` is second 0.
    pub(super) fn new(snapshot: &'a Snapshot, monday: Date, step: i64) -> Model<'a> {
        let seconds = |id: SegmentId| {
            let held = snapshot.segments.iter().find(|segment| segment.id == id)?;
            Some(held.prepared.as_ref()?.duration.as_secs())
        };
        Model {
            snapshot,
            openings: Openings::new(snapshot, monday),
            step,
            lengths: snapshot.programmes.iter().map(|p| p.running_order().map(seconds).collect()).collect(),
            occurrences: BTreeMap::new(),
            wanting: Vec::new(),
            sounding: None,
            free_at: i64::MIN,
            holder: 0,
            taken: Vec::new(),
            reserved: Vec::new(),
            lines: Vec::new(),
            ends: 0,
            priority_alone: false,
        }
    }

    /// What is decided on these days, where the programmes start at these seconds.
    pub(super) fn run(mut self, days: std::ops::Range<i64>, starts: &[Vec<i64>]) -> Vec<String> {
        let (first, last) = (days.start * DAY, days.end * DAY);
        // What sounds across the last midnight may still be cut.
        for day in days.start..=days.end {
            self.ends = (day + 1) * DAY;
            for (programme, starts) in starts.iter().enumerate() {
                for &at in starts.iter().filter(|at| at.div_euclid(DAY) == day) {
                    self.occur(programme, at);
                }
            }
            self.reserve();
            self.pass(day * DAY);
            self.reserved.clear();
        }
        let lines = self.lines.into_iter().filter(|line| first <= line.at && line.at < last);
        let mut lines: Vec<String> =
            lines.map(|Line { at, text, seconds }| format!("{at} {text} {seconds}")).collect();
        lines.sort();
        lines
    }

    fn occur(&mut self, programme: usize, at: i64) {
        self.occurrences.insert((programme, at), Occurrence::default());
        let first = Wanting {
            programme,
            occurrence: at,
            position: 0,
            attempt: 0,
            due: at,
            offset: 0,
            until: i64::MAX,
        };
        self.wanting.push(first);
    }

    /// Sees what the priority items of the day would use if there were no others.
    fn reserve(&mut self) {
        let mut alone = self.clone();
        alone.priority_alone = true;
        alone.wanting.retain(|item| self.programme(item).class == Class::Priority);
        for occurrence in alone.occurrences.values_mut() {
            occurrence.held.retain(|item| self.programme(item).class == Class::Priority);
        }
        alone.pass(self.ends - DAY);
        let known: Vec<Id> = self.taken.iter().map(|taken| taken.id).collect();
        alone.taken.retain(|taken| !known.contains(&taken.id));
        self.reserved = alone.taken;
    }

    /// Until when all of its zones may sound, if they may now.
    fn closes(&self, item: &Wanting, at: i64) -> Option<i64> {
        let zones = self.openings.zones(self.programme(item));
        if !self.openings.open(&zones, at) {
            return None;
        }
        // Nothing here lasts for a day.
        let moments = (at..at + 2 * DAY).step_by(usize::try_from(self.step).unwrap());
        Some(moments.take_while(|&at| self.openings.open(&zones, at)).last()? + self.step)
    }

    fn programme(&self, item: &Wanting) -> &'a Programme {
        &self.snapshot.programmes[item.programme]
    }

    fn length(&self, item: &Wanting) -> Option<i64> {
        self.lengths[item.programme][item.position].map(|length| length - item.offset)
    }

    fn begun(&self, item: &Wanting) -> bool {
        self.occurrences[&(item.programme, item.occurrence)].begun
    }

    fn latest(&self, item: &Wanting) -> i64 {
        let closes = self.closes(item, item.due).unwrap() - self.length(item).unwrap();
        let mut latest = closes.min(item.until).min(self.ends - 1);
        if let (StartRule::WaitUpTo { minutes }, 0) = (self.programme(item).start_rule, item.attempt) {
            let since = if self.begun(item) { item.due } else { item.occurrence };
            latest = latest.min(since + 60 * i64::from(minutes));
        }
        latest
    }

    /// Why an item does not get the air, if it is not its own fault.
    fn taken_by_another(&self, item: &Wanting, code: &'static str) -> &'static str {
        let mine = self.openings.zones(self.programme(item));
        let theirs = self.openings.zones(&self.snapshot.programmes[self.holder]);
        if theirs.iter().any(|zone| mine.contains(zone)) { code } else { "one_output" }
    }

    fn refuse(&mut self, item: &Wanting, why: &str, at: i64) {
        self.reserved.retain(|reserved| reserved.id != id(item));
        self.line(item, item.due.min(self.ends - 1), why, 0);
        self.follow(item, at);
    }

    fn line(&mut self, item: &Wanting, at: i64, what: &str, seconds: i64) {
        let name = &self.programme(item).name;
        let text = format!("{name}/{}/{}+{} {what}", item.occurrence, item.position, item.attempt);
        self.lines.push(Line { at, text, seconds });
    }

    fn follow(&mut self, item: &Wanting, at: i64) {
        let alone = self.priority_alone;
        let snapshot = self.snapshot;
        let exists = |item: &Wanting| !alone || snapshot.programmes[item.programme].class == Class::Priority;
        if item.position + 1 < self.lengths[item.programme].len() {
            let next = Wanting {
                position: item.position + 1,
                attempt: 0,
                due: at,
                offset: 0,
                until: i64::MAX,
                ..item.clone()
            };
            self.wanting.extend(Some(next).filter(exists));
        } else {
            let over = self.occurrences.get_mut(&(item.programme, item.occurrence)).unwrap();
            let held = std::mem::take(&mut over.held).into_iter().filter(exists);
            self.wanting.extend(held.map(|held| Wanting { due: at, ..held }));
        }
    }

    /// The index of the first in the total order among what is due.
    fn first(&self, now: i64, among: impl Fn(&Wanting) -> bool) -> Option<usize> {
        let mut best: Option<usize> = None;
        for (index, item) in self.wanting.iter().enumerate() {
            if item.due > now || !among(item) {
                continue;
            }
            if best.is_none_or(|best| self.before(item, &self.wanting[best])) {
                best = Some(index);
            }
        }
        best
    }

    fn before(&self, one: &Wanting, other: &Wanting) -> bool {
        let (p, q) = (self.programme(one), self.programme(other));
        if p.class != q.class {
            return p.class == Class::Priority;
        }
        if one.due != other.due {
            return one.due < other.due;
        }
        if p.order != q.order {
            return p.order < q.order;
        }
        if p.id != q.id {
            return p.id < q.id;
        }
        (one.occurrence, one.position, one.attempt) < (other.occurrence, other.position, other.attempt)
    }

    /// A day from its first second on.
    fn pass(&mut self, begins: i64) {
        for now in (begins..self.ends).step_by(usize::try_from(self.step).unwrap()) {
            if let Some(over) = self.sounding.take_if(|sounding| sounding.end == now) {
                let gap = self.gap_after(&over.item);
                self.follow(&over.item, now + gap);
            }
            // Those whose time has come just now, or who may have the air.
            while let Some(index) = self.first(now, |item| {
                now >= self.free_at || self.cuts(item) || self.fits(item, item.due).is_err()
            }) {
                let item = self.wanting.remove(index);
                self.ask(&item, now);
            }
        }
        // Nobody waits longer than his day.
        while let Some(index) = self.first(self.ends - 1, |_| true) {
            let item = self.wanting.remove(index);
            match self.fits(&item, item.due) {
                Ok(()) => {
                    let latest = self.latest(&item);
                    let why = self.taken_by_another(&item, "waited_too_long");
                    self.refuse(&item, why, latest);
                }
                Err(why) => self.refuse(&item, why, item.due),
            }
        }
    }

    /// Whether it takes the air although something has it.
    fn cuts(&self, item: &Wanting) -> bool {
        self.programme(item).start_rule == StartRule::AtOnce && item.attempt == 0 && !self.begun(item)
    }

    /// Decides about the first of those who want the air.
    fn ask(&mut self, item: &Wanting, now: i64) {
        if let Err(why) = self.fits(item, item.due) {
            return self.refuse(item, why, item.due);
        }
        if self.latest(item) < now {
            let (why, latest) = (self.taken_by_another(item, "waited_too_long"), self.latest(item));
            return self.refuse(item, why, latest);
        }
        let span = Span { from: now, until: now + self.length(item).unwrap() };
        let more = Taken { id: id(item), zones: self.openings.zones(self.programme(item)), span };
        let current = self.sounding.clone().filter(|_| now < self.free_at);
        if let Some(current) = &current
            && (now <= current.start || self.programme(item).class < self.programme(&current.item).class)
        {
            let why = self.taken_by_another(item, "overlap");
            return self.refuse(item, why, now);
        }
        if let Some(current) = &current {
            self.heard_until(current, now);
        }
        if let Some(code) = self.exceeds(item, &more) {
            if let Some(current) = &current {
                self.heard_until(current, current.end);
            }
            return self.refuse(item, code, now);
        }
        if let Some(current) = &current {
            self.cut(current, item, now);
        }
        self.start(item, more);
    }

    fn exceeds(&self, item: &Wanting, more: &Taken) -> Option<&'static str> {
        let reserved = self.reserved.iter().filter(|_| self.programme(item).class == Class::Normal);
        let all: Vec<&Taken> = self.taken.iter().chain(reserved).collect();
        exceeded(&self.openings, &all, more)
    }

    fn heard_until(&mut self, current: &Sounding, until: i64) {
        let of = id(&current.item);
        self.taken.iter_mut().find(|taken| taken.id == of).unwrap().span.until = until;
    }

    fn start(&mut self, item: &Wanting, more: Taken) {
        let Span { from: now, until: end } = more.span;
        self.reserved.retain(|reserved| reserved.id != more.id);
        self.taken.push(more);
        self.occurrences.get_mut(&(item.programme, item.occurrence)).unwrap().begun = true;
        self.holder = item.programme;
        self.free_at = end + self.gap_after(item);
        self.line(item, now, "airs", end - now);
        self.sounding = Some(Sounding { item: item.clone(), start: now, end, line: self.lines.len() - 1 });
    }

    fn gap_after(&self, item: &Wanting) -> i64 {
        let last = item.position + 1 == self.lengths[item.programme].len();
        if last { 0 } else { i64::from(self.programme(item).gap_seconds) }
    }

    fn fits(&self, item: &Wanting, at: i64) -> Result<(), &'static str> {
        let length = self.length(item).ok_or("unknown_segment")?;
        if self.snapshot.windows.is_empty() {
            return Err("no_window_defined");
        }
        let closes = self.closes(item, at).ok_or("outside_window")?;
        if at + length > closes { Err("beyond_window_end") } else { Ok(()) }
    }

    fn cut(&mut self, current: &Sounding, by: &Wanting, now: i64) {
        let line = &mut self.lines[current.line];
        line.seconds = now - current.start;
        line.text = line.text.replace("airs", "yields");
        self.sounding = None;
        let item = &current.item;
        let then = match self.programme(item).class {
            Class::Priority => self.snapshot.after_preemption.priority,
            _ => self.snapshot.after_preemption.normal,
        };
        let offset = match then {
            Resumption::Continue => item.offset + now - current.start,
            Resumption::Restart => 0,
            Resumption::Drop => return self.follow(item, now),
        };
        let rest = self.lengths[item.programme][item.position].unwrap() - offset;
        let until = self.closes(item, current.start).unwrap() - rest;
        let again = Wanting { attempt: item.attempt + 1, offset, until, ..item.clone() };
        self.occurrences.get_mut(&(by.programme, by.occurrence)).unwrap().held.push(again);
    }
}

fn id(item: &Wanting) -> Id {
    (item.programme, item.occurrence, item.position, item.attempt)
}
