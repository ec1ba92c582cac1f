//! `/orders`: what publishers above the station signed. Who brings an order only carries it: its signatures count.

use super::wire::{self, local};
use super::{App, Query, body, caller, json, query, respond, with, work};
use crate::access::Caller;
use crate::error::{Error, ErrorKind, Result};
use crate::orders::NONCE_LIFE;
use crate::store::KeptOrder;
use bytes::Bytes;
use jiff::SignedDuration;
use loaxa_evidence::{Matter, SignedOrder};
use serde_json::{Value, json};
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let root = warp::path("orders");
    let take = root
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(take(app, caller, body)))
        .boxed();
    let list = root
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(query())
        .then(|app, query| respond(list(app, query)))
        .boxed();
    let nonce = root
        .and(warp::path("nonce"))
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(caller())
        .then(|app, caller| respond(nonce(app, caller)))
        .boxed();
    take.or(list).unify().or(nonce).unify().boxed()
}

async fn take(app: Arc<App>, caller: Caller, body: Bytes) -> Result<Response> {
    let text = String::from_utf8(body.to_vec()).map_err(|_| {
        let why = "the body is no text; send exactly what `loaxa sign` wrote";
        Error::new(ErrorKind::Malformed, "bad_order", why)
    })?;
    let (kept, new) = work(&app, move |app| app.orders.take(&text, &caller.id)).await?;
    if new {
        tracing::info!(order = kept.id, publisher = kept.publisher.1, "an order was taken");
        app.plan_changed.send_modify(|count| *count += 1);
    }
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    json(status, &show(&app, &kept))
}

async fn nonce(app: Arc<App>, caller: Caller) -> Result<Response> {
    let nonce = app.orders.nonce(&caller.id)?;
    let until = app.clock.now().wall + SignedDuration::try_from(NONCE_LIFE).unwrap_or_default();
    let answer = json!({
        "nonce": nonce, "station": app.orders.station(), "expires": local(until, &app.timezone),
        "seconds": NONCE_LIFE.as_secs(),
    });
    let mut response = json(StatusCode::OK, &answer)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn list(app: Arc<App>, query: Query) -> Result<Response> {
    query.only(&["limit", "cursor"])?;
    let limit = query.limit()?;
    let before = query.parse::<i64>("cursor", "the next of the page before")?;
    let mut found = work(&app, move |app| app.store.orders(before, limit + 1)).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|last| last.number.to_string());
    let items = found.iter().map(|it| show(&app, it)).collect();
    json(StatusCode::OK, &wire::Page { items, next })
}

/// How an order stands now, in one word.
fn state(app: &App, it: &KeptOrder, matter: Option<&Matter>) -> &'static str {
    let now = app.clock.now().wall;
    match matter {
        _ if it.revoked => "revoked",
        Some(Matter::Key(_)) => "done",
        _ if it.expires <= now => "expired",
        _ if it.segment.is_none() => "waiting",
        _ if now < it.not_before => "not_yet",
        _ => "in_force",
    }
}

fn show(app: &App, it: &KeptOrder) -> Value {
    // it was read before it was kept
    let order = SignedOrder::read(&it.note).ok().map(|signed| signed.order);
    let airing = match order.as_ref().map(|order| &order.matter) {
        Some(Matter::Air(airing)) => Some(airing),
        _ => None,
    };
    json!({
        "id": it.id,
        "state": state(app, it, order.as_ref().map(|order| &order.matter)),
        "publisher": { "id": it.publisher.0, "name": it.publisher.1 },
        "cosigner": it.cosigner,
        "counter": it.counter,
        "class": airing.map(|it| &it.class),
        "sha256": airing.map(|it| &it.segment),
        "title": airing.map(|it| &it.title),
        "language": airing.map(|it| &it.language),
        "for": airing.map(|it| it.only.to_string()),
        "segment": it.segment,
        "author": order.as_ref().map(|order| &order.author),
        "approver": order.as_ref().map(|order| &order.approver),
        "not_before": local(it.not_before, &app.timezone),
        "expires": local(it.expires, &app.timezone),
        "taken_at": local(it.taken_at, &app.timezone),
        "order": it.note,
    })
}
