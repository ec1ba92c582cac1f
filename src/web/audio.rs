//! `GET /segments/{id}/audio`: what was pushed, or what will be heard, with byte ranges.

use super::segments::segment_id;
use super::{App, Query, query, respond, with, work};
use crate::error::{Error, ErrorKind, Result};
use crate::preparing::Shelf;
use bytes::Bytes;
use loaxa_audio::prepared::Prepared;
use loaxa_schedules::{SegmentId, Standing};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

/// Bytes read at a time.
const CHUNK: u64 = 64 * 1024;
/// Length of the WAV header that is put before prepared PCM.
const WAV_HEADER: u64 = 44;

pub(super) fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    warp::path("segments")
        .and(warp::path::param::<String>())
        .and(warp::path("audio"))
        .and(warp::path::end())
        .and(warp::get())
        .and(with(app))
        .and(query())
        .and(warp::header::optional::<String>("range"))
        .then(|id, app, query, range| respond(audio(app, id, query, range)))
        .boxed()
}

/// Something that can be listened to from any byte on.
enum Sound {
    Original { file: File, length: u64 },
    Wave(Box<Wave>),
}

/// Prepared sound with a header before it, for whatever plays a WAV file.
struct Wave {
    header: [u8; 44],
    pcm: Prepared,
    listened: Listened,
}

/// What somebody listens to stays where it is.
struct Listened {
    shelf: Arc<Shelf>,
    root: String,
}

impl Sound {
    fn length(&self) -> u64 {
        match self {
            Self::Original { length, .. } => *length,
            Self::Wave(wave) => WAV_HEADER + wave.pcm.info().frames * 2,
        }
    }

    /// Some bytes from `at` on: at least one, unless it is at the end.
    fn read(&self, at: u64, most: u64) -> Result<Vec<u8>> {
        match self {
            Self::Original { file, .. } => {
                let mut bytes = vec![0; usize::try_from(most.min(CHUNK)).unwrap_or(0)];
                let read = file.read_at(&mut bytes, at).map_err(|error| Error::io("the original", &error))?;
                bytes.truncate(read);
                Ok(bytes)
            }
            Self::Wave(wave) if at < WAV_HEADER => {
                let from = usize::try_from(at).unwrap_or(0);
                Ok(wave.header[from..]
                    .iter()
                    .copied()
                    .take(usize::try_from(most).unwrap_or(usize::MAX))
                    .collect())
            }
            Self::Wave(wave) => {
                let Wave { pcm, listened, .. } = wave.as_ref();
                listened.shelf.listen(&listened.root);
                let byte = at - WAV_HEADER;
                let block_bytes = u64::from(pcm.block_frames()) * 2;
                let samples = pcm
                    .read_block(byte / block_bytes)
                    .map_err(|error| Error::internal(format!("prepared sound: {error}")))?;
                let bytes = samples.iter().flat_map(|sample| sample.to_le_bytes());
                let skip = usize::try_from(byte % block_bytes).unwrap_or(0);
                Ok(bytes.skip(skip).take(usize::try_from(most).unwrap_or(usize::MAX)).collect())
            }
        }
    }
}

async fn audio(app: Arc<App>, id: String, query: Query, range: Option<String>) -> Result<Response> {
    query.only(&["form"])?;
    let id = segment_id(&id)?;
    let prepared = match query.get("form") {
        None | Some("original") => false,
        Some("prepared") => true,
        Some(other) => {
            return Err(Error::new(
                ErrorKind::Malformed,
                "bad_parameter",
                format!("form={other:?} is none; write original or prepared"),
            ));
        }
    };
    let (sound, kind) = if prepared { wave(&app, id).await? } else { original(&app, id).await? };
    let length = sound.length();
    let (status, from, to) = match range.as_deref().map(|range| parse_range(range, length)) {
        None | Some(Range::Ignored) => (StatusCode::OK, 0, length),
        Some(Range::Part(from, to)) => (StatusCode::PARTIAL_CONTENT, from, to),
        Some(Range::Outside) => {
            let outside = Error::new(
                ErrorKind::RangeNotSatisfiable,
                "range_not_satisfiable",
                format!("the sound has {length} bytes; ask for a range inside them"),
            );
            let mut response = super::problem::answer(&outside);
            set(&mut response, header::CONTENT_RANGE, &format!("bytes */{length}"));
            return Ok(response);
        }
    };
    let body = futures_util::stream::unfold((Arc::new(sound), from), move |(sound, at)| async move {
        if at >= to {
            return None;
        }
        let reader = Arc::clone(&sound);
        let bytes = crate::intake::blocking(move || reader.read(at, to - at)).await;
        let next = match &bytes {
            Ok(bytes) if bytes.is_empty() => return None,
            Ok(bytes) => at + bytes.len() as u64,
            Err(_) => to,
        };
        Some((bytes.map(Bytes::from), (sound, next)))
    });
    let mut response = warp::reply::Reply::into_response(warp::reply::stream(body));
    *response.status_mut() = status;
    set(&mut response, header::CONTENT_TYPE, kind);
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    set(&mut response, header::CONTENT_LENGTH, &(to - from).to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        set(&mut response, header::CONTENT_RANGE, &format!("bytes {from}-{}/{length}", to - 1));
    }
    Ok(response)
}

/// What was pushed.
async fn original(app: &Arc<App>, id: SegmentId) -> Result<(Sound, &'static str)> {
    work(app, move |app| {
        let record = app.store.segment(id)?;
        let path = app.intake.folders().original(&record.pushed.sha256);
        let file =
            File::open(&path).map_err(|error| Error::io(format!("original of segment {id}"), &error))?;
        let mut begin = [0; 12];
        let read = file.read_at(&mut begin, 0).map_err(|error| Error::io("the original", &error))?;
        let kind = kind_of(begin.get(..read).unwrap_or_default());
        let length = file.metadata().map_err(|error| Error::io("the original", &error))?.len();
        Ok((Sound::Original { file, length }, kind))
    })
    .await
}

/// What a file is, by how it begins: a browser that is told so plays it as it was pushed, which is a tenth of the WAV. Whatever
/// it claims to be, it is served as sound or as mere bytes.
fn kind_of(begin: &[u8]) -> &'static str {
    match begin {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => "audio/wav",
        [b'f', b'L', b'a', b'C', ..] => "audio/flac",
        [b'O', b'g', b'g', b'S', ..] => "audio/ogg",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "audio/mp4",
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "audio/webm",
        [b'F', b'O', b'R', b'M', _, _, _, _, b'A', b'I', b'F', b'F' | b'C', ..] => "audio/aiff",
        // the layer is 0 in ADTS alone
        [0xff, second, ..] if second & 0xf6 == 0xf0 => "audio/aac",
        [0xff, second, ..] if second & 0xe0 == 0xe0 => "audio/mpeg",
        [b'I', b'D', b'3', ..] => "audio/mpeg",
        _ => "application/octet-stream",
    }
}

/// What will be heard. Where it went because nobody needed it, it is made again while the listener waits.
async fn wave(app: &Arc<App>, id: SegmentId) -> Result<(Sound, &'static str)> {
    for asked in [false, true] {
        let (opened, title) = work(app, move |app| {
            let record = app.store.segment(id)?;
            let root = record.prepared.ok_or_else(|| {
                Error::new(
                    ErrorKind::Conflict,
                    "not_prepared",
                    format!("segment {id} is not prepared yet; ask again in a while"),
                )
            })?;
            let shelf = app.preparing.shelf();
            // before it is looked for, so that it does not go meanwhile
            shelf.listen(&root);
            let opened = Prepared::open(&app.intake.folders().prepared(&root), &root);
            let kept = matches!(
                record.standing,
                Standing::AwaitingApproval | Standing::Approved | Standing::Altered
            );
            if opened.is_err() && !kept {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "not_prepared",
                    format!(
                        "segment {id} is {} and its prepared sound is no longer kept; listen to the original",
                        record.standing.as_str()
                    ),
                )
                .vi(
                    "Bản ghi không còn được dùng nên âm thanh đã xử lý không còn được giữ; hãy nghe bản gốc.",
                ));
            }
            let listened = opened.map(|pcm| (pcm, Listened { shelf: Arc::clone(shelf), root }));
            Ok((listened, record.pushed.title))
        })
        .await?;
        let why = match opened {
            Ok((pcm, listened)) => {
                let header = wave_header(pcm.info().sample_rate, pcm.info().frames);
                return Ok((Sound::Wave(Box::new(Wave { header, pcm, listened })), "audio/wav"));
            }
            Err(why) => why,
        };
        if asked {
            tracing::info!(segment = %id, %why, "somebody listens to what is not prepared");
            break;
        }
        if let Err(why) = app.preparing.want(id).await {
            return Err(
                Error::new(ErrorKind::Conflict, why.code, format!("{title:?}: {}", why.en)).vi(why.vi)
            );
        }
    }
    Err(Error::new(
        ErrorKind::Unavailable,
        "preparing",
        format!(
            "the prepared sound of segment {id} is being made from its original; ask again in a few seconds"
        ),
    )
    .vi("Âm thanh đang được tạo lại từ bản gốc; hãy thử lại sau vài giây."))
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    /// From, and to (exclusive).
    Part(u64, u64),
    Outside,
    Ignored,
}

/// One byte range (RFC 9110); what is not understood is ignored, as the standard lets us.
fn parse_range(text: &str, length: u64) -> Range {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Range::Ignored;
    };
    let (from, to) = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(from), Ok(last)) if last >= from => (from, last.saturating_add(1).min(length)),
        (Ok(from), Err(_)) if last.trim().is_empty() => (from, length),
        (Err(_), Ok(suffix)) if first.trim().is_empty() => (length.saturating_sub(suffix), length),
        _ => return Range::Ignored,
    };
    if from >= to { Range::Outside } else { Range::Part(from, to) }
}

fn wave_header(sample_rate: u32, frames: u64) -> [u8; 44] {
    let data = u32::try_from(frames * 2).unwrap_or(u32::MAX - 36);
    let mut header = [0; 44];
    let fields: [(usize, &[u8]); 13] = [
        (0, b"RIFF"),
        (4, &(data + 36).to_le_bytes()),
        (8, b"WAVE"),
        (12, b"fmt "),
        (16, &16_u32.to_le_bytes()),
        (20, &1_u16.to_le_bytes()),
        (22, &1_u16.to_le_bytes()),
        (24, &sample_rate.to_le_bytes()),
        (28, &(sample_rate * 2).to_le_bytes()),
        (32, &2_u16.to_le_bytes()),
        (34, &16_u16.to_le_bytes()),
        (36, b"data"),
        (40, &data.to_le_bytes()),
    ];
    for (at, bytes) in fields {
        header[at..at + bytes.len()].copy_from_slice(bytes);
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_has_them() {
        assert_eq!(parse_range("bytes=0-99", 1000), Range::Part(0, 100));
        assert_eq!(parse_range("bytes=900-", 1000), Range::Part(900, 1000));
        assert_eq!(parse_range("bytes=-100", 1000), Range::Part(900, 1000));
        assert_eq!(parse_range("bytes=900-5000", 1000), Range::Part(900, 1000));
        assert_eq!(parse_range("bytes=1000-", 1000), Range::Outside);
        assert_eq!(parse_range("bytes=5-2", 1000), Range::Ignored);
        assert_eq!(parse_range("pages=1-2", 1000), Range::Ignored);
        assert_eq!(parse_range("bytes=0-1,5-6", 1000), Range::Ignored);
    }

    #[test]
    fn what_a_browser_can_play_is_told_by_its_first_bytes_and_nothing_else_is_sound() {
        for (begin, kind) in [
            (&b"RIFF\0\0\0\0WAVEfmt "[..12], "audio/wav"),
            (b"RIFF\0\0\0\0AVI ", "application/octet-stream"),
            (b"fLaC\0\0\0\x22", "audio/flac"),
            (b"OggS\0\x02", "audio/ogg"),
            (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
            (b"\x1a\x45\xdf\xa3", "audio/webm"),
            (b"\xff\xf1\x50\x80", "audio/aac"),
            (b"\xff\xfb\x90\x64", "audio/mpeg"),
            (b"ID3\x04", "audio/mpeg"),
            (b"<html><body>", "application/octet-stream"),
            (b"\xff", "application/octet-stream"),
            (b"", "application/octet-stream"),
        ] {
            assert_eq!(kind_of(begin), kind, "{begin:?}");
        }
    }

    #[test]
    fn the_wave_header_says_what_follows() {
        let header = wave_header(48_000, 10);
        assert_eq!(&header[..4], b"RIFF");
        assert_eq!(header[40..44], 20_u32.to_le_bytes());
        assert_eq!(header[24..28], 48_000_u32.to_le_bytes());
    }
}
