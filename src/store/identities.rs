//! People, tokens and browser sessions. Secrets arrive here already hashed.

use super::{Store, col, from_json, nanos, storage, time, to_json};
use crate::access::{Role, Scope};
use crate::error::{Error, ErrorKind, Result};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, named_params};
use std::collections::BTreeSet;

const INSERT: &str =
    "INSERT INTO identities (id, kind, name, role, scopes, secret, one_time, created_at, expires_at)
                      VALUES (:id, :kind, :name, :role, :scopes, :secret, :one_time, :at, :expires)";
const COLUMNS: &str =
    "SELECT id, kind, name, role, scopes, secret, one_time, expires_at, revoked_at FROM identities";
const SET_PASSWORD: &str = "UPDATE identities SET secret = :secret, one_time = 0 WHERE id = :id";
const END_SESSIONS: &str = "DELETE FROM sessions WHERE identity = :id";
const INSERT_SESSION: &str = "INSERT INTO sessions (hash, identity, created_at, seen_at, expires_at)
                              VALUES (:hash, :identity, :at, :at, :expires)";
const SESSION: &str = "SELECT identity, seen_at, expires_at FROM sessions WHERE hash = :hash";
const SEEN: &str = "UPDATE sessions SET seen_at = :at WHERE hash = :hash";
const END_SESSION: &str = "DELETE FROM sessions WHERE hash = :hash";

/// What an identity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityKind {
    /// Somebody with a password.
    Person,
    /// A program with a token.
    Token,
}

impl IdentityKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Token => "token",
        }
    }
}

/// A person or token as it is kept.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Its id, which stands in every row about what it did.
    pub id: String,
    /// Person or token.
    pub kind: IdentityKind,
    /// Name for people to read.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// People: Argon2id PHC string. Tokens: SHA-256 of the secret in hexadecimal.
    pub secret: String,
    /// The password must be replaced before anything else.
    pub one_time: bool,
    /// Not valid from then on.
    pub expires_at: Option<Timestamp>,
    /// Not valid since.
    pub revoked_at: Option<Timestamp>,
}

/// A person or token to be kept.
#[derive(Debug)]
pub struct NewIdentity<'a> {
    /// Its id.
    pub id: String,
    /// Person or token.
    pub kind: IdentityKind,
    /// Name for people to read.
    pub name: &'a str,
    /// Role, for people.
    pub role: Option<Role>,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// The hash.
    pub secret: String,
    /// The password must be replaced before anything else.
    pub one_time: bool,
    /// Not valid from then on.
    pub expires_at: Option<Timestamp>,
}

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

impl Store {
    /// Keeps a new person or token, with its row in the airing log (never the secret).
    ///
    /// # Errors
    /// `name_taken` when a person of that name exists.
    pub fn add_identity(&self, new: &NewIdentity<'_>, by: &str, at: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let scopes = to_json(&new.scopes)?;
            let inserted = transaction.execute(
                INSERT,
                named_params! {
                    ":id": new.id, ":kind": new.kind.as_str(), ":name": new.name, ":role": new.role.map(Role::as_str),
                    ":scopes": scopes, ":secret": new.secret, ":one_time": new.one_time, ":at": nanos(at),
                    ":expires": new.expires_at.map(nanos),
                },
            );
            match inserted {
                Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {
                    return Err(Error::new(
                        ErrorKind::Conflict,
                        "name_taken",
                        format!("a person named {:?} exists already; choose another name", new.name),
                    ));
                }
                other => other.map_err(storage)?,
            };
            let body = serde_json::json!({
                "what": "added", "id": new.id, "kind": new.kind.as_str(), "name": new.name,
                "role": new.role.map(Role::as_str), "scopes": new.scopes, "by": by,
                "expires_at": new.expires_at.map(|time| time.to_string()),
            });
            super::airings::append(transaction, at, "access", &body)?;
            Ok(())
        })
    }

    /// The identity with this id.
    pub fn identity(&self, id: &str) -> Result<Option<Identity>> {
        self.find_identity(&format!("{COLUMNS} WHERE id = :value"), id)
    }

    /// The person with this name.
    pub fn person(&self, name: &str) -> Result<Option<Identity>> {
        self.find_identity(&format!("{COLUMNS} WHERE kind = 'person' AND name = :value"), name)
    }

    /// Whether anybody at all has been added.
    pub fn has_people(&self) -> Result<bool> {
        self.read(|connection| {
            connection
                .query_row("SELECT EXISTS (SELECT 1 FROM identities WHERE kind = 'person')", [], |row| {
                    row.get(0)
                })
                .map_err(storage)
        })
    }

    fn find_identity(&self, sql: &str, value: &str) -> Result<Option<Identity>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(sql).map_err(storage)?;
            statement
                .query_row(named_params! { ":value": value }, |row| Ok(identity(row)))
                .optional()
                .map_err(storage)?
                .transpose()
        })
    }

    /// Replaces a person's password hash and ends every session that the old one opened.
    pub fn set_password(&self, id: &str, secret: &str, by: &str, at: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction
                .execute(SET_PASSWORD, named_params! { ":id": id, ":secret": secret })
                .map_err(storage)?;
            transaction.execute(END_SESSIONS, named_params! { ":id": id }).map_err(storage)?;
            let body = serde_json::json!({ "what": "password_changed", "id": id, "by": by });
            super::airings::append(transaction, at, "access", &body)?;
            Ok(())
        })
    }

    /// Keeps a session under the hash of its cookie.
    pub fn add_session(&self, hash: &str, identity: &str, at: Timestamp, expires: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let parameters = named_params! {
                ":hash": hash, ":identity": identity, ":at": nanos(at), ":expires": nanos(expires)
            };
            transaction.execute(INSERT_SESSION, parameters).map_err(storage)?;
            Ok(())
        })
    }

    /// The session whose cookie has this hash.
    pub fn session(&self, hash: &str) -> Result<Option<SessionRow>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(SESSION).map_err(storage)?;
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

    /// Notes that a session was used.
    pub fn touch_session(&self, hash: &str, at: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(SEEN, named_params! { ":hash": hash, ":at": nanos(at) }).map_err(storage)?;
            Ok(())
        })
    }

    /// Ends a session.
    pub fn end_session(&self, hash: &str) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(END_SESSION, named_params! { ":hash": hash }).map_err(storage)?;
            Ok(())
        })
    }
}

fn identity(row: &Row<'_>) -> Result<Identity> {
    let kind: String = col(row, 1)?;
    let scopes: String = col(row, 4)?;
    Ok(Identity {
        id: col(row, 0)?,
        kind: if kind == "person" { IdentityKind::Person } else { IdentityKind::Token },
        name: col(row, 2)?,
        scopes: from_json("an identity's scopes", &scopes)?,
        secret: col(row, 5)?,
        one_time: col(row, 6)?,
        expires_at: col::<Option<i64>>(row, 7)?.map(time),
        revoked_at: col::<Option<i64>>(row, 8)?.map(time),
    })
}
