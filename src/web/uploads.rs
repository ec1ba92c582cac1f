//! `/uploads`: recordings in pieces, by tus 1.0 (<https://tus.io/protocols/resumable-upload>) with the extensions creation,
//! creation-with-upload, termination and expiration. The last piece goes the way of `POST /segments`.

mod words;

use super::editing::described;
use super::{App, caller, json, problem, with};
use crate::access::Caller;
use crate::error::{Error, ErrorKind, Result};
use crate::intake::uploads::{End, Upload};
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use hyper::Method;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use jiff::fmt::rfc2822::DateTimePrinter;
use loaxa_schedules::SegmentId;
use serde_json::{Value, json as value};
use std::future::Future;
use std::sync::Arc;
use uuid::Uuid;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{StatusCode, header};
use warp::reply::Response;

/// The one version of the protocol that is spoken.
const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,creation-with-upload,termination,expiration";
/// The type of a piece.
const PIECE: &str = "application/offset+octet-stream";
const PATH: &str = "/api/v1/uploads";

/// Headers in which an answer tells of an upload.
pub(super) const TOLD: [&str; 5] =
    ["upload-offset", "upload-length", "upload-expires", "loaxa-segment", "loaxa-problem"];

/// The method that a `POST` stands for, where something on the way lets no other through (tus: `X-HTTP-Method-Override`).
pub(super) fn meant(parts: &Parts) -> Option<Method> {
    let below = parts.uri.path().strip_prefix(PATH)?.strip_prefix('/')?;
    let name = parts.headers.get("x-http-method-override")?.to_str().ok()?;
    let known = [Method::PATCH, Method::DELETE, Method::HEAD].into_iter().find(|method| method == name)?;
    (parts.method == Method::POST && !below.is_empty()).then_some(known)
}

/// Whether a request's body is a piece of a recording.
pub(super) fn brings_sound(method: &Method, path: &str) -> bool {
    let here = path.strip_prefix(PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    here && (*method == Method::POST || *method == Method::PATCH)
}

/// Every answer says which protocol is spoken, refusals too.
pub(super) fn mark(headers: &mut HeaderMap, path: &str) {
    if path.strip_prefix(PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        headers.insert("tus-resumable", HeaderValue::from_static(VERSION));
        headers.insert("tus-version", HeaderValue::from_static(VERSION));
    }
}

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let root = warp::path("uploads");
    let all = root.and(warp::path::end());
    let one = root.and(warp::path::param::<String>()).and(warp::path::end());
    let headers = warp::header::headers_cloned;
    let discover = all.and(warp::options()).and(with(app)).map(|app: Arc<App>| can(&app)).boxed();
    let begin = all
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(headers())
        .and(warp::body::stream())
        .then(|app, caller, headers, body| answer(begin(app, caller, headers, pieces(body))))
        .boxed();
    let append = one
        .and(warp::patch())
        .and(with(app))
        .and(caller())
        .and(headers())
        .and(warp::body::stream())
        .then(|id, app, caller, headers, body| answer(append(app, caller, id, headers, pieces(body))))
        .boxed();
    let look = one
        .and(warp::get())
        .and(with(app))
        .and(caller())
        .and(headers())
        .then(|id, app, caller, headers| answer(look(app, caller, id, headers)))
        .boxed();
    let end = one
        .and(warp::delete())
        .and(with(app))
        .and(caller())
        .and(headers())
        .then(|id, app, caller, headers| answer(end(app, caller, id, headers)))
        .boxed();
    discover.or(begin).unify().or(append).unify().or(look).unify().or(end).unify().boxed()
}

/// Brings a request to its end even when nobody waits for the answer any more: what has come is counted.
async fn answer(handler: impl Future<Output = Result<Response>> + Send + 'static) -> Response {
    let done = tokio::spawn(handler).await;
    let done = done.unwrap_or_else(|error| Err(Error::internal(format!("an upload died: {error}"))));
    done.unwrap_or_else(|error| problem::answer(&error))
}

/// The pieces of a body; our own errors travel inside warp's.
fn pieces<B: warp::Buf>(
    body: impl Stream<Item = std::result::Result<B, warp::Error>> + Send + 'static,
) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
    body.map_ok(|mut piece| piece.copy_to_bytes(piece.remaining())).map_err(super::broken)
}

/// What this station can, without a login's rights being asked for more than it.
fn can(app: &App) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert("tus-extension", HeaderValue::from_static(EXTENSIONS));
    headers.insert("tus-max-size", HeaderValue::from(app.intake.max_upload()));
    response
}

async fn begin(
    app: Arc<App>,
    caller: Caller,
    headers: HeaderMap,
    body: impl Stream<Item = Result<Bytes>> + Send + 'static,
) -> Result<Response> {
    speaks(&headers)?;
    if headers.contains_key("upload-concat") {
        return Err(malformed(
            "not_supported",
            "uploads are not joined from several here (Upload-Concat); send one in its order",
        ));
    }
    let length = number(&headers, "upload-length")?.ok_or_else(|| {
        malformed(
            "length_missing",
            "an upload says when it is begun how long it will be (Upload-Length, in bytes); Upload-Defer-Length is not known here",
        )
    })?;
    let said = text(&headers, "upload-metadata").unwrap_or_default().to_owned();
    let words = described(SegmentId(Uuid::nil()), words::read(&said)?, String::new(), length)?;
    let with_piece = piece_comes(&headers)?;
    let upload = app.uploads.begin(caller.id.clone(), words, said, length).await?;
    tracing::info!(upload = %upload.id, length, "an upload in pieces begins");
    let location = format!("{PATH}/{}", upload.id);
    let upload = if with_piece {
        fits(&headers, &upload, 0)?;
        match app.uploads.append(upload.id, &caller.id, 0, body).await {
            Ok(upload) => upload,
            // it is begun all the same, and its sender must learn where
            Err(error) if error.kind == ErrorKind::Unavailable => app.uploads.look(upload.id, &caller.id)?,
            Err(error) => return Err(error),
        }
    } else {
        upload
    };
    let mut response = json(StatusCode::CREATED, &shown(&app, &upload))?;
    tell(response.headers_mut(), &upload);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

async fn append(
    app: Arc<App>,
    caller: Caller,
    id: String,
    headers: HeaderMap,
    body: impl Stream<Item = Result<Bytes>> + Send + 'static,
) -> Result<Response> {
    speaks(&headers)?;
    let id = upload_id(&id)?;
    if !piece_comes(&headers)? {
        return Err(not_a_piece());
    }
    let offset = number(&headers, "upload-offset")?.ok_or_else(|| {
        malformed("offset_missing", "a piece says where it begins (Upload-Offset, in bytes); ask with HEAD")
    })?;
    fits(&headers, &app.uploads.look(id, &caller.id)?, offset)?;
    let upload = app.uploads.append(id, &caller.id, offset, body).await?;
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    tell(response.headers_mut(), &upload);
    Ok(response)
}

/// `HEAD` and `GET`. Whoever speaks tus wants to go on, and who still writes over a dead line gives way; a page only looks.
async fn look(app: Arc<App>, caller: Caller, id: String, headers: HeaderMap) -> Result<Response> {
    let id = upload_id(&id)?;
    let upload = if headers.contains_key("tus-resumable") {
        speaks(&headers)?;
        app.uploads.resume(id, &caller.id).await?
    } else {
        app.uploads.look(id, &caller.id)?
    };
    let mut response = json(StatusCode::OK, &shown(&app, &upload))?;
    tell(response.headers_mut(), &upload);
    if let Ok(said) = HeaderValue::from_str(&upload.said)
        && !upload.said.is_empty()
    {
        response.headers_mut().insert("upload-metadata", said);
    }
    Ok(response)
}

async fn end(app: Arc<App>, caller: Caller, id: String, headers: HeaderMap) -> Result<Response> {
    speaks(&headers)?;
    app.uploads.end(upload_id(&id)?, &caller.id).await?;
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// An upload as it is shown.
fn shown(app: &App, upload: &Upload) -> Value {
    let segment = match &upload.end {
        Some(End::Segment(id)) => Some(id.to_string()),
        _ => None,
    };
    let problem = upload.end.as_ref().and_then(End::problem);
    value!({
        "id": upload.id.to_string(),
        "title": upload.words.title,
        "filename": words::filename(&upload.said),
        "offset": upload.offset,
        "length": upload.length,
        "expires": super::wire::local(upload.expires, &app.timezone),
        "segment": segment,
        "problem": problem.as_ref().map(problem::body),
    })
}

/// The same in headers: an answer to HEAD, and the 204 of a piece, have no body.
fn tell(headers: &mut HeaderMap, upload: &Upload) {
    headers.insert("upload-offset", HeaderValue::from(upload.offset));
    headers.insert("upload-length", HeaderValue::from(upload.length));
    let mut text = |name: &'static str, text: &str| {
        if let Ok(text) = HeaderValue::from_str(text) {
            headers.insert(HeaderName::from_static(name), text);
        }
    };
    if let Ok(expires) = DateTimePrinter::new().timestamp_to_rfc9110_string(&upload.expires) {
        text("upload-expires", &expires);
    }
    match &upload.end {
        Some(End::Segment(id)) => text("loaxa-segment", &id.to_string()),
        Some(End::Refused { code, .. }) => text("loaxa-problem", code),
        None => {}
    }
}

/// Refuses who speaks another version of the protocol, or none.
fn speaks(headers: &HeaderMap) -> Result<()> {
    if text(headers, "tus-resumable") == Some(VERSION) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::PreconditionFailed,
        "tus_version",
        format!(
            "uploads are spoken with by tus {VERSION}: send Tus-Resumable: {VERSION}, or push whole with POST /segments"
        ),
    ))
}

/// Whether the request brings a piece; one of another type is refused.
fn piece_comes(headers: &HeaderMap) -> Result<bool> {
    let kind = text(headers, "content-type").map(|kind| kind.split(';').next().unwrap_or_default().trim());
    match kind {
        Some(kind) if kind.eq_ignore_ascii_case(PIECE) => Ok(true),
        None => Ok(false),
        // what libraries put before an empty body
        Some(_) if number(headers, "content-length")? == Some(0) => Ok(false),
        Some(_) => Err(not_a_piece()),
    }
}

fn not_a_piece() -> Error {
    Error::new(
        ErrorKind::UnsupportedMediaType,
        "not_a_piece",
        format!("a piece of an upload has the type {PIECE}; whole recordings are pushed with POST /segments"),
    )
}

/// Refuses a piece that is longer than what is still to come, before any of it is read.
fn fits(headers: &HeaderMap, upload: &Upload, offset: u64) -> Result<()> {
    let Some(brings) = number(headers, "content-length")? else { return Ok(()) };
    // a piece for another place is told that first
    if offset != upload.offset || offset.saturating_add(brings) <= upload.length {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::TooLarge,
        "too_much",
        format!(
            "upload {} was begun with {} bytes; {brings} from {offset} on are too many, begin another one",
            upload.id, upload.length
        ),
    ))
}

fn upload_id(text: &str) -> Result<Uuid> {
    text.parse().map_err(|_| Error::not_found("upload", text))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// A header that is a number of bytes.
fn number(headers: &HeaderMap, name: &str) -> Result<Option<u64>> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|text| text.parse::<u64>().ok()).filter(|number| *number < 1 << 53);
    number.map(Some).ok_or_else(|| malformed("bad_header", format!("{name} is no number of bytes")))
}

fn malformed(code: &'static str, detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, code, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, path: &str, instead: Option<&str>) -> Parts {
        let mut request = hyper::Request::builder().method(method).uri(path);
        if let Some(instead) = instead {
            request = request.header("X-HTTP-Method-Override", instead);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_a_post_to_an_upload_stands_for_another_method() {
        for (method, path, instead, wanted) in [
            ("POST", "/api/v1/uploads/x", Some("PATCH"), Some(Method::PATCH)),
            ("POST", "/api/v1/uploads/x", Some("DELETE"), Some(Method::DELETE)),
            ("POST", "/api/v1/uploads/x", None, None),
            ("POST", "/api/v1/uploads/x", Some("PUT"), None),
            ("POST", "/api/v1/uploads", Some("PATCH"), None),
            ("GET", "/api/v1/uploads/x", Some("DELETE"), None),
            ("POST", "/api/v1/segments/x", Some("DELETE"), None),
            ("POST", "/api/v1/uploadsx", Some("DELETE"), None),
        ] {
            assert_eq!(meant(&of(method, path, instead)), wanted, "{method} {path} {instead:?}");
        }
    }

    #[test]
    fn only_pieces_may_be_large() {
        for (method, path, wanted) in [
            (Method::POST, "/api/v1/uploads", true),
            (Method::PATCH, "/api/v1/uploads/x", true),
            (Method::DELETE, "/api/v1/uploads/x", false),
            (Method::POST, "/api/v1/uploadsx", false),
            (Method::PATCH, "/api/v1/segments/x", false),
        ] {
            assert_eq!(brings_sound(&method, path), wanted, "{method} {path}");
        }
    }
}
