//! `/zones`, `/windows`, `/programmes`, `/campaigns`, `/holidays`, `/units`: one set of routes for every kind of document.

use super::resources::Resource;
use super::wire;
use super::{App, Query, body, caller, created, if_match, json, object, query, respond, with, work};
use crate::access::Caller;
use crate::error::{Error, Result};
use crate::planning::Notice;
use crate::store::Stored;
use loaxa_schedules::{Campaign, Holiday, Programme, Unit, Window, Zone};
use serde_json::{Value, json as value};
use std::sync::Arc;
use uuid::Uuid;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let planned = resource::<Programme>(app).or(resource::<Campaign>(app)).unify();
    let around =
        resource::<Zone>(app).or(resource::<Window>(app)).unify().or(resource::<Holiday>(app)).unify();
    planned.or(around).unify().or(resource::<Unit>(app)).unify().boxed()
}

fn resource<T: Resource + Sync>(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let root = warp::path(T::PATH);
    let item = root.and(warp::path::param::<String>()).and(warp::path::end());
    let list = root
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(query())
        .then(|app, query| respond(list::<T>(app, query)))
        .boxed();
    let make = root
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(make::<T>(app, caller, body)))
        .boxed();
    let one = item.and(warp::get()).and(with(app)).then(|id, app| respond(one::<T>(app, id))).boxed();
    let replace = item
        .and(warp::put())
        .and(with(app))
        .and(caller())
        .and(warp::header::optional::<String>("if-match"))
        .and(body())
        .then(|id, app, caller, tag, body| respond(replace::<T>(app, caller, id, tag, body)))
        .boxed();
    let remove = item
        .and(warp::delete())
        .and(with(app))
        .and(caller())
        .and(warp::header::optional::<String>("if-match"))
        .then(|id, app, caller, tag| respond(remove::<T>(app, caller, id, tag)))
        .boxed();
    list.or(make).unify().or(one).unify().or(replace).unify().or(remove).unify().boxed()
}

fn id_of<T: Resource>(text: &str) -> Result<Uuid> {
    text.parse().map_err(|_| Error::not_found(T::KIND.as_str(), text))
}

fn shown<T: Resource>(app: &App, stored: &Stored<T>) -> Value {
    wire::stored(stored, &app.timezone)
}

/// What was just kept, and what its author should know.
fn kept<T: Resource>(app: &App, stored: &Stored<T>, notices: &[Notice]) -> Value {
    let mut shown = shown(app, stored);
    shown["warnings"] = value!(notices);
    shown
}

async fn list<T: Resource + Sync>(app: Arc<App>, query: Query) -> Result<Response> {
    query.only(&["limit", "cursor"])?;
    let limit = query.limit()?;
    let after = query.parse::<Uuid>("cursor", "the next of the page before")?;
    let mut found = work(&app, move |app| app.store.documents::<T>(after, limit + 1)).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|stored| stored.value.id().to_string());
    let items = found.iter().map(|stored| shown(&app, stored)).collect();
    json(StatusCode::OK, &wire::Page { items, next })
}

async fn one<T: Resource + Sync>(app: Arc<App>, id: String) -> Result<Response> {
    let id = id_of::<T>(&id)?;
    let stored = work(&app, move |app| app.store.document::<T>(id)).await?;
    object(StatusCode::OK, stored.version, &shown(&app, &stored))
}

async fn make<T: Resource + Sync>(app: Arc<App>, caller: Caller, body: bytes::Bytes) -> Result<Response> {
    let id = crate::ids::new_id(app.clock.now().wall);
    let (stored, notices) = work(&app, move |app| {
        let (value, notices) = T::draft(id, &body)?.check(app)?;
        Ok((app.store.create(&value, &caller.id, app.clock.now().wall)?, notices))
    })
    .await?;
    app.plan_changed.send_modify(|count| *count += 1);
    let path = format!("/api/v1/{}/{id}", T::PATH);
    created(StatusCode::CREATED, stored.version, &path, &kept(&app, &stored, &notices))
}

async fn replace<T: Resource + Sync>(
    app: Arc<App>,
    caller: Caller,
    id: String,
    tag: Option<String>,
    body: bytes::Bytes,
) -> Result<Response> {
    let id = id_of::<T>(&id)?;
    let (stored, notices) = work(&app, move |app| {
        let current = app.store.document::<T>(id)?;
        let version = if_match(tag.as_deref())?;
        current.require(version)?;
        let (value, notices) = T::draft(id, &body)?.check(app)?;
        Ok((app.store.replace(&value, version, &caller.id, app.clock.now().wall)?, notices))
    })
    .await?;
    app.plan_changed.send_modify(|count| *count += 1);
    object(StatusCode::OK, stored.version, &kept(&app, &stored, &notices))
}

async fn remove<T: Resource + Sync>(
    app: Arc<App>,
    caller: Caller,
    id: String,
    tag: Option<String>,
) -> Result<Response> {
    let id = id_of::<T>(&id)?;
    work(&app, move |app| {
        let current = app.store.document::<T>(id)?;
        let version = if_match(tag.as_deref())?;
        current.require(version)?;
        T::may_go(id, app)?;
        app.store.remove::<T>(id, version, &caller.id, app.clock.now().wall)
    })
    .await?;
    app.plan_changed.send_modify(|count| *count += 1);
    let mut response = Response::new(bytes::Bytes::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
