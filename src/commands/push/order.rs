//! `loaxa push --sign-with`: the order that goes with a recording. The station is asked for its name and its fresh number;
//! what is signed of the recording is what the station says that it has, held against what was to be sent.

use super::super::http::{Station, authorized, request};
use super::super::key::secret_key;
use super::super::sign::{People, hash_of, make};
use super::{End, ask};
use crate::cli::PushArguments;
use crate::error::{Error, Result};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, header};
use loaxa_evidence::{Airing, Matter, OrderFor, SigningKey};
use serde_json::Value;
use std::path::PathBuf;

/// With what an order is signed; read before anything is sent.
pub(super) struct Signing {
    file: PathBuf,
    key: SigningKey,
    second: Option<SigningKey>,
    people: People,
    hash: String,
}

impl Signing {
    /// None where no order is asked for.
    ///
    /// # Errors
    /// When a key or the recording cannot be read.
    pub(super) fn of(arguments: &PushArguments) -> Result<Option<Self>> {
        let PushArguments { sign_with, author, approver, expires, .. } = arguments;
        let (Some(file), Some(author), Some(approver), Some(expires)) =
            (sign_with, author, approver, expires)
        else {
            return Ok(None);
        };
        let people = People {
            author: author.clone(),
            approver: approver.clone(),
            not_before: None,
            expires: *expires,
        };
        Ok(Some(Self {
            file: file.clone(),
            key: secret_key(file)?,
            second: arguments.approved_with.as_deref().map(secret_key).transpose()?,
            people,
            hash: hash_of(&arguments.file)?,
        }))
    }

    /// Signs an order for what arrived, and sends it.
    pub(super) async fn send(
        &self,
        station: &Station,
        token: &str,
        segment: &Value,
        arguments: &PushArguments,
    ) -> Result<End> {
        if segment["sha256"] != self.hash.as_str() {
            let why = "the station says that it has another recording than was sent; no order was signed";
            return Err(Error::internal(why));
        }
        let fresh = match ask(station, || request(Method::GET, "/api/v1/orders/nonce", token, None)).await? {
            Ok(fresh) => fresh.body,
            Err(no) => return Ok(no),
        };
        let emergency = arguments.class == "emergency";
        let airing = Airing {
            class: arguments.class.clone(),
            segment: self.hash.clone(),
            title: arguments.title.clone(),
            language: arguments.lang.clone(),
            valid_from: None,
            valid_until: None,
            only: match &arguments.programme {
                _ if emergency => OrderFor::Emergency,
                Some(id) => OrderFor::Programme(id.clone()),
                None => OrderFor::Any,
            },
            nonce: emergency.then(|| fresh["nonce"].as_str().unwrap_or_default().to_owned()),
        };
        let name = fresh["station"].as_str().unwrap_or_default();
        let signed =
            make(name, Matter::Air(airing), &self.people, (&self.file, &self.key), self.second.as_ref())?;
        let text = signed.note.to_string();
        // the same bytes each time: the station takes them once
        let sent = ask(station, || {
            authorized(Method::POST, "/api/v1/orders", token)?
                .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
                .header(header::CONTENT_LENGTH, text.len())
                .body(Full::new(Bytes::from(text.clone())))
                .map_err(|error| Error::internal(format!("a request: {error}")))
        });
        Ok(match sent.await? {
            Ok(answer) => End::Done(answer.body),
            Err(no) => no,
        })
    }
}
