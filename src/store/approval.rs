//! May this segment sound? The one answer, which planner, playout and emergencies are given.
//!
//! It is worked out anew whenever a segment is read, from its row as it is now and from the approvals, each of which is
//! bound to a digest of what was approved: whoever changes the row behind our back changes the digest, and it stays silent.

mod carried;
mod decide;
mod edit;
mod urgent;

pub(super) use carried::carry_over;
pub use decide::{Decision, Ruling};
pub(super) use edit::add_hand;
pub(crate) use edit::require_editable;
pub(super) use urgent::confirmed;

use super::segments::NewSegment;
use super::{col, storage, time};
use crate::airing_log::chain::canonical;
use crate::error::Result;
use crate::ids;
use jiff::Timestamp;
use loaxa_schedules::{Class, Standing};
use rusqlite::{Connection, named_params};
use serde_json::json;
use sha2::{Digest, Sha256};

/// The digest's format, and its place among all that is ever hashed.
const FORMAT: &str = "loaxa-approval/1";
/// Approvals of exactly this by people who had no hand in it, in the order in which they were given.
const GIVEN: &str =
    "SELECT a.identity, i.name, a.note, a.at, COALESCE(i.person, i.id) FROM approvals a JOIN identities i ON i.id = a.identity
  WHERE a.segment = :segment AND a.digest = :digest AND NOT EXISTS (SELECT 1 FROM uploaders u
    JOIN identities h ON h.id = u.identity
    WHERE u.segment = a.segment AND COALESCE(h.person, h.id) = COALESCE(i.person, i.id))
  ORDER BY a.number";
const IS_HAND: &str = "SELECT EXISTS (SELECT 1 FROM uploaders u JOIN identities h ON h.id = u.identity
  WHERE u.segment = :segment AND COALESCE(h.person, h.id) = :person)";
const PERSON: &str = "SELECT COALESCE(person, id) FROM identities WHERE id = :id";

/// What has been said of a segment, held against what it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// The digest of what is kept now, lower-case hexadecimal.
    pub digest: String,
    /// How many people must approve it.
    pub needed: usize,
    /// Of exactly this, one a person, by nobody who had a hand in it.
    pub given: Vec<Approval>,
}

/// One person's word that a segment may sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Identity and name.
    pub by: (String, String),
    /// What they wrote.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Approvals {
    /// How many people must still approve it.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.needed.saturating_sub(self.given.len())
    }

    /// Who approved it, for people to read; None while nobody did.
    #[must_use]
    pub fn names(&self) -> Option<String> {
        let names: Vec<&str> = self.given.iter().map(|approval| approval.by.1.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }
}

/// How many people approve a recording of this class before it may sound. An emergency is triggered by one: two vouched for
/// it in advance.
const fn needed(class: Class) -> usize {
    match class {
        Class::Normal | Class::Priority => 1,
        Class::Emergency => 2,
    }
}

/// What an approval is bound to: SHA-256, in lower-case hexadecimal, over the sound's hash and what people see, as canonical
/// JSON (docs/approvals.md).
#[must_use]
pub fn digest(it: &NewSegment) -> String {
    let text = |bound: &Option<loaxa_schedules::Bound>| bound.as_ref().map(ToString::to_string);
    let mut words = json!({
        "format": FORMAT, "sha256": it.sha256, "title": it.title, "language": it.language, "class": it.class.as_str(),
        "music": it.music, "source": it.source, "valid_from": text(&it.valid_from), "valid_until": text(&it.valid_until),
    });
    // what is not trimmed keeps the digest that it had before anything could be
    if let Some(trim) = it.trim {
        words["trim"] = json!(trim);
    }
    if let Some(spoken) = &it.spoken {
        words["text_sha256"] = json!(text_hash(&spoken.text));
    }
    ids::hex(&Sha256::digest(canonical(&words).as_bytes()))
}

/// SHA-256 of a text that was read, in lower-case hexadecimal, over its UTF-8.
#[must_use]
pub fn text_hash(text: &str) -> String {
    ids::hex(&Sha256::digest(text.as_bytes()))
}

/// The answer: what was said of this segment, and how it stands. What its row calls approved is so only while enough people
/// approved exactly what it says now; otherwise it was altered.
pub(super) fn answer(
    connection: &Connection,
    it: &NewSegment,
    kept: Standing,
) -> Result<(Approvals, Standing)> {
    let approvals = given(connection, it)?;
    let standing = match kept {
        Standing::Approved if approvals.missing() > 0 => Standing::Altered,
        as_kept => as_kept,
    };
    Ok((approvals, standing))
}

fn given(connection: &Connection, it: &NewSegment) -> Result<Approvals> {
    let digest = digest(it);
    let mut statement = connection.prepare_cached(GIVEN).map_err(storage)?;
    let mut rows = statement
        .query(named_params! { ":segment": it.id.to_string(), ":digest": digest })
        .map_err(storage)?;
    let (mut people, mut given): (Vec<String>, Vec<Approval>) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next().map_err(storage)? {
        let person: String = col(row, 4)?;
        if people.contains(&person) {
            continue;
        }
        people.push(person);
        given.push(Approval { by: (col(row, 0)?, col(row, 1)?), note: col(row, 2)?, at: time(col(row, 3)?) });
    }
    Ok(Approvals { digest, needed: needed(it.class), given })
}

/// Who stands behind an identity: of a token who made it, as far as that is known.
fn person(connection: &Connection, identity: &str) -> Result<String> {
    let mut statement = connection.prepare_cached(PERSON).map_err(storage)?;
    statement.query_row(named_params! { ":id": identity }, |row| row.get(0)).map_err(storage)
}

/// Whether this person pushed or edited a segment, under whichever identity.
fn is_hand(connection: &Connection, it: &NewSegment, person: &str) -> Result<bool> {
    let mut statement = connection.prepare_cached(IS_HAND).map_err(storage)?;
    statement
        .query_row(named_params! { ":segment": it.id.to_string(), ":person": person }, |row| row.get(0))
        .map_err(storage)
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
