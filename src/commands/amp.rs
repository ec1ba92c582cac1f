//! `loaxa amp`: the amplifier for the technician on the ladder. Through the running daemon, or on the hardware itself
//! while none runs.

use super::http::{Failure, Station, request};
use super::{open, print_line};
use crate::access::{Access, Scope};
use crate::cli::AmpArguments;
use crate::config::Config;
use crate::daemon;
use crate::error::{Error, ErrorKind, Result};
use crate::playout_loop::LONGEST_ON;
use crate::store::LogJob;
use crate::tls::{self, Trust};
use hyper::Method;
use jiff::SignedDuration;
use loaxa_firmware_bridge::{
    Amplifier, AmplifierSettings, AmplifierStatus, BridgeError, Reading, bounded, self_test,
};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// A token that this command makes for itself is worth nothing after this.
const TOKEN_FOR: SignedDuration = SignedDuration::from_mins(5);
/// No exchange with the hardware takes longer.
const LONGEST: Duration = Duration::from_secs(10);
/// The hardware is told so often that somebody is in charge.
const HOLD_EVERY: Duration = Duration::from_secs(1);
/// A self-test is the longest that the daemon works on an answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(80);

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum AmpVerb {
    /// How it stands, read now or by the daemon a moment ago.
    Status,
    /// Power for the zones named, muted; goes dark by itself.
    On,
    /// Dark.
    Off,
    /// Move every relay and read it back, without sound.
    Test,
    /// Take note of the faults that it keeps.
    Clear,
}

impl AmpVerb {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::On => "on",
            Self::Off => "off",
            Self::Test => "test",
            Self::Clear => "clear",
        }
    }
}

/// `loaxa amp`. Exit code 1 when the answer is no.
pub fn amp(config: &Config, data: &Path, arguments: &AmpArguments) -> Result<ExitCode> {
    if !(1..=LONGEST_ON).contains(&arguments.seconds) {
        return Err(Error::unacceptable(
            "bad_parameter",
            format!("--seconds {} must lie between 1 and {LONGEST_ON}", arguments.seconds),
        ));
    }
    let lock = match &arguments.to {
        Some(_) => None,
        None => daemon::hold_now(data)?,
    };
    let answer = match lock {
        Some(_lock) => directly(config, data, arguments)?,
        None => through_daemon(config, data, arguments)?,
    };
    if arguments.json {
        print_line(&answer.to_string())?;
    } else {
        print(&answer)?;
    }
    let bad = answer["test"]["passed"] == json!(false) || answer["error"].is_string();
    Ok(if bad { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Asks the daemon. Without a token of the technician's, one is made for this: whoever may write the station's data may.
fn through_daemon(config: &Config, data: &Path, arguments: &AmpArguments) -> Result<Value> {
    let facts = tls::look(&config.web, data)?;
    let address = match &arguments.to {
        Some(to) if to.contains("://") => to.clone(),
        Some(to) => format!("http://{to}"),
        None => own_address(config),
    };
    // whoever may read the station's data reads there whom to trust
    let trust = match facts.and_then(|facts| facts.pin.parse().ok()) {
        Some(pin) if address.starts_with("https://") => Trust::Pinned(pin),
        _ => Trust::Authorities,
    };
    let station = Station::at(&address, trust)?;
    let token = match &arguments.token {
        Some(token) => token.clone(),
        None => {
            let (store, clock) = open(config, data)?;
            let scopes = [Scope::Amplifier, Scope::StatusRead].into_iter().collect();
            Access::new(store, clock, &config.station.name)
                .add_token("loaxa amp", scopes, Some(TOKEN_FOR), "console")?
                .token
        }
    };
    let (method, path, body) = match arguments.verb {
        AmpVerb::Status => (Method::GET, "/api/v1/amplifier".to_owned(), None),
        AmpVerb::On => {
            let body = json!({ "zones": arguments.zones, "seconds": arguments.seconds });
            (Method::POST, "/api/v1/amplifier/on".to_owned(), Some(body))
        }
        verb => (Method::POST, format!("/api/v1/amplifier/{}", verb.as_str()), None),
    };
    let unreachable = |why: String| {
        Error::new(
            ErrorKind::Internal,
            "daemon_unreachable",
            format!("{why}; name the daemon's address with --to, or end whoever holds its lock"),
        )
    };
    let request = request(method, &path, &token, body.as_ref())?;
    let answer = runtime()?.block_on(async {
        tokio::time::timeout(ANSWERS_WITHIN, station.send(request))
            .await
            .unwrap_or_else(|_| Err(Failure::Line("the daemon does not answer".to_owned())))
    });
    let answer = answer.map_err(|failure| match failure {
        Failure::Line(why) | Failure::Stranger(why) => unreachable(why),
    })?;
    if answer.body.is_null() {
        return Err(unreachable(format!("what answers at {address} is no Loaxa daemon")));
    }
    let (status, answer) = (answer.status, answer.body);
    if (200..300).contains(&status) {
        return Ok(answer);
    }
    let detail = answer["detail"].as_str().unwrap_or("it gave no reason").to_owned();
    let code = answer["code"].as_str().unwrap_or("refused").to_owned();
    // the answer is no; only a wrong question is wrong use
    let kind = if status == 409 { ErrorKind::Internal } else { ErrorKind::Unacceptable };
    Err(Error::new(kind, code, format!("the daemon answers {status}: {detail}")))
}

/// Where the daemon of this configuration is reached from this machine.
fn own_address(config: &Config) -> String {
    let mut listen = config.web.listen;
    if listen.ip().is_unspecified() {
        let loopback = if listen.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        listen.set_ip(loopback);
    }
    let scheme = if config.web.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{listen}")
}

/// Drives the hardware; the caller holds the daemon's lock.
fn directly(config: &Config, data: &Path, arguments: &AmpArguments) -> Result<Value> {
    let settings = &config.amplifier.bridge;
    let mut amplifier = opened(settings)?;
    let runtime = runtime()?;
    let (store, clock) = open(config, data)?;
    let note = |what: &str, more: Value| {
        let mut body = json!({ "what": what, "by": "console" });
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        store.log(clock.now().wall, &[LogJob::Note { kind: "amplifier", body }])
    };
    let failed = |error: BridgeError| Error::new(ErrorKind::Internal, "amplifier_failed", error.to_string());
    runtime.block_on(async {
        let amplifier = amplifier.as_mut();
        match arguments.verb {
            AmpVerb::Status => {
                let status = bounded("read", LONGEST, amplifier.status()).await.map_err(failed)?;
                Ok(told(settings, amplifier, &status))
            }
            AmpVerb::Off => {
                note("switched_off", json!({}))?;
                let status = bounded("off", LONGEST, amplifier.release()).await.map_err(failed)?;
                Ok(told(settings, amplifier, &status))
            }
            AmpVerb::Clear => {
                let status = bounded("clear", LONGEST, amplifier.clear_faults()).await.map_err(failed)?;
                note("cleared", json!({}))?;
                Ok(told(settings, amplifier, &status))
            }
            AmpVerb::Test => {
                let test = self_test(amplifier).await;
                if test.steps.is_empty() {
                    return Err(Error::new(
                        ErrorKind::Internal,
                        "stopped",
                        "STOP is pressed at the station; release it there first",
                    ));
                }
                let failures: Vec<String> =
                    test.failures().map(|(what, error)| format!("{what}: {error}")).collect();
                note("self_test", json!({ "passed": test.passed(), "failures": failures }))?;
                let steps = test.steps.iter().map(
                    |step| json!({ "what": step.what, "error": step.error.as_ref().map(ToString::to_string) }),
                );
                Ok(json!({
                    "driver": settings.name(),
                    "test": { "passed": test.passed(), "steps": steps.collect::<Vec<Value>>() },
                }))
            }
            AmpVerb::On => {
                note("switched_on", json!({ "zones": arguments.zones.len(), "seconds": arguments.seconds }))?;
                let on = hold_on(amplifier, &arguments.zones, arguments.seconds).await;
                // dark whatever happened
                let dark = bounded("off", LONGEST, amplifier.release()).await;
                let status = on.map_err(failed)?;
                dark.map_err(failed)?;
                Ok(told(settings, amplifier, &status))
            }
        }
    })
}

/// On and muted for so long, or until somebody presses Ctrl-C; the last that was read.
async fn hold_on(
    amplifier: &mut dyn Amplifier,
    zones: &[String],
    seconds: u64,
) -> std::result::Result<AmplifierStatus, BridgeError> {
    let mut status = bounded("on", LONGEST, amplifier.energise(zones)).await?;
    let until = tokio::time::Instant::now() + Duration::from_secs(seconds);
    while tokio::time::Instant::now() < until {
        tokio::select! {
            () = tokio::time::sleep(HOLD_EVERY) => {}
            _ = tokio::signal::ctrl_c() => break,
        }
        status = bounded("hold", LONGEST, amplifier.hold()).await?;
        status.confirm_energised(zones)?;
    }
    Ok(status)
}

/// For `loaxa doctor`: what answers, in a line; nothing is switched.
pub(super) fn ask(settings: &AmplifierSettings) -> std::result::Result<String, String> {
    let say = |error: Error| error.detail;
    let mut amplifier = opened(settings).map_err(say)?;
    let runtime = runtime().map_err(say)?;
    runtime.block_on(async {
        let status = bounded("read", LONGEST, amplifier.status()).await.map_err(|error| error.to_string())?;
        let who = amplifier.identity().map_or_else(
            || "it answers".to_owned(),
            |it| format!("{} {}", it.model, it.firmware.unwrap_or_default()).trim().to_owned(),
        );
        let stopped = status.signals.stop.and_then(Reading::value) == Some(true);
        let dead_man = match amplifier.dead_man() {
            Some(limit) => format!("falls silent by itself after {:.1} s", limit.as_secs_f64()),
            None => "does not fall silent by itself (dead_man_ms in docs/bridge.md says which boards can)"
                .to_owned(),
        };
        Ok(format!("{who}, {dead_man}{}", if stopped { ", STOP is pressed" } else { "" }))
    })
}

fn opened(settings: &AmplifierSettings) -> Result<Box<dyn Amplifier>> {
    let opened =
        settings.open().map_err(|error| Error::unacceptable("amplifier_unusable", error.to_string()))?;
    opened.ok_or_else(|| {
        Error::unacceptable(
            "no_amplifier",
            "no amplifier is controlled here; name its driver in [amplifier] and give --config",
        )
    })
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::io("the async runtime", &error))
}

fn told(settings: &AmplifierSettings, amplifier: &dyn Amplifier, status: &AmplifierStatus) -> Value {
    let signals = &status.signals;
    let said = |signal: Option<Reading>| signal.and_then(Reading::value);
    let faults = signals.faults.and_then(Reading::value).unwrap_or_default();
    let zones: serde_json::Map<String, Value> =
        status.zones.iter().map(|(zone, on)| (zone.clone(), json!(on.value()))).collect();
    json!({
        "driver": settings.name(),
        "hardware": amplifier.identity().map(|it| json!({
            "model": it.model, "firmware": it.firmware, "reset_cause": it.reset_cause,
        })),
        "faults": faults.iter().map(|fault| json!({ "code": fault.code() })).collect::<Vec<Value>>(),
        "read": {
            "power": status.power.value(), "sound": status.muted.value().map(|muted| !muted), "zones": zones,
            "stop": said(signals.stop), "mains": said(signals.mains), "ready": said(signals.ready),
            "temperature": signals.temperature.and_then(Reading::value).map(|tenths| f64::from(tenths) / 10.0),
            "supply": signals.supply.and_then(Reading::value).map(|milli| f64::from(milli) / 1000.0),
        },
    })
}

/// The answer in lines.
fn print(answer: &Value) -> Result<()> {
    let word = |value: &Value| match value {
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::Null => "unknown".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    print_line(&format!("driver       {}", word(&answer["driver"])))?;
    if let Some(hardware) = answer["hardware"].as_object() {
        print_line(&format!(
            "hardware     {} {}",
            word(&hardware["model"]),
            hardware["firmware"].as_str().unwrap_or("")
        ))?;
    }
    if let Some(read) = answer["read"].as_object() {
        for name in ["power", "sound", "stop", "mains", "ready", "temperature", "supply"] {
            if !read[name].is_null() || ["power", "sound"].contains(&name) {
                print_line(&format!("{name:12} {}", word(&read[name])))?;
            }
        }
        for (zone, on) in read["zones"].as_object().into_iter().flatten() {
            print_line(&format!("zone {zone:7} {}", word(on)))?;
        }
    }
    for fault in answer["faults"].as_array().into_iter().flatten() {
        let said = [&fault["en"], &fault["remedy"]].map(|text| text.as_str().unwrap_or(""));
        print_line(&format!("FAULT        {}  {}", word(&fault["code"]), said.join(" ").trim()))?;
    }
    for step in answer["test"]["steps"].as_array().into_iter().flatten() {
        let how = step["error"].as_str().unwrap_or("ok");
        print_line(&format!("test         {:12} {how}", word(&step["what"])))?;
    }
    Ok(())
}
