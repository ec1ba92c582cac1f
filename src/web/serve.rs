//! Our own HTTP/1 accept loop around warp's filters: it has the deadlines that warp's server lacks.
//!
//! For each request: who is it and may they (by the table in `rights`, before any route is looked at), is its body in bounds and
//! does it keep coming, and which headers protect the page. `again` says what was answered before (`Idempotency-Key`), `crowd` who is
//! connected and who goes when there is no room, `pulse` how long a connection may stay where it is, `pace` how fast a body
//! must come, `rate` how many changes one caller may make.

mod again;
mod crowd;
mod pace;
mod pulse;
mod rate;

use super::audit::{self, Trail};
use super::rights::{self, Needs, Right};
use super::{App, Peer, problem};
use crate::access::{self, Caller};
use crate::error::{Error, ErrorKind, Result};
use again::{RememberSlot, idempotency, once};
use bytes::Bytes;
use crowd::{Crowd, Entry, Place};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use pace::Pace;
use pulse::{Answer, Pulse, Watched};
use rate::{Rates, Who};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tower_service::Service;
use warp::reply::Response;

/// Largest body that is not an upload.
const SMALL_BODY: u64 = 1024 * 1024;
/// What the parts around an upload's file may take.
const UPLOAD_FRAME: u64 = 256 * 1024;
/// How long open requests may finish when the daemon goes down.
const DRAIN: Duration = Duration::from_secs(3);

/// Lines a minute about callers that are turned away: whoever attacks does not write our journal full.
const LINES_A_MINUTE: u32 = 300;
/// The certificate's files are looked at so often: a renewed one is shown without a restart.
const REFRESH: Duration = Duration::from_secs(3600);

/// What all connections share.
struct Door {
    app: Arc<App>,
    rates: Rates,
    lines: Rates,
    /// Begins every request's id: another one after each start.
    run: String,
    requests: AtomicU64,
}

impl Door {
    /// A name for a request, in its answer and in the log.
    fn name(&self) -> String {
        format!("{}-{:x}", self.run, self.requests.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether one more line may be written about callers that are turned away.
    fn may_tell(&self) -> bool {
        self.lines.take(Who::Identity(String::new()), Instant::now()).is_ok()
    }
}

/// Serves until `shutdown` turns true.
pub async fn serve(app: Arc<App>, listener: TcpListener, mut shutdown: watch::Receiver<bool>) {
    let routes = warp::service(super::routes(Arc::clone(&app)));
    let keeper = tokio::spawn(audit::keep(Arc::clone(&app), shutdown.clone()));
    let limits = &app.limits;
    let crowd = Crowd::new(limits.connections, limits.connections_per_address);
    let tls = app.tls.as_ref().map(|tls| TlsAcceptor::from(tls.config()));
    let door = Arc::new(Door {
        rates: Rates::new(limits.writes_per_minute),
        lines: Rates::new(LINES_A_MINUTE),
        run: crate::ids::random::<4>().map_or_else(|_| "0".to_owned(), |bytes| crate::ids::hex(&bytes)),
        requests: AtomicU64::new(0),
        app: Arc::clone(&app),
    });
    let refreshing = tokio::spawn(refresh(Arc::clone(&app)));
    let (open, drained) = watch::channel(());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = super::down(&mut shutdown) => break,
        };
        let (stream, address) = match accepted {
            Ok((stream, address)) => (stream, address.ip()),
            Err(error) => {
                // out of file descriptors or the like: give the machine time, but do not stop listening
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Some(place) = enter(&crowd, address).await else {
            if door.may_tell() {
                tracing::warn!(%address, connected = crowd.count(), "no room for a connection; it was closed");
            }
            continue;
        };
        let (door, routes, tls, shutdown, drained) =
            (Arc::clone(&door), routes.clone(), tls.clone(), shutdown.clone(), drained.clone());
        tokio::spawn(async move {
            connection(&door, routes, stream, tls, address, &place, shutdown).await;
            drop((place, drained));
        });
    }
    refreshing.abort();
    drop(drained);
    if tokio::time::timeout(DRAIN, open.closed()).await.is_err() {
        tracing::warn!("requests were still open at the end and are cut");
    }
    if let Err(error) = keeper.await {
        tracing::error!(%error, "what gathered at the door was not written down");
    }
}

/// A place for a newcomer; None when everybody is being served.
async fn enter(crowd: &Arc<Crowd>, address: IpAddr) -> Option<Place> {
    loop {
        match crowd.enter(address, Instant::now()) {
            Entry::In(place) => return Some(place),
            Entry::Wait(until) => tokio::time::sleep_until(until).await,
            Entry::Full => return None,
        }
    }
}

/// Shows a certificate that was renewed or exchanged.
async fn refresh(app: Arc<App>) {
    loop {
        tokio::time::sleep(REFRESH).await;
        let Some(tls) = app.tls.clone() else {
            return;
        };
        let now = app.clock.now();
        let (again, seen) = (Arc::clone(&tls), crate::intake::blocking(move || tls.refresh(now)).await);
        match seen {
            Ok(false) => {}
            Ok(true) => {
                let facts = again.facts();
                tracing::info!(fingerprint = %facts.fingerprint, pin = %facts.pin, "another certificate is shown");
            }
            Err(error) => {
                tracing::warn!(%error, "the certificate could not be read again; the old one is shown")
            }
        }
    }
}

async fn connection<S>(
    door: &Arc<Door>,
    routes: S,
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    from: IpAddr,
    place: &Place,
    shutdown: watch::Receiver<bool>,
) where
    S: Service<Request<Guarded>, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let _ = stream.set_nodelay(true);
    let (pulse, mut ending) = (Arc::clone(&place.pulse), shutdown.clone());
    let talk = async {
        match tls {
            None => converse(door, routes, stream, from, &pulse, shutdown).await,
            Some(tls) => {
                let shaken = tokio::select! {
                    shaken = tls.accept(stream) => shaken,
                    () = super::down(&mut ending) => return,
                };
                match shaken {
                    Ok(stream) => converse(door, routes, stream, from, &pulse, shutdown).await,
                    Err(error) if door.may_tell() => {
                        tracing::info!(%from, %error, "a handshake failed");
                    }
                    Err(_) => {}
                }
            }
        }
    };
    tokio::select! {
        () = talk => {}
        why = pulse.over() => if door.may_tell() {
            tracing::info!(%from, ?why, "a connection was closed");
        },
    }
}

/// Requests and answers, until one of the two has enough.
async fn converse<S, T>(
    door: &Arc<Door>,
    routes: S,
    stream: T,
    from: IpAddr,
    pulse: &Arc<Pulse>,
    mut shutdown: watch::Receiver<bool>,
) where
    S: Service<Request<Guarded>, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let ending = shutdown.clone();
    let service = hyper::service::service_fn(|request: Request<Incoming>| {
        pulse.asked();
        let asked = Asked { from, pulse: Arc::clone(pulse), ending: ending.clone() };
        let (door, routes, pulse) = (Arc::clone(door), routes.clone(), Arc::clone(pulse));
        async move {
            let response = handle(&door, routes, request, asked).await;
            pulse.served();
            Ok::<_, Infallible>(response.map(|body| Answer { body, pulse }))
        }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    // heads are bounded by the pulse
    server.header_read_timeout(None).max_buf_size(64 * 1024);
    let stream = TokioIo::new(Watched { inner: stream, pulse: Arc::clone(pulse) });
    let mut connection = std::pin::pin!(server.serve_connection(stream, service));
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

/// What is known of a request besides itself.
struct Asked {
    from: IpAddr,
    pulse: Arc<Pulse>,
    ending: watch::Receiver<bool>,
}

/// A body with a bound on its length and on the time between its bytes.
type Guarded = http_body_util::combinators::BoxBody<Bytes, Error>;

async fn handle<S>(door: &Door, mut routes: S, request: Request<Incoming>, asked: Asked) -> Response
where
    S: Service<Request<Guarded>, Response = Response, Error = Infallible> + Send + 'static,
    S::Future: Send,
{
    let app = &door.app;
    let name = door.name();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut trail = Trail { address: asked.from, method: method.clone(), identity: None, right: None };
    let mut response = match admit(door, request, &asked, &mut trail).await {
        Ok(Admitted { mut request, remember: None }) => {
            request.extensions_mut().insert(super::Ending(asked.ending));
            let Ok(response) = routes.call(request).await;
            response
        }
        Ok(Admitted { mut request, remember: Some(slot) }) => {
            request.extensions_mut().insert(super::Ending(asked.ending));
            let app = Arc::clone(app);
            // brought to its end even when the caller goes away meanwhile: it will ask again with the same key
            let task = tokio::spawn(async move { once(&app, slot, routes, request).await });
            task.await
                .unwrap_or_else(|error| problem::answer(&Error::internal(format!("a request died: {error}"))))
        }
        Err(error) => problem::answer(&error),
    };
    trail.note(app, &response);
    protect(response.headers_mut(), &path);
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert("x-request-id", name);
    }
    let status = response.status().as_u16();
    if status == 405
        && let Ok(methods) = HeaderValue::from_str(&rights::allowed(&path))
    {
        response.headers_mut().insert(header::ALLOW, methods);
    }
    if status >= 400 && door.may_tell() {
        tracing::info!(request = name, from = %asked.from, %method, path, status, "refused");
    } else {
        tracing::debug!(request = name, %method, path, status, "answered");
    }
    response
}

struct Admitted {
    request: Request<Guarded>,
    remember: Option<RememberSlot>,
}

/// Lets a request in when it is known whose it is and its body is in bounds.
async fn admit(
    door: &Door,
    request: Request<Incoming>,
    asked: &Asked,
    trail: &mut Trail,
) -> Result<Admitted> {
    let app = &door.app;
    let (mut parts, body) = request.into_parts();
    if let Some(method) = super::uploads::meant(&parts) {
        trail.method = method.clone();
        parts.method = method;
    }
    if parts.uri.path_and_query().is_none() {
        // CONNECT names no path, and warp panics where there is none
        return Err(Error::new(
            ErrorKind::Malformed,
            "no_path",
            "the request names no path, and this station is no proxy; ask for a path, such as /api/v1/health",
        ));
    }
    let path = parts.uri.path().to_owned();
    let mut remember = None;
    let counts = rate::counts(&parts.method, &path);
    if counts && let Some(address) = rate::counted(asked.from) {
        door.rates.take(address, Instant::now()).map_err(rate::refused)?;
    }
    let right = rights::find(parts.method.as_str(), &path);
    trail.right = right.as_ref().ok().copied().flatten();
    let open = matches!(right, Ok(None | Some(Right { needs: Needs::Nothing, .. })));
    if !open {
        // who is not known is not told what there is
        let caller = identify(app, &parts.method, &parts.headers).await?;
        trail.identity = Some((caller.id.clone(), caller.name.clone()));
        if counts {
            door.rates.take(Who::Identity(caller.id.clone()), Instant::now()).map_err(rate::refused)?;
        }
        if let Some(right) = &right.as_ref().map_err(Clone::clone)? {
            right.needs.allow(&caller)?;
        }
        asked.pulse.served();
        let anew = trail.right.is_some_and(|right| rights::ANEW.contains(&right.path));
        if parts.method == Method::POST && !anew {
            remember = idempotency(&parts.headers, &caller, &path)?;
        }
        parts.extensions.insert(caller);
    } else if parts.method == Method::POST && parts.headers.contains_key(header::ORIGIN) {
        // logging somebody in from a foreign page is a trick
        same_origin(&parts.headers)?;
    }
    if let Some(right) = right? {
        parts.extensions.insert(right);
        parts.extensions.insert(Peer(trail.address));
    }
    if parts.method == Method::HEAD {
        // answered as GET; hyper leaves the body out
        parts.method = Method::GET;
    }
    let upload = path == "/api/v1/segments" || super::uploads::brings_sound(&parts.method, &path);
    let limit = if upload { app.intake.max_upload() + UPLOAD_FRAME } else { SMALL_BODY };
    let too_large = move || {
        if upload {
            crate::intake::too_large(limit - UPLOAD_FRAME)
        } else {
            Error::new(
                ErrorKind::TooLarge,
                "too_large",
                format!("the body is over the limit of {SMALL_BODY} bytes; send less"),
            )
        }
    };
    if body.size_hint().lower() > limit {
        return Err(too_large());
    }
    let begin = (body, 0_u64, Pace::new(upload));
    let frames = futures_util::stream::unfold(begin, move |(mut body, seen, mut pace)| async move {
        let since = Instant::now();
        let frame = match tokio::time::timeout(pace.patience(), body.frame()).await {
            Err(_) => Err(Error::new(
                ErrorKind::Malformed,
                "upload_cut",
                "the body stopped coming, or came too slowly; nothing was kept, send it again",
            )),
            Ok(None) => return None,
            Ok(Some(Err(error))) => Err(Error::new(
                ErrorKind::Malformed,
                "upload_cut",
                format!("the body broke off ({error}); nothing was kept, send it again"),
            )),
            Ok(Some(Ok(frame))) => Ok(frame),
        };
        let bytes = frame.as_ref().ok().and_then(Frame::data_ref).map_or(0, |data| data.len() as u64);
        pace.came(bytes, since.elapsed());
        let seen = seen + bytes;
        let frame = if seen > limit { Err(too_large()) } else { frame };
        Some((frame, (body, seen, pace)))
    });
    let body = BodyExt::boxed(StreamBody::new(frames));
    Ok(Admitted { request: Request::from_parts(parts, body), remember })
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
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    super::uploads::mark(headers, path);
    if path.starts_with("/api/") && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
