//! The planner against a second model, written for nothing but to be obvious: it asks every second of a day.
//!
//! It knows start rules, running orders, gaps, cuts, the total order and windows; not limits, history and
//! campaigns, which have properties of their own.

use super::*;

const DAY: &str = "2026-11-23";

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
#[derive(Default)]
struct Occurrence {
    begun: bool,
    held: Vec<Wanting>,
}

struct Naive<'a> {
    snapshot: &'a Snapshot,
    /// Seconds of the day, by programme: the lengths of its items; None cannot air.
    lengths: Vec<Vec<Option<i64>>>,
    occurrences: std::collections::BTreeMap<(usize, i64), Occurrence>,
    wanting: Vec<Wanting>,
    lines: Vec<(i64, String, i64)>,
}

const DAY_SECONDS: i64 = 86_400;

impl Naive<'_> {
    /// The window that holds a second, if one does. The windows of these stations open every zone.
    fn closes(&self, at: i64) -> Option<i64> {
        let open = |at: i64| {
            self.snapshot
                .windows
                .iter()
                .any(|window| i64::from(window.start.seconds()) <= at && at < i64::from(window.end.seconds()))
        };
        if !open(at) {
            return None;
        }
        let mut until = at;
        while open(until) {
            until += 1;
        }
        Some(until)
    }

    fn programme(&self, item: &Wanting) -> &Programme {
        &self.snapshot.programmes[item.programme]
    }

    fn length(&self, item: &Wanting) -> Option<i64> {
        self.lengths[item.programme][item.position].map(|length| length - item.offset)
    }

    fn begun(&self, item: &Wanting) -> bool {
        self.occurrences[&(item.programme, item.occurrence)].begun
    }

    fn latest(&self, item: &Wanting) -> i64 {
        let closes = self.closes(item.due).unwrap() - self.length(item).unwrap();
        let mut latest = closes.min(item.until).min(DAY_SECONDS - 1);
        if let (StartRule::WaitUpTo { minutes }, 0) = (self.programme(item).start_rule, item.attempt) {
            let since = if self.begun(item) { item.due } else { item.occurrence };
            latest = latest.min(since + 60 * i64::from(minutes));
        }
        latest
    }

    fn refuse(&mut self, item: &Wanting, why: &str, at: i64) {
        self.line(item, item.due, why, 0);
        self.follow(item, at);
    }

    fn line(&mut self, item: &Wanting, at: i64, what: &str, seconds: i64) {
        let name = &self.programme(item).name;
        let text = format!("{name}/{}/{}+{} {what}", item.occurrence, item.position, item.attempt);
        self.lines.push((at, text, seconds));
    }

    fn follow(&mut self, item: &Wanting, at: i64) {
        if item.position + 1 < self.lengths[item.programme].len() {
            let next = Wanting {
                position: item.position + 1,
                attempt: 0,
                due: at,
                offset: 0,
                until: i64::MAX,
                ..item.clone()
            };
            self.wanting.push(next);
        } else {
            let over = self.occurrences.get_mut(&(item.programme, item.occurrence)).unwrap();
            let held = std::mem::take(&mut over.held);
            self.wanting.extend(held.into_iter().map(|held| Wanting { due: at, ..held }));
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

    fn run(mut self) -> Vec<String> {
        let mut sounding: Option<Sounding> = None;
        let mut free_at = 0;
        for now in 0..DAY_SECONDS {
            if let Some(over) = sounding.take_if(|sounding| sounding.end == now) {
                let gap = self.gap_after(&over.item);
                self.follow(&over.item, now + gap);
            }
            // Those whose time has come just now, or who may have the air.
            while let Some(index) = self.first(now, |item| {
                let cuts = self.programme(item).start_rule == StartRule::AtOnce && !self.begun(item);
                now >= free_at || cuts || self.fits(item, item.due).is_err()
            }) {
                let item = self.wanting.remove(index);
                if let Err(why) = self.fits(&item, item.due) {
                    let due = item.due;
                    self.refuse(&item, why, due);
                    continue;
                }
                if self.latest(&item) < now {
                    let latest = self.latest(&item);
                    self.refuse(&item, "waited_too_long", latest);
                    continue;
                }
                if now < free_at {
                    let class = self.programme(&item).class;
                    match sounding.take() {
                        Some(current)
                            if current.start < now && class >= self.programme(&current.item).class =>
                        {
                            self.cut(&current, &item, now);
                        }
                        Some(current) => {
                            sounding = Some(current);
                            self.refuse(&item, "overlap", now);
                            continue;
                        }
                        None => {}
                    }
                }
                let end = now + self.length(&item).unwrap();
                self.occurrences.get_mut(&(item.programme, item.occurrence)).unwrap().begun = true;
                free_at = end + self.gap_after(&item);
                self.line(&item, now, "airs", end - now);
                sounding = Some(Sounding { item, start: now, end, line: self.lines.len() - 1 });
            }
        }
        while let Some(index) = self.first(DAY_SECONDS - 1, |_| true) {
            let item = self.wanting.remove(index);
            match self.fits(&item, item.due) {
                Ok(()) => {
                    let latest = self.latest(&item);
                    self.refuse(&item, "waited_too_long", latest);
                }
                Err(why) => self.refuse(&item, why, item.due),
            }
        }
        let mut lines: Vec<String> =
            self.lines.into_iter().map(|(at, text, seconds)| format!("{at} {text} {seconds}")).collect();
        lines.sort();
        lines
    }

    fn gap_after(&self, item: &Wanting) -> i64 {
        let last = item.position + 1 == self.lengths[item.programme].len();
        if last { 0 } else { i64::from(self.programme(item).gap_seconds) }
    }

    fn fits(&self, item: &Wanting, at: i64) -> Result<(), &'static str> {
        let length = self.length(item).ok_or("unknown_segment")?;
        let closes = self.closes(at).ok_or("outside_window")?;
        if at + length > closes { Err("beyond_window_end") } else { Ok(()) }
    }

    fn cut(&mut self, current: &Sounding, by: &Wanting, now: i64) {
        let (_, text, seconds) = &mut self.lines[current.line];
        *seconds = now - current.start;
        *text = text.replace("airs", "yields");
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
        let until = self.closes(current.start).unwrap() - rest;
        let again = Wanting { attempt: item.attempt + 1, offset, until, ..item.clone() };
        self.occurrences.get_mut(&(by.programme, by.occurrence)).unwrap().held.push(again);
    }
}

fn naive(snapshot: &Snapshot, starts: &[Vec<i64>]) -> Vec<String> {
    let seconds = |id: SegmentId| {
        let held = snapshot.segments.iter().find(|segment| segment.id == id)?;
        Some(held.prepared.as_ref()?.duration.as_secs())
    };
    let mut model = Naive {
        snapshot,
        lengths: snapshot.programmes.iter().map(|p| p.running_order().map(seconds).collect()).collect(),
        occurrences: Default::default(),
        wanting: Vec::new(),
        lines: Vec::new(),
    };
    for (programme, starts) in starts.iter().enumerate() {
        for &at in starts {
            model.occurrences.insert((programme, at), Occurrence::default());
            model.wanting.push(Wanting {
                programme,
                occurrence: at,
                position: 0,
                attempt: 0,
                due: at,
                offset: 0,
                until: i64::MAX,
            });
        }
    }
    model.run()
}

/// The plan in the words of the model.
fn planned(snapshot: &Snapshot) -> Vec<String> {
    let date: Date = DAY.parse().unwrap();
    let midnight: Timestamp = "2026-11-23T00:00:00+07:00".parse().unwrap();
    let second = |at: Timestamp| at.as_second() - midnight.as_second();
    let mut lines = Vec::new();
    for entry in plan(snapshot, date, date.saturating_add(1.day())).iter().flat_map(DayPlan::entries) {
        let (name, position, what, seconds) = match &entry {
            Entry::Slot(slot) => {
                let what = if slot.yields.is_some() { "yields" } else { "airs" };
                (&slot.name, slot.position, what, slot.duration.as_secs())
            }
            Entry::Refused(refusal) => (&refusal.name, refusal.position, refusal.reason.code.as_str(), 0),
        };
        let (at, of, attempt) = (second(entry.start()), second(entry.occurrence()), entry.key().attempt().1);
        lines.push(format!("{at} {name}/{of}/{position}+{attempt} {what} {seconds}"));
    }
    lines.sort();
    lines
}

/// Stations whose day lies between 10:00 and 10:40, with the starts of their programmes.
fn small_station() -> impl Strategy<Value = (Snapshot, Vec<Vec<i64>>)> {
    let rule = prop_oneof![
        Just(StartRule::AtOnce),
        Just(StartRule::MakeNext),
        (1_u32..6).prop_map(|minutes| StartRule::WaitUpTo { minutes }),
    ];
    let resumption = prop::sample::select(vec![Resumption::Restart, Resumption::Continue, Resumption::Drop]);
    let wanted = (
        prop::collection::btree_set(0_i64..80, 1..4),
        prop::collection::vec(1_u128..11, 1..4),
        rule,
        any::<bool>(),
        0_u32..70,
        0_i32..2,
        any::<bool>(),
    );
    let windows = prop::collection::vec((0_u32..40, 1_u32..30), 1..3);
    (prop::collection::vec(wanted, 1..6), windows, resumption.clone(), resumption).prop_map(
        |(programmes, windows, normal, priority)| {
            let base = 36_000;
            let mut starts = Vec::new();
            let mut all = Vec::new();
            for (n, (times, segments, start_rule, first, gap, order, opening)) in (1..).zip(programmes) {
                // Every half minute.
                let times: Vec<i64> = times.into_iter().map(|time| base + 30 * time).collect();
                let midnight: Timestamp = "2026-11-23T00:00:00+07:00".parse().unwrap();
                let instants =
                    times.iter().map(|&at| midnight.saturating_add(SignedDuration::from_secs(at)).unwrap());
                all.push(Programme {
                    recurrence: Recurrence::At(instants.collect()),
                    start_rule,
                    class: if first { Class::Priority } else { Class::Normal },
                    gap_seconds: gap,
                    order,
                    opening: opening.then_some(SegmentId(Uuid::from_u128(1))),
                    ..programme(n, "0 0 * * *", &segments)
                });
                starts.push(times);
            }
            let windows = (1..).zip(windows).map(|(n, (from, length))| Window {
                start: TimeOfDay::from_seconds(36_000 + 60 * from).unwrap(),
                end: TimeOfDay::from_seconds(36_000 + 60 * (from + length)).unwrap(),
                ..window(n, "00:00", "24:00")
            });
            let mut snapshot = station(windows.collect(), all);
            snapshot.after_preemption = AfterPreemption { normal, priority };
            (snapshot, starts)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_sweep_agrees_with_the_second_model((snapshot, starts) in small_station()) {
        prop_assert_eq!(planned(&snapshot), naive(&snapshot, &starts));
    }
}
