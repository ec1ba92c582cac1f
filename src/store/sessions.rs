//! Browser sessions, and the browsers in which somebody logged in well. Cookies are kept as hashes.

use super::{Store, col, nanos, storage, time};
use crate::error::{Error, Result};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, named_params};

const INSERT: &str =
    "INSERT INTO sessions (hash, identity, created_at, seen_at, expires_at, id, address, browser)
                      VALUES (:hash, :identity, :at, :at, :expires, :id, :address, :browser)";
const FIND: &str = "SELECT identity, seen_at, expires_at FROM sessions WHERE hash = :hash";
const LIST: &str =
    "SELECT s.id, s.identity, i.name, s.created_at, s.seen_at, s.expires_at, s.address, s.browser, s.hash
    FROM sessions s JOIN identities i ON i.id = s.identity
    WHERE (:identity IS NULL OR s.identity = :identity) AND (:after IS NULL OR s.id > :after)
    AND s.expires_at > :now AND s.seen_at >= :used_since ORDER BY s.id LIMIT :limit";
/// Of one identity, or of anybody.
const OWNER: &str = "SELECT s.identity, i.name FROM sessions s JOIN identities i ON i.id = s.identity
    WHERE s.id = :id AND (:identity IS NULL OR s.identity = :identity)";
pub(super) const SEEN: &str = "UPDATE sessions SET seen_at = :at WHERE hash = :hash";
const END: &str = "DELETE FROM sessions WHERE hash = :hash";
const END_BY_ID: &str = "DELETE FROM sessions WHERE id = :id";
const LAST_SEEN: &str = "UPDATE identities SET seen_at = :at WHERE id = :id";
/// What is over is forgotten when somebody logs in.
const SWEEP: &str = "DELETE FROM sessions WHERE expires_at <= :at";
const KNOW: &str = "INSERT INTO browsers (hash, identity, seen_at) VALUES (:hash, :identity, :at)
                    ON CONFLICT (hash, identity) DO UPDATE SET seen_at = excluded.seen_at";
const KNOWN: &str = "SELECT EXISTS (SELECT 1 FROM browsers WHERE hash = :hash AND (:identity IS NULL OR identity = :identity))";
const FORGET_OLD: &str = "DELETE FROM browsers WHERE identity = :identity AND hash NOT IN
    (SELECT hash FROM browsers WHERE identity = :identity ORDER BY seen_at DESC, hash LIMIT :most)";

/// Browsers that are known for one person: the oldest is forgotten.
const MOST_BROWSERS: u32 = 20;

/// A browser session as it is kept.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Whose it is.
    pub identity: String,
    /// Last use.
    pub seen_at: Timestamp,
    /// Absolute end.
    pub expires_at: Timestamp,
}

/// A session to be kept.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Hash of the cookie.
    pub hash: &'a str,
    /// By which it is listed.
    pub id: &'a str,
    /// Whose it is.
    pub identity: &'a str,
    /// When it ends, used or not.
    pub expires_at: Timestamp,
    /// From where it was opened.
    pub address: &'a str,
    /// What the browser calls itself.
    pub browser: Option<&'a str>,
    /// Hash of the cookie by which the browser is known again.
    pub known_as: &'a str,
}

/// A session as it is listed.
#[derive(Debug, Clone)]
pub struct ListedSession {
    /// By which it is ended.
    pub id: String,
    /// Whose it is: id and name.
    pub identity: (String, String),
    /// When it was opened.
    pub created_at: Timestamp,
    /// Last use, to some minutes.
    pub seen_at: Timestamp,
    /// Absolute end.
    pub expires_at: Timestamp,
    /// From where it was opened.
    pub address: Option<String>,
    /// What the browser called itself.
    pub browser: Option<String>,
    /// Hash of the cookie, to be compared and never shown.
    pub hash: String,
}

impl Store {
    /// Keeps a session, and the browser as one that its person logged in with.
    pub fn add_session(&self, new: &NewSession<'_>, at: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(SWEEP, named_params! { ":at": nanos(at) }).map_err(storage)?;
            let parameters = named_params! {
                ":hash": new.hash, ":identity": new.identity, ":at": nanos(at), ":expires": nanos(new.expires_at),
                ":id": new.id, ":address": new.address, ":browser": new.browser,
            };
            transaction.execute(INSERT, parameters).map_err(storage)?;
            let used = named_params! { ":id": new.identity, ":at": nanos(at) };
            transaction.execute(LAST_SEEN, used).map_err(storage)?;
            let known = named_params! { ":hash": new.known_as, ":identity": new.identity, ":at": nanos(at) };
            transaction.execute(KNOW, known).map_err(storage)?;
            let few = named_params! { ":identity": new.identity, ":most": MOST_BROWSERS };
            transaction.execute(FORGET_OLD, few).map_err(storage)?;
            Ok(())
        })
    }

    /// Whether this identity, or anybody, logged in well in the browser whose cookie has this hash.
    pub fn knows_browser(&self, hash: &str, identity: Option<&str>) -> Result<bool> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(KNOWN).map_err(storage)?;
            statement
                .query_row(named_params! { ":hash": hash, ":identity": identity }, |row| row.get(0))
                .map_err(storage)
        })
    }

    /// The session whose cookie has this hash.
    pub fn session(&self, hash: &str) -> Result<Option<SessionRow>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(FIND).map_err(storage)?;
            statement
                .query_row(named_params! { ":hash": hash }, |row| {
                    Ok(SessionRow {
                        identity: row.get(0)?,
                        seen_at: time(row.get(1)?),
                        expires_at: time(row.get(2)?),
                    })
                })
                .optional()
                .map_err(storage)
        })
    }

    /// Sessions of one identity, or of all, from behind `after` on, that are not over at `now` and were used since `used_since`.
    pub fn sessions(
        &self,
        identity: Option<&str>,
        after: Option<&str>,
        limit: u32,
        (now, used_since): (Timestamp, Timestamp),
    ) -> Result<Vec<ListedSession>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(LIST).map_err(storage)?;
            let parameters = named_params! {
                ":identity": identity, ":after": after, ":limit": limit, ":now": nanos(now),
                ":used_since": nanos(used_since),
            };
            let mut rows = statement.query(parameters).map_err(storage)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next().map_err(storage)? {
                found.push(ListedSession {
                    id: col::<Option<String>>(row, 0)?.unwrap_or_default(),
                    identity: (col(row, 1)?, col(row, 2)?),
                    created_at: time(col(row, 3)?),
                    seen_at: time(col(row, 4)?),
                    expires_at: time(col(row, 5)?),
                    address: col(row, 6)?,
                    browser: col(row, 7)?,
                    hash: col(row, 8)?,
                });
            }
            Ok(found)
        })
    }

    /// Ends a session of one identity, or of anybody, and writes down whose it was where somebody else did it.
    ///
    /// # Errors
    /// `not_found`.
    pub fn end_session_by_id(&self, id: &str, identity: Option<&str>, by: &str, at: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let owner: Option<(String, String)> = transaction
                .query_row(OWNER, named_params! { ":id": id, ":identity": identity }, |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()
                .map_err(storage)?;
            let (owner, name) = owner.ok_or_else(|| Error::not_found("session", id))?;
            transaction.execute(END_BY_ID, named_params! { ":id": id }).map_err(storage)?;
            if owner != by {
                let body =
                    serde_json::json!({ "what": "session_ended", "id": owner, "name": name, "by": by });
                super::chain::append(transaction, at, "access", &body)?;
            }
            Ok(())
        })
    }

    /// Ends a session.
    pub fn end_session(&self, hash: &str) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(END, named_params! { ":hash": hash }).map_err(storage)?;
            Ok(())
        })
    }
}
