//! Answers to POST requests that carried an `Idempotency-Key`, so that a repeated request changes nothing twice.

use super::{Store, from_json, nanos, storage, to_json};
use crate::error::Result;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, named_params};

const PUT: &str = "INSERT OR REPLACE INTO idempotency (identity, key, request, status, headers, body, at)
                   VALUES (:identity, :key, :request, :status, :headers, :body, :at)";
const GET: &str =
    "SELECT request, status, headers, body FROM idempotency WHERE identity = :identity AND key = :key";
const FORGET: &str = "DELETE FROM idempotency WHERE at < :before";
/// How long an answer can be asked for again.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Method and path of the request that it answered.
    pub request: String,
    /// HTTP status.
    pub status: u16,
    /// The headers that belong to the answer's meaning.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Store {
    /// The answer given to `identity` for this key, if it is still kept.
    pub fn remembered(&self, identity: &str, key: &str) -> Result<Option<Remembered>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(GET).map_err(storage)?;
            let row = statement
                .query_row(named_params! { ":identity": identity, ":key": key }, |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get(3)?))
                })
                .optional()
                .map_err(storage)?;
            row.map(|(request, status, headers, body)| {
                Ok(Remembered { request, status, headers: from_json("a remembered answer", &headers)?, body })
            })
            .transpose()
        })
    }

    /// Keeps an answer for two days.
    pub fn remember_answer(
        &self,
        identity: &str,
        key: &str,
        answer: &Remembered,
        at: Timestamp,
    ) -> Result<()> {
        self.write(|transaction| {
            transaction
                .execute(FORGET, named_params! { ":before": nanos(at - KEPT) })
                .map_err(storage)?;
            let headers = to_json(&answer.headers)?;
            transaction
                .execute(
                    PUT,
                    named_params! {
                        ":identity": identity, ":key": key, ":request": answer.request, ":status": answer.status,
                        ":headers": headers, ":body": answer.body, ":at": nanos(at),
                    },
                )
                .map_err(storage)?;
            Ok(())
        })
    }
}
