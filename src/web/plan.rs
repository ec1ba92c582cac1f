//! `GET /plan`: what would air, and why not.

use super::wire;
use super::{App, LOOK, Query, caller, json, query, respond, with, work};
use crate::access::Caller;
use crate::error::{Error, ErrorKind, Result};
use crate::planning;
use jiff::{Timestamp, ToSpan};
use loaxa_schedules::Entry;
use serde_json::json;
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

/// Days answered at once: a year and a day.
const MOST_DAYS: i32 = 366;

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    warp::path("plan")
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(caller())
        .and(query())
        .then(|app, caller, query| respond(plan(app, caller, query)))
        .boxed()
}

async fn plan(app: Arc<App>, caller: Caller, query: Query) -> Result<Response> {
    caller.require(&LOOK)?;
    query.only(&["from", "to"])?;
    let now = app.clock.now().wall;
    let today = planning::day_of(now, &app.timezone);
    let from = query.instant("from", &app.timezone)?;
    let to = query.instant("to", &app.timezone)?;
    let first = from.map_or(today, |from| planning::day_of(from, &app.timezone));
    // a `to` at midnight names the day before as the last one
    let last = match to {
        Some(to) => planning::day_of(to - 1.nanosecond(), &app.timezone),
        None => first,
    };
    let days = first.until(last).map_or(0, |span| span.get_days()) + 1;
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Error::new(
            ErrorKind::Malformed,
            "bad_parameter",
            format!("from and to span {days} days; ask for 1 to {MOST_DAYS}, with to after from"),
        ));
    }
    let answer = work(&app, move |app| {
        let snapshot = planning::snapshot(&app.store, &app.timezone)?;
        let inside =
            |start: Timestamp| from.is_none_or(|from| start >= from) && to.is_none_or(|to| start < to);
        let (mut slots, mut refusals) = (Vec::new(), Vec::new());
        for day in planning::days(&snapshot, first, days)? {
            for entry in day.entries().into_iter().filter(|entry| inside(entry.start())) {
                let list = if matches!(entry, Entry::Slot(_)) { &mut slots } else { &mut refusals };
                list.push(wire::entry(&entry, &app.timezone));
            }
        }
        let notice = snapshot.windows.is_empty().then(|| {
            json!({
                "code": "no_window_defined",
                "vi": "Chưa có khung giờ phát nào: đài chỉ phát tin khẩn cấp.",
                "en": "No window is defined: the station airs nothing but emergencies.",
            })
        });
        let timezone = &app.timezone;
        Ok(json!({
            "from": wire::local(from.unwrap_or(start_of(first, timezone)), timezone),
            "to": wire::local(to.unwrap_or(start_of(last.tomorrow().unwrap_or(last), timezone)), timezone),
            "slots": slots,
            "refusals": refusals,
            "notice": notice,
        }))
    })
    .await?;
    json(StatusCode::OK, &answer)
}

fn start_of(date: jiff::civil::Date, timezone: &jiff::tz::TimeZone) -> Timestamp {
    date.to_zoned(timezone.clone()).map_or(Timestamp::UNIX_EPOCH, |start| start.timestamp())
}
