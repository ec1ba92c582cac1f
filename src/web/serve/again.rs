//! A request that comes a second time with its `Idempotency-Key` gets the answer of the first.

use super::Guarded;
use crate::access::Caller;
use crate::error::{Error, ErrorKind, Result};
use crate::store::Remembered;
use crate::web::{App, problem};
use http_body_util::BodyExt;
use hyper::Request;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::sync::Arc;
use tower_service::Service;
use warp::reply::Response;

/// An answer that is remembered by its key.
pub(super) struct RememberSlot {
    identity: String,
    key: String,
    request: String,
}

/// What is to be remembered of a request, if it asks for it.
pub(super) fn idempotency(headers: &HeaderMap, caller: &Caller, path: &str) -> Result<Option<RememberSlot>> {
    let Some(key) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = key.to_str().ok().map(str::trim).filter(|key| (1..=200).contains(&key.len()));
    let key = key.ok_or_else(|| {
        Error::new(
            ErrorKind::Malformed,
            "bad_idempotency_key",
            "an Idempotency-Key has 1 to 200 plain characters; use a UUID",
        )
    })?;
    let key = crate::ids::hex(&Sha256::digest(key.as_bytes()));
    Ok(Some(RememberSlot { identity: caller.id.clone(), key, request: format!("POST {path}") }))
}

/// Answers a request with an `Idempotency-Key`: as before when it was answered before, else anew.
pub(super) async fn once<S>(
    app: &Arc<App>,
    slot: RememberSlot,
    mut routes: S,
    request: Request<Guarded>,
) -> Response
where
    S: Service<Request<Guarded>, Response = Response, Error = Infallible>,
{
    let _turn = app.turns.take(&format!("{} {}", slot.identity, slot.key)).await;
    match replay(app, &slot).await {
        Ok(Some(response)) => response,
        Ok(None) => {
            let Ok(response) = routes.call(request).await;
            keep(app, slot, response).await
        }
        Err(error) => problem::answer(&error),
    }
}

async fn replay(app: &Arc<App>, slot: &RememberSlot) -> Result<Option<Response>> {
    let (store, identity, key) = (Arc::clone(&app.store), slot.identity.clone(), slot.key.clone());
    let Some(known) = crate::intake::blocking(move || store.remembered(&identity, &key)).await? else {
        return Ok(None);
    };
    if known.request != slot.request {
        return Err(Error::unacceptable(
            "idempotency_key_reused",
            format!(
                "this Idempotency-Key answered another request ({}); use a new one for each request",
                known.request
            ),
        ));
    }
    let mut response = Response::new(known.body.into());
    *response.status_mut() = hyper::StatusCode::from_u16(known.status).unwrap_or(hyper::StatusCode::OK);
    for (name, value) in &known.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    Ok(Some(response))
}

/// Keeps an answer that made something; a refusal may be tried again with the same key.
async fn keep(app: &Arc<App>, slot: RememberSlot, response: Response) -> Response {
    if !response.status().is_success() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return problem::answer(&Error::internal(format!("an answer broke off: {error}"))),
    };
    let kept = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];
    let kept = kept.into_iter().chain(crate::web::uploads::TOLD.map(HeaderName::from_static));
    let headers = kept.filter_map(|name| {
        let value = parts.headers.get(&name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    let answer = Remembered {
        request: slot.request,
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body: body.to_vec(),
    };
    let (store, at) = (Arc::clone(&app.store), app.clock.now().wall);
    let noted =
        crate::intake::blocking(move || store.remember_answer(&slot.identity, &slot.key, &answer, at)).await;
    if let Err(error) = noted {
        tracing::warn!(%error, "an answer could not be kept for its Idempotency-Key");
    }
    Response::from_parts(parts, body.into())
}
