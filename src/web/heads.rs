//! `GET /airings/checkpoint`: the log's head, signed. `GET /airings/chain`: the log itself, as it is exported and verified.
//! `POST /airings/witness`: somebody countersigned the head.
//!
//! All take the scope `airings:read`: who collects the log may say that they saw it, and what they say is held against the
//! collectors' keys in the configuration, not against who brings it.

use super::{App, Query, body, caller, json, query, respond, with, work};
use crate::access::Caller;
use crate::airing_log::export::{Export, Format};
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
    let chain = warp::path("airings")
        .and(warp::path("chain"))
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(query())
        .then(|app, query| respond(chain(app, query)))
        .boxed();
    checkpoint.or(witness).unify().or(chain).unify().boxed()
}

/// The log as `loaxa log export` writes it, a page at a time: no thread waits for whoever reads it slowly.
#[allow(clippy::unused_async, reason = "as every answer")]
async fn chain(app: Arc<App>, query: Query) -> Result<Response> {
    query.only(&[])?;
    let state = Some((app, Export::new(None, None, Format::Ndjson)));
    let pages = futures_util::stream::unfold(state, move |state| async move {
        let (app, mut export) = state?;
        let page = work(&app, move |app| {
            let mut text = Vec::new();
            let more = export.page(&app.store, &mut text)?;
            Ok((export, text, more))
        });
        match page.await {
            Ok((export, text, more)) => Some((Ok(Bytes::from(text)), more.then_some((app, export)))),
            // an answer that breaks off is no log that was cut short: the line ends without its last piece
            Err(error) => Some((Err(error), None)),
        }
    });
    let mut response = warp::reply::Reply::into_response(warp::reply::stream(pages));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    let name = HeaderValue::from_static("attachment; filename=\"airing-log.ndjson\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
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
