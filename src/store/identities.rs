//! People and tokens: made, found, changed and revoked. Secrets arrive here already hashed.

use super::{Store, col, from_json, nanos, storage, time, to_json};
use crate::access::{Role, Scope};
use crate::error::{Error, ErrorKind, Result};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params};
use std::collections::BTreeSet;

const INSERT: &str =
    "INSERT INTO identities (id, kind, name, role, scopes, secret, one_time, created_at, expires_at, created_by, person)
                      VALUES (:id, :kind, :name, :role, :scopes, :secret, :one_time, :at, :expires, :by,
                        IIF(:kind = 'token', (SELECT COALESCE(m.person, m.id) FROM identities m WHERE m.id = :by), NULL))";
const COLUMNS: &str =
    "SELECT i.id, i.kind, i.name, i.scopes, i.secret, i.one_time, i.expires_at, i.revoked_at, i.role, i.created_at,
    i.seen_at, i.version, COALESCE(b.name, i.created_by),
    EXISTS (SELECT 1 FROM second_factors f WHERE f.identity = i.id AND f.confirmed_at IS NOT NULL)
    FROM identities i LEFT JOIN identities b ON b.id = i.created_by";
const LIST: &str = "WHERE i.kind = :kind AND (:after IS NULL OR i.id > :after) ORDER BY i.id LIMIT :limit";
/// Administrators who can still log in, but for one.
const OTHER_ADMINISTRATORS: &str = "SELECT COUNT(*) FROM identities WHERE kind = 'person' AND role = 'admin'
    AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :at) AND id <> :id";
const SET_ROLE: &str =
    "UPDATE identities SET role = :role, scopes = :scopes, version = version + 1 WHERE id = :id";
const SET_ONE_TIME: &str =
    "UPDATE identities SET secret = :secret, one_time = 1, version = version + 1 WHERE id = :id";
const SET_CHANGED: &str = "UPDATE identities SET version = version + 1 WHERE id = :id";
const REVOKE: &str = "UPDATE identities SET revoked_at = :at, version = version + 1 WHERE id = :id";
const FORGET_BROWSERS: &str = "DELETE FROM browsers WHERE identity = :id";
const USED: &str = "UPDATE identities SET seen_at = :at WHERE id = :id";
const SET_PASSWORD: &str =
    "UPDATE identities SET secret = :secret, one_time = 0, version = version + 1 WHERE id = :id";
const END_SESSIONS: &str = "DELETE FROM sessions WHERE identity = :id";

/// What an identity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityKind {
    /// Somebody with a password.
    Person,
    /// A program with a token.
    Token,
}

impl IdentityKind {
    /// Its name, as it stands in the log.
    pub const fn as_str(self) -> &'static str {
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
    /// Role, of people.
    pub role: Option<Role>,
    /// What it may do. Of people: what their role may.
    pub scopes: BTreeSet<Scope>,
    /// People: Argon2id PHC string. Tokens: SHA-256 of the secret in hexadecimal.
    pub secret: String,
    /// The password must be replaced before anything else.
    pub one_time: bool,
    /// Not valid from then on.
    pub expires_at: Option<Timestamp>,
    /// Not valid since.
    pub revoked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it: the name of an identity, or a word such as "console". None when that was not noted yet.
    pub created_by: Option<String>,
    /// Logging in takes a code besides the password.
    pub second_factor: bool,
    /// Last use, to the minute. None before the first.
    pub seen_at: Option<Timestamp>,
    /// Counts up from 1 with each change; the object's `ETag`.
    pub version: i64,
}

impl Identity {
    /// Whether it is let in at this time, as far as the record goes.
    #[must_use]
    pub fn valid(&self, at: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expiry| at < expiry)
    }
}

/// What becomes of a person.
#[derive(Debug)]
pub struct PersonChange<'a> {
    /// Another role.
    pub role: Option<Role>,
    /// The hash of a one-time password in place of theirs.
    pub one_time: Option<&'a str>,
    /// Whether they log in with the password alone from now on.
    pub without_second_factor: bool,
    /// The version that the change was meant for; None where nobody read it before.
    pub version: Option<i64>,
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
                    ":expires": new.expires_at.map(nanos), ":by": by,
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
            super::chain::append(transaction, at, "access", &body)?;
            Ok(())
        })
    }

    /// The identity with this id.
    pub fn identity(&self, id: &str) -> Result<Option<Identity>> {
        self.find_identity(&format!("{COLUMNS} WHERE i.id = :value"), id)
    }

    /// The person with this name.
    pub fn person(&self, name: &str) -> Result<Option<Identity>> {
        self.find_identity(&format!("{COLUMNS} WHERE i.kind = 'person' AND i.name = :value"), name)
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

    /// People or tokens in the order in which they were made, revoked ones too, from behind `after` on.
    pub fn identities(&self, kind: IdentityKind, after: Option<&str>, limit: u32) -> Result<Vec<Identity>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!("{COLUMNS} {LIST}")).map_err(storage)?;
            let parameters = named_params! { ":kind": kind.as_str(), ":after": after, ":limit": limit };
            let rows = statement.query_map(parameters, |row| Ok(identity(row))).map_err(storage)?;
            rows.map(|row| row.map_err(storage)?).collect()
        })
    }

    /// Gives a person another role, a one-time password, or takes their second factor away; their sessions end, and no browser of theirs is known any more.
    ///
    /// # Errors
    /// `not_found`, `changed_meanwhile`, `revoked`, or `last_administrator` where nobody could manage people any more.
    pub fn change_person(
        &self,
        id: &str,
        change: &PersonChange<'_>,
        by: &str,
        at: Timestamp,
    ) -> Result<Identity> {
        self.write(|transaction| {
            let person = required(transaction, IdentityKind::Person, id)?;
            if change.version.is_some_and(|version| version != person.version) {
                return Err(Error::new(
                    ErrorKind::PreconditionFailed,
                    "changed_meanwhile",
                    format!(
                        "{} is at version {}: somebody changed it; read it again, then repeat your change",
                        person.name, person.version
                    ),
                ));
            }
            if person.revoked_at.is_some() {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "revoked",
                    format!("{} was revoked and stays so; add a person under another name", person.name),
                ));
            }
            if let Some(role) = change.role.filter(|role| Some(*role) != person.role) {
                if person.role == Some(Role::Admin) {
                    keep_an_administrator(transaction, id, at)?;
                }
                let scopes = to_json(&role.scopes())?;
                run(
                    transaction,
                    SET_ROLE,
                    named_params! { ":id": id, ":role": role.as_str(), ":scopes": scopes },
                )?;
                let body = serde_json::json!({
                    "what": "role_changed", "id": id, "name": person.name, "role": role.as_str(),
                    "before": person.role.map(Role::as_str), "by": by,
                });
                super::chain::append(transaction, at, "access", &body)?;
            }
            if let Some(secret) = change.one_time {
                run(transaction, SET_ONE_TIME, named_params! { ":id": id, ":secret": secret })?;
                let body =
                    serde_json::json!({ "what": "password_reset", "id": id, "name": person.name, "by": by });
                super::chain::append(transaction, at, "access", &body)?;
            }
            if change.without_second_factor {
                super::second_factor::remove(transaction, id)?;
                run(transaction, SET_CHANGED, named_params! { ":id": id })?;
                let body = serde_json::json!({
                    "what": "second_factor_reset", "id": id, "name": person.name, "by": by,
                });
                super::chain::append(transaction, at, "access", &body)?;
            }
            run(transaction, END_SESSIONS, named_params! { ":id": id })?;
            run(transaction, FORGET_BROWSERS, named_params! { ":id": id })?;
            required(transaction, IdentityKind::Person, id)
        })
    }

    /// Lets a person or token in no more, and ends their sessions. Whoever is revoked already stays so.
    ///
    /// # Errors
    /// `not_found`, or `last_administrator` where nobody could manage people any more.
    pub fn revoke(&self, kind: IdentityKind, id: &str, by: &str, at: Timestamp) -> Result<Identity> {
        self.write(|transaction| {
            let found = required(transaction, kind, id)?;
            if found.revoked_at.is_some() {
                return Ok(found);
            }
            if found.role == Some(Role::Admin) {
                keep_an_administrator(transaction, id, at)?;
            }
            run(transaction, REVOKE, named_params! { ":id": id, ":at": nanos(at) })?;
            run(transaction, END_SESSIONS, named_params! { ":id": id })?;
            run(transaction, FORGET_BROWSERS, named_params! { ":id": id })?;
            let body = serde_json::json!({
                "what": "revoked", "id": id, "kind": kind.as_str(), "name": found.name, "by": by,
            });
            super::chain::append(transaction, at, "access", &body)?;
            required(transaction, kind, id)
        })
    }

    /// Notes when each of these identities and sessions (by the hash of its cookie) was last used, at once.
    pub fn note_uses(
        &self,
        identities: &[(String, Timestamp)],
        sessions: &[(String, Timestamp)],
    ) -> Result<()> {
        self.write(|transaction| {
            for (id, at) in identities {
                run(transaction, USED, named_params! { ":id": id, ":at": nanos(*at) })?;
            }
            for (hash, at) in sessions {
                run(transaction, super::sessions::SEEN, named_params! { ":hash": hash, ":at": nanos(*at) })?;
            }
            Ok(())
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
            super::chain::append(transaction, at, "access", &body)?;
            Ok(())
        })
    }
}

/// Says why the last administrator cannot go.
fn keep_an_administrator(connection: &Connection, id: &str, at: Timestamp) -> Result<()> {
    let parameters = named_params! { ":id": id, ":at": nanos(at) };
    let others: i64 =
        connection.query_row(OTHER_ADMINISTRATORS, parameters, |row| row.get(0)).map_err(storage)?;
    if others > 0 {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Conflict,
        "last_administrator",
        "this is the last administrator, and the station would have none; add another one first",
    )
    .vi("Đây là người quản trị cuối cùng; hãy thêm một người quản trị khác trước."))
}

fn required(connection: &Connection, kind: IdentityKind, id: &str) -> Result<Identity> {
    let mut statement =
        connection.prepare_cached(&format!("{COLUMNS} WHERE i.id = :value")).map_err(storage)?;
    let found = statement
        .query_row(named_params! { ":value": id }, |row| Ok(identity(row)))
        .optional()
        .map_err(storage)?
        .transpose()?;
    found.filter(|found| found.kind == kind).ok_or_else(|| Error::not_found(kind.as_str(), id))
}

fn run(connection: &Connection, sql: &str, parameters: &[(&str, &dyn ToSql)]) -> Result<()> {
    connection.prepare_cached(sql).map_err(storage)?.execute(parameters).map_err(storage)?;
    Ok(())
}

fn identity(row: &Row<'_>) -> Result<Identity> {
    let kind: String = col(row, 1)?;
    let role: Option<String> = col(row, 8)?;
    let role = role.map(|word| word.parse::<Role>()).transpose().map_err(|error| {
        Error::internal(format!("an identity's role in the database: {error}; restore a backup"))
    })?;
    let scopes = match role {
        Some(role) => role.scopes(),
        None => from_json("an identity's scopes", &col::<String>(row, 3)?)?,
    };
    Ok(Identity {
        id: col(row, 0)?,
        kind: if kind == "person" { IdentityKind::Person } else { IdentityKind::Token },
        name: col(row, 2)?,
        role,
        scopes,
        secret: col(row, 4)?,
        one_time: col(row, 5)?,
        expires_at: col::<Option<i64>>(row, 6)?.map(time),
        revoked_at: col::<Option<i64>>(row, 7)?.map(time),
        created_at: time(col(row, 9)?),
        created_by: col(row, 12)?,
        seen_at: col::<Option<i64>>(row, 10)?.map(time),
        version: col(row, 11)?,
        second_factor: col(row, 13)?,
    })
}
