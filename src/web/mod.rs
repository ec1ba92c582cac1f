//! The web edge: warp, and nothing else of the house knows it.
//!
//! `serve` accepts and admits by the table in `rights`, the files of this folder answer, `wire` holds the shapes that others
//! rely on, `problem` turns every error into its answer.

mod airings;
mod amplifier;
mod audio;
mod audit;
mod backups;
mod bodies;
mod campaigns;
mod confirming;
mod editing;
mod emergency;
mod heads;
mod health;
mod metrics;
mod openapi;
mod orders;
mod page;
mod people;
mod plan;
mod presets;
mod preview;
mod problem;
pub(crate) mod publishers;
pub(crate) mod reports;
mod resources;
pub mod rights;
mod schedule;
mod segments;
mod serve;
mod session;
mod spoken;
mod station;
mod uploads;
pub(crate) mod wire;

pub use serve::serve;

use crate::access::{Access, Caller};
use crate::airing_log::{Heads, Keeping};
use crate::clock::Clock;
use crate::config::Web;
use crate::error::{Error, ErrorKind, Result};
use crate::events::Events;
use crate::fence::Held;
use crate::intake::Intake;
use crate::intake::uploads::Uploads;
use crate::orders::OrderBook;
use crate::planning::Site;
use crate::playout_loop::PlayoutHandle;
use crate::preparing::Preparing;
use crate::store::{SegmentRecord, Store};
use crate::tls;
use crate::turns::Turns;
use bytes::BufMut;
use futures_util::{Stream, StreamExt};
use jiff::tz::TimeZone;
use loaxa_audio::child::Confinement;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::watch;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;
use warp::{Filter, Rejection};

/// What the web edge needs of the rest.
pub struct App {
    /// What is kept.
    pub store: Arc<Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who may do what.
    pub access: Access,
    /// Takes recordings in.
    pub intake: Arc<Intake>,
    /// Recordings that come in pieces.
    pub uploads: Arc<Uploads>,
    /// The voice that reads written texts.
    pub speech: crate::speech::Speech,
    /// What is on air, and the way to stop it.
    pub playout: PlayoutHandle,
    /// What is ready to air, and the way to ask for more.
    pub preparing: Arc<Preparing>,
    /// What happens as it happens.
    pub events: Events,
    /// The zone in which schedules are written.
    pub timezone: TimeZone,
    /// What the configuration says that a plan depends on.
    pub site: Site,
    /// What the station says of itself.
    pub about: About,
    /// What inspections are kept away from on this machine. `None` when none can be made.
    pub inspection: Option<Confinement>,
    /// What the daemon itself is kept away from.
    pub held: Held,
    /// Backups by the desk's button.
    pub backups: Arc<crate::backup::button::Backups>,
    /// Told whenever what could air has changed.
    pub plan_changed: watch::Sender<u64>,
    /// One request with the same `Idempotency-Key` at a time.
    pub turns: Turns,
    /// Signs heads of the airing log, and takes countersignatures.
    pub heads: Arc<Heads>,
    /// How long the airing log is kept.
    pub keeping: Arc<Keeping>,
    /// Takes signed orders, and the keys of those who sign them.
    pub orders: OrderBook,
    /// What was found damaged and is not mended yet.
    pub soundness: Arc<crate::soundness::Soundness>,
    /// What one caller may take of the board.
    pub limits: Web,
    /// None: plain HTTP on loopback.
    pub tls: Option<Arc<tls::Server>>,
}

/// What the station says of itself, fixed while it runs.
#[derive(Debug, Clone, Serialize)]
pub struct About {
    /// Name as people say it.
    pub name: String,
    /// Tier of the administrative unit.
    pub tier: String,
    /// Official code of the administrative unit.
    pub code: String,
    /// IANA name of the time zone.
    pub timezone: String,
    /// Version of the program.
    pub version: &'static str,
    /// What a person looking at the station must know first.
    pub warnings: Vec<Warning>,
}

/// Something that a person looking at the station must know.
#[derive(Debug, Clone, Serialize)]
pub struct Warning {
    /// Stable word.
    pub code: &'static str,
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

/// Turns true when the daemon goes down: endless answers end then.
#[derive(Clone)]
pub(crate) struct Ending(pub(crate) watch::Receiver<bool>);

/// The other end of a request's connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) std::net::IpAddr);

/// Waits until the daemon goes down.
pub(crate) async fn down(shutdown: &mut watch::Receiver<bool>) {
    // an error means that nobody can say it any more: that is the end too
    let _ = shutdown.wait_for(|down| *down).await;
}

/// The body of a change, at most so long; the real bound is kept while it is read.
type Bytes = bytes::Bytes;

/// Every route.
pub fn routes(app: Arc<App>) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone {
    let api = segments::routes(&app)
        .or(uploads::routes(&app))
        .unify()
        .or(spoken::routes(&app))
        .unify()
        .or(audio::routes(&app))
        .unify()
        .or(schedule::routes(&app))
        .unify()
        .or(plan::routes(&app))
        .unify()
        .or(preview::routes(&app))
        .unify()
        .or(campaigns::routes(&app))
        .unify()
        .or(presets::routes())
        .unify()
        .or(airings::routes(&app))
        .unify()
        .or(reports::routes(&app))
        .unify()
        .or(heads::routes(&app))
        .unify()
        .or(emergency::routes(&app))
        .unify()
        .or(station::routes(&app))
        .unify()
        .or(amplifier::routes(&app))
        .unify()
        .or(metrics::routes(&app))
        .unify()
        .or(session::routes(&app))
        .unify()
        .or(people::routes(&app))
        .unify()
        .or(backups::routes(&app))
        .unify()
        .or(publishers::routes(&app))
        .unify()
        .or(orders::routes(&app))
        .unify()
        .or(openapi::routes())
        .unify();
    let api = warp::path("api").and(warp::path("v1")).and(admitted()).and(api);
    api.or(reports::style()).unify().or(page::routes()).unify().boxed().recover(refuse).unify()
}

/// What warp itself refuses, in our words.
async fn refuse(rejection: Rejection) -> std::result::Result<Response, Infallible> {
    let error = if let Some(Broken(error)) = rejection.find() {
        // the other routes refused its method: that is not what is wrong
        error.clone()
    } else if rejection.is_not_found() {
        rights::no_such_path()
    } else if rejection.find::<warp::reject::MethodNotAllowed>().is_some() {
        rights::method_not_allowed()
    } else if rejection.find::<warp::reject::InvalidQuery>().is_some() {
        Error::new(
            ErrorKind::Malformed,
            "bad_query",
            "the query cannot be read; /api/v1/openapi.json lists what this path takes",
        )
    } else {
        Error::new(ErrorKind::Malformed, "bad_request", format!("the request cannot be read: {rejection:?}"))
    };
    Ok(problem::answer(&error))
}

/// Hands the application to a handler.
fn with(app: &Arc<App>) -> impl Filter<Extract = (Arc<App>,), Error = Infallible> + Clone + use<> {
    let app = Arc::clone(app);
    warp::any().map(move || Arc::clone(&app))
}

/// Nothing is served that `serve` did not find in the table of rights.
fn admitted() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::ext::get::<&'static rights::Right>().map(|_| ()).untuple_one()
}

/// Who asks; `serve` put it there before any route was looked at.
fn caller() -> impl Filter<Extract = (Caller,), Error = Rejection> + Copy {
    warp::ext::get::<Caller>()
}

/// The pairs of a query, as they came.
fn query() -> impl Filter<Extract = (Query,), Error = Rejection> + Copy {
    warp::query::<Vec<(String, String)>>().map(Query)
}

/// The body, read whole; bodies are bounded in `serve`, and what became of one that broke off is said as it was there.
fn body() -> impl Filter<Extract = (Bytes,), Error = Rejection> + Copy {
    warp::body::stream().and_then(whole)
}

/// A body that did not come to its end.
#[derive(Debug)]
struct Broken(Error);

impl warp::reject::Reject for Broken {}

async fn whole<B: bytes::Buf>(
    body: impl Stream<Item = std::result::Result<B, warp::Error>>,
) -> std::result::Result<Bytes, Rejection> {
    let mut body = std::pin::pin!(body);
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| warp::reject::custom(Broken(broken(error))))?;
        bytes.put(piece);
    }
    Ok(bytes.into())
}

/// What became of a body that broke off; our own errors travel inside warp's.
fn broken(error: warp::Error) -> Error {
    let ours = std::error::Error::source(&error).and_then(|inner| inner.downcast_ref::<Error>()).cloned();
    ours.unwrap_or_else(|| {
        Error::new(
            ErrorKind::Malformed,
            "body_cut",
            format!("the body broke off ({error}); nothing was done, send it again"),
        )
    })
}

/// Runs a handler and turns its error into a problem.
async fn respond(handler: impl Future<Output = Result<Response>>) -> Response {
    handler.await.unwrap_or_else(|error| problem::answer(&error))
}

/// Runs a handler's work off the async threads.
async fn work<T: Send + 'static>(
    app: &Arc<App>,
    job: impl FnOnce(&App) -> Result<T> + Send + 'static,
) -> Result<T> {
    let app = Arc::clone(app);
    crate::intake::blocking(move || job(&app)).await
}

/// Tells whoever plans, plays and watches that a segment is another one now.
fn changed_segment(app: &App, record: &SegmentRecord) {
    app.plan_changed.send_modify(|count| *count += 1);
    app.events.segment(record);
}

/// A JSON answer.
fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Response> {
    let body = serde_json::to_vec(value)
        .map_err(|error| Error::internal(format!("an answer cannot be written: {error}")))?;
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// A JSON answer about one object, with its `ETag`.
fn object<T: Serialize>(status: StatusCode, version: i64, value: &T) -> Result<Response> {
    let mut response = json(status, value)?;
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// A JSON answer about an object just made, with its `ETag` and where it is.
fn created<T: Serialize>(status: StatusCode, version: i64, path: &str, value: &T) -> Result<Response> {
    let mut response = object(status, version, value)?;
    if let Ok(location) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Reads a JSON body, refusing fields that nobody knows.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        let detail = format!("the body: {error}; /api/v1/openapi.json shows what is expected");
        if error.is_data() {
            let code =
                if error.to_string().starts_with("unknown field") { "unknown_field" } else { "bad_field" };
            Error::unacceptable(code, detail)
        } else {
            Error::new(ErrorKind::Malformed, "bad_json", detail)
        }
    })
}

/// The version that `If-Match` names.
fn if_match(value: Option<&str>) -> Result<i64> {
    let value = value.ok_or_else(|| {
        Error::new(
            ErrorKind::PreconditionRequired,
            "if_match_required",
            "a change says of which version it is: read the object and send its ETag as If-Match",
        )
    })?;
    value.trim().trim_start_matches("W/").trim_matches('"').parse().map_err(|_| {
        Error::new(
            ErrorKind::PreconditionFailed,
            "changed_meanwhile",
            format!("If-Match {value} is no version of this object; read it again and send its ETag"),
        )
    })
}

/// A query string's pairs.
#[derive(Debug)]
struct Query(Vec<(String, String)>);

impl Query {
    /// Refuses parameters that this path does not take.
    fn only(&self, known: &[&str]) -> Result<()> {
        match self.0.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => Err(Error::new(
                ErrorKind::Malformed,
                "unknown_parameter",
                format!("{name:?} is no parameter of this path; it takes {}", known.join(", ")),
            )),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn parse<T: std::str::FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>> {
        self.get(name)
            .map(|text| {
                text.parse().map_err(|_| {
                    Error::new(
                        ErrorKind::Malformed,
                        "bad_parameter",
                        format!("{name}={text:?} cannot be read; write {expected}"),
                    )
                })
            })
            .transpose()
    }

    /// `limit`, within bounds.
    /// Whether a listing begins with the newest: `order=newest`; `order=oldest`, as without it, is the other way round.
    fn newest_first(&self) -> Result<bool> {
        match self.get("order") {
            None | Some("oldest") => Ok(false),
            Some("newest") => Ok(true),
            Some(other) => Err(Error::new(
                ErrorKind::Malformed,
                "bad_parameter",
                format!("order={other:?} is none; write newest or oldest"),
            )),
        }
    }

    fn limit(&self) -> Result<u32> {
        let limit = self.parse::<u32>("limit", "a number from 1 to 1000")?.unwrap_or(100);
        if (1..=1000).contains(&limit) {
            return Ok(limit);
        }
        Err(Error::new(ErrorKind::Malformed, "bad_parameter", "limit must lie between 1 and 1000"))
    }

    /// An instant, or the start of a day in the station's zone.
    fn instant(&self, name: &str, timezone: &TimeZone) -> Result<Option<jiff::Timestamp>> {
        self.get(name).map(|text| instant(name, text, timezone)).transpose()
    }
}

/// An instant, or the start of a day in the station's zone.
fn instant(name: &str, text: &str, timezone: &TimeZone) -> Result<jiff::Timestamp> {
    // a plus sign that was not escaped arrives as a blank
    let text = text.replace(' ', "+");
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(instant);
    }
    text.parse::<jiff::civil::Date>()
        .ok()
        .and_then(|date| date.to_zoned(timezone.clone()).ok())
        .map(|start| start.timestamp())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Malformed,
                "bad_parameter",
                format!("{name}={text:?} is no time; write 2026-11-30 or 2026-11-30T17:00:00%2B07:00"),
            )
        })
}
