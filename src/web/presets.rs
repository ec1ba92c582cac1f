//! `GET /presets`: holidays and windows that come with the station, each as it would be sent to make one.

use super::{json, respond};
use crate::error::Result;
use loaxa_schedules::presets::{self, PresetHoliday, PresetWindow, PresetWindows};
use serde_json::{Value, json};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

pub(super) fn routes() -> BoxedFilter<(Response,)> {
    warp::path("presets").and(warp::path::end()).and(warp::get()).then(|| respond(list())).boxed()
}

async fn list() -> Result<Response> {
    let holidays: Vec<Value> = presets::holidays().iter().map(holiday).collect();
    let windows: Vec<Value> = presets::windows().iter().map(windows_of).collect();
    json(StatusCode::OK, &json!({ "holidays": holidays, "windows": windows }))
}

fn holiday(it: &PresetHoliday) -> Value {
    json!({
        "key": it.key, "name": it.name, "name_en": it.name_en,
        "holiday": {
            "name": it.name, "rule": it.rule, "first_day": it.first_day, "days": it.days, "announced": it.announced,
            "effect": it.effect,
        },
        "sources": it.sources,
    })
}

fn windows_of(it: &PresetWindows) -> Value {
    json!({
        "key": it.key, "name": it.name, "name_en": it.name_en,
        "windows": it.windows.iter().map(window).collect::<Vec<_>>(),
        "sources": it.sources,
    })
}

/// The holidays of a preset are keys; whoever takes it over puts the ids of the holidays that they made of those.
fn window(it: &PresetWindow) -> Value {
    json!({
        "window": {
            "name": it.name, "days": it.days, "start": it.start, "end": it.end,
            "volume_ceiling_db": it.volume_ceiling_db, "limits": it.limits,
        },
        "name_en": it.name_en,
        "holidays": it.holidays,
    })
}
