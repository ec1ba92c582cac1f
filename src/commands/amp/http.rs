//! One request to the daemon on this machine: plain HTTP over loopback, bounded.

use crate::error::{Error, ErrorKind, Result};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A self-test is the longest that the daemon works on an answer.
const WITHIN: Duration = Duration::from_secs(80);
/// No answer is longer.
const LARGEST: u64 = 1024 * 1024;

/// The status and the body of the answer.
pub(super) fn ask(
    address: &str,
    method: &str,
    path: &str,
    token: &str,
    body: Option<&Value>,
) -> Result<(u16, Value)> {
    let failed = |error: std::io::Error| {
        Error::new(
            ErrorKind::Internal,
            "daemon_unreachable",
            format!(
                "the daemon at {address} does not answer: {error}; name its address with --to, or end whoever holds its lock"
            ),
        )
    };
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    stream
        .set_read_timeout(Some(WITHIN))
        .and_then(|()| stream.set_write_timeout(Some(WITHIN)))
        .map_err(failed)?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = Vec::new();
    stream.take(LARGEST).read_to_end(&mut answer).map_err(failed)?;
    parse(&answer).ok_or_else(|| {
        Error::new(
            ErrorKind::Internal,
            "daemon_unreachable",
            format!("what answers at {address} is no Loaxa daemon; name its address with --to"),
        )
    })
}

/// An answer with a length of its own, as our daemon gives; None of anything else.
fn parse(answer: &[u8]) -> Option<(u16, Value)> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some((status, serde_json::from_slice(&answer[end + 4..]).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_and_nonsense_is_not() {
        let good = b"HTTP/1.1 409 Conflict\r\nContent-Length: 13\r\n\r\n{\"code\":\"no\"}";
        assert_eq!(parse(good), Some((409, serde_json::json!({ "code": "no" }))));
        for bad in [
            &b""[..],
            b"HTTP/1.1",
            b"HTTP/1.1 \r\n\r\n{}",
            b"SSH-2.0-x\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\n\r\nhello",
        ] {
            assert_eq!(parse(bad), None);
        }
    }
}
