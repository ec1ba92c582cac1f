//! Keys of those above the station who may sign orders: taken in, replaced, revoked; each change with its row in the airing
//! log.

use super::{Change, Store, col, from_json, nanos, station, storage, time, to_json};
use crate::error::{Error, ErrorKind, Result};
use crate::ids;
use jiff::Timestamp;
use loaxa_evidence::{VerifierKey, hex};
use loaxa_schedules::Class;
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde_json::json;
use std::collections::BTreeSet;

const COLUMNS: &str =
    "SELECT id, name, tier, holder, key, classes, valid_from, valid_until, counter, created_by, created_at,
    replaced_by, replaced_at, revoked_by, revoked_at, version FROM publishers";
const INSERT: &str =
    "INSERT INTO publishers (id, name, tier, holder, key, public, classes, valid_from, valid_until, counter,
    created_by, created_at, version)
  VALUES (:id, :name, :tier, :holder, :key, :public, :classes, :from, :until, :counter, :by, :at, 1)";
const REVOKE: &str =
    "UPDATE publishers SET revoked_by = :by, revoked_at = :at, version = version + 1 WHERE id = :id";
const REPLACE: &str =
    "UPDATE publishers SET replaced_by = :new, replaced_at = :at, version = version + 1 WHERE id = :id";
const COUNT: &str = "UPDATE publishers SET counter = :counter WHERE id = :id AND counter < :counter";
const HOW_MANY: &str = "SELECT COUNT(*) FROM publishers";
const KNOWN: &str = "SELECT EXISTS (SELECT 1 FROM publishers WHERE public = :public)";
/// No station has so many; each order is held against all of them.
const MOST: i64 = 500;
/// The fact that counts changes of publishers: another process may make them.
const CHANGES: &str = "publishers";

/// A key that is to be taken in.
#[derive(Debug, Clone)]
pub struct NewPublisher {
    /// Whose key it is.
    pub name: String,
    /// Of the administration.
    pub tier: Option<String>,
    /// The person whose name its orders must have.
    pub holder: Option<String>,
    /// The key.
    pub key: VerifierKey,
    /// What it may order.
    pub classes: BTreeSet<Class>,
    /// Signs nothing before.
    pub valid_from: Option<Timestamp>,
    /// Nothing that it signed counts after.
    pub valid_until: Option<Timestamp>,
}

/// A publisher's key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// Its id.
    pub id: String,
    /// Whose key it is.
    pub name: String,
    /// Of the administration.
    pub tier: Option<String>,
    /// The person whose name its orders must have.
    pub holder: Option<String>,
    /// The key.
    pub key: VerifierKey,
    /// What it may order.
    pub classes: BTreeSet<Class>,
    /// Signs nothing before.
    pub valid_from: Option<Timestamp>,
    /// Nothing that it signed counts after.
    pub valid_until: Option<Timestamp>,
    /// The highest counter of its orders that was taken.
    pub counter: i64,
    /// Identity, or a word, of who took it in: `console`, or the id of the order by which the key before did.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// The key that took its place, and since when: it signs nothing more, and what it signed counts.
    pub replaced: Option<(String, Timestamp)>,
    /// Who revoked it, and when: nothing that it signed counts.
    pub revoked: Option<(String, Timestamp)>,
    /// Counts up with each change.
    pub version: i64,
}

impl Store {
    /// Takes a key in. `counter`: what is known elsewhere of the highest that it used.
    ///
    /// # Errors
    /// `key_known` when the station has it already, revoked or not; `too_many_keys`.
    pub fn add_publisher(
        &self,
        new: &NewPublisher,
        counter: i64,
        by: &str,
        at: Timestamp,
    ) -> Result<Publisher> {
        self.write(|transaction| add(transaction, new, counter, by, at))
    }

    /// Publishers' keys in the order in which they came, revoked ones too.
    pub fn publishers(&self, after: Option<&str>, limit: u32) -> Result<Vec<Publisher>> {
        self.read(|connection| list(connection, after, limit))
    }

    /// One publisher's key.
    ///
    /// # Errors
    /// `not_found`.
    pub fn publisher(&self, id: &str) -> Result<Publisher> {
        self.read(|connection| require(connection, id))
    }

    /// Revokes a key, and those that took its place: whoever stole it may have signed them in. What they signed counts no
    /// more from now on.
    ///
    /// # Errors
    /// `not_found`.
    pub fn revoke_publisher(&self, id: &str, by: &str, at: Timestamp) -> Result<Publisher> {
        self.write(|transaction| {
            let mut next = Some(id.to_owned());
            while let Some(id) = next {
                let found = require(transaction, &id)?;
                if found.revoked.is_none() {
                    let parameters = named_params! { ":id": id, ":by": by, ":at": nanos(at) };
                    transaction.execute(REVOKE, parameters).map_err(storage)?;
                    told(transaction, "revoked", &found, by, at)?;
                }
                next = found.replaced.map(|(new, _)| new);
            }
            require(transaction, id)
        })
    }

    /// A number that is another one when publishers changed, whoever changed them.
    pub fn publisher_changes(&self) -> Result<i64> {
        self.read(changes)
    }

    /// Raises counters to what is known of them elsewhere, with a row that says so: the database is older than that. How many
    /// were raised.
    pub fn raise_counters(
        &self,
        known: impl Fn(&VerifierKey) -> Option<i64>,
        at: Timestamp,
    ) -> Result<usize> {
        self.write(|transaction| {
            let mut raised = Vec::new();
            for publisher in list(transaction, None, u32::MAX)? {
                let Some(counter) = known(&publisher.key).filter(|it| *it > publisher.counter) else {
                    continue;
                };
                count(transaction, &publisher.id, counter)?;
                raised.push(json!({ "publisher": publisher.id, "from": publisher.counter, "to": counter }));
            }
            if !raised.is_empty() {
                let body = json!({ "what": "counters_raised", "keys": raised });
                super::chain::append(transaction, at, "publisher", &body)?;
            }
            Ok(raised.len())
        })
    }
}

fn changes(connection: &Connection) -> Result<i64> {
    let text = station::get(connection, CHANGES)?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// The row about a change, and the word to whoever watches.
fn told(change: &Change<'_>, what: &str, it: &Publisher, by: &str, at: Timestamp) -> Result<()> {
    let body = json!({
        "what": what, "id": it.id, "name": it.name, "tier": it.tier, "holder": it.holder, "key": it.key.to_string(),
        "classes": it.classes, "valid_from": it.valid_from.map(|at| at.to_string()),
        "valid_until": it.valid_until.map(|at| at.to_string()), "by": by,
    });
    super::chain::append(change, at, "publisher", &body)?;
    station::put(change, CHANGES, &(changes(change)? + 1).to_string())
}

pub(super) fn add(
    change: &Change<'_>,
    new: &NewPublisher,
    counter: i64,
    by: &str,
    at: Timestamp,
) -> Result<Publisher> {
    let public = hex(new.key.public());
    let known: bool =
        change.query_row(KNOWN, named_params! { ":public": public }, |row| row.get(0)).map_err(storage)?;
    if known {
        return Err(Error::new(
            ErrorKind::Conflict,
            "key_known",
            format!(
                "the key {} is or was on this station already; a key that was revoked never comes back: make a new one with `loaxa key new`",
                new.key.name()
            ),
        )
        .vi("Đài đã có khóa này (kể cả khóa đã thu hồi). Hãy tạo khóa mới bằng `loaxa key new`."));
    }
    if change.query_row(HOW_MANY, [], |row| row.get::<_, i64>(0)).map_err(storage)? >= MOST {
        return Err(Error::new(
            ErrorKind::Conflict,
            "too_many_keys",
            format!("the station has {MOST} publishers' keys already, and takes no more"),
        ));
    }
    let id = ids::new_id(at).to_string();
    change
        .execute(
            INSERT,
            named_params! {
                ":id": id, ":name": new.name, ":tier": new.tier, ":holder": new.holder, ":key": new.key.to_string(),
                ":public": public, ":classes": to_json(&new.classes)?, ":from": new.valid_from.map(nanos),
                ":until": new.valid_until.map(nanos), ":counter": counter, ":by": by, ":at": nanos(at),
            },
        )
        .map_err(storage)?;
    let made = require(change, &id)?;
    told(change, "added", &made, by, at)?;
    Ok(made)
}

/// Puts a key in the place of another one, by that one's own order.
pub(super) fn replace(
    change: &Change<'_>,
    old: &Publisher,
    key: &VerifierKey,
    order: &str,
    at: Timestamp,
) -> Result<()> {
    let new = NewPublisher {
        name: old.name.clone(),
        tier: old.tier.clone(),
        holder: old.holder.clone(),
        key: key.clone(),
        classes: old.classes.clone(),
        valid_from: None,
        valid_until: old.valid_until,
    };
    let made = add(change, &new, 0, &format!("order {order}"), at)?;
    let parameters = named_params! { ":id": old.id, ":new": made.id, ":at": nanos(at) };
    change.execute(REPLACE, parameters).map_err(storage)?;
    told(change, "replaced", old, &format!("order {order}"), at)
}

pub(super) fn count(connection: &Connection, id: &str, counter: i64) -> Result<bool> {
    let changed =
        connection.execute(COUNT, named_params! { ":id": id, ":counter": counter }).map_err(storage)?;
    Ok(changed > 0)
}

fn list(connection: &Connection, after: Option<&str>, limit: u32) -> Result<Vec<Publisher>> {
    let sql = format!("{COLUMNS} WHERE id > :after ORDER BY id LIMIT :limit");
    let mut statement = connection.prepare_cached(&sql).map_err(storage)?;
    let mut rows = statement
        .query(named_params! { ":after": after.unwrap_or_default(), ":limit": limit })
        .map_err(storage)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(storage)? {
        found.push(publisher(row)?);
    }
    Ok(found)
}

pub(super) fn require(connection: &Connection, id: &str) -> Result<Publisher> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE id = :id")).map_err(storage)?;
    statement
        .query_row(named_params! { ":id": id }, |row| Ok(publisher(row)))
        .optional()
        .map_err(storage)?
        .transpose()?
        .ok_or_else(|| Error::not_found("publisher", id))
}

fn publisher(row: &Row<'_>) -> Result<Publisher> {
    let id: String = col(row, 0)?;
    let key: String = col(row, 4)?;
    let key = key.parse().map_err(|why| {
        Error::internal(format!("the key of publisher {id} in the database: {why}; restore a backup"))
    })?;
    let instant = |index| Ok(col::<Option<i64>>(row, index)?.map(time));
    let pair = |who, when| -> Result<Option<(String, Timestamp)>> {
        Ok(col::<Option<String>>(row, who)?.zip(instant(when)?))
    };
    Ok(Publisher {
        name: col(row, 1)?,
        tier: col(row, 2)?,
        holder: col(row, 3)?,
        key,
        classes: from_json("a publisher's classes", &col::<String>(row, 5)?)?,
        valid_from: instant(6)?,
        valid_until: instant(7)?,
        counter: col(row, 8)?,
        created_by: col(row, 9)?,
        created_at: time(col(row, 10)?),
        replaced: pair(11, 12)?,
        revoked: pair(13, 14)?,
        version: col(row, 15)?,
        id,
    })
}
