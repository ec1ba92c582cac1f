//! `/people`, `/tokens`, `/sessions`: who may come in, as administrators manage it, and everybody's own sessions.

use super::wire;
use super::{App, Query, body, caller, created, if_match, json, object, query, read, respond, with, work};
use crate::access::{Caller, Role, Scope, Wanted};
use crate::error::{Error, Result};
use crate::store::{Identity, IdentityKind, ListedSession};
use bytes::Bytes;
use jiff::Timestamp;
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
struct NewPerson {
    name: String,
    role: Role,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangedPerson {
    role: Option<Role>,
    /// A one-time passphrase in place of their password.
    #[serde(default)]
    reset_password: bool,
    /// What shows their codes is lost: the password alone lets them in.
    #[serde(default)]
    reset_second_factor: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenBody {
    name: String,
    scopes: BTreeSet<Scope>,
    /// Without end when absent.
    expires: Option<Timestamp>,
}

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let people = kind(app, warp::path("people").boxed(), IdentityKind::Person);
    let tokens = kind(app, warp::path("tokens").boxed(), IdentityKind::Token);
    let one_person = warp::path("people")
        .and(warp::path::param::<String>())
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .then(|id, app| respond(one(app, IdentityKind::Person, id)))
        .boxed();
    let add_person = warp::path("people")
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(add_person(app, caller, body)))
        .boxed();
    let change_person = warp::path("people")
        .and(warp::path::param::<String>())
        .and(warp::path::end())
        .and(warp::put())
        .and(with(app))
        .and(caller())
        .and(warp::header::optional::<String>("if-match"))
        .and(body())
        .then(|id, app, caller, tag, body| respond(change_person(app, caller, id, tag, body)))
        .boxed();
    let add_token = warp::path("tokens")
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(add_token(app, caller, body)))
        .boxed();
    let sessions = warp::path("sessions")
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(caller())
        .and(query())
        .then(|app, caller, query| respond(sessions(app, caller, query)))
        .boxed();
    let end_session = warp::path("sessions")
        .and(warp::path::param::<String>())
        .and(warp::path::end())
        .and(warp::delete())
        .and(with(app))
        .and(caller())
        .then(|id, app, caller| respond(end_session(app, caller, id)))
        .boxed();
    let people = people.or(one_person).unify().or(add_person).unify().or(change_person).unify();
    let rest = tokens.or(add_token).unify().or(sessions).unify().or(end_session).unify();
    people.or(rest).unify().boxed()
}

/// What people and tokens have in common: they are listed, and revoked.
fn kind(app: &Arc<App>, root: BoxedFilter<()>, kind: IdentityKind) -> BoxedFilter<(Response,)> {
    let list = root
        .clone()
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(query())
        .then(move |app, query| respond(list(app, kind, query)))
        .boxed();
    let revoke = root
        .and(warp::path::param::<String>())
        .and(warp::path::end())
        .and(warp::delete())
        .and(with(app))
        .and(caller())
        .then(move |id, app, caller| respond(revoke(app, caller, kind, id)))
        .boxed();
    list.or(revoke).unify().boxed()
}

fn shown(app: &App, it: &Identity) -> Value {
    wire::identity(it, app.clock.now().wall, &app.timezone)
}

async fn list(app: Arc<App>, kind: IdentityKind, query: Query) -> Result<Response> {
    query.only(&["limit", "cursor"])?;
    let limit = query.limit()?;
    let after = query.get("cursor").map(str::to_owned);
    let mut found = work(&app, move |app| app.access.list(kind, after.as_deref(), limit + 1)).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|last| last.id.clone());
    let items = found.iter().map(|it| shown(&app, it)).collect();
    json(StatusCode::OK, &wire::Page { items, next })
}

async fn one(app: Arc<App>, kind: IdentityKind, id: String) -> Result<Response> {
    let found = work(&app, move |app| app.access.one(kind, &id)).await?;
    object(StatusCode::OK, found.version, &shown(&app, &found))
}

async fn add_person(app: Arc<App>, caller: Caller, body: Bytes) -> Result<Response> {
    let body: NewPerson = read(&body)?;
    let (person, passphrase) = work(&app, move |app| {
        let passphrase = app.access.add_person(&body.name, body.role, None, &caller.id)?;
        Ok((app.access.person_named(&body.name)?, passphrase))
    })
    .await?;
    let mut value = shown(&app, &person);
    value["one_time_password"] = json!(passphrase);
    created(StatusCode::CREATED, person.version, &format!("/api/v1/people/{}", person.id), &value)
}

async fn change_person(
    app: Arc<App>,
    caller: Caller,
    id: String,
    tag: Option<String>,
    body: Bytes,
) -> Result<Response> {
    let body: ChangedPerson = read(&body)?;
    if body.role.is_none() && !body.reset_password && !body.reset_second_factor {
        return Err(Error::unacceptable(
            "nothing_to_change",
            "say what is to change: {\"role\": …}, {\"reset_password\": true}, {\"reset_second_factor\": true}, or several",
        ));
    }
    let (person, passphrase) = work(&app, move |app| {
        // who does not exist is not found, whatever was sent with it
        app.access.one(IdentityKind::Person, &id)?;
        let version = if_match(tag.as_deref())?;
        let wanted = Wanted {
            role: body.role,
            new_password: body.reset_password,
            without_second_factor: body.reset_second_factor,
        };
        app.access.change_person(&id, wanted, Some(version), &caller.id)
    })
    .await?;
    let mut value = shown(&app, &person);
    if let Some(passphrase) = passphrase {
        value["one_time_password"] = json!(passphrase);
    }
    object(StatusCode::OK, person.version, &value)
}

async fn add_token(app: Arc<App>, caller: Caller, body: Bytes) -> Result<Response> {
    let body: TokenBody = read(&body)?;
    let (token, found) = work(&app, move |app| {
        let now = app.clock.now().wall;
        let lifetime = body.expires.map(|expires| expires.duration_since(now));
        if lifetime.is_some_and(|lifetime| !lifetime.is_positive()) {
            return Err(Error::unacceptable(
                "bad_expiry",
                "expires has passed already; give a time to come, or none",
            ));
        }
        let new = app.access.add_token(&body.name, body.scopes, lifetime, &caller.id)?;
        let found = app.access.one(IdentityKind::Token, &new.id)?;
        Ok((new.token, found))
    })
    .await?;
    let mut value = shown(&app, &found);
    value["token"] = json!(token);
    created(StatusCode::CREATED, found.version, &format!("/api/v1/tokens/{}", found.id), &value)
}

async fn revoke(app: Arc<App>, caller: Caller, kind: IdentityKind, id: String) -> Result<Response> {
    let by = caller.id.clone();
    let revoked = work(&app, move |app| app.access.revoke(kind, &id, &by)).await?;
    tracing::warn!(name = revoked.name, by = caller.name, "somebody was revoked");
    object(StatusCode::OK, revoked.version, &shown(&app, &revoked))
}

async fn sessions(app: Arc<App>, caller: Caller, query: Query) -> Result<Response> {
    query.only(&["limit", "cursor"])?;
    let limit = query.limit()?;
    let after = query.get("cursor").map(str::to_owned);
    let own = caller.session.clone();
    let mut found = work(&app, move |app| app.access.sessions(&caller, after.as_deref(), limit + 1)).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|last| last.id.clone());
    let items = found.iter().map(|it| session(&app, it, own.as_deref())).collect();
    json(StatusCode::OK, &wire::Page { items, next })
}

fn session(app: &App, it: &ListedSession, own: Option<&str>) -> Value {
    let instant = |at: Timestamp| wire::local(at, &app.timezone);
    json!({
        "id": it.id,
        "person": it.identity.0,
        "name": it.identity.1,
        "created_at": instant(it.created_at),
        "last_used": instant(it.seen_at),
        "expires": instant(it.expires_at),
        "address": it.address,
        "browser": it.browser,
        "current": own == Some(it.hash.as_str()),
    })
}

async fn end_session(app: Arc<App>, caller: Caller, id: String) -> Result<Response> {
    work(&app, move |app| app.access.end_session(&caller, &id)).await?;
    let mut response = Response::new(Bytes::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
