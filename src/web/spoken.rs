//! `POST /spoken`: a written text becomes a segment, read by the station's voice.

use super::editing::described;
use super::wire::{self, SegmentMeta};
use super::{App, body, caller, created, read, respond, with, work};
use crate::access::Caller;
use crate::error::{Error, ErrorKind, Result};
use crate::speech::MAX_CHARACTERS;
use crate::store::{NewSegment, Waveforms};
use loaxa_schedules::{Bound, Class, SegmentId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    warp::path("spoken")
        .and(warp::path::end())
        .and(warp::post())
        .and(with(app))
        .and(caller())
        .and(body())
        .then(|app, caller, body| respond(speak(app, caller, body)))
        .boxed()
}

/// A text, and what is said of any upload.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpokenBody {
    text: String,
    title: String,
    language: Option<String>,
    class: Option<Class>,
    source: Option<String>,
    valid_from: Option<Bound>,
    valid_until: Option<Bound>,
    campaign: Option<String>,
    external_id: Option<String>,
    #[serde(default)]
    music: bool,
}

async fn speak(app: Arc<App>, caller: Caller, body: bytes::Bytes) -> Result<Response> {
    let SpokenBody {
        text,
        title,
        language,
        class,
        source,
        valid_from,
        valid_until,
        campaign,
        external_id,
        music,
    } = read(&body)?;
    let meta =
        SegmentMeta { title, language, class, source, valid_from, valid_until, campaign, external_id, music };
    let id = SegmentId(crate::ids::new_id(app.clock.now().wall));
    // what is said of it is refused before anything is read
    let segment = described(id, meta, String::new(), 0)?;
    let language = segment.language.clone();
    let reading = work(&app, move |app| app.speech.reading(&text, &language)).await?;
    let received = app.intake.receive_spoken(&app.speech, &reading).await?;
    let segment = NewSegment {
        sha256: received.sha256.clone(),
        bytes: received.bytes,
        spoken: Some(reading.spoken),
        ..segment
    };
    let (record, new) = app.intake.take_in(received, segment, caller.id).await.map_err(no_sound)?;
    tracing::info!(segment = %record.pushed.id, new, "a written text was read");
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    let path = format!("/api/v1/segments/{}", record.pushed.id);
    created(
        status,
        record.version,
        &path,
        &wire::segment_alone(&record, &Waveforms::default(), &app.timezone),
    )
}

/// What the inspection refuses here was made by the voice: whoever wrote the text is not told to choose another file.
fn no_sound(error: Error) -> Error {
    if error.kind != ErrorKind::Unacceptable {
        return error;
    }
    let detail = format!(
        "what the voice read is no usable recording ({}: {}); nothing was kept: change the text, or have a technician look at [speech]",
        error.code, error.detail
    );
    Error::unacceptable("speech_unusable", detail).vi(
        "Giọng đọc không tạo được bản ghi dùng được từ bản tin này. Hãy sửa nội dung rồi thử lại; nếu vẫn lỗi, hãy báo kỹ thuật viên.",
    )
}

/// Whether written texts can be read here, for whoever writes them.
pub(super) fn shown(app: &App) -> Value {
    let lacking = app.speech.lacking();
    json!({
        "available": lacking.is_none(),
        "languages": app.speech.languages().collect::<Vec<_>>(),
        "max_characters": MAX_CHARACTERS,
        "reason": lacking.as_ref().map(|why| &why.detail),
        "reason_vi": lacking.as_ref().and_then(|why| why.detail_vi.as_ref()),
    })
}
