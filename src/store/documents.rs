//! Windows, programmes, campaigns and whatever else people plan with: kept as documents, each change with its row in the airing log.

use super::{Change, Store, from_json, nanos, storage, time, to_json};
use crate::error::{Error, ErrorKind, Result};
use jiff::Timestamp;
use loaxa_schedules::ProgrammeId;
use rusqlite::{Connection, OptionalExtension, named_params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

const INSERT: &str = "INSERT INTO documents (kind, id, version, body, changed_by, changed_at, times_since)
                      VALUES (:kind, :id, 1, :body, :by, :at, :at)";
const UPDATE: &str =
    "UPDATE documents SET version = version + 1, body = :body, changed_by = :by, changed_at = :at,
                        times_since = CASE WHEN :other_times THEN :at ELSE times_since END
                      WHERE kind = :kind AND id = :id";
const TIMES_SINCE: &str =
    "SELECT id, times_since FROM documents WHERE kind = 'programme' AND times_since BETWEEN :from AND :to";
const DELETE: &str = "DELETE FROM documents WHERE kind = :kind AND id = :id";
const ONE: &str = "SELECT version, body, changed_at FROM documents WHERE kind = :kind AND id = :id";
const PAGE: &str = "SELECT version, body, changed_at FROM documents
                    WHERE kind = :kind AND id > :after ORDER BY id LIMIT :limit";

/// The kinds of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// A recurring stretch of permitted air time.
    Window,
    /// A running order with its recurrence.
    Programme,
    /// A group of loudspeakers.
    Zone,
    /// Segments with quotas.
    Campaign,
    /// Days that are not like others.
    Holiday,
    /// A unit of the administration.
    Unit,
}

impl DocumentKind {
    /// The word in the database, in paths and in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Programme => "programme",
            Self::Zone => "zone",
            Self::Campaign => "campaign",
            Self::Holiday => "holiday",
            Self::Unit => "unit",
        }
    }
}

/// A type that is kept as a document.
pub trait Document: Serialize + DeserializeOwned + Clone + Send + 'static {
    /// Which kind it is.
    const KIND: DocumentKind;
    /// Its identity.
    fn id(&self) -> Uuid;
    /// Whether it starts whenever an earlier version of it did, if it says when anything starts.
    fn has_times_of(&self, _earlier: &Self) -> bool {
        true
    }
}

/// A document as it is kept.
#[derive(Debug, Clone)]
pub struct Stored<T> {
    /// Counts up from 1 with each change; the object's `ETag`.
    pub version: i64,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// The object itself.
    pub value: T,
}

impl<T: Document> Stored<T> {
    /// Whether it is still the version that somebody means to change.
    ///
    /// # Errors
    /// `changed_meanwhile` when it is not.
    pub fn require(&self, version: i64) -> Result<()> {
        if self.version == version {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::PreconditionFailed,
            "changed_meanwhile",
            format!(
                "{} {} is at version {} and you meant version {version}: somebody changed it; read it again, then repeat your change",
                T::KIND.as_str(),
                self.value.id(),
                self.version
            ),
        ))
    }
}

impl Store {
    /// Keeps a new document.
    pub fn create<T: Document>(&self, value: &T, by: &str, at: Timestamp) -> Result<Stored<T>> {
        self.write(|transaction| {
            let body = to_json(value)?;
            let mut statement = transaction.prepare_cached(INSERT).map_err(storage)?;
            statement
                .execute(named_params! {
                    ":kind": T::KIND.as_str(), ":id": value.id().to_string(), ":body": body, ":by": by, ":at": nanos(at)
                })
                .map_err(storage)?;
            note_change(transaction, at, "created", value, 1, by)?;
            Ok(Stored { version: 1, changed_at: at, value: value.clone() })
        })
    }

    /// Replaces a document of which the caller knows the `version`.
    ///
    /// # Errors
    /// `not_found`, or `changed_meanwhile` when somebody else was faster.
    pub fn replace<T: Document>(
        &self,
        value: &T,
        version: i64,
        by: &str,
        at: Timestamp,
    ) -> Result<Stored<T>> {
        self.write(|transaction| {
            let stored = require_version::<T>(transaction, value.id(), version)?;
            let body = to_json(value)?;
            let mut statement = transaction.prepare_cached(UPDATE).map_err(storage)?;
            statement
                .execute(named_params! {
                    ":kind": T::KIND.as_str(), ":id": value.id().to_string(), ":body": body, ":by": by, ":at": nanos(at),
                    ":other_times": !value.has_times_of(&stored.value),
                })
                .map_err(storage)?;
            note_change(transaction, at, "changed", value, version + 1, by)?;
            Ok(Stored { version: version + 1, changed_at: at, value: value.clone() })
        })
    }

    /// Removes a document of which the caller knows the `version`. What it aired stays in the log.
    ///
    /// # Errors
    /// `not_found`, or `changed_meanwhile` when somebody else was faster.
    pub fn remove<T: Document>(&self, id: Uuid, version: i64, by: &str, at: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let stored = require_version::<T>(transaction, id, version)?;
            let mut statement = transaction.prepare_cached(DELETE).map_err(storage)?;
            statement
                .execute(named_params! { ":kind": T::KIND.as_str(), ":id": id.to_string() })
                .map_err(storage)?;
            note_change(transaction, at, "removed", &stored.value, version, by)
        })
    }

    /// One document.
    pub fn document<T: Document>(&self, id: Uuid) -> Result<Stored<T>> {
        self.read(|connection| {
            one::<T>(connection, id)?.ok_or_else(|| Error::not_found(T::KIND.as_str(), id))
        })
    }

    /// Up to `limit` documents after `after` in the order in which they were made.
    pub fn documents<T: Document>(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<Stored<T>>> {
        self.read(|connection| {
            let after = after.map(|id| id.to_string()).unwrap_or_default();
            let mut statement = connection.prepare_cached(PAGE).map_err(storage)?;
            let mut rows = statement
                .query(named_params! { ":kind": T::KIND.as_str(), ":after": after, ":limit": limit })
                .map_err(storage)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next().map_err(storage)? {
                found.push(stored(row)?);
            }
            Ok(found)
        })
    }

    /// The programmes that have had their times since some moment in `[from, to]`: when they were made, or when what says
    /// their times was last changed.
    pub fn programmes_timed(&self, from: Timestamp, to: Timestamp) -> Result<Vec<(ProgrammeId, Timestamp)>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(TIMES_SINCE).map_err(storage)?;
            let mut rows =
                statement.query(named_params! { ":from": nanos(from), ":to": nanos(to) }).map_err(storage)?;
            let mut timed = Vec::new();
            while let Some(row) = rows.next().map_err(storage)? {
                let id: String = row.get(0).map_err(storage)?;
                let id = id.parse().map_err(|_| Error::internal(format!("no programme has the id {id}")))?;
                timed.push((id, time(row.get(1).map_err(storage)?)));
            }
            Ok(timed)
        })
    }

    /// Every document of a kind.
    pub fn all_documents<T: Document>(&self) -> Result<Vec<T>> {
        Ok(self.documents::<T>(None, u32::MAX)?.into_iter().map(|stored| stored.value).collect())
    }
}

fn stored<T: Document>(row: &rusqlite::Row<'_>) -> Result<Stored<T>> {
    let body: String = row.get(1).map_err(storage)?;
    Ok(Stored {
        version: row.get(0).map_err(storage)?,
        changed_at: time(row.get(2).map_err(storage)?),
        value: from_json(T::KIND.as_str(), &body)?,
    })
}

fn one<T: Document>(connection: &Connection, id: Uuid) -> Result<Option<Stored<T>>> {
    let mut statement = connection.prepare_cached(ONE).map_err(storage)?;
    statement
        .query_row(named_params! { ":kind": T::KIND.as_str(), ":id": id.to_string() }, |row| Ok(stored(row)))
        .optional()
        .map_err(storage)?
        .transpose()
}

fn require_version<T: Document>(connection: &Connection, id: Uuid, version: i64) -> Result<Stored<T>> {
    let stored = one::<T>(connection, id)?.ok_or_else(|| Error::not_found(T::KIND.as_str(), id))?;
    stored.require(version)?;
    Ok(stored)
}

fn note_change<T: Document>(
    connection: &Change<'_>,
    at: Timestamp,
    what: &str,
    value: &T,
    version: i64,
    by: &str,
) -> Result<()> {
    let object = serde_json::to_value(value)
        .map_err(|error| Error::internal(format!("{} cannot be logged: {error}", T::KIND.as_str())))?;
    let body = serde_json::json!({
        "object": T::KIND.as_str(), "id": value.id().to_string(), "what": what, "version": version, "by": by, "value": object,
    });
    super::chain::append(connection, at, "configuration", &body)?;
    Ok(())
}
