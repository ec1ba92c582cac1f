//! `/emergency`: what must be heard at once; sent, looked at, taken back.
//!
//! Emergencies fail loud: what the disk refuses to keep is heard all the same, and written down as soon as it lets us.

use super::wire;
use super::{App, Query, body, caller, confirming, json, query, read, respond, with, work};
use crate::access::Caller;
use crate::error::{Error, ErrorKind, Result};
use crate::playout_loop::{emergencies, permits};
use crate::store::{Emergency, Leave, SegmentRecord};
use bytes::Bytes;
use jiff::Timestamp;
use loaxa_schedules::{Class, EmergencyId, Now, SegmentId, Standing, Zone, ZoneId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

/// An emergency is heard at most so often.
const MOST_REPEATS: u32 = 10;

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let root = warp::path("emergency");
    let send = root
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(send(app, caller, body)))
        .boxed();
    let list = root
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(query())
        .then(|app, query| respond(list(app, query)))
        .boxed();
    let one = root
        .and(warp::path::param::<String>())
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .then(|id, app| respond(one(app, id)))
        .boxed();
    let withdraw = root
        .and(warp::path::param::<String>())
        .and(warp::path::end())
        .and(warp::delete())
        .and(with(app))
        .and(caller())
        .then(|id, app, caller| respond(withdraw(app, caller, id)))
        .boxed();
    let confirm = root
        .and(warp::path::param::<String>())
        .and(warp::path("confirmation"))
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|id: String, app, caller, body| respond(confirmed(app, caller, id, body)))
        .boxed();
    send.or(list).unify().or(one).unify().or(withdraw).unify().or(confirm).unify().boxed()
}

async fn confirmed(app: Arc<App>, caller: Caller, id: String, body: Bytes) -> Result<Response> {
    confirming::confirm(app, caller, emergency_id(&id)?, body).await
}

/// An emergency as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EmergencyBody {
    id: EmergencyId,
    segment: SegmentId,
    #[serde(default)]
    zones: Vec<ZoneId>,
    expires: Timestamp,
    repeat: Option<u32>,
    #[serde(default)]
    test: bool,
}

impl EmergencyBody {
    /// As it would be kept, but for what the segment says of itself.
    fn emergency(self, caller: &Caller, now: Timestamp) -> Emergency {
        let mut zones = self.zones;
        zones.sort_unstable();
        zones.dedup();
        Emergency {
            id: self.id,
            segment: self.segment,
            title: String::new(),
            sha256: String::new(),
            zones,
            expires: self.expires,
            repeat: self.repeat.unwrap_or(1),
            test: self.test,
            sent_by: (caller.id.clone(), caller.name.clone()),
            sent_at: now,
            withdrawn_by: None,
            withdrawn_at: None,
            digest: None,
            unapproved: false,
            confirmed_by: None,
            confirmed_at: None,
        }
    }
}

async fn send(app: Arc<App>, caller: Caller, body: Bytes) -> Result<Response> {
    let body: EmergencyBody = read(&body)?;
    let asked = body.emergency(&caller, app.clock.now().wall);
    let turn = turn(&app, asked.id).await;
    let (status, id, value) = work(&app, move |app| {
        let (status, it) = take(app, asked)?;
        drop(turn);
        Ok((status, it.id, show(app, &it)?))
    })
    .await?;
    let mut response = json(status, &value)?;
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/emergency/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// What is taken back while it is being sent must not reach the playout after its withdrawal. Goes into the work itself:
/// that goes on when the caller has hung up.
pub(super) async fn turn(app: &App, id: EmergencyId) -> OwnedMutexGuard<()> {
    app.turns.take(&format!("emergency {id}")).await
}

/// Checks an emergency, keeps it, and hands it to the playout; one that is known stays as it is.
fn take(app: &App, mut it: Emergency) -> Result<(StatusCode, Emergency)> {
    if let Some(known) = find(app, it.id)? {
        return same(known, &it);
    }
    let now = app.clock.now();
    check_words(&it, now, app)?;
    let (segment, leave) = check_segment(&it, now, app)?;
    (it.title, it.sha256) = (segment.pushed.title.clone(), segment.pushed.sha256.clone());
    it.digest = Some(segment.approvals.digest.clone());
    it.unapproved = leave.standing != Standing::Approved;
    check_running(app)?;
    let status = match app.store.keep_emergency(&it) {
        Ok(None) if it.unapproved => StatusCode::ACCEPTED,
        Ok(None) => StatusCode::CREATED,
        Ok(Some(known)) => return same(known, &it),
        Err(error) => {
            tracing::error!(%error, emergency = %it.id, "an emergency could not be kept; it is heard all the same");
            app.playout.keep_later(it.clone())?;
            StatusCode::ACCEPTED
        }
    };
    if it.unapproved {
        tracing::warn!(emergency = %it.id, by = it.sent_by.1, test = it.test, "an emergency waits for a second person");
    } else {
        tracing::warn!(emergency = %it.id, by = it.sent_by.1, test = it.test, "an emergency was sent");
        announce(app, &it, &segment, now)?;
    }
    Ok((status, it))
}

/// Hands an emergency that may sound to the playout.
pub(super) fn announce(app: &App, it: &Emergency, segment: &SegmentRecord, now: Now) -> Result<()> {
    let heard = emergencies::heard(&app.store, it, &app.site, now.wall)?;
    let all = emergencies::owed(it, &[], now.wall);
    let leave = app.store.leave(segment)?;
    let slots = emergencies::slots(it, all, (segment, &leave), &heard, &app.timezone, now)?;
    slots.into_iter().try_for_each(|slot| app.playout.emergency(slot))
}

/// The emergency with this id, be it kept or still waiting for the disk.
fn find(app: &App, id: EmergencyId) -> Result<Option<Emergency>> {
    permits::known(&app.store, &app.playout, id)
}

/// The same request again is answered; another one with the same id is a mistake that nobody may guess at.
fn same(known: Emergency, asked: &Emergency) -> Result<(StatusCode, Emergency)> {
    if known.same_request(asked) {
        return Ok((StatusCode::OK, known));
    }
    Err(conflict(
        "emergency_differs",
        format!(
            "emergency {} was sent before with other words; give another emergency an id of its own",
            known.id
        ),
        "Tin khẩn cấp với mã này đã được gửi trước đó với nội dung khác. Hãy dùng mã mới cho tin khẩn cấp khác.",
    ))
}

fn conflict(code: &'static str, en: impl Into<String>, vi: impl Into<String>) -> Error {
    Error::new(ErrorKind::Conflict, code, en).vi(vi)
}

fn wrong(code: &'static str, en: impl Into<String>, vi: impl Into<String>) -> Error {
    Error::unacceptable(code, en).vi(vi)
}

/// What can be said of the words alone. A clock that cannot be trusted judges no expiry.
fn check_words(it: &Emergency, now: Now, app: &App) -> Result<()> {
    if !(1..=MOST_REPEATS).contains(&it.repeat) {
        return Err(wrong(
            "bad_repeat",
            format!("repeat is how often it is heard: 1 to {MOST_REPEATS}"),
            format!("Số lần phát (repeat) phải từ 1 đến {MOST_REPEATS}."),
        ));
    }
    if now.trusted {
        let ahead = it.expires.duration_since(now.wall);
        let at = wire::local(it.expires, &app.timezone);
        if !ahead.is_positive() {
            return Err(wrong(
                "expires_past",
                format!("expires {at} has passed; give a time up to which it may still begin"),
                format!("Thời hạn {at} đã qua. Hãy đặt thời điểm muộn nhất còn được bắt đầu phát."),
            ));
        }
        if ahead > emergencies::LONGEST {
            return Err(wrong(
                "expires_too_far",
                format!(
                    "expires {at} is more than 24 hours ahead; give an earlier time, or plan a programme"
                ),
                format!(
                    "Thời hạn {at} còn hơn 24 giờ nữa. Hãy đặt thời hạn gần hơn, hoặc lập chương trình phát."
                ),
            ));
        }
    }
    let known: Vec<Zone> = app.store.all_documents()?;
    match it.zones.iter().find(|id| !known.iter().any(|zone| zone.id == **id)) {
        None => Ok(()),
        Some(id) => Err(wrong(
            "unknown_zone",
            format!("zone {id} does not exist on this station; leave zones empty to mean all of them"),
            format!("Cụm loa {id} không có ở đài này. Để trống zones nếu muốn phát ra mọi cụm loa."),
        )),
    }
}

/// Only what was pushed as an emergency is sent as one.
fn check_segment(it: &Emergency, now: Now, app: &App) -> Result<(SegmentRecord, Leave)> {
    let id = it.segment;
    let segment = app.store.segment(id).map_err(|error| match error.kind {
        ErrorKind::NotFound => wrong(
            "unknown_segment",
            format!("segment {id} does not exist on this station; push it first, then name the id that it was given"),
            format!("Bản ghi {id} không có ở đài này. Hãy tải bản ghi lên trước, rồi dùng mã được cấp."),
        ),
        _ => error,
    })?;
    let pushed = &segment.pushed;
    let title = &pushed.title;
    if pushed.class != Class::Emergency {
        return Err(wrong(
            "not_emergency_class",
            format!(
                "segment {title:?} is of class {}; only what was pushed and approved with class emergency is sent as one",
                pushed.class.as_str()
            ),
            format!(
                "Bản ghi “{title}” không thuộc loại khẩn cấp. Chỉ bản ghi được tải lên và duyệt là khẩn cấp mới được phát khẩn cấp."
            ),
        ));
    }
    let leave = app.store.leave(&segment)?;
    match leave.standing {
        Standing::Approved | Standing::AwaitingApproval if !leave.is_ordered(now) => {
            return Err(unfit(title, NO_ORDER));
        }
        // an emergency that nobody approved in advance waits for the word of a second person
        Standing::Approved | Standing::AwaitingApproval => check_sound(&segment, now, app)?,
        Standing::Received | Standing::Inspecting => return Err(unfit(title, NOT_PREPARED)),
        Standing::Altered => {
            return Err(unfit(
                title,
                (
                    "approval_altered",
                    "is not what was approved any more; approve it anew",
                    "không còn đúng như lúc được duyệt",
                ),
            ));
        }
        Standing::Rejected => return Err(unfit(title, ("rejected", "was rejected", "đã bị từ chối"))),
        Standing::Expired => return Err(unfit(title, EXPIRED)),
        Standing::Withdrawn => return Err(unfit(title, ("withdrawn", "was withdrawn", "đã bị gỡ"))),
    }
    Ok((segment, leave))
}

/// A code, and what is wrong with a segment in English and in Vietnamese.
type Unfit = (&'static str, &'static str, &'static str);
const EXPIRED: Unfit = ("expired", "is no longer valid", "đã hết hiệu lực");
const NO_ORDER: Unfit = (
    "no_order",
    "is not covered by a signed order that is in force, as this station asks for",
    "chưa có lệnh phát có chữ ký còn hiệu lực như đài này yêu cầu",
);
const NOT_PREPARED: Unfit =
    ("not_prepared", "is not prepared yet; ask again in a while", "chưa được xử lý xong");

fn unfit(title: &str, (code, en, vi): Unfit) -> Error {
    conflict(
        code,
        format!("segment {title:?} {en}, so it cannot be sent as an emergency"),
        format!("Bản ghi “{title}” {vi}, nên không thể phát khẩn cấp."),
    )
}

/// Whether it is valid now, and there. A clock that cannot be trusted judges no validity.
fn check_sound(segment: &SegmentRecord, now: Now, app: &App) -> Result<()> {
    let pushed = &segment.pushed;
    let ends = pushed.valid_until.as_ref().map(|until| until.ends(&app.timezone));
    let begins = pushed.valid_from.as_ref().map(|from| from.begins(&app.timezone));
    let wrong = if now.trusted && ends.is_some_and(|ends| ends <= now.wall) {
        EXPIRED
    } else if now.trusted && begins.is_some_and(|begins| begins > now.wall) {
        ("not_yet_valid", "is not valid yet", "chưa đến ngày có hiệu lực")
    } else if segment.prepared.is_none() {
        NOT_PREPARED
    } else {
        return Ok(());
    };
    Err(unfit(&pushed.title, wrong))
}

/// Whether an emergency that waited for its second person may still begin.
pub(super) fn check_expiry(it: &Emergency, segment: &SegmentRecord, now: Now, app: &App) -> Result<()> {
    if now.trusted && it.expires <= now.wall {
        let at = wire::local(it.expires, &app.timezone);
        return Err(conflict(
            "expired",
            format!("the emergency {:?} could be confirmed until {at}; send a new one", it.title),
            format!("Tin khẩn cấp “{}” chỉ được xác nhận đến {at}; hãy gửi tin mới.", it.title),
        ));
    }
    check_sound(segment, now, app)
}

/// A station that somebody stopped stays silent: who sends must know at once, and not wait for what never sounds.
pub(super) fn check_running(app: &App) -> Result<()> {
    let (operator, button) = match app.playout.status().view {
        Some(view) => (view.operator_stop, view.local_stop),
        None => (app.store.stopped_by()?, false),
    };
    let (en, vi) = match (operator, button) {
        (None, false) => return Ok(()),
        (Some(by), false) => (
            format!("{by:?} stopped the station; release it with POST /api/v1/resume"),
            format!("“{by}” đã dừng đài; hãy bấm Tiếp tục (POST /api/v1/resume)"),
        ),
        (None, true) => (
            "the STOP button at the station is pressed; release it there".to_owned(),
            "nút DỪNG tại trạm đang được nhấn; hãy nhả nút tại trạm".to_owned(),
        ),
        (Some(by), true) => (
            format!("{by:?} stopped the station and its STOP button is pressed; release both"),
            format!("“{by}” đã dừng đài và nút DỪNG tại trạm đang được nhấn; hãy mở lại cả hai"),
        ),
    };
    Err(conflict(
        "station_stopped",
        format!("nothing sounds: {en}, then send the emergency again"),
        format!("Đài đang im lặng: {vi}, rồi gửi lại tin khẩn cấp."),
    ))
}

async fn list(app: Arc<App>, query: Query) -> Result<Response> {
    query.only(&["limit", "cursor"])?;
    let limit = query.limit()?;
    let before = query.parse::<i64>("cursor", "the next of the page before")?;
    let page = work(&app, move |app| {
        let mut found = app.store.emergencies(before, limit + 1)?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|(number, _)| number.to_string());
        let unkept = if before.is_none() { app.playout.status().unkept } else { Vec::new() };
        let all = unkept.iter().rev().chain(found.iter().map(|(_, it)| it));
        let items = all.map(|it| show(app, it)).collect::<Result<Vec<Value>>>()?;
        Ok(wire::Page { items, next })
    })
    .await?;
    json(StatusCode::OK, &page)
}

fn emergency_id(text: &str) -> Result<EmergencyId> {
    text.parse().map_err(|_| Error::not_found("emergency", text))
}

pub(super) fn require(app: &App, id: EmergencyId) -> Result<Emergency> {
    find(app, id)?.ok_or_else(|| Error::not_found("emergency", id))
}

async fn one(app: Arc<App>, id: String) -> Result<Response> {
    let id = emergency_id(&id)?;
    let value = work(&app, move |app| show(app, &require(app, id)?)).await?;
    json(StatusCode::OK, &value)
}

/// Silence first: a log that cannot be written does not keep the loudspeakers on.
async fn withdraw(app: Arc<App>, caller: Caller, id: String) -> Result<Response> {
    let id = emergency_id(&id)?;
    let turn = turn(&app, id).await;
    let (status, value) = work(&app, move |app| {
        let _turn = turn;
        let it = require(app, id)?;
        if !["pending", "on_air", "awaiting_confirmation"].contains(&state(app, &it)?) {
            // what is over cannot be taken back any more
            return Ok((StatusCode::OK, show(app, &it)?));
        }
        emergencies::keys(&it).into_iter().try_for_each(|slot| app.playout.withdraw_emergency(slot))?;
        tracing::warn!(emergency = %id, by = caller.name, "an emergency was taken back");
        let at = app.clock.now().wall;
        match app.store.withdraw_emergency(id, &caller.id, at) {
            Ok(it) => Ok((StatusCode::OK, show(app, &it)?)),
            Err(error) => {
                tracing::error!(%error, emergency = %id, "an emergency was taken back, and that could not be kept yet");
                let by = (caller.id, caller.name);
                app.playout.withdraw_later(id, by.clone(), at)?;
                let it = Emergency { withdrawn_by: Some(by), withdrawn_at: Some(at), ..it };
                Ok((StatusCode::ACCEPTED, show(app, &it)?))
            }
        }
    })
    .await?;
    json(status, &value)
}

/// How far an emergency has come, in a word.
fn state(app: &App, it: &Emergency) -> Result<&'static str> {
    let air = app.playout.status();
    let mut taken = air.emergencies.iter().filter(|urgent| urgent.id == it.id).peekable();
    let waits = taken.peek().is_some();
    if it.withdrawn_at.is_some() {
        return Ok("withdrawn");
    }
    if it.awaits_confirmation() {
        let over = app.clock.now().wall >= it.expires;
        return Ok(if over { "over" } else { "awaiting_confirmation" });
    }
    if taken.any(|urgent| air.sounds(&urgent.slot)) {
        return Ok("on_air");
    }
    let slots = app.store.emergency_slots(it.id)?;
    if waits || !emergencies::owed(it, &slots, app.clock.now().wall).is_empty() {
        return Ok("pending");
    }
    let aired = slots.iter().filter(|slot| slot.outcome.as_deref() == Some("aired")).count();
    Ok(if u32::try_from(aired).is_ok_and(|aired| aired >= it.repeat) { "aired" } else { "over" })
}

/// An emergency as it is shown, with what became of it so far.
pub(super) fn show(app: &App, it: &Emergency) -> Result<Value> {
    let state = state(app, it)?;
    let airings = app.store.airings_of_emergency(it.id)?;
    let timezone = &app.timezone;
    Ok(json!({
        "id": it.id,
        "segment": it.segment,
        "title": it.title,
        "sha256": it.sha256,
        "zones": it.zones,
        "expires": wire::local(it.expires, timezone),
        "repeat": it.repeat,
        "test": it.test,
        "sent_by": it.sent_by.1,
        "sent_at": wire::local(it.sent_at, timezone),
        "withdrawn_by": it.withdrawn_by.as_ref().map(|(_, name)| name),
        "withdrawn_at": it.withdrawn_at.map(|at| wire::local(at, timezone)),
        "approval_digest": it.digest,
        "needs_confirmation": it.unapproved,
        "confirmed_by": it.confirmed_by.as_ref().map(|(_, name)| name),
        "confirmed_at": it.confirmed_at.map(|at| wire::local(at, timezone)),
        "state": state,
        "kept": app.playout.unkept(it.id).is_none() && app.playout.unkept_confirmation(it.id).is_none(),
        "airings": airings.iter().map(|airing| wire::airing(airing, timezone)).collect::<Vec<Value>>(),
    }))
}
