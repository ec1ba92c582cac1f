//! `/segments`: push, list, look at, approve, withdraw.

use super::editing::{described, edit};
use super::wire::{self, ApprovalBody, SegmentMeta};
use super::{
    App, Query, body, caller, changed_segment, created, if_match, json, object, query, read, respond, with,
    work,
};
use crate::access::Caller;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Ruling, SegmentFilter, SegmentRecord, standing_of};
use futures_util::{Stream, TryStreamExt};
use loaxa_schedules::{Class, SegmentId, Standing};
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let root = warp::path("segments");
    let push = root
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(warp::header::optional::<String>("content-type"))
        .and(warp::body::stream())
        .then(|app, caller, kind, body| respond(push(app, caller, kind, body)))
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
    let approve = root
        .and(warp::path::param::<String>())
        .and(warp::path("approval"))
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(warp::header::optional::<String>("if-match"))
        .and(body())
        .then(|id, app, caller, tag, body| respond(approve(app, caller, id, tag, body)))
        .boxed();
    let change = root
        .and(warp::path::param::<String>())
        .and(warp::path::end())
        .and(warp::patch())
        .and(with(app))
        .and(caller())
        .and(warp::header::optional::<String>("if-match"))
        .and(body())
        .then(|id: String, app, caller, tag, body| respond(change(app, caller, id, tag, body)))
        .boxed();
    let withdraw = root
        .and(warp::path::param::<String>())
        .and(warp::path::end())
        .and(warp::delete())
        .and(with(app))
        .and(caller())
        .then(|id, app, caller| respond(withdraw(app, caller, id)))
        .boxed();
    let reads = push.or(list).unify().or(one).unify();
    reads.or(approve).unify().or(change).unify().or(withdraw).unify().boxed()
}

async fn change(
    app: Arc<App>,
    caller: Caller,
    id: String,
    tag: Option<String>,
    body: bytes::Bytes,
) -> Result<Response> {
    edit(app, caller, segment_id(&id)?, tag, body).await
}

async fn push<B: warp::Buf>(
    app: Arc<App>,
    caller: Caller,
    kind: Option<String>,
    body: impl Stream<Item = std::result::Result<B, warp::Error>> + Send + 'static,
) -> Result<Response> {
    let boundary = multer::parse_boundary(kind.as_deref().unwrap_or_default()).map_err(|_| {
        Error::new(
            ErrorKind::UnsupportedMediaType,
            "not_multipart",
            "push as multipart/form-data with the parts \"audio\" (the file) and \"meta\" (JSON), as curl -F does",
        )
    })?;
    let body = body.map_ok(|mut chunk| chunk.copy_to_bytes(chunk.remaining()));
    let mut parts = multer::Multipart::new(body, boundary);
    let (mut received, mut meta) = (None, None);
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        match part.name() {
            Some("audio") if received.is_none() => {
                received = Some(app.intake.receive(part.map_err(broken)).await?);
            }
            Some("meta") if meta.is_none() => {
                meta = Some(read::<SegmentMeta>(&small(part).await?)?);
            }
            other => {
                return Err(Error::unacceptable(
                    "unknown_field",
                    format!(
                        "part {:?} is not expected (or came twice); send \"audio\" and \"meta\" once each",
                        other.unwrap_or("")
                    ),
                ));
            }
        }
    }
    let missing = |part: &str| {
        Error::unacceptable(
            "missing_part",
            format!(
                "the part {part:?} is missing; send \"audio\" (the file) and \"meta\" (JSON with at least a title)"
            ),
        )
    };
    let received = received.ok_or_else(|| missing("audio"))?;
    let meta = meta.ok_or_else(|| missing("meta"))?;
    let id = SegmentId(crate::ids::new_id(app.clock.now().wall));
    let segment = described(id, meta, received.sha256.clone(), received.bytes)?;
    let (record, new) = app.intake.take_in(received, segment, caller.id).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    let path = format!("/api/v1/segments/{}", record.pushed.id);
    created(status, record.version, &path, &wire::segment(&record, &app.timezone))
}

/// A part that must fit into memory.
async fn small(mut part: multer::Field<'static>) -> Result<Vec<u8>> {
    const LIMIT: usize = 64 * 1024;
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > LIMIT {
            return Err(Error::new(
                ErrorKind::TooLarge,
                "too_large",
                "the part \"meta\" is over 64 KiB; send less",
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// What the multipart reader says; our own errors travel inside warp's inside multer's.
fn broken(error: multer::Error) -> Error {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = source {
        if let Some(ours) = inner.downcast_ref::<Error>() {
            return ours.clone();
        }
        source = match inner.downcast_ref::<multer::Error>() {
            Some(multer::Error::StreamReadFailed(inner)) => Some(inner.as_ref()),
            _ => inner.source(),
        };
    }
    Error::new(
        ErrorKind::Malformed,
        "upload_cut",
        format!(
            "the upload broke off or is no proper multipart body ({error}); nothing was kept, push it again"
        ),
    )
    .vi("Tải lên bị ngắt giữa chừng, chưa có gì được lưu. Hãy tải lại.")
}

pub(super) fn segment_id(text: &str) -> Result<SegmentId> {
    text.parse().map_err(|_| Error::not_found("segment", text))
}

async fn list(app: Arc<App>, query: Query) -> Result<Response> {
    query.only(&["state", "class", "q", "order", "sha256", "external_id", "limit", "cursor"])?;
    let standing = query
        .get("state")
        .map(|word| {
            let altered = Some(Standing::Altered).filter(|standing| standing.as_str() == word);
            standing_of(word).or(altered).ok_or_else(|| {
                Error::new(
                    ErrorKind::Malformed,
                    "bad_parameter",
                    format!("state={word:?} is none; write awaiting_approval, approved, …"),
                )
            })
        })
        .transpose()?;
    let limit = query.limit()?;
    let filter = SegmentFilter {
        // what has expired or was altered was approved once; it is told apart after reading
        standing: standing.filter(|standing| !matches!(standing, Standing::Expired | Standing::Altered)),
        sha256: query.get("sha256").map(str::to_owned),
        external_id: query.get("external_id").map(str::to_owned),
        class: query
            .get("class")
            .map(|word| {
                let classes = [Class::Normal, Class::Priority, Class::Emergency];
                classes.into_iter().find(|class| class.as_str() == word).ok_or_else(|| {
                    Error::new(
                        ErrorKind::Malformed,
                        "bad_parameter",
                        format!("class={word:?} is none; write normal, priority or emergency"),
                    )
                })
            })
            .transpose()?,
        title: query.get("q").map(str::to_owned),
        newest_first: query.newest_first()?,
        after: query.get("cursor").map(str::to_owned),
        limit: limit + 1,
    };
    let mut records = work(&app, move |app| app.store.segments(&filter)).await?;
    let more = records.len() > limit as usize;
    records.truncate(limit as usize);
    let next = records.last().filter(|_| more).map(|record| record.pushed.id.to_string());
    let now = app.clock.now().wall;
    let items = records
        .into_iter()
        .map(|record| with_expiry(record, now, &app))
        .filter(|record| standing.is_none_or(|standing| record.standing == standing))
        .map(|record| wire::segment(&record, &app.timezone))
        .collect();
    json(StatusCode::OK, &wire::Page { items, next })
}

/// A segment whose validity is over shows as expired.
fn with_expiry(mut record: SegmentRecord, now: jiff::Timestamp, app: &App) -> SegmentRecord {
    let over = record.pushed.valid_until.as_ref().is_some_and(|until| until.ends(&app.timezone) <= now);
    if over && matches!(record.standing, Standing::AwaitingApproval | Standing::Approved) {
        record.standing = Standing::Expired;
    }
    record
}

async fn one(app: Arc<App>, id: String) -> Result<Response> {
    let id = segment_id(&id)?;
    let (record, waveforms) =
        work(&app, move |app| Ok((app.store.segment(id)?, app.store.waveforms(id)?))).await?;
    let record = with_expiry(record, app.clock.now().wall, &app);
    let shown = wire::segment_alone(&record, &waveforms, &app.timezone);
    object(StatusCode::OK, record.version, &shown)
}

async fn approve(
    app: Arc<App>,
    caller: Caller,
    id: String,
    tag: Option<String>,
    body: bytes::Bytes,
) -> Result<Response> {
    let id = segment_id(&id)?;
    let approval: ApprovalBody = read(&body)?;
    if approval.note.as_ref().is_some_and(|note| note.chars().count() > 1000) {
        return Err(Error::unacceptable("bad_field", "a note has at most 1000 characters"));
    }
    let version = tag.as_deref().map(|tag| if_match(Some(tag))).transpose()?;
    let record = work(&app, move |app| {
        let ApprovalBody { decision, note, seen } = &approval;
        let ruling = Ruling { decision: *decision, note: note.as_deref(), seen: seen.as_deref(), version };
        app.store.rule(id, &ruling, &caller.id, app.clock.now().wall)
    })
    .await?;
    tracing::info!(segment = %id, state = record.standing.as_str(), "a segment was decided on");
    changed_segment(&app, &record);
    object(StatusCode::OK, record.version, &wire::segment(&record, &app.timezone))
}

async fn withdraw(app: Arc<App>, caller: Caller, id: String) -> Result<Response> {
    let id = segment_id(&id)?;
    let record = work(&app, move |app| app.store.withdraw(id, &caller.id, app.clock.now().wall)).await?;
    changed_segment(&app, &record);
    object(StatusCode::OK, record.version, &wire::segment(&record, &app.timezone))
}
