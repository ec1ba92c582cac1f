//! The page, embedded in the program. It holds no data: what it shows it asks of the API, after logging in.

use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, header};
use warp::reply::Response;

static FILES: [(&str, &str, &str); 4] = [
    ("", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("app.js", "text/javascript; charset=utf-8", include_str!("page/app.js")),
    ("words.js", "text/javascript; charset=utf-8", include_str!("page/words.js")),
    ("style.css", "text/css; charset=utf-8", include_str!("page/style.css")),
];

pub(super) fn routes() -> BoxedFilter<(Response,)> {
    // the path first: what is not here is not found, whatever the method
    let file = warp::path::full().and_then(|path: warp::path::FullPath| async move {
        let name = path.as_str().trim_start_matches('/');
        FILES.iter().find(|(known, _, _)| *known == name).ok_or_else(warp::reject::not_found)
    });
    file.and(warp::get())
        .map(|(_, kind, text): &'static (&str, &str, &str)| {
            let mut response = Response::new(bytes::Bytes::from_static(text.as_bytes()).into());
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            response
        })
        .boxed()
}
