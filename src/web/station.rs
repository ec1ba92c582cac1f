//! `/status`, `/health`, `/events`, `/stop`, `/resume`: the station as it is now.

use super::wire;
use super::{App, Ending, body, caller, json, read, respond, with, work};
use crate::access::Caller;
use crate::airing_log::retention::Waits;
use crate::error::Result;
use bytes::Bytes;
use loaxa_schedules::Activity;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

/// A comment is sent so often that proxies and the page see that the line is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Whoever listens is asked for again so often: another process may have revoked them.
const ASKED_AGAIN: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let health = warp::path("health")
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .then(|app| respond(health(app)))
        .boxed();
    let status = warp::path("status")
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .then(|app| respond(status(app)))
        .boxed();
    let events = warp::path("events")
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(caller())
        .and(warp::ext::get::<Ending>())
        .then(|app, caller, ending| respond(events(app, caller, ending)))
        .boxed();
    let stop = warp::path("stop")
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(switch(app, caller, body, true)))
        .boxed();
    let resume = warp::path("resume")
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(switch(app, caller, body, false)))
        .boxed();
    let vouch = warp::path("clock")
        .and(warp::path("vouch"))
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(vouch(app, caller, body)))
        .boxed();
    health.or(status).unify().or(events).unify().or(stop).unify().or(resume).unify().or(vouch).unify().boxed()
}

/// Says that the daemon lives and its loop turns, and nothing else: anybody may ask.
async fn health(app: Arc<App>) -> Result<Response> {
    let alive = app.playout.alive(app.clock.now().mono);
    let status = if alive { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, &json!({ "status": if alive { "ok" } else { "failing" } }))
}

async fn status(app: Arc<App>) -> Result<Response> {
    let value = work(&app, now).await?;
    json(StatusCode::OK, &value)
}

/// What holds around the decoder of a recording.
fn inspection(app: &App) -> Value {
    match &app.inspection {
        Some(held) => json!({
            "possible": true, "confined": held.is_complete(), "landlock": held.landlock,
            "system_calls": held.system_calls, "no_network": held.no_network, "limits": held.limits,
        }),
        None => json!({
            "possible": false, "confined": false, "landlock": null,
            "system_calls": false, "no_network": false, "limits": false,
        }),
    }
}

/// The station as it is now.
fn now(app: &App) -> Result<Value> {
    let time = app.clock.now();
    let air = app.playout.status();
    let timezone = &app.timezone;
    let waiting = app.store.awaiting_approval(|until| until.ends(timezone) <= time.wall)?;
    let mut unconfirmed = app.store.unconfirmed_emergencies(time.wall)?;
    unconfirmed.extend(air.unkept.iter().filter(|it| it.awaits_confirmation()).cloned());
    unconfirmed.retain(|it| !air.unkept_confirmations.iter().any(|(id, ..)| *id == it.id));
    let windows = app.store.all_documents::<loaxa_schedules::Window>()?.len();
    let mut warnings = app.about.warnings.clone();
    if windows == 0 {
        warnings.push(super::Warning {
            code: "no_window_defined",
            vi: "Chưa có khung giờ phát nào: đài chỉ phát tin khẩn cấp.".to_owned(),
            en: "No window is defined: the station airs nothing but emergencies.".to_owned(),
        });
    }
    if !time.trusted {
        warnings.push(super::Warning {
            code: "clock_untrusted",
            vi: "Đồng hồ chưa tin cậy được: không phát chương trình theo lịch.".to_owned(),
            en: "The clock cannot be trusted: nothing scheduled airs.".to_owned(),
        });
    }
    warnings.extend(super::health::warnings(app));
    warnings.extend(super::backups::warning(app)?);
    let preparation = app.preparing.summary();
    for failed in &preparation.failed {
        warnings.push(super::Warning {
            code: "not_ready_to_air",
            vi: failed.reason_vi.clone(),
            en: failed.reason.clone(),
        });
    }
    let instant = |at: jiff::Timestamp| wire::local(at, timezone);
    let kept_since = app.store.first_kept()?;
    Ok(json!({
        "station": app.about,
        "now": instant(time.wall),
        "inspection": inspection(app),
        "confinement": { "landlock": app.held.landlock, "files": app.held.files(), "network": app.held.network() },
        "tls": app.tls.as_ref().map(|tls| {
            let facts = tls.facts();
            json!({
                "fingerprint": facts.fingerprint, "pin": facts.pin, "not_after": instant(facts.not_after), "own": facts.own,
            })
        }),
        "clock": { "trusted": time.trusted, "reason": app.clock.trust().as_str() },
        "activity": air.view.as_ref().map(|view| match &view.activity {
            Activity::Idle => json!({ "kind": "idle" }),
            Activity::Arming { slot } => json!({ "kind": "arming", "slot": slot }),
            Activity::OnAir { slot, since } => json!({ "kind": "on_air", "slot": slot, "since": since.map(instant) }),
        }),
        "on_air": air.on_air.as_ref().map(|slot| json!({
            "slot": slot.slot, "title": slot.title, "segment": slot.segment, "seconds": slot.seconds, "played": slot.played,
            "started": slot.started.map(instant),
        })),
        "next": air.view.as_ref().and_then(|view| view.next.as_ref()).map(|next| json!({
            "slot": next.slot, "title": next.title, "start": instant(next.start),
        })),
        "stopped": air.view.as_ref().and_then(|view| view.stopped.as_ref()),
        "emergency": air.emergencies.iter().map(|urgent| json!({
            "id": urgent.id, "slot": urgent.slot, "title": urgent.title, "zones": urgent.zones,
            "expires": instant(urgent.expires), "on_air": air.sounds(&urgent.slot),
        })).collect::<Vec<Value>>(),
        "awaiting_confirmation": unconfirmed.iter().map(|it| json!({
            "id": it.id, "title": it.title, "segment": it.segment, "zones": it.zones, "test": it.test,
            "expires": instant(it.expires), "sent_by": it.sent_by.1, "approval_digest": it.digest,
        })).collect::<Vec<Value>>(),
        "amplifier": super::amplifier::shown(&air, timezone),
        "output": { "form": air.output_form, "device": air.output_device, "fault": air.output_fault },
        "sound": {
            "level_dbfs": air.level_dbfs,
            "fault": air.sound_fault.as_ref().map(|fault| json!({
                "code": fault.code, "vi": fault.vi, "en": fault.en, "slot": fault.slot, "since": instant(fault.since),
            })),
        },
        "preparation": preparation,
        "speech": super::spoken::shown(app),
        "backup": super::backups::status(app)?,
        // null where the disk does not say
        "storage": { "free_bytes": app.preparing.shelf().space().left().ok() },
        "log": {
            "key": app.heads.key().map(ToString::to_string),
            "problem": app.heads.problem().map(|why| &why.code),
            "kept_since": kept_since.map(|(row, at)| json!({ "row": row, "at": instant(at) })),
            "keep_days": app.keeping.days(),
            "removed": app.store.removed()?.map(|removed| wire::removed(&removed, timezone)),
            "waits": app.keeping.waits().map(waiting_because),
        },
        "awaiting_approval": waiting,
        "windows": windows,
        "warnings": warnings,
    }))
}

/// Why nothing of the airing log is removed although the configuration says so.
fn waiting_because(why: Waits) -> Value {
    let (vi, en) = match why {
        Waits::ClockUntrusted => (
            "Chưa xóa nhật ký cũ: đồng hồ chưa tin cậy được.".to_owned(),
            "Nothing old is removed: the clock cannot be trusted.".to_owned(),
        ),
        Waits::NotSigned => (
            "Chưa xóa nhật ký cũ: đài không ký được nhật ký; chạy `loaxa doctor` tại đài để biết cách sửa."
                .to_owned(),
            "Nothing old is removed: the station's key cannot be used; `loaxa doctor` says what to do."
                .to_owned(),
        ),
        Waits::Needed(row) => (
            format!(
                "Chưa xóa nhật ký cũ đến dòng {row}: đợt tuyên truyền chưa kết thúc hoặc lượt phát chưa khép còn cần đến."
            ),
            format!(
                "Rows up to {row} are old and not removed: a campaign that is not over, or an open slot, needs them."
            ),
        ),
        Waits::Doubtful(row) => (
            format!(
                "Chưa xóa nhật ký cũ đến dòng {row}: đồng hồ có thể đã nhảy tới; nếu đồng hồ đúng, đài sẽ xóa sau một tuần."
            ),
            format!(
                "Rows up to {row} are old and not removed: the clock may have jumped ahead; if it is right, they go after a week."
            ),
        ),
    };
    json!({ "code": why.code(), "vi": vi, "en": en })
}

/// Server-sent events: first the state as it is, then what happens.
async fn events(app: Arc<App>, caller: Caller, ending: Ending) -> Result<Response> {
    let listener = app.events.listen();
    let first = work(&app, now).await?;
    let first = format!("event: status\ndata: {first}\n\n");
    let checked = tokio::time::Instant::from_std(app.clock.instant(app.clock.now().mono));
    let changes = app.access.changes();
    let state =
        Listening { first: Some(first), listener, ending, checked, said: checked, changes, app, caller };
    let stream = futures_util::stream::unfold(state, |mut state| async move {
        let text = state.next().await?;
        Some((Ok::<_, crate::error::Error>(Bytes::from(text)), state))
    });
    let mut response = warp::reply::Reply::into_response(warp::reply::stream(stream));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Somebody who listens to the events.
struct Listening {
    first: Option<String>,
    listener: tokio::sync::broadcast::Receiver<crate::events::Event>,
    ending: Ending,
    /// When the listener was last found to be let in.
    checked: tokio::time::Instant,
    /// When the line was last seen to be alive.
    said: tokio::time::Instant,
    /// Turns when somebody was revoked or logged out.
    changes: tokio::sync::watch::Receiver<u64>,
    app: Arc<App>,
    caller: Caller,
}

impl Listening {
    /// The next piece of text; None when the daemon goes down, or the listener is no longer let in.
    async fn next(&mut self) -> Option<String> {
        if let Some(text) = self.first.take() {
            return Some(text);
        }
        loop {
            tokio::select! {
                // whoever is let in no more hears nothing that happened since
                biased;
                () = super::down(&mut self.ending.0) => return None,
                changed = self.changes.changed() => {
                    if changed.is_err() || !self.still_in().await {
                        return None;
                    }
                }
                () = tokio::time::sleep_until(self.checked + ASKED_AGAIN) => {
                    self.checked += ASKED_AGAIN;
                    if !self.still_in().await {
                        return None;
                    }
                    if self.checked >= self.said + HEARTBEAT {
                        self.said = self.checked;
                        return Some(": alive\n\n".to_owned());
                    }
                }
                event = self.listener.recv() => return match event {
                    Ok(event) => Some(format!("event: {}\ndata: {}\n\n", event.name, event.data)),
                    // the page reads everything again
                    Err(RecvError::Lagged(_)) => Some("event: lost\ndata: {}\n\n".to_owned()),
                    Err(RecvError::Closed) => None,
                },
            }
        }
    }

    async fn still_in(&self) -> bool {
        let caller = self.caller.clone();
        work(&self.app, move |app| app.access.still_in(&caller)).await.unwrap_or(false)
    }
}

/// STOP silences at once and stays until it is released.
async fn switch(app: Arc<App>, caller: Caller, body: Bytes, stop: bool) -> Result<Response> {
    if !body.is_empty() {
        read::<Nothing>(&body)?;
    }
    // the last word must be the one that is kept
    let turn = app.turns.take("switch").await;
    // silence first: a log that cannot be written does not keep the loudspeakers on, nor an emergency silent
    app.playout.switch(caller.name.clone(), stop).await?;
    let kept = work(&app, move |app| {
        let _turn = turn;
        let by = (caller.id, caller.name);
        if app.playout.status().unkept_switches == 0 {
            match app.store.keep_stopped(&by.0, &by.1, stop, app.clock.now().wall) {
                Ok(()) => return Ok(true),
                Err(error) => {
                    tracing::error!(%error, stop, "the station was switched, and that cannot be kept yet");
                }
            }
        }
        // behind what waits already
        app.playout.switched_later(by, stop)?;
        Ok(false)
    })
    .await?;
    let status = if kept { StatusCode::OK } else { StatusCode::ACCEPTED };
    json(status, &json!({ "stopped": stop, "kept": kept }))
}

/// An administrator confirms that the station's wall clock is right.
async fn vouch(app: Arc<App>, caller: Caller, body: Bytes) -> Result<Response> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vouch {
        /// What the person's own watch shows.
        now: jiff::Timestamp,
    }
    let vouch: Vouch = read(&body)?;
    let wall = app.clock.now().wall;
    if vouch.now.duration_since(wall).abs() > jiff::SignedDuration::from_mins(1) {
        return Err(crate::error::Error::new(
            crate::error::ErrorKind::Conflict,
            "clock_differs",
            format!(
                "the station's clock shows {}, more than a minute from yours; set it (timedatectl set-time), then vouch again",
                wire::local(wall, &app.timezone)
            ),
        ));
    }
    app.clock.vouch();
    work(&app, move |app| {
        let body = json!({ "what": "vouched", "by": caller.id });
        app.store.log(wall, &[crate::store::LogJob::Note { kind: "clock", body }])
    })
    .await?;
    app.plan_changed.send_modify(|count| *count += 1);
    json(StatusCode::OK, &json!({ "trusted": app.clock.now().trusted }))
}
