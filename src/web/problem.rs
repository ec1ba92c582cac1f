//! Every refusal as `application/problem+json` (RFC 9457), in one place.

mod words;

use crate::error::{Error, ErrorKind};
use serde_json::{Value, json};
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

/// The code of a refusal, beside its answer: for the log.
#[derive(Debug, Clone)]
pub(super) struct Refused(pub(super) std::borrow::Cow<'static, str>);

/// The HTTP status of a kind.
pub(super) fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Malformed => StatusCode::BAD_REQUEST,
        ErrorKind::Unacceptable => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        ErrorKind::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorKind::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
        ErrorKind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// An error as it is told. What went wrong inside the machine is logged, and said without its details.
pub(super) fn body(error: &Error) -> Value {
    let status = status(error.kind);
    let detail = if error.kind == ErrorKind::Internal {
        tracing::error!(code = %error.code, detail = %error.detail, "a request failed inside");
        "something failed inside the station; its log says what, try again or ask the technician"
    } else {
        &error.detail
    };
    json!({
        "type": format!("urn:loaxa:problem:{}", error.code),
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "code": error.code,
        "detail": detail,
        "detail_vi": words::vietnamese(error),
    })
}

/// The answer that tells of an error.
pub(super) fn answer(error: &Error) -> Response {
    let status = status(error.kind);
    let mut response = Response::new(body(error).to_string().into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if error.kind == ErrorKind::Unauthenticated {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"loaxa\""));
    }
    if let Some(wait) = error.retry_after {
        // whole seconds, and not one too early
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs_f64().ceil() as u64));
    } else if error.kind == ErrorKind::Unavailable {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response.extensions_mut().insert(Refused(error.code.clone()));
    response
}
