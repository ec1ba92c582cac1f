//! `/session`: logging in on the page, choosing a password, setting up a second factor.

use super::{App, Peer, audit, body, caller, json, problem, read, respond, with, work};
use crate::access::{Caller, Lane, Whence};
use crate::error::Result;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;
use zeroize::Zeroizing;

const COOKIE: &str = "loaxa_session";
/// Says that somebody logged in well in this browser, and lets nobody in: guessing elsewhere does not slow it down.
const BROWSER: &str = "loaxa_browser";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginBody {
    name: String,
    #[serde(deserialize_with = "wiped")]
    password: Zeroizing<String>,
    /// Of who has a second factor.
    code: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    #[serde(deserialize_with = "wiped")]
    old: Zeroizing<String>,
    #[serde(deserialize_with = "wiped")]
    new: Zeroizing<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnrolmentBody {
    #[serde(deserialize_with = "wiped")]
    password: Zeroizing<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeBody {
    code: String,
}

/// A password is wiped from memory when it was looked at.
fn wiped<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Zeroizing<String>, D::Error> {
    String::deserialize(from).map(Zeroizing::new)
}

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let root = warp::path("session");
    let log_in = root
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(warp::ext::get::<Peer>())
        .and(warp::header::optional::<String>("cookie"))
        .and(warp::header::optional::<String>("user-agent"))
        .and(body())
        .then(|app, Peer(address), cookies: Option<String>, agent, body| {
            let browser = cookies.as_deref().and_then(|cookies| value_of(cookies, BROWSER));
            knock(app, Whence { address, browser, agent }, body)
        })
        .boxed();
    let who = root
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(caller())
        .then(|app, caller| respond(who(app, caller)))
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
    let second_factor = root.and(warp::path("second-factor")).and(warp::path::end()).boxed();
    let begin = second_factor
        .clone()
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(begin_second_factor(app, caller, body)))
        .boxed();
    let confirm = second_factor
        .and(warp::put())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(confirm_second_factor(app, caller, body)))
        .boxed();
    let own = password.or(begin).unify().or(confirm).unify();
    log_in.or(who).unify().or(log_out).unify().or(own).unify().boxed()
}

/// The session cookie's value among the cookies of a request.
pub(super) fn cookie_value(cookies: &str) -> Option<String> {
    value_of(cookies, COOKIE)
}

fn value_of(cookies: &str, wanted: &str) -> Option<String> {
    cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| value.to_owned())
}

/// Whom a login or a token belongs to; `second_factor` says whether logging in takes a code.
fn shown(caller: &Caller, second_factor: bool) -> serde_json::Value {
    json!({
        "id": caller.id, "name": caller.name, "scopes": *caller.scopes, "must_change_password": caller.one_time,
        "second_factor": second_factor,
    })
}

async fn who(app: Arc<App>, caller: Caller) -> Result<Response> {
    let id = caller.id.clone();
    let known = work(&app, move |app| app.store.identity(&id)).await?;
    json(StatusCode::OK, &shown(&caller, known.is_some_and(|it| it.second_factor)))
}

async fn begin_second_factor(app: Arc<App>, caller: Caller, body: bytes::Bytes) -> Result<Response> {
    let body: EnrolmentBody = read(&body)?;
    let _turn = app.access.login_turn(Lane::Known).await;
    let made = work(&app, move |app| app.access.begin_second_factor(&caller, &body.password)).await?;
    json(StatusCode::CREATED, &json!({ "secret": *made.secret, "uri": *made.uri }))
}

async fn confirm_second_factor(app: Arc<App>, caller: Caller, body: bytes::Bytes) -> Result<Response> {
    let body: CodeBody = read(&body)?;
    let told = caller.clone();
    work(&app, move |app| app.access.confirm_second_factor(&caller, &body.code)).await?;
    json(StatusCode::OK, &shown(&told, true))
}

/// Answers somebody who logs in; a refusal goes with whom it was tried for, where there is such a person.
async fn knock(app: Arc<App>, from: Whence, body: bytes::Bytes) -> Response {
    let body: LoginBody = match read(&body) {
        Ok(body) => body,
        Err(error) => return problem::answer(&error),
    };
    let name = body.name.clone();
    match log_in(&app, from, body).await {
        Ok(response) => response,
        Err(error) => {
            let mut response = problem::answer(&error);
            if let Ok(person) = work(&app, move |app| app.access.person_named(&name)).await {
                response.extensions_mut().insert(audit::Tried(person.id, person.name));
            }
            response
        }
    }
}

async fn log_in(app: &Arc<App>, from: Whence, body: LoginBody) -> Result<Response> {
    let (name, whence) = (body.name.clone(), from.clone());
    let lane = work(app, move |app| app.access.lane(&name, &whence)).await?;
    let _turn = app.access.login_turn(lane).await;
    let login =
        work(app, move |app| app.access.log_in(&body.name, &body.password, body.code.as_deref(), &from))
            .await?;
    let mut response = json(StatusCode::OK, &shown(&login.caller, login.second_factor))?;
    let session = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800", login.cookie);
    set_cookie(app, &mut response, &session);
    let browser = format!(
        "{BROWSER}={}; Path=/api/v1/session; HttpOnly; SameSite=Strict; Max-Age=34560000",
        login.browser
    );
    set_cookie(app, &mut response, &browser);
    Ok(response)
}

async fn log_out(app: Arc<App>, caller: Caller) -> Result<Response> {
    work(&app, move |app| app.access.log_out(&caller)).await?;
    Ok(cleared(&app))
}

async fn change_password(app: Arc<App>, caller: Caller, body: bytes::Bytes) -> Result<Response> {
    let body: PasswordBody = read(&body)?;
    let _turn = app.access.login_turn(Lane::Known).await;
    work(&app, move |app| app.access.change_password(&caller, &body.old, &body.new)).await?;
    Ok(cleared(&app))
}

/// Done, and the session is over: log in again.
fn cleared(app: &App) -> Response {
    let mut response = Response::new(bytes::Bytes::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    set_cookie(app, &mut response, &format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"));
    response
}

/// Under TLS a cookie never travels without it.
fn set_cookie(app: &App, response: &mut Response, cookie: &str) {
    let secure = if app.tls.is_some() { "; Secure" } else { "" };
    if let Ok(cookie) = HeaderValue::from_str(&format!("{cookie}{secure}")) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
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
