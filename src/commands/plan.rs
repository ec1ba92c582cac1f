//! `loaxa plan`: a timetable that a commune officer can pin to the wall.

use super::{open, print_line};
use crate::config::Config;
use crate::error::Result;
use crate::intake::Folders;
use crate::planning::{self, Notice};
use crate::preparing::{Condition, Readiness, glance, unready};
use crate::store::{SegmentRecord, Store};
use crate::web::wire;
use clap::ValueEnum;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use loaxa_schedules::{Calendar, DayPlan, Entry, Origin, Reason, SegmentId, Slot, Snapshot, Window};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

/// The language of a timetable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Vietnamese.
    Vi,
    /// English.
    En,
}

/// `loaxa plan`: a timetable in a language, or JSON.
pub fn plan(
    config: &Config,
    data: &Path,
    from: Option<Date>,
    days: i32,
    language: Option<Language>,
) -> Result<ExitCode> {
    let (store, clock) = open(config, data)?;
    let (site, now) = (config.site(), clock.now().wall);
    let from = from.unwrap_or_else(|| planning::day_of(now, &site.timezone));
    let snapshot = planning::snapshot(&store, &site, now)?;
    let plans = planning::days(&snapshot, from, days)?;
    let shelf = Ahead::look(&store, config, data, &plans, now)?;
    let Some(language) = language else {
        let days: Vec<_> = plans
            .iter()
            .map(|day| {
                let slots = day.slots.iter().map(|slot| {
                    let mut value = wire::slot(slot, &site.timezone);
                    wire::ready(&mut value, &shelf.readiness(slot));
                    value
                });
                let refusals = day.refusals.iter().map(|refusal| wire::refusal(refusal, &site.timezone));
                json!({
                    "date": day.date.to_string(),
                    "slots": slots.collect::<Vec<_>>(),
                    "refusals": refusals.collect::<Vec<_>>(),
                })
            })
            .collect();
        print_line(&json!({ "timezone": config.station.timezone, "days": days }).to_string())?;
        return Ok(ExitCode::SUCCESS);
    };
    let page =
        Page { snapshot: &snapshot, calendar: Calendar::new(&snapshot.holidays), language, shelf: &shelf };
    if snapshot.windows.is_empty() {
        let notice = Notice::no_window_defined();
        print_line(language.pick(&notice.vi, &notice.en))?;
    }
    for (index, day) in plans.iter().enumerate() {
        if index > 0 {
            print_line("")?;
        }
        print_line(page.day(day).trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Language {
    fn pick<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        match self {
            Language::Vi => vi,
            Language::En => en,
        }
    }

    fn weekday(self, date: Date) -> &'static str {
        const VI: [&str; 7] = ["Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật"];
        const EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let names = if self == Language::Vi { VI } else { EN };
        let index = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        names.get(index).copied().unwrap_or_default()
    }
}

/// A timetable as it is printed.
struct Page<'a> {
    snapshot: &'a Snapshot,
    calendar: Calendar<'a>,
    language: Language,
    shelf: &'a Ahead,
}

/// How the prepared sound of what is planned looks, be the daemon running or not. Its header alone is read: the daemon
/// hashes all of it.
struct Ahead {
    conditions: HashMap<SegmentId, Condition>,
    /// Nobody has to be ready for what starts after this.
    until: Timestamp,
}

impl Ahead {
    fn look(store: &Store, config: &Config, data: &Path, plans: &[DayPlan], now: Timestamp) -> Result<Self> {
        let ahead = SignedDuration::from_hours(i64::from(config.storage.prepare_ahead_hours));
        let until = now.saturating_add(ahead).unwrap_or(Timestamp::MAX);
        let slots = plans.iter().flat_map(|day| &day.slots);
        let soon: BTreeSet<SegmentId> =
            slots.filter(|slot| slot.start < until).map(|slot| slot.segment).collect();
        let folders = Folders::within(data);
        let recipe = config.correction().recipe(config.audio.sample_rate);
        let records = store.segments_named(&soon)?;
        let look = |record: &SegmentRecord| (record.pushed.id, glance(record, &folders, &recipe));
        Ok(Self { conditions: records.iter().map(look).collect(), until })
    }

    fn readiness(&self, slot: &Slot) -> Readiness {
        let condition = self.conditions.get(&slot.segment).filter(|_| slot.start < self.until);
        match condition {
            None => Readiness::later(),
            Some(condition) => unready(condition).map_or(Readiness::Ready, Readiness::Waiting),
        }
    }

    /// Whether it should be ready and is not.
    fn lacks(&self, slot: &Slot) -> bool {
        slot.start < self.until && self.readiness(slot) != Readiness::Ready
    }
}

impl Page<'_> {
    /// A day: its heading, a block for each window that opens, and what lies outside of all of them.
    fn day(&self, plan: &DayPlan) -> String {
        let mut text = self.heading(plan.date);
        let all = plan.entries();
        let mut rest = all.clone();
        for window in self.open(plan.date) {
            let (from, until) = self.hours(window, plan.date);
            let is_inside =
                |entry: &Entry| from <= entry.start() && entry.start() < until && self.reaches(window, entry);
            // Windows may overlap: each counts all that sounds in it, and a line is printed once.
            let counted: Vec<&Entry> = all.iter().filter(|entry| is_inside(entry)).collect();
            let (inside, others): (Vec<Entry>, Vec<Entry>) = rest.into_iter().partition(is_inside);
            rest = others;
            let _ = writeln!(text, "  {}", self.block(window, &counted, from, until));
            inside.iter().for_each(|entry| self.line(&mut text, entry));
            let above = counted.len() - inside.len();
            if counted.is_empty() {
                let _ = writeln!(text, "    {}", self.language.pick("(trống)", "(nothing)"));
            } else if above > 0 {
                let words = self.language.pick("lượt đã ghi ở khung giờ trên", "listed under a window above");
                let _ = writeln!(text, "    ({above} {words})");
            }
        }
        if !rest.is_empty() {
            let _ = writeln!(text, "  {}", self.language.pick("Ngoài khung giờ phát", "Outside the windows"));
            rest.iter().for_each(|entry| self.line(&mut text, entry));
        }
        text
    }

    fn heading(&self, date: Date) -> String {
        let weekday = self.language.weekday(date);
        let date_text = self.language.pick("%d/%m/%Y", "%Y-%m-%d");
        let mut text = format!("{weekday}, {}", date.strftime(date_text));
        let day = self.calendar.day(date);
        let names: Vec<&str> = day.holidays.iter().filter_map(|id| self.calendar.name(*id)).collect();
        if !names.is_empty() {
            let _ = write!(text, "  ({})", names.join(", "));
        }
        text.push('\n');
        text
    }

    /// The windows that open on a date, by their start.
    fn open(&self, date: Date) -> Vec<&Window> {
        let day = self.calendar.day(date);
        let opens = |window: &&Window| {
            let named = window.holidays.iter().any(|id| day.holidays.contains(id));
            named || (day.closed_by.is_none() && window.days.contains(&day.weekday))
        };
        let mut open: Vec<&Window> = self.snapshot.windows.iter().filter(opens).collect();
        open.sort_by_key(|window| (window.start, window.end, window.id));
        open
    }

    fn hours(&self, window: &Window, date: Date) -> (Timestamp, Timestamp) {
        let instant = |at: jiff::civil::DateTime| {
            at.to_zoned(self.snapshot.timezone.clone()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
        };
        (instant(window.start.on(date)), instant(window.end.on(date)))
    }

    /// Whether a window opens one of the zones of what is planned.
    fn reaches(&self, window: &Window, entry: &Entry) -> bool {
        let zones = match entry {
            Entry::Slot(slot) => &slot.zones,
            Entry::Refused(refusal) => &refusal.zones,
        };
        zones.is_empty() || zones.iter().any(|zone| window.opens(*zone))
    }

    /// A window's line: its hours, and how much of what it allows is used.
    fn block(&self, window: &Window, inside: &[&Entry], from: Timestamp, until: Timestamp) -> String {
        let used = inside.iter().fold(SignedDuration::ZERO, |sum, entry| match entry {
            Entry::Slot(slot) => sum.saturating_add(slot.duration),
            Entry::Refused(_) => sum,
        });
        let limits = &window.limits;
        let session =
            limits.minutes_per_session.map(|minutes| minutes * limits.sessions_per_day.unwrap_or(1));
        let allowed = [session.filter(|_| limits.sessions_per_day.is_some()), limits.minutes_per_day];
        let allowed = allowed.into_iter().flatten().map(|minutes| SignedDuration::from_mins(minutes.into()));
        let allowed = allowed.min().unwrap_or(SignedDuration::MAX).min(until.duration_since(from));
        let word = self.language.pick("dùng", "used");
        format!(
            "{}  {}–{}  {word} {}/{}",
            window.name,
            window.start,
            window.end,
            length(used),
            length(allowed)
        )
    }

    fn line(&self, text: &mut String, entry: &Entry) {
        let at = |start: Timestamp| {
            start.to_zoned(self.snapshot.timezone.clone()).strftime("%H:%M:%S").to_string()
        };
        let kind = |origin: Origin| match origin {
            Origin::Programme(_) => self.language.pick("chương trình", "programme"),
            Origin::Campaign(_) => self.language.pick("đợt tuyên truyền", "campaign"),
            Origin::Emergency(_) => self.language.pick("khẩn cấp", "emergency"),
        };
        let say = |reason: &Reason| self.language.pick(&reason.vi, &reason.en).to_owned();
        let _ = match entry {
            Entry::Slot(slot) => writeln!(
                text,
                "    {}  {:>7}  {}  [{} {}]{}",
                at(slot.start),
                length(slot.duration),
                slot.title,
                kind(slot.origin),
                slot.name,
                self.marks(slot)
            ),
            Entry::Refused(refusal) => writeln!(
                text,
                "    {}  {:>7}  {}  [{} {}]\n{:24}{}",
                at(refusal.start),
                self.language.pick("không", "not"),
                refusal.title.as_deref().unwrap_or("?"),
                kind(refusal.origin),
                refusal.name,
                "",
                say(&refusal.reason)
            ),
        };
    }

    /// What is special about a slot: a second chance, a beginning in the middle, an end before the end, sound that is not
    /// ready.
    fn marks(&self, slot: &Slot) -> String {
        let mut text = String::new();
        if slot.key.attempt().1 > 0 {
            text.push_str(self.language.pick("  (phát bù)", "  (make-good)"));
        }
        if slot.offset > SignedDuration::ZERO {
            let _ = write!(text, "  ({} {})", self.language.pick("tiếp từ", "from"), length(slot.offset));
        }
        if let Some(yields) = &slot.yields {
            let _ = write!(text, "  ({} {})", self.language.pick("nhường", "yields to"), yields.name);
        }
        if self.shelf.lacks(slot) {
            text.push_str(self.language.pick("  (chưa sẵn sàng)", "  (not ready)"));
        }
        text
    }
}

/// Minutes and seconds, seconds rounded up: `3:00`.
fn length(length: SignedDuration) -> String {
    let seconds = length.as_secs() + i64::from(length.subsec_nanos() > 0);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_minutes_and_seconds() {
        for (milliseconds, text) in [(0, "0:00"), (180_000, "3:00"), (59_001, "1:00"), (3_725_000, "62:05")] {
            assert_eq!(length(SignedDuration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn a_day_is_named_as_people_name_it() {
        let date = jiff::civil::date(2026, 11, 22);
        assert_eq!(Language::Vi.weekday(date), "Chủ nhật");
        assert_eq!(Language::En.weekday(date), "Sunday");
    }
}
