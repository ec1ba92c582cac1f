//! `/zones`, `/windows`, `/programmes`: one set of routes for the three kinds of documents.

use super::wire::{self, ProgrammeBody, Show, WindowBody, ZoneBody};
use super::{
    App, LOOK, Query, body, caller, created, if_match, json, object, query, read, respond, with, work,
};
use crate::access::{Caller, Scope};
use crate::error::{Error, Result};
use crate::planning;
use crate::store::{Document, Stored};
use loaxa_schedules::{Programme, ProgrammeId, Window, WindowId, Zone, ZoneId};
use std::sync::Arc;
use uuid::Uuid;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

/// A document that is planned with over HTTP.
trait Resource: Document + Show {
    /// Last part of its path.
    const PATH: &'static str;
    /// Reads and checks a body; everything that it names must exist.
    fn from_body(id: Uuid, body: &[u8], app: &App) -> Result<Self>;
    /// Says why it cannot go while others name it.
    fn may_go(_id: Uuid, _app: &App) -> Result<()> {
        Ok(())
    }
}

impl Resource for Zone {
    const PATH: &'static str = "zones";

    fn from_body(id: Uuid, body: &[u8], app: &App) -> Result<Self> {
        let zone = read::<ZoneBody>(body)?.zone(ZoneId(id))?;
        let others = app.store.all_documents::<Zone>()?;
        if others.iter().any(|other| other.id != zone.id && other.name == zone.name) {
            return Err(Error::new(
                crate::error::ErrorKind::Conflict,
                "name_taken",
                format!("a zone named {:?} exists already; choose another name", zone.name),
            ));
        }
        Ok(zone)
    }

    fn may_go(id: Uuid, app: &App) -> Result<()> {
        planning::require_unused_zone(&app.store, ZoneId(id))
    }
}

impl Resource for Window {
    const PATH: &'static str = "windows";

    fn from_body(id: Uuid, body: &[u8], app: &App) -> Result<Self> {
        let window = read::<WindowBody>(body)?.window(WindowId(id))?;
        planning::check_window(&app.store, &window)?;
        Ok(window)
    }
}

impl Resource for Programme {
    const PATH: &'static str = "programmes";

    fn from_body(id: Uuid, body: &[u8], app: &App) -> Result<Self> {
        let programme = read::<ProgrammeBody>(body)?.programme(ProgrammeId(id))?;
        planning::check_programme(&app.store, programme, app.clock.now().wall, &app.timezone)
    }
}

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    resource::<Zone>(app).or(resource::<Window>(app)).unify().or(resource::<Programme>(app)).unify().boxed()
}

fn resource<T: Resource + Sync>(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let root = warp::path(T::PATH);
    let item = root.and(warp::path::param::<String>()).and(warp::path::end());
    let list = root
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(caller())
        .and(query())
        .then(|app, caller, query| respond(list::<T>(app, caller, query)))
        .boxed();
    let make = root
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(make::<T>(app, caller, body)))
        .boxed();
    let one = item
        .and(warp::get())
        .and(with(app))
        .and(caller())
        .then(|id, app, caller| respond(one::<T>(app, caller, id)))
        .boxed();
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

fn shown<T: Resource>(app: &App, stored: &Stored<T>) -> serde_json::Value {
    wire::stored(stored, &app.timezone)
}

async fn list<T: Resource + Sync>(app: Arc<App>, caller: Caller, query: Query) -> Result<Response> {
    caller.require(&LOOK)?;
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

async fn one<T: Resource + Sync>(app: Arc<App>, caller: Caller, id: String) -> Result<Response> {
    caller.require(&LOOK)?;
    let id = id_of::<T>(&id)?;
    let stored = work(&app, move |app| app.store.document::<T>(id)).await?;
    object(StatusCode::OK, stored.version, &shown(&app, &stored))
}

async fn make<T: Resource + Sync>(app: Arc<App>, caller: Caller, body: bytes::Bytes) -> Result<Response> {
    caller.require(&[Scope::ScheduleWrite])?;
    let id = crate::ids::new_id(app.clock.now().wall);
    let stored = work(&app, move |app| {
        let value = T::from_body(id, &body, app)?;
        app.store.create(&value, &caller.id, app.clock.now().wall)
    })
    .await?;
    app.plan_changed.send_modify(|count| *count += 1);
    let path = format!("/api/v1/{}/{id}", T::PATH);
    created(StatusCode::CREATED, stored.version, &path, &shown(&app, &stored))
}

async fn replace<T: Resource + Sync>(
    app: Arc<App>,
    caller: Caller,
    id: String,
    tag: Option<String>,
    body: bytes::Bytes,
) -> Result<Response> {
    caller.require(&[Scope::ScheduleWrite])?;
    let id = id_of::<T>(&id)?;
    let stored = work(&app, move |app| {
        let current = app.store.document::<T>(id)?;
        let version = if_match(tag.as_deref())?;
        let value = T::from_body(current.value.id(), &body, app)?;
        app.store.replace(&value, version, &caller.id, app.clock.now().wall)
    })
    .await?;
    app.plan_changed.send_modify(|count| *count += 1);
    object(StatusCode::OK, stored.version, &shown(&app, &stored))
}

async fn remove<T: Resource + Sync>(
    app: Arc<App>,
    caller: Caller,
    id: String,
    tag: Option<String>,
) -> Result<Response> {
    caller.require(&[Scope::ScheduleWrite])?;
    let id = id_of::<T>(&id)?;
    work(&app, move |app| {
        app.store.document::<T>(id)?;
        let version = if_match(tag.as_deref())?;
        T::may_go(id, app)?;
        app.store.remove::<T>(id, version, &caller.id, app.clock.now().wall)
    })
    .await?;
    app.plan_changed.send_modify(|count| *count += 1);
    let mut response = Response::new(bytes::Bytes::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
