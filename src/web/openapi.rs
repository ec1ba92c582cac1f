//! `/openapi.json`: the description of this interface, served by the daemon that speaks it.

use warp::http::{HeaderValue, header};
use warp::reply::Response;
use warp::{Filter, Rejection};

/// The OpenAPI 3.1 document.
const DOCUMENT: &str = include_str!("openapi.json");

pub(super) fn routes() -> impl Filter<Extract = (Response,), Error = Rejection> + Clone {
    warp::path("openapi.json")
        .and(warp::path::end())
        .and(warp::get())
        .map(|| {
            let mut response = Response::new(bytes::Bytes::from_static(DOCUMENT.as_bytes()).into());
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        })
}
