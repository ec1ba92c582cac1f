//! HTTP/1.1 by hand: one request a connection, so that a test can also send what no library would.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// No answer of the station takes longer, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody who talks to a station.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) port: u16,
    pub(crate) token: Option<String>,
}

/// What is sent behind the headers.
pub(crate) enum Body<'a> {
    None,
    Whole(&'a [u8]),
    /// Without a length, in chunks of so many bytes.
    Chunked(&'a [u8], usize),
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Every value of a header that may come several times.
    pub(crate) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("an answer in UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{} is no JSON: {error}: {}", self.status, self.text()))
    }

    /// The answer, when it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// A refusal as every refusal must be: a problem with this status and code, a sentence, and nothing of the inside.
    #[track_caller]
    pub(crate) fn refuses(&self, what: &str, status: u16, code: &str) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{what}: {text}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{what}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{what}: {text}");
        assert_eq!(problem["status"], status, "{what}: {text}");
        assert_eq!(problem["type"], format!("urn:loaxa:problem:{code}"), "{what}: {text}");
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{what}: {text}");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.len() > 10, "{what} is told why: {text}");
        assert!(!detail.contains("/tmp/"), "{what} is told of no folder: {text}");
        problem
    }
}

impl Client {
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], Body::None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.json("POST", path, &[], body)
    }

    pub(crate) fn json(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let body = body.to_string();
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.send(method, path, &all, Body::Whole(body.as_bytes()))
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Body<'_>) -> Answer {
        self.try_send(method, path, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// As `send`, for stations that may die meanwhile.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Body<'_>,
    ) -> std::io::Result<Answer> {
        let mut stream = self.open(method, path, headers, &body)?;
        // a station that refuses answers before it has read everything: what it says counts, not the broken pipe
        let sent = match body {
            Body::None => Ok(()),
            Body::Whole(bytes) => stream.write_all(bytes),
            Body::Chunked(bytes, size) => send_chunks(&mut stream, bytes, size),
        };
        let mut raw = Vec::new();
        if let Err(error) = stream.read_to_end(&mut raw)
            && raw.is_empty()
        {
            return Err(error);
        }
        match parse(&raw) {
            Some(answer) => Ok(answer),
            None => Err(sent.err().unwrap_or_else(|| {
                std::io::Error::other(format!("no answer in {:?}", String::from_utf8_lossy(&raw)))
            })),
        }
    }

    /// Sends the head of a request; the rest is up to the caller.
    pub(crate) fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Body<'_>,
    ) -> std::io::Result<TcpStream> {
        let mut head = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n",
            self.port
        );
        if let Some(token) = &self.token {
            head += &format!("authorization: Bearer {token}\r\n");
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        match body {
            Body::None => {}
            Body::Whole(bytes) => head += &format!("content-length: {}\r\n", bytes.len()),
            Body::Chunked(..) => head += "transfer-encoding: chunked\r\n",
        }
        head += "\r\n";
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(head.as_bytes())?;
        Ok(stream)
    }

    /// The lines of an endless answer, from behind its headers on.
    pub(crate) fn lines(&self, path: &str) -> impl Iterator<Item = String> + use<> {
        let stream = self.open("GET", path, &[], &Body::None).expect("a connection");
        BufReader::new(stream).lines().map_while(Result::ok)
    }
}

fn send_chunks(stream: &mut TcpStream, bytes: &[u8], size: usize) -> std::io::Result<()> {
    for chunk in bytes.chunks(size) {
        stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes())?;
        stream.write_all(chunk)?;
        stream.write_all(b"\r\n")?;
    }
    stream.write_all(b"0\r\n\r\n")
}

pub(crate) fn parse(raw: &[u8]) -> Option<Answer> {
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&raw[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let chunked = headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked")
    });
    let body = &raw[end + 4..];
    let body = if chunked { unchunk(body)? } else { body.to_vec() };
    Some(Answer { status, headers, body })
}

fn unchunk(mut raw: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = raw.windows(2).position(|two| two == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&raw[..line]).ok()?.trim(), 16).ok()?;
        raw = &raw[line + 2..];
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(raw.get(..length)?);
        raw = raw.get(length + 2..)?;
    }
}

/// The boundary of every upload of these tests.
const BOUNDARY: &str = "----a-boundary-of-the-station-tests";

/// The content type and the body of an upload with these parts: name, file name, bytes.
pub(crate) fn multipart(parts: &[(&str, Option<&str>, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        body.extend_from_slice(
            format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"").as_bytes(),
        );
        if let Some(file) = file {
            body.extend_from_slice(format!("; filename=\"{file}\"").as_bytes());
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
