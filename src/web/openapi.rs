//! `/openapi.json`: the description of this interface, served by the daemon that speaks it.

use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, header};
use warp::reply::Response;

/// The OpenAPI 3.1 document.
const DOCUMENT: &str = include_str!("openapi.json");

pub(super) fn routes() -> BoxedFilter<(Response,)> {
    warp::path("openapi.json")
        .and(warp::path::end())
        .and(warp::get())
        .map(|| {
            let mut response = Response::new(bytes::Bytes::from_static(DOCUMENT.as_bytes()).into());
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        })
        .boxed()
}
