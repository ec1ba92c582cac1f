//! The desk, embedded in the program. It holds no data: what it shows it asks of the API, after logging in.

use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, HeaderValue, StatusCode, header};
use warp::reply::Response;

/// One file of the desk.
struct File {
    /// Its path below the station's address; `index.html` is the address itself.
    name: &'static str,
    /// Changes with the content; quoted, as `ETag` wants it.
    tag: &'static str,
    plain: &'static [u8],
    /// Compressed with gzip, where that is smaller.
    packed: Option<&'static [u8]>,
}

/// What `web/` built, or the page that says that nobody built it.
static FILES: &[File] = &include!(concat!(env!("OUT_DIR"), "/page_files.rs"));

/// Their names carry a hash of their content.
const NAMED_BY_CONTENT: &str = "assets/";

pub(super) fn routes() -> BoxedFilter<(Response,)> {
    // the path first: what is not here is not found, whatever the method
    let file = warp::path::full().and_then(|path: warp::path::FullPath| async move {
        let name = match path.as_str().trim_start_matches('/') {
            "" => "index.html",
            name => name,
        };
        FILES.iter().find(|file| file.name == name).ok_or_else(warp::reject::not_found)
    });
    file.and(warp::get()).and(warp::header::headers_cloned()).map(answer).boxed()
}

fn answer(file: &'static File, asked: HeaderMap) -> Response {
    let known = asked.get(header::IF_NONE_MATCH).is_some_and(|tags| names(tags, file.tag));
    let takes_packed = asked.get(header::ACCEPT_ENCODING).is_some_and(|encodings| names(encodings, "gzip"));
    let (bytes, packed) = match file.packed {
        Some(packed) if takes_packed => (packed, true),
        _ => (file.plain, false),
    };
    let mut response = if known {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        Response::new(bytes::Bytes::from_static(bytes).into())
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(file.name)));
    headers.insert(header::ETAG, HeaderValue::from_static(file.tag));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if packed && !known {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let keep = if file.name.starts_with(NAMED_BY_CONTENT) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    response
}

/// Whether a list of encodings or tags has this one, and does not refuse it (`;q=0`).
fn names(list: &HeaderValue, wanted: &str) -> bool {
    list.to_str().unwrap_or_default().split(',').map(str::trim).any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0_f32));
        name.trim().trim_start_matches("W/") == wanted && !refused
    })
}

/// Media type by the name's end; `web/` builds no others.
fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webmanifest") => "application/manifest+json",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn every_file_has_a_media_type_and_there_is_a_first_page() {
        assert!(FILES.iter().any(|file| file.name == "index.html"));
        for file in FILES {
            assert_ne!(kind(file.name), "application/octet-stream", "{}", file.name);
        }
    }

    #[test]
    fn what_somebody_has_is_not_sent_again_and_what_they_take_is_packed() {
        static FILE: File =
            File { name: "assets/it-1.js", tag: "\"1\"", plain: b"plain", packed: Some(b"packed") };
        let sent = |headers: &[(header::HeaderName, &'static str)]| {
            let response = answer(&FILE, asked(headers));
            let encoding = response.headers().get(header::CONTENT_ENCODING).cloned();
            (response.status().as_u16(), encoding.is_some())
        };
        assert_eq!(sent(&[]), (200, false));
        assert_eq!(sent(&[(header::ACCEPT_ENCODING, "br, gzip")]), (200, true));
        assert_eq!(sent(&[(header::ACCEPT_ENCODING, "br, gzip;q=0")]), (200, false));
        assert_eq!(
            sent(&[(header::IF_NONE_MATCH, "\"0\", W/\"1\""), (header::ACCEPT_ENCODING, "gzip")]),
            (304, false)
        );
        assert_eq!(sent(&[(header::IF_NONE_MATCH, "\"2\"")]), (200, false));
    }
}
