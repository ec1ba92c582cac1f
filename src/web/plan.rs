//! `GET /plan`: what would air, and why not.

use super::wire;
use super::{App, Query, json, query, respond, with, work};
use crate::error::{Error, ErrorKind, Result};
use crate::planning::{self, Notice};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use loaxa_schedules::{DayPlan, Difference, Entry, SegmentId, Slot, Snapshot, Traces, difference, plan_days};
use serde_json::json;
use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;
use uuid::Uuid;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

/// Days answered at once: a year and a day.
const MOST_DAYS: i32 = 366;
/// Slots and refusals answered at once.
const MOST_ENTRIES: usize = 20_000;
/// Slots and refusals that a draft is held against: a trace of each is some hundred bytes.
const MOST_COMPARED: usize = 100_000;

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    warp::path("plan")
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(query())
        .then(|app, query| respond(plan(app, query)))
        .boxed()
}

async fn plan(app: Arc<App>, query: Query) -> Result<Response> {
    query.only(&["from", "to", "segment"])?;
    let segment = query.parse::<Uuid>("segment", "the id of a recording")?.map(SegmentId);
    let now = app.clock.now().wall;
    let (from, to) = (query.instant("from", &app.timezone)?, query.instant("to", &app.timezone)?);
    let range = Range::of(&app, now, from, to, 1)?;
    let answer = work(&app, move |app| {
        let snapshot = planning::snapshot(&app.store, &app.site, now)?;
        let (mut slots, mut refusals) = (Vec::new(), Vec::new());
        for day in range.plan(&snapshot, segment)? {
            for entry in day.into_entries() {
                let list = if matches!(entry, Entry::Slot(_)) { &mut slots } else { &mut refusals };
                let readiness = |slot: &Slot| app.preparing.readiness(slot.segment, slot.start, now);
                list.push(wire::planned(&entry, readiness, &app.timezone));
            }
        }
        let notice = snapshot.windows.is_empty().then(Notice::no_window_defined);
        Ok(json!({
            "from": wire::local(range.from, &app.timezone),
            "to": wire::local(range.to, &app.timezone),
            "slots": slots,
            "refusals": refusals,
            "notice": notice,
        }))
    })
    .await?;
    json(StatusCode::OK, &answer)
}

/// The stretch of time that somebody asks about.
pub(super) struct Range {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    first: Date,
    days: i32,
}

impl Range {
    /// Without `from`, from today on; without `to`, so many days.
    pub(super) fn of(
        app: &App,
        now: Timestamp,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        days: i32,
    ) -> Result<Range> {
        let timezone = &app.timezone;
        let first = planning::day_of(from.unwrap_or(now), timezone);
        // a `to` at midnight names the day before as the last one
        let last = match to {
            Some(to) => planning::day_of(to.saturating_sub(1.nanosecond()).unwrap_or(to), timezone),
            None => first.saturating_add((days - 1).days()),
        };
        let days = first.until(last).map_or(0, |span| span.get_days()) + 1;
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(Error::new(
                ErrorKind::Malformed,
                "bad_parameter",
                format!("from and to span {days} days; ask for 1 to {MOST_DAYS}, with to after from"),
            ));
        }
        let start_of = |date: Date| {
            date.to_zoned(timezone.clone()).map_or(Timestamp::UNIX_EPOCH, |start| start.timestamp())
        };
        let from = from.unwrap_or_else(|| start_of(first));
        let to = to.unwrap_or_else(|| start_of(last.tomorrow().unwrap_or(last)));
        Ok(Range { from, to, first, days })
    }

    /// What a plan says of it; with `segment`, of this recording alone.
    ///
    /// # Errors
    /// `bad_parameter` when it says more than a small board can answer at once.
    pub(super) fn plan(&self, snapshot: &Snapshot, segment: Option<SegmentId>) -> Result<Vec<DayPlan>> {
        let (mut days, mut entries) = (Vec::new(), 0);
        self.each(snapshot, |mut day| {
            if let Some(segment) = segment {
                day.slots.retain(|slot| slot.segment == segment);
                day.refusals.retain(|refusal| refusal.segment == segment);
            }
            entries += size(&day);
            days.push(day);
            if entries > MOST_ENTRIES { Err(too_many("are planned", MOST_ENTRIES)) } else { Ok(()) }
        })?;
        Ok(days)
    }

    /// What another plan changes of it. Only what differs is held, and counted: of the rest no more than a trace is kept.
    ///
    /// # Errors
    /// `bad_parameter` when it is more than a small board can compare, or answer, at once.
    pub(super) fn difference(&self, before: &Snapshot, after: &Snapshot) -> Result<Difference> {
        let mut traces = Traces::default();
        self.each(before, |day| {
            traces.add(&day);
            if traces.len() > MOST_COMPARED { Err(too_many("are compared", MOST_COMPARED)) } else { Ok(()) }
        })?;
        let mut entries = 0;
        let mut counted = |day: DayPlan, days: &mut Vec<DayPlan>| {
            entries += size(&day);
            days.push(day);
            if entries > MOST_ENTRIES { Err(too_many("would change", MOST_ENTRIES)) } else { Ok(()) }
        };
        let (mut were, mut are) = (Vec::new(), Vec::new());
        self.each(after, |mut day| {
            traces.same(&mut day);
            counted(day, &mut are)
        })?;
        self.each(before, |mut day| {
            traces.settled(&mut day);
            counted(day, &mut were)
        })?;
        Ok(difference(&were, &are))
    }

    /// Takes the days of a plan, one after the other.
    fn each(&self, snapshot: &Snapshot, mut take: impl FnMut(DayPlan) -> Result<()>) -> Result<()> {
        let to = self.first.saturating_add(self.days.days());
        let (of_day, mut taken) = (Cell::new(0), Ok(()));
        let wanted = |start: Timestamp| {
            let inside = self.from <= start && start < self.to;
            of_day.set(of_day.get() + usize::from(inside));
            inside && of_day.get() <= MOST_ENTRIES
        };
        plan_days(snapshot, self.first, to, wanted, |day| {
            taken = if of_day.replace(0) > MOST_ENTRIES {
                Err(too_many("of one day are planned", MOST_ENTRIES))
            } else {
                take(day)
            };
            if taken.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        taken
    }
}

fn size(day: &DayPlan) -> usize {
    day.slots.len() + day.refusals.len()
}

fn too_many(what: &str, most: usize) -> Error {
    Error::new(
        ErrorKind::Malformed,
        "bad_parameter",
        format!(
            "between from and to more than {most} slots and refusals {what}; ask for fewer days or hours"
        ),
    )
    .vi(format!("Khoảng thời gian này có quá nhiều lượt phát (hơn {most}). Hãy chọn ít ngày hơn."))
}
