//! `/backups`: what lies in the configured folder, and another one into it. No backup leaves the station this way.

use super::wire::local;
use super::{App, Warning, body, caller, json, read, respond, with, work};
use crate::access::Caller;
use crate::backup::button::due;
use crate::error::Result;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let root = warp::path("backups").and(warp::path::end());
    let list = root.and(warp::get()).and(with(app)).then(|app| respond(list(app))).boxed();
    let make = root
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(make(app, caller, body)))
        .boxed();
    list.or(make).unify().boxed()
}

async fn list(app: Arc<App>) -> Result<Response> {
    json(StatusCode::OK, &work(&app, shown).await?)
}

async fn make(app: Arc<App>, caller: Caller, body: Bytes) -> Result<Response> {
    if !body.is_empty() {
        read::<Nothing>(&body)?;
    }
    let by = (caller.id, caller.name);
    let backups = Arc::clone(&app.backups);
    work(&app, move |_| backups.begin(by)).await?;
    json(StatusCode::ACCEPTED, &work(&app, shown).await?)
}

fn shown(app: &App) -> Result<Value> {
    let instant = |at| local(at, &app.timezone);
    let state = app.backups.state();
    let last = app.backups.last()?;
    // a folder that cannot be read is told of, and does not hide the rest
    let (there, unreadable) = match app.backups.there() {
        Ok(there) => (there, None),
        Err(error) => (None, Some((app.clock.now().wall, error))),
    };
    let items: Vec<Value> = there
        .iter()
        .map(|it| {
            let verified = last.as_ref().filter(|(last, _)| last.database == it.database);
            json!({
                "name": app.backups.folder().and_then(|folder| folder.file_name()).map(|name| name.to_string_lossy()),
                "at": it.at.parse().ok().map(instant),
                "program": it.program, "rows": it.rows, "head": it.head, "recordings": it.originals.len(),
                "bytes": it.originals.iter().map(|original| original.bytes).sum::<u64>(),
                "missing": it.missing.iter().map(|original| &original.title).collect::<Vec<_>>(),
                "with_key": it.key, "verified_at": verified.map(|(last, _)| instant(last.verified)),
            })
        })
        .collect();
    Ok(json!({
        "folder": app.backups.folder().map(|folder| folder.display().to_string()),
        "remind_days": app.backups.remind_days(),
        "running": state.running.map(|(since, by)| json!({ "since": instant(since), "by": by })),
        "problem": state.problem.or(unreadable).map(|(at, error)| json!({
            "at": instant(at), "code": error.code, "detail": error.detail, "detail_vi": error.detail_vi,
        })),
        "last": last.map(|(last, days)| json!({
            "at": instant(last.at), "by": last.by, "days": days, "recordings": last.recordings, "missing": last.missing,
            "rows": last.rows, "verified_at": instant(last.verified),
        })),
        "items": items, "next": null,
    }))
}

/// What `/status` says of backups: whether the button is there, and how old the last one is.
pub(super) fn status(app: &App) -> Result<Value> {
    let last = app.backups.last()?;
    Ok(json!({
        "configured": app.backups.folder().is_some(),
        "at": last.as_ref().map(|(last, _)| local(last.at, &app.timezone)),
        "days": last.map(|(_, days)| days),
    }))
}

/// That it is time for one, where the station knows a folder and what time it is.
pub(super) fn warning(app: &App) -> Result<Option<Warning>> {
    if app.backups.folder().is_none() || !app.clock.now().trusted {
        return Ok(None);
    }
    let days = app.backups.last()?.map(|(_, days)| days);
    let due = due(days, app.backups.remind_days());
    Ok(due.map(|(vi, en)| Warning { code: "backup_due", vi, en }))
}
