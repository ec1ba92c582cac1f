//! `GET /plan`: what would air, and why not.

use super::wire;
use super::{App, Query, json, query, respond, with, work};
use crate::error::{Error, ErrorKind, Result};
use crate::planning::{self, Notice};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use loaxa_schedules::{DayPlan, Entry, Slot, Snapshot, plan_days};
use serde_json::json;
use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

/// Days answered at once: a year and a day.
const MOST_DAYS: i32 = 366;
/// Slots and refusals answered at once.
const MOST_ENTRIES: usize = 20_000;

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
    query.only(&["from", "to"])?;
    let now = app.clock.now().wall;
    let (from, to) = (query.instant("from", &app.timezone)?, query.instant("to", &app.timezone)?);
    let range = Range::of(&app, now, from, to, 1)?;
    let answer = work(&app, move |app| {
        let snapshot = planning::snapshot(&app.store, &app.site, now)?;
        let (mut slots, mut refusals) = (Vec::new(), Vec::new());
        for day in range.plan(&snapshot)? {
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

    /// What a plan says of it.
    ///
    /// # Errors
    /// `bad_parameter` when it says more than a small board can answer at once.
    pub(super) fn plan(&self, snapshot: &Snapshot) -> Result<Vec<DayPlan>> {
        let to = self.first.saturating_add(self.days.days());
        let (mut days, entries) = (Vec::new(), Cell::new(0));
        let wanted = |start: Timestamp| {
            let inside = self.from <= start && start < self.to;
            entries.set(entries.get() + usize::from(inside));
            inside && entries.get() <= MOST_ENTRIES
        };
        plan_days(snapshot, self.first, to, wanted, |day| {
            days.push(day);
            if entries.get() > MOST_ENTRIES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if entries.get() > MOST_ENTRIES {
            return Err(Error::new(
                ErrorKind::Malformed,
                "bad_parameter",
                format!(
                    "between from and to more than {MOST_ENTRIES} slots and refusals are planned; ask for fewer days or hours"
                ),
            ));
        }
        Ok(days)
    }
}
