//! `POST /emergency/{id}/confirmation`: the second person of an emergency that nobody approved in advance.

use super::emergency::{announce, check_expiry, check_running, require, show, turn};
use super::{App, read, work};
use crate::access::Caller;
use crate::error::{Error, ErrorKind, Result};
use crate::store::Emergency;
use bytes::Bytes;
use loaxa_schedules::EmergencyId;
use serde::Deserialize;
use std::sync::Arc;
use warp::http::StatusCode;
use warp::reply::Response;

/// What the confirmer saw, where they say so.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfirmationBody {
    seen: Option<String>,
}

/// Confirmed once, it sounds at once; whoever confirms it again is told what became of it.
pub(super) async fn confirm(app: Arc<App>, caller: Caller, id: EmergencyId, body: Bytes) -> Result<Response> {
    let body: ConfirmationBody = if body.is_empty() { ConfirmationBody::default() } else { read(&body)? };
    let turn = turn(&app, id).await;
    let (status, value) = work(&app, move |app| {
        let _turn = turn;
        let it = require(app, id)?;
        if !it.awaits_confirmation() && it.withdrawn_at.is_none() {
            return Ok((StatusCode::OK, show(app, &it)?));
        }
        let (status, it) = take(app, it, &caller, body.seen.as_deref())?;
        Ok((status, show(app, &it)?))
    })
    .await?;
    super::json(status, &value)
}

fn take(app: &App, it: Emergency, caller: &Caller, seen: Option<&str>) -> Result<(StatusCode, Emergency)> {
    if it.withdrawn_at.is_some() {
        return Err(Error::new(
            ErrorKind::Conflict,
            "withdrawn",
            format!("the emergency {:?} was taken back; send a new one", it.title),
        )
        .vi(format!("Tin khẩn cấp “{}” đã được thu hồi; hãy gửi tin mới.", it.title)));
    }
    if seen.is_some_and(|seen| !it.digest.as_ref().is_some_and(|digest| digest.eq_ignore_ascii_case(seen))) {
        return Err(Error::new(
            ErrorKind::PreconditionFailed,
            "seen_differs",
            "what was sent is not what you saw; look at the emergency and its segment again, then confirm with its approval_digest as \"seen\"",
        )
        .vi("Nội dung được gửi không phải nội dung bạn đã xem; hãy xem và nghe lại rồi xác nhận."));
    }
    let now = app.clock.now();
    // who may not is told so first: the rest is none of their business
    let segment = app.store.may_confirm(&it, &caller.id)?;
    check_expiry(&it, &segment, now, app)?;
    check_running(app)?;
    let by = (caller.id.clone(), caller.name.clone());
    let (status, it) = match app.store.confirm_emergency(it.id, &caller.id, now.wall) {
        Ok(kept) => (StatusCode::OK, kept),
        // a rule that came between, not the disk
        Err(error) if matches!(error.kind, ErrorKind::Forbidden | ErrorKind::Conflict) => return Err(error),
        Err(error) => {
            tracing::error!(%error, emergency = %it.id, "a confirmation could not be kept; the emergency is heard all the same");
            app.playout.confirm_later(it.id, by.clone(), now.wall)?;
            (StatusCode::ACCEPTED, Emergency { confirmed_by: Some(by), confirmed_at: Some(now.wall), ..it })
        }
    };
    tracing::warn!(emergency = %it.id, by = caller.name, test = it.test, "an emergency was confirmed");
    announce(app, &it, &segment, now)?;
    Ok((status, it))
}
