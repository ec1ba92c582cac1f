//! `/amplifier/…`: what a technician asks of the amplifier, and how it is shown.

use super::wire;
use super::{App, body, caller, json, read, respond, with};
use crate::access::Caller;
use crate::error::Result;
use crate::playout_loop::{AirStatus, Given, LONGEST_ON, Service};
use bytes::Bytes;
use jiff::tz::TimeZone;
use loaxa_firmware_bridge::{Reading, SelfTest};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

/// A technician's amplifier goes dark by itself after so many seconds, unless they say how many.
const USUALLY_ON: u64 = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct On {
    /// The zones to connect, by the names that the driver knows.
    #[serde(default)]
    zones: Vec<String>,
    /// After so many seconds it goes dark by itself.
    seconds: Option<u64>,
}

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let clear = warp::path("amplifier")
        .and(warp::path("clear"))
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(plain(app, caller, body, Service::Clear)))
        .boxed();
    let test = warp::path("amplifier")
        .and(warp::path("test"))
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(plain(app, caller, body, Service::Test)))
        .boxed();
    let off = warp::path("amplifier")
        .and(warp::path("off"))
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(plain(app, caller, body, Service::Off)))
        .boxed();
    let on = warp::path("amplifier")
        .and(warp::path("on"))
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(on(app, caller, body)))
        .boxed();
    let status = warp::path("amplifier")
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .then(|app| respond(status(app)))
        .boxed();
    clear.or(test).unify().or(off).unify().or(on).unify().or(status).unify().boxed()
}

async fn status(app: Arc<App>) -> Result<Response> {
    json(StatusCode::OK, &shown(&app.playout.status(), &app.timezone))
}

async fn plain(app: Arc<App>, caller: Caller, body: Bytes, what: Service) -> Result<Response> {
    if !body.is_empty() {
        read::<Nothing>(&body)?;
    }
    serve(&app, caller, what).await
}

async fn on(app: Arc<App>, caller: Caller, body: Bytes) -> Result<Response> {
    let wanted: On = if body.is_empty() { On { zones: Vec::new(), seconds: None } } else { read(&body)? };
    let seconds = wanted.seconds.unwrap_or(USUALLY_ON);
    if !(1..=LONGEST_ON).contains(&seconds) {
        return Err(crate::error::Error::unacceptable(
            "bad_field",
            format!("seconds = {seconds} must lie between 1 and {LONGEST_ON}"),
        ));
    }
    serve(&app, caller, Service::On { zones: wanted.zones, seconds }).await
}

async fn serve(app: &App, caller: Caller, what: Service) -> Result<Response> {
    let given = app.playout.service(what, caller.name).await?;
    let mut value = shown(&app.playout.status(), &app.timezone);
    if let Given::Tested(test) = given {
        value["test"] = tested(&test);
    }
    json(StatusCode::OK, &value)
}

/// The amplifier as `/status` shows it.
pub(super) fn shown(air: &AirStatus, timezone: &TimeZone) -> Value {
    let seen = &air.amplifier;
    let line = &seen.about.line;
    let instant = |at: jiff::Timestamp| wire::local(at, timezone);
    json!({
        "driver": air.driver,
        "state": air.view.as_ref().map(|view| view.amplifier),
        "zones": air.view.as_ref().map(|view| &view.zones),
        "fault": air.amplifier_fault,
        "faults": seen.faults.iter().map(|fault| json!({
            "code": fault.code, "since": instant(fault.since), "vi": fault.vi, "en": fault.en,
            "remedy": fault.remedy, "remedy_vi": fault.remedy_vi,
        })).collect::<Vec<Value>>(),
        "read": seen.read.as_ref().map(|(status, at)| {
            let signals = &status.signals;
            let said = |signal: Option<Reading>| signal.and_then(Reading::value);
            json!({
                "at": instant(*at), "power": status.power.value(), "sound": status.muted.value().map(|muted| !muted),
                "zones": status.zones.iter().map(|(zone, on)| (zone.clone(), json!(on.value())))
                    .collect::<serde_json::Map<String, Value>>(),
                "stop": said(signals.stop), "mains": said(signals.mains), "ready": said(signals.ready),
                "temperature": signals.temperature.and_then(Reading::value).map(|tenths| f64::from(tenths) / 10.0),
                "supply": signals.supply.and_then(Reading::value).map(|millivolts| f64::from(millivolts) / 1000.0),
            })
        }),
        "hardware": seen.about.identity.as_ref().map(|it| json!({
            "model": it.model, "firmware": it.firmware, "reset_cause": it.reset_cause,
        })),
        "dead_man_seconds": seen.about.dead_man.map(|limit| limit.as_secs_f64()),
        "line": {
            "exchanges": line.exchanges, "no_answer": line.no_answer, "garbled": line.garbled, "refused": line.refused,
            "foreign": line.foreign, "repeated": line.repeated, "reopened": line.reopened,
        },
        "self_test": seen.self_test.as_ref().map(|test| {
            let mut value = tested(&test.result);
            value["at"] = json!(instant(test.at));
            value
        }),
    })
}

fn tested(test: &SelfTest) -> Value {
    json!({
        "passed": test.passed(),
        "steps": test.steps.iter().map(|step| json!({
            "what": step.what, "error": step.error.as_ref().map(ToString::to_string),
        })).collect::<Vec<Value>>(),
    })
}
