//! `/session`: logging in on the page, and choosing a password.

use super::{App, body, caller, json, read, respond, with, work};
use crate::access::Caller;
use crate::error::Result;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

const COOKIE: &str = "loaxa_session";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginBody {
    name: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    old: String,
    new: String,
}

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let root = warp::path("session");
    let log_in = root
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(body())
        .then(|app, body| respond(log_in(app, body)))
        .boxed();
    let who = root
        .and(warp::path::end())
        .and(warp::get())
        .and(caller())
        .then(|caller: Caller| respond(async move { json(StatusCode::OK, &shown(&caller)) }))
        .boxed();
    let log_out = root
        .and(warp::path::end())
        .and(warp::delete())
        .and(with(app))
        .and(caller())
        .then(|app, caller| respond(log_out(app, caller)))
        .boxed();
    let password = root
        .and(warp::path("password"))
        .and(warp::path::end())
        .and(warp::put())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(change_password(app, caller, body)))
        .boxed();
    log_in.or(who).unify().or(log_out).unify().or(password).unify().boxed()
}

/// The session cookie's value among the cookies of a request.
pub(super) fn cookie_value(cookies: &str) -> Option<String> {
    cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
}

fn shown(caller: &Caller) -> serde_json::Value {
    json!({ "id": caller.id, "name": caller.name, "scopes": *caller.scopes, "must_change_password": caller.one_time })
}

async fn log_in(app: Arc<App>, body: bytes::Bytes) -> Result<Response> {
    let body: LoginBody = read(&body)?;
    let _turn = app.access.login_turn().await;
    let login = work(&app, move |app| app.access.log_in(&body.name, &body.password)).await?;
    let mut response = json(StatusCode::OK, &shown(&login.caller))?;
    set_cookie(
        &mut response,
        &format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800", login.cookie),
    );
    Ok(response)
}

async fn log_out(app: Arc<App>, caller: Caller) -> Result<Response> {
    work(&app, move |app| app.access.log_out(&caller)).await?;
    Ok(cleared())
}

async fn change_password(app: Arc<App>, caller: Caller, body: bytes::Bytes) -> Result<Response> {
    let body: PasswordBody = read(&body)?;
    let _turn = app.access.login_turn().await;
    work(&app, move |app| app.access.change_password(&caller, &body.old, &body.new)).await?;
    Ok(cleared())
}

/// Done, and the session is over: log in again.
fn cleared() -> Response {
    let mut response = Response::new(bytes::Bytes::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    set_cookie(&mut response, &format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"));
    response
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::cookie_value;

    #[test]
    fn only_our_cookie_counts() {
        assert_eq!(cookie_value("a=1; loaxa_session=abc; b=2").as_deref(), Some("abc"));
        assert_eq!(cookie_value("xloaxa_session=abc"), None);
        assert_eq!(cookie_value(""), None);
    }
}
