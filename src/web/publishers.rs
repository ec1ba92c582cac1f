//! `/publishers`: keys of those above the station who may sign orders, as administrators manage them.

use super::wire::{self, local};
use super::{App, Query, body, caller, created, json, object, query, read, respond, with, work};
use crate::access::Caller;
use crate::error::Result;
use crate::orders::{not_the_stations, read_public_key};
use crate::store::{NewPublisher, Publisher};
use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use loaxa_schedules::Class;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PublisherBody {
    name: String,
    key: String,
    classes: BTreeSet<Class>,
    tier: Option<String>,
    holder: Option<String>,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
}

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let root = warp::path("publishers");
    let list = root
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(query())
        .then(|app, query| respond(list(app, query)))
        .boxed();
    let add = root
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(add(app, caller, body)))
        .boxed();
    let one = root
        .and(warp::path::param::<String>())
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .then(|id, app| respond(one(app, id)))
        .boxed();
    let revoke = root
        .and(warp::path::param::<String>())
        .and(warp::path::end())
        .and(warp::delete())
        .and(with(app))
        .and(caller())
        .then(|id, app, caller| respond(revoke(app, caller, id)))
        .boxed();
    list.or(add).unify().or(one).unify().or(revoke).unify().boxed()
}

/// A publisher's key as it is shown.
pub(crate) fn shown(it: &Publisher, timezone: &TimeZone) -> Value {
    let instant = |at: Option<Timestamp>| at.map(|at| local(at, timezone));
    json!({
        "id": it.id,
        "name": it.name,
        "tier": it.tier,
        "holder": it.holder,
        "key": it.key.to_string(),
        "classes": it.classes,
        "valid_from": instant(it.valid_from),
        "valid_until": instant(it.valid_until),
        "counter": it.counter,
        "created_at": local(it.created_at, timezone),
        "replaced_by": it.replaced.as_ref().map(|(new, _)| new),
        "replaced_at": instant(it.replaced.as_ref().map(|(_, at)| *at)),
        "revoked_at": instant(it.revoked.as_ref().map(|(_, at)| *at)),
    })
}

async fn list(app: Arc<App>, query: Query) -> Result<Response> {
    query.only(&["limit", "cursor"])?;
    let limit = query.limit()?;
    let after = query.get("cursor").map(str::to_owned);
    let mut found = work(&app, move |app| app.store.publishers(after.as_deref(), limit + 1)).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|last| last.id.clone());
    let items = found.iter().map(|it| shown(it, &app.timezone)).collect();
    json(StatusCode::OK, &wire::Page { items, next })
}

async fn one(app: Arc<App>, id: String) -> Result<Response> {
    let found = work(&app, move |app| app.store.publisher(&id)).await?;
    object(StatusCode::OK, found.version, &shown(&found, &app.timezone))
}

async fn add(app: Arc<App>, caller: Caller, body: Bytes) -> Result<Response> {
    let body: PublisherBody = read(&body)?;
    let new = NewPublisher {
        key: read_public_key(&body.key)?,
        name: body.name,
        tier: body.tier,
        holder: body.holder,
        classes: body.classes,
        valid_from: body.valid_from,
        valid_until: body.valid_until,
    };
    not_the_stations(&new.key, &app.heads)?;
    let made = work(&app, move |app| app.orders.add(&new, &caller.id)).await?;
    tracing::warn!(name = made.name, "a publisher's key was added");
    created(
        StatusCode::CREATED,
        made.version,
        &format!("/api/v1/publishers/{}", made.id),
        &shown(&made, &app.timezone),
    )
}

async fn revoke(app: Arc<App>, caller: Caller, id: String) -> Result<Response> {
    let revoked = work(&app, move |app| {
        let now = app.clock.now().wall;
        app.store.revoke_publisher(&id, &caller.id, now)
    })
    .await?;
    tracing::warn!(name = revoked.name, "a publisher's key was revoked");
    // what it signed sounds no more
    app.plan_changed.send_modify(|count| *count += 1);
    object(StatusCode::OK, revoked.version, &shown(&revoked, &app.timezone))
}
