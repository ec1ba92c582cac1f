//! `GET /airings/checkpoint`: the log's head, signed. `POST /airings/witness`: somebody countersigned it.
//!
//! Both take the scope `airings:read`: who collects the log may say that they saw it, and what they say is held against the
//! collectors' keys in the configuration, not against who brings it.

use super::{App, Query, body, caller, json, query, respond, with, work};
use crate::access::Caller;
use crate::error::{Error, ErrorKind, Result};
use bytes::Bytes;
use loaxa_evidence::hex;
use serde_json::json;
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let checkpoint = warp::path("airings")
        .and(warp::path("checkpoint"))
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(query())
        .and(warp::header::optional::<String>("accept"))
        .then(|app, query, accept| respond(checkpoint(app, query, accept)))
        .boxed();
    let witness = warp::path("airings")
        .and(warp::path("witness"))
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(witness(app, caller, body)))
        .boxed();
    checkpoint.or(witness).unify().boxed()
}

async fn checkpoint(app: Arc<App>, query: Query, accept: Option<String>) -> Result<Response> {
    query.only(&["row"])?;
    let row = query.parse::<i64>("row", "the number of a row of the log")?;
    let head = work(&app, move |app| match row {
        Some(row) => app.heads.sign_at(row),
        None => app.heads.sign(),
    })
    .await?;
    let note = head.note.to_string();
    if accept.is_some_and(|accept| accept.contains("application/json")) {
        let answer = json!({
            "origin": head.checkpoint.origin, "row": head.checkpoint.size, "hash": hex(&head.checkpoint.hash),
            "key": app.heads.key().map(ToString::to_string), "note": note,
        });
        return json(StatusCode::OK, &answer);
    }
    let mut response = Response::new(note.into());
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    Ok(response)
}

async fn witness(app: Arc<App>, caller: Caller, body: Bytes) -> Result<Response> {
    let text = String::from_utf8(body.to_vec()).map_err(|_| {
        let why = "the body is no text; send the note that GET /airings/checkpoint gave, countersigned";
        Error::new(ErrorKind::Malformed, "bad_note", why)
    })?;
    let now = app.clock.now().wall;
    let taken = work(&app, move |app| app.heads.take(&text, &caller.id, now)).await?;
    let status = if taken.new { StatusCode::CREATED } else { StatusCode::OK };
    json(status, &json!({ "row": taken.row, "witnesses": taken.witnesses, "new": taken.new }))
}
