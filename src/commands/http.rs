//! Requests to a station, this machine's or another: HTTP/1.1, plain on loopback, over TLS everywhere else.

use crate::error::{Error, ErrorKind, Result};
use crate::tls::{self, Trust};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Body;
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::Value;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A line that is not there after this is not there.
const CONNECT: Duration = Duration::from_secs(15);
/// No answer is longer.
const LARGEST: usize = 4 * 1024 * 1024;

/// A station, and how it is known.
#[derive(Clone)]
pub(super) struct Station {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// What a station answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    /// In seconds.
    pub(super) retry_after: Option<u64>,
    /// Null when it is no JSON.
    pub(super) body: Value,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The line failed: trying again may help.
    Line(String),
    /// Who answers is not who it should be: trying again would not.
    Stranger(String),
}

impl Station {
    /// A station at `http://…` (loopback only) or `https://…`.
    ///
    /// # Errors
    /// Says what is wrong with the address, or that a token would travel in the open.
    pub(super) fn at(address: &str, trust: Trust) -> Result<Self> {
        let wrong = |why: &str| {
            Error::new(
                ErrorKind::Unacceptable,
                "bad_address",
                format!("{address:?} {why}; write for instance https://192.168.1.20:8443"),
            )
        };
        let uri: Uri = address.parse().map_err(|_| wrong("is no address"))?;
        let host = uri.host().ok_or_else(|| wrong("names no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(wrong("has a path; only scheme, host and port belong there"));
        }
        match uri.scheme_str() {
            Some("https") => {
                let name = tls::name(&host).ok_or_else(|| wrong("names no host"))?;
                let connector = TlsConnector::from(Arc::new(tls::client(trust)?));
                Ok(Self { host, port: uri.port_u16().unwrap_or(443), tls: Some((connector, name)) })
            }
            Some("http") if trust != Trust::Authorities => {
                Err(wrong("is not encrypted, and a pin was given; write https"))
            }
            Some("http") if is_loopback(&host) => {
                Ok(Self { host, port: uri.port_u16().unwrap_or(80), tls: None })
            }
            Some("http") => {
                Err(wrong("would carry the token in the open; plain HTTP is for this machine only"))
            }
            _ => Err(wrong("is neither http nor https")),
        }
    }

    /// Sends one request and reads its answer, which begins to come within `patience` of its last byte.
    pub(super) async fn send<B>(&self, mut request: Request<B>) -> std::result::Result<Answer, Failure>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let line = |error: &dyn std::fmt::Display| {
            Failure::Line(format!("{} port {} does not answer: {error}", self.host, self.port))
        };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if let Ok(host) = format!("{host}:{}", self.port).parse() {
            request.headers_mut().insert(header::HOST, host);
        }
        let connecting = TcpStream::connect((self.host.as_str(), self.port));
        let stream = tokio::time::timeout(CONNECT, connecting)
            .await
            .map_err(|_| line(&"nothing came back"))?
            .map_err(|error| line(&error))?;
        let _ = stream.set_nodelay(true);
        let Some((connector, name)) = &self.tls else {
            return exchange(stream, request).await.map_err(|why| line(&why));
        };
        let stream = tokio::time::timeout(CONNECT, connector.connect(name.clone(), stream))
            .await
            .map_err(|_| line(&"the handshake took too long"))?
            .map_err(|error| match tls::refusal(&error) {
                Some(why) => Failure::Stranger(why),
                None => line(&error),
            })?;
        exchange(stream, request).await.map_err(|why| line(&why))
    }
}

async fn exchange<T, B>(stream: T, request: Request<B>) -> std::result::Result<Answer, String>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let said = |error: hyper::Error| error.to_string();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(said)?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    let answer = match answer {
        Ok(answer) => read(answer).await,
        Err(error) => Err(error.to_string()),
    };
    connection.abort();
    answer
}

async fn read(answer: hyper::Response<hyper::body::Incoming>) -> std::result::Result<Answer, String> {
    let (parts, body) = answer.into_parts();
    let text = |name: header::HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let body = Limited::new(body, LARGEST).collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok(Answer {
        status: parts.status.as_u16(),
        etag: text(header::ETAG).map(str::to_owned),
        retry_after: text(header::RETRY_AFTER).and_then(|seconds| seconds.parse().ok()),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    })
}

impl Answer {
    pub(super) fn good(&self) -> bool {
        StatusCode::from_u16(self.status).is_ok_and(|status| status.is_success())
    }

    /// What a refusal says, with its remedy.
    pub(super) fn told(&self) -> String {
        match self.body["detail"].as_str() {
            Some(detail) => {
                let code = self.body["code"].as_str().unwrap_or("refused");
                format!("the station answers {} ({code}): {detail}", self.status)
            }
            None => format!(
                "what answers is no Loaxa station (status {}); give the address of the station itself",
                self.status
            ),
        }
    }
}

/// A request with a token, and a JSON body or none.
pub(super) fn request(
    method: hyper::Method,
    path: &str,
    token: &str,
    body: Option<&Value>,
) -> Result<Request<http_body_util::Full<Bytes>>> {
    let text = body.map(Value::to_string).unwrap_or_default();
    authorized(method, path, token)?
        .header(header::CONTENT_TYPE, "application/json")
        .body(http_body_util::Full::new(Bytes::from(text)))
        .map_err(|error| Error::internal(format!("a request: {error}")))
}

/// The beginning of a request with a token.
pub(super) fn authorized(
    method: hyper::Method,
    path: &str,
    token: &str,
) -> Result<hyper::http::request::Builder> {
    let bearer = header::HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
        Error::unacceptable("bad_token", "this is no token: letters and digits in one line; copy it again")
    })?;
    Ok(Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, bearer)
        .header(header::CONNECTION, "close"))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_travels_in_the_open() {
        for good in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80/"] {
            assert!(Station::at(good, Trust::Authorities).is_ok(), "{good}");
        }
        let pinned = || Trust::Pinned("ab".repeat(32).parse().unwrap());
        assert!(Station::at("https://192.168.1.20:8443", pinned()).is_ok());
        for (wrong, why) in [
            ("http://192.168.1.20:8080", "in the open"),
            ("http://localhost.evil.example", "in the open"),
            ("ftp://127.0.0.1", "neither"),
            ("127.0.0.1:8080", "write for instance"),
            ("https://station/api", "path"),
            ("", "no address"),
        ] {
            let error = Station::at(wrong, Trust::Authorities).err().unwrap();
            assert!(error.detail.contains(why), "{wrong}: {}", error.detail);
        }
        assert!(Station::at("http://127.0.0.1", pinned()).err().unwrap().detail.contains("pin"));
    }
}
