//! Our own HTTP/1 accept loop around warp's filters: it has the deadlines that warp's server lacks.
//!
//! For each request: who is it (before any route is looked at), is its body in bounds and does it keep coming, was it
//! answered before (`Idempotency-Key`), and which headers protect the page.

use super::{App, problem};
use crate::access::{self, Caller};
use crate::error::{Error, ErrorKind, Result};
use crate::store::Remembered;
use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request};
use hyper_util::rt::{TokioIo, TokioTimer};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower_service::Service;
use warp::reply::Response;

/// The headers of a request must be there within this time.
const HEADERS_WITHIN: Duration = Duration::from_secs(6);
/// The next bytes of a body must come within this time.
const BODY_IDLE: Duration = Duration::from_secs(20);
/// Connections at once: a board has 256 MB.
const CONNECTIONS: usize = 256;
/// Largest body that is not an upload.
const SMALL_BODY: u64 = 1024 * 1024;
/// What the parts around an upload's file may take.
const UPLOAD_FRAME: u64 = 256 * 1024;
/// How long open requests may finish when the daemon goes down.
const DRAIN: Duration = Duration::from_secs(3);

/// Serves until `shutdown` turns true.
pub async fn serve(app: Arc<App>, listener: TcpListener, mut shutdown: watch::Receiver<bool>) {
    let routes = warp::service(super::routes(Arc::clone(&app)));
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let (open, drained) = watch::channel(());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = super::down(&mut shutdown) => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // out of file descriptors or the like: give the machine time, but do not stop listening
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!(limit = CONNECTIONS, "too many connections; one was closed");
            continue;
        };
        let (app, routes, shutdown, drained) =
            (Arc::clone(&app), routes.clone(), shutdown.clone(), drained.clone());
        tokio::spawn(async move {
            connection(app, routes, stream, shutdown).await;
            drop((place, drained));
        });
    }
    drop(drained);
    if tokio::time::timeout(DRAIN, open.closed()).await.is_err() {
        tracing::warn!("requests were still open at the end and are cut");
    }
}

async fn connection<S>(app: Arc<App>, routes: S, stream: TcpStream, mut shutdown: watch::Receiver<bool>)
where
    S: Service<Request<Guarded>, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let _ = stream.set_nodelay(true);
    let ending = shutdown.clone();
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let (app, routes, ending) = (Arc::clone(&app), routes.clone(), ending.clone());
        async move { Ok::<_, Infallible>(handle(&app, routes, request, ending).await) }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN).max_buf_size(64 * 1024);
    let mut connection = std::pin::pin!(server.serve_connection(TokioIo::new(stream), service));
    let result = tokio::select! {
        result = &mut connection => result,
        () = super::down(&mut shutdown) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// A body with a bound on its length and on the time between its bytes.
type Guarded = http_body_util::combinators::BoxBody<Bytes, Error>;

async fn handle<S>(
    app: &Arc<App>,
    mut routes: S,
    request: Request<Incoming>,
    ending: watch::Receiver<bool>,
) -> Response
where
    S: Service<Request<Guarded>, Response = Response, Error = Infallible> + Send + 'static,
    S::Future: Send,
{
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = match admit(app, request).await {
        Ok(Admitted { mut request, remember: None }) => {
            request.extensions_mut().insert(super::Ending(ending));
            let Ok(response) = routes.call(request).await;
            response
        }
        Ok(Admitted { mut request, remember: Some(slot) }) => {
            request.extensions_mut().insert(super::Ending(ending));
            let app = Arc::clone(app);
            // brought to its end even when the caller goes away meanwhile: it will ask again with the same key
            let task = tokio::spawn(async move { once(&app, slot, routes, request).await });
            task.await
                .unwrap_or_else(|error| problem::answer(&Error::internal(format!("a request died: {error}"))))
        }
        Err(error) => problem::answer(&error),
    };
    protect(response.headers_mut(), &path);
    tracing::debug!(%method, path, status = response.status().as_u16(), "answered");
    response
}

/// Answers a request with an `Idempotency-Key`: as before when it was answered before, else anew.
async fn once<S>(app: &Arc<App>, slot: RememberSlot, mut routes: S, request: Request<Guarded>) -> Response
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

struct Admitted {
    request: Request<Guarded>,
    remember: Option<RememberSlot>,
}

struct RememberSlot {
    identity: String,
    key: String,
    request: String,
}

/// Lets a request in when it is known whose it is and its body is in bounds.
async fn admit(app: &Arc<App>, request: Request<Incoming>) -> Result<Admitted> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let mut remember = None;
    if needs_caller(&parts.method, &path) {
        let caller = identify(app, &parts.method, &parts.headers).await?;
        // stopping and releasing are the same however often they are said, and must never be answered from memory; nor
        // must an emergency, whose own id says whether it was sent before; a preview keeps nothing and tells of the plan
        // as it is now
        let anew = ["/api/v1/stop", "/api/v1/resume", "/api/v1/emergency", "/api/v1/plan/preview"]
            .contains(&path.as_str());
        if parts.method == Method::POST && !anew {
            remember = idempotency(&parts.headers, &caller, &path)?;
        }
        parts.extensions.insert(caller);
    } else if parts.method == Method::POST && parts.headers.contains_key(header::ORIGIN) {
        // logging somebody in from a foreign page is a trick
        same_origin(&parts.headers)?;
    }
    if parts.method == Method::HEAD {
        // answered as GET; hyper leaves the body out
        parts.method = Method::GET;
    }
    let limit = if path == "/api/v1/segments" { app.intake.max_upload() + UPLOAD_FRAME } else { SMALL_BODY };
    let too_large = move || {
        if limit == SMALL_BODY {
            Error::new(
                ErrorKind::TooLarge,
                "too_large",
                format!("the body is over the limit of {SMALL_BODY} bytes; send less"),
            )
        } else {
            crate::intake::too_large(limit - UPLOAD_FRAME)
        }
    };
    if body.size_hint().lower() > limit {
        return Err(too_large());
    }
    let frames = futures_util::stream::unfold((body, 0_u64), move |(mut body, seen)| async move {
        let frame = match tokio::time::timeout(BODY_IDLE, body.frame()).await {
            Err(_) => Err(Error::new(
                ErrorKind::Malformed,
                "upload_cut",
                "the body stopped coming for 20 s; send it again",
            )),
            Ok(None) => return None,
            Ok(Some(Err(error))) => Err(Error::new(
                ErrorKind::Malformed,
                "upload_cut",
                format!("the body broke off ({error}); nothing was kept, send it again"),
            )),
            Ok(Some(Ok(frame))) => Ok(frame),
        };
        let seen = seen + frame.as_ref().ok().and_then(Frame::data_ref).map_or(0, |data| data.len() as u64);
        let frame = if seen > limit { Err(too_large()) } else { frame };
        Some((frame, (body, seen)))
    });
    let body = BodyExt::boxed(StreamBody::new(frames));
    Ok(Admitted { request: Request::from_parts(parts, body), remember })
}

/// Everything under `/api/` needs a caller, but for health and for logging in.
fn needs_caller(method: &Method, path: &str) -> bool {
    let open = path == "/api/v1/health" || (path == "/api/v1/session" && method == Method::POST);
    path.starts_with("/api/") && !open
}

async fn identify(app: &Arc<App>, method: &Method, headers: &HeaderMap) -> Result<Caller> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if let Some(authorization) = text(header::AUTHORIZATION) {
        let scheme_and_token =
            authorization.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let token = scheme_and_token.map(|(_, token)| token.trim().to_owned()).ok_or_else(access::refused)?;
        let app = Arc::clone(app);
        return crate::intake::blocking(move || app.access.by_token(&token)).await;
    }
    let cookie = text(header::COOKIE).and_then(|cookies| super::session::cookie_value(&cookies));
    let cookie = cookie.ok_or_else(access::refused)?;
    if !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        same_origin(headers)?;
    }
    let app = Arc::clone(app);
    crate::intake::blocking(move || app.access.by_session(&cookie)).await
}

/// A change that comes by cookie must come from our own page.
fn same_origin(headers: &HeaderMap) -> Result<()> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let same = text(header::ORIGIN)
        .and_then(|origin| origin.split_once("://"))
        .is_some_and(|(_, authority)| !host.is_empty() && authority == host);
    if same {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Forbidden,
        "foreign_origin",
        "this change came by cookie and not from this station's own page; use the page, or a token",
    ))
}

fn idempotency(headers: &HeaderMap, caller: &Caller, path: &str) -> Result<Option<RememberSlot>> {
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
    let headers = kept.iter().filter_map(|name| {
        let value = parts.headers.get(name)?.to_str().ok()?;
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

/// Headers that keep the page what it is.
fn protect(headers: &mut HeaderMap, path: &str) {
    let fixed = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if path.starts_with("/api/") && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
