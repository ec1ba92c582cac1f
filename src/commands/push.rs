//! `loaxa push`: the district's client. One recording, sent until it has arrived or the station says no.
//!
//! An upload that is cut is sent again from its beginning, with the same `Idempotency-Key`: the station keeps nothing of
//! a part, and answers a repetition of what it has with what it answered then.

mod body;
mod order;
mod progress;

use super::http::{Answer, Failure, Station, authorized, request};
use super::{complain, print_line};
use crate::cli::PushArguments;
use crate::error::{Error, ErrorKind, Result};
use crate::ids;
use crate::tls::Trust;
use body::Upload;
use hyper::{Method, header};
use progress::Progress;
use serde_json::{Value, json};
use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Pauses between tries: six tries in about a minute.
const PAUSES: [u64; 5] = [1, 2, 5, 15, 30];
/// When nothing of an upload could be sent for so long, and no answer came, the line is cut.
const STALLED: Duration = Duration::from_secs(60);
/// An answer comes when the recording is inspected, or this long after its last byte.
const ANSWER: Duration = Duration::from_secs(600);
/// Other answers.
const SHORT: Duration = Duration::from_secs(30);
/// Where a token may lie, to keep it off the list of processes.
const TOKEN_VARIABLE: &str = "LOAXA_TOKEN";

/// What a station said in the end.
enum End {
    Done(Value),
    No(Value),
}

/// `loaxa push`. Exit code 0 when the station has it, 1 when it says no or cannot be reached, 2 for wrong use.
pub fn push(arguments: &PushArguments) -> Result<ExitCode> {
    let token = token(arguments.token.as_deref())?;
    let trust = arguments.pin.clone().map_or(Trust::Authorities, Trust::Pinned);
    let station = Station::at(&arguments.to, trust)?;
    let upload = Upload::open(&arguments.file, &meta(arguments))?;
    let signing = order::Signing::of(arguments)?;
    let runtime = super::amp::runtime()?;
    let end = runtime.block_on(deliver(&station, &token, upload, arguments, signing.as_ref()))?;
    match end {
        End::Done(segment) if arguments.json => print_line(&segment.to_string())?,
        End::Done(segment) => print_line(&format!(
            "{}: {}, {}",
            arguments.file.display(),
            segment["id"].as_str().unwrap_or("?"),
            segment["state"].as_str().unwrap_or("?")
        ))?,
        End::No(problem) => {
            if arguments.json {
                print_line(&problem.to_string())?;
            }
            complain(&Error::new(
                ErrorKind::Internal,
                "refused",
                problem["says"].as_str().unwrap_or("refused"),
            ));
            return Ok(ExitCode::from(1));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn token(argument: Option<&str>) -> Result<String> {
    let token = match argument {
        Some("-") => {
            let mut text = String::new();
            std::io::stdin()
                .take(4096)
                .read_to_string(&mut text)
                .map_err(|error| Error::io("standard input", &error))?;
            text
        }
        Some(token) => token.to_owned(),
        None => std::env::var(TOKEN_VARIABLE).map_err(|_| {
            Error::unacceptable(
                "no_token",
                format!("no token is given; set {TOKEN_VARIABLE}, or write --token - and give it on standard input"),
            )
        })?,
    };
    Ok(token.trim().to_owned())
}

fn meta(arguments: &PushArguments) -> Value {
    json!({ "title": arguments.title, "language": arguments.lang, "class": arguments.class })
}

async fn deliver(
    station: &Station,
    token: &str,
    upload: Upload,
    arguments: &PushArguments,
    signing: Option<&order::Signing>,
) -> Result<End> {
    // asked first: a token that is not let in, or a stranger who answers, must not cost an upload
    let caller = match ask(station, || request(Method::GET, "/api/v1/session", token, None)).await? {
        Ok(answer) => answer.body,
        Err(no) => return Ok(no),
    };
    if let Some(no) = lacks(&caller, arguments.programme.is_some()) {
        return Ok(no);
    }
    let upload = Arc::new(upload);
    let key = ids::hex(&ids::random::<16>()?);
    let progress = Progress::start(upload.length());
    let sent = tries(|| {
        let (upload, progress) = (Arc::clone(&upload), progress.clone());
        let key = key.clone();
        async move {
            progress.again();
            let body = upload.body(&progress).await?;
            let request = authorized(Method::POST, "/api/v1/segments", token)?
                .header(header::CONTENT_TYPE, upload.kind())
                .header(header::CONTENT_LENGTH, upload.length())
                .header("idempotency-key", key)
                .body(body)
                .map_err(|error| Error::internal(format!("a request: {error}")))?;
            tokio::select! {
                answer = station.send(request) => Ok(answer),
                why = progress.stalled(STALLED, ANSWER) => Ok(Err(Failure::Line(why))),
            }
        }
    })
    .await;
    progress.end();
    let mut segment = match sent? {
        Ok(answer) => answer.body,
        Err(no) => return Ok(no),
    };
    if segment["state"] == "rejected" {
        segment["says"] = json!(format!(
            "the station rejected it: {}",
            segment["reason"].as_str().unwrap_or("no reason given")
        ));
        return Ok(End::No(segment));
    }
    if let Some(signing) = signing {
        match signing.send(station, token, &segment, arguments).await? {
            End::Done(order) => segment["order"] = order,
            End::No(mut problem) => {
                let said = problem["says"].as_str().unwrap_or_default();
                let id = segment["id"].as_str().unwrap_or("?");
                problem["says"] = json!(format!("the recording arrived as {id}, but not its order: {said}"));
                problem["segment"] = segment;
                return Ok(End::No(problem));
            }
        }
    }
    let Some(programme) = &arguments.programme else {
        return Ok(End::Done(segment));
    };
    match add_to(station, token, programme, segment["id"].as_str().unwrap_or_default()).await? {
        None => {
            segment["programme"] = json!(programme);
            Ok(End::Done(segment))
        }
        Some(End::No(mut problem)) => {
            let said = problem["says"].as_str().unwrap_or_default();
            problem["says"] = json!(format!(
                "the recording arrived as {}, but is not in programme {programme}: {said}",
                segment["id"].as_str().unwrap_or("?")
            ));
            problem["segment"] = segment;
            Ok(End::No(problem))
        }
        Some(done) => Ok(done),
    }
}

/// What this caller may not, of what is asked of it.
fn lacks(caller: &Value, plans: bool) -> Option<End> {
    let scopes = caller["scopes"].as_array()?;
    let needed = ["segments:write", "schedule:write"].into_iter().take(if plans { 2 } else { 1 });
    let missing: Vec<&str> = needed.filter(|scope| !scopes.iter().any(|it| it == scope)).collect();
    (!missing.is_empty()).then(|| {
        let says = format!(
            "this token lacks the scope {}, and nothing was sent; make one at the station with loaxa token create --scope",
            missing.join(" and ")
        );
        End::No(json!({ "status": 403, "code": "missing_scope", "detail": says, "says": says }))
    })
}

/// Puts the recording at the end of a programme; None when it is there.
async fn add_to(station: &Station, token: &str, programme: &str, segment: &str) -> Result<Option<End>> {
    if !programme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(Error::unacceptable(
            "bad_id",
            format!("--programme {programme:?} is no id; GET /programmes lists them"),
        ));
    }
    let path = format!("/api/v1/programmes/{programme}");
    let mut last = None;
    // somebody else may change it at the same time
    for _ in 0..5 {
        let known = match ask(station, || request(Method::GET, &path, token, None)).await? {
            Ok(known) => known,
            Err(no) => return Ok(Some(no)),
        };
        let mut draft = known.body;
        if let Some(fields) = draft.as_object_mut() {
            // what the station adds is not sent back
            for name in ["id", "version", "changed_at"] {
                fields.remove(name);
            }
        }
        let there = draft["segments"].as_array().is_some_and(|all| all.iter().any(|it| it == segment));
        if there {
            return Ok(None);
        }
        if let Some(all) = draft["segments"].as_array_mut() {
            all.push(json!(segment));
        }
        let etag = known.etag.unwrap_or_default();
        let put = ask(station, || {
            let mut put = request(Method::PUT, &path, token, Some(&draft))?;
            if let Ok(etag) = etag.parse() {
                put.headers_mut().insert(header::IF_MATCH, etag);
            }
            Ok(put)
        });
        match put.await? {
            Ok(_) => return Ok(None),
            Err(End::No(problem)) if problem["status"] == 412 => last = Some(End::No(problem)),
            Err(no) => return Ok(Some(no)),
        }
    }
    Ok(last)
}

/// A short request, tried until there is an answer.
async fn ask(
    station: &Station,
    make: impl Fn() -> Result<hyper::Request<http_body_util::Full<bytes::Bytes>>>,
) -> Result<std::result::Result<Answer, End>> {
    tries(|| {
        let made = make();
        async move {
            let sending = station.send(made?);
            Ok(tokio::time::timeout(SHORT, sending)
                .await
                .unwrap_or_else(|_| Err(Failure::Line("the station does not answer within 30 s".to_owned()))))
        }
    })
    .await
}

/// Tries until there is an answer that trying again would not change.
async fn tries<F>(mut once: impl FnMut() -> F) -> Result<std::result::Result<Answer, End>>
where
    F: Future<Output = Result<std::result::Result<Answer, Failure>>>,
{
    let mut pauses = PAUSES.iter().copied();
    loop {
        let (no, wait) = match once().await? {
            Ok(answer) if answer.good() => return Ok(Ok(answer)),
            Ok(answer) => {
                let says = answer.told();
                // 408 and 503: later; 429: when it says so; a body that broke off on the way
                let later =
                    [408, 429, 502, 503, 504].contains(&answer.status) || answer.body["code"] == "upload_cut";
                let mut problem =
                    if answer.body.is_object() { answer.body } else { json!({ "status": answer.status }) };
                problem["says"] = json!(says);
                (problem, later.then_some(answer.retry_after.unwrap_or(0).min(120)))
            }
            Err(Failure::Line(why)) => (json!({ "code": "unreachable", "says": why }), Some(0)),
            Err(Failure::Stranger(why)) => (json!({ "code": "stranger", "says": why }), None),
        };
        let (Some(wait), Some(pause)) = (wait, pauses.next()) else {
            return Ok(Err(End::No(no)));
        };
        let wait = pause.max(wait);
        eprintln!("loaxa: {}; trying again in {wait} s", no["says"].as_str().unwrap_or("no answer"));
        tokio::time::sleep(Duration::from_secs(wait)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tokio::time::Instant;

    fn answer(status: u16, retry_after: Option<u64>) -> std::result::Result<Answer, Failure> {
        Ok(Answer {
            status,
            etag: None,
            retry_after,
            body: json!({ "status": status, "code": "x", "detail": "why" }),
        })
    }

    async fn run(script: &[fn() -> std::result::Result<Answer, Failure>]) -> (bool, usize, u64) {
        let (count, begun) = (Cell::new(0), Instant::now());
        let end = tries(|| {
            let step = script[count.get().min(script.len() - 1)];
            count.set(count.get() + 1);
            async move { Ok(step()) }
        });
        let good = end.await.unwrap().is_ok();
        (good, count.get(), begun.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn what_can_pass_is_tried_again_and_what_cannot_is_not() {
        let cut = || Err(Failure::Line("cut".to_owned()));
        assert_eq!(run(&[cut, cut, || answer(201, None)]).await, (true, 3, 3));
        assert_eq!(run(&[cut]).await, (false, 6, 53));
        assert_eq!(run(&[|| answer(429, Some(40)), || answer(200, None)]).await, (true, 2, 40));
        assert_eq!(run(&[|| answer(503, None), || answer(200, None)]).await, (true, 2, 1));
        for no in [|| answer(401, None), || answer(422, None), || answer(500, None), || answer(507, None)] {
            assert_eq!(run(&[no]).await, (false, 1, 0));
        }
        assert_eq!(run(&[|| Err(Failure::Stranger("who".to_owned()))]).await, (false, 1, 0));
    }
}
