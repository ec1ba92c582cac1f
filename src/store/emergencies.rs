//! Emergencies that somebody sent, and what became of each time that one was to be heard.

use super::airings;
use super::chain::append;
use super::{Airing, Change, Store, col, from_json, nanos, storage, time, to_json};
use crate::error::{Error, Result};
use jiff::Timestamp;
use loaxa_schedules::{EmergencyId, SegmentId, SlotKey, ZoneId};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde_json::json;

const COLUMNS: &str =
    "SELECT e.number, e.id, e.segment, e.title, e.sha256, e.zones, e.expires_at, e.repeat, e.test,
    e.sent_by, s.name, e.sent_at, e.withdrawn_by, w.name, e.withdrawn_at,
    e.digest, e.unapproved, e.confirmed_by, c.name, e.confirmed_at
  FROM emergencies e JOIN identities s ON s.id = e.sent_by LEFT JOIN identities w ON w.id = e.withdrawn_by
    LEFT JOIN identities c ON c.id = e.confirmed_by";
const ADD: &str =
    "INSERT INTO emergencies (id, segment, title, sha256, zones, expires_at, repeat, test, sent_by, sent_at,
    digest, unapproved)
  VALUES (:id, :segment, :title, :sha256, :zones, :expires, :repeat, :test, :by, :at, :digest, :unapproved)";
const WITHDRAW: &str = "UPDATE emergencies SET withdrawn_by = :by, withdrawn_at = :at
  WHERE id = :id AND withdrawn_at IS NULL";
const CONFIRM: &str = "UPDATE emergencies SET confirmed_by = :by, confirmed_at = :at
  WHERE id = :id AND unapproved = 1 AND confirmed_at IS NULL AND withdrawn_at IS NULL";
/// Those that may still be heard, and those of which the log does not say for each time what became of it.
const UNSETTLED: &str =
    "WHERE e.withdrawn_at IS NULL AND (e.unapproved = 0 OR e.confirmed_at IS NOT NULL) AND (e.expires_at > :now OR e.repeat > (SELECT COUNT(*) FROM airings a
    WHERE a.slot >= e.id || '/' AND a.slot < e.id || '0' AND instr(a.slot, '+') = 0)) ORDER BY e.number";
/// Those that wait for a second person; they do not wait longer than a day.
const WAITING: &str = "WHERE e.withdrawn_at IS NULL AND e.unapproved = 1 AND e.confirmed_at IS NULL
    AND e.expires_at > :now ORDER BY e.number LIMIT 100";
// '0' follows '/': these are the keys that begin with the id and a slash
const SLOTS: &str = "SELECT slot, seq IS NULL, outcome, json_extract(reason, '$.code') FROM airings
  WHERE slot >= :id || '/' AND slot < :id || '0' ORDER BY slot";
const AIRINGS: &str =
    "WHERE slot >= :id || '/' AND slot < :id || '0' AND seq IS NOT NULL ORDER BY seq LIMIT 1000";

/// An emergency as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emergency {
    /// Chosen by who sent it. The same id is heard once.
    pub id: EmergencyId,
    /// What is heard.
    pub segment: SegmentId,
    /// What the segment was called.
    pub title: String,
    /// SHA-256 of its original.
    pub sha256: String,
    /// Where it is heard, as asked for, sorted; empty means every zone.
    pub zones: Vec<ZoneId>,
    /// It is not begun after this.
    pub expires: Timestamp,
    /// How often it is heard, one time after the other.
    pub repeat: u32,
    /// Whether it is an exercise.
    pub test: bool,
    /// Identity and name of who sent it.
    pub sent_by: (String, String),
    /// When.
    pub sent_at: Timestamp,
    /// Identity and name of who took it back.
    pub withdrawn_by: Option<(String, String)>,
    /// When.
    pub withdrawn_at: Option<Timestamp>,
    /// The approval digest of what was sent; None of what an older version kept.
    pub digest: Option<String>,
    /// Its segment was not approved as an emergency when it was sent: it sounds once a second person confirmed it.
    pub unapproved: bool,
    /// Identity and name of that person.
    pub confirmed_by: Option<(String, String)>,
    /// When.
    pub confirmed_at: Option<Timestamp>,
}

impl Emergency {
    /// Whether both ask for the same: the same id with anything else is a mistake.
    #[must_use]
    pub fn same_request(&self, other: &Emergency) -> bool {
        let asked = |it: &Emergency| (it.id, it.segment, it.zones.clone(), it.expires, it.repeat, it.test);
        asked(self) == asked(other)
    }

    /// Whether nothing of it may sound before a second person confirmed it.
    #[must_use]
    pub fn awaits_confirmation(&self) -> bool {
        self.unapproved && self.confirmed_at.is_none()
    }
}

/// What the log says of one time that an emergency was to be heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencySlot {
    /// Which time, and which attempt at it.
    pub key: SlotKey,
    /// Due, and without an outcome.
    pub open: bool,
    /// What became of it.
    pub outcome: Option<String>,
    /// The code of the reason.
    pub reason: Option<String>,
}

/// Keeps an emergency with the row that says so in the airing log; one that is known already stays as it is.
pub(super) fn keep(connection: &Change<'_>, at: Timestamp, it: &Emergency) -> Result<Option<Emergency>> {
    if let Some((_, known)) = find(connection, it.id)? {
        return Ok(Some(known));
    }
    let mut statement = connection.prepare_cached(ADD).map_err(storage)?;
    statement
        .execute(named_params! {
            ":id": it.id.to_string(), ":segment": it.segment.to_string(), ":title": it.title, ":sha256": it.sha256,
            ":zones": to_json(&it.zones)?, ":expires": nanos(it.expires), ":repeat": it.repeat, ":test": it.test,
            ":by": it.sent_by.0, ":at": nanos(it.sent_at), ":digest": it.digest, ":unapproved": it.unapproved,
        })
        .map_err(storage)?;
    let body = json!({
        "what": "sent", "id": it.id.to_string(), "by": it.sent_by.0, "at": it.sent_at.to_string(),
        "segment": it.segment.to_string(), "title": it.title, "sha256": it.sha256, "zones": it.zones,
        "expires": it.expires.to_string(), "repeat": it.repeat, "test": it.test,
        "digest": it.digest, "unapproved": it.unapproved,
    });
    append(connection, at, "emergency", &body)?;
    Ok(None)
}

/// Keeps that a second person confirmed an emergency; true when it was not so before.
pub(super) fn confirm(connection: &Connection, id: EmergencyId, by: &str, at: Timestamp) -> Result<bool> {
    let mut statement = connection.prepare_cached(CONFIRM).map_err(storage)?;
    let parameters = named_params! { ":id": id.to_string(), ":by": by, ":at": nanos(at) };
    Ok(statement.execute(parameters).map_err(storage)? > 0)
}

/// Keeps that an emergency was taken back, once.
pub(super) fn withdraw(connection: &Change<'_>, id: EmergencyId, by: &str, at: Timestamp) -> Result<()> {
    let mut statement = connection.prepare_cached(WITHDRAW).map_err(storage)?;
    let changed = statement
        .execute(named_params! { ":id": id.to_string(), ":by": by, ":at": nanos(at) })
        .map_err(storage)?;
    if changed > 0 {
        let body = json!({ "what": "withdrawn", "id": id.to_string(), "by": by });
        append(connection, at, "emergency", &body)?;
    }
    Ok(())
}

impl Store {
    /// Keeps an emergency, durably; the one with its id that was kept before, if there is one.
    pub fn keep_emergency(&self, it: &Emergency) -> Result<Option<Emergency>> {
        self.write(|transaction| keep(transaction, it.sent_at, it))
    }

    /// Keeps that an emergency was taken back.
    ///
    /// # Errors
    /// `not_found`.
    pub fn withdraw_emergency(&self, id: EmergencyId, by: &str, at: Timestamp) -> Result<Emergency> {
        self.write(|transaction| {
            withdraw(transaction, id, by, at)?;
            require(transaction, id)
        })
    }

    /// One emergency.
    ///
    /// # Errors
    /// `not_found`.
    pub fn emergency(&self, id: EmergencyId) -> Result<Emergency> {
        self.read(|connection| require(connection, id))
    }

    /// Emergencies with their numbers, the newest first; `before` this number.
    pub fn emergencies(&self, before: Option<i64>, limit: u32) -> Result<Vec<(i64, Emergency)>> {
        self.read(|connection| {
            let sql = format!("{COLUMNS} WHERE e.number < :before ORDER BY e.number DESC LIMIT :limit");
            let mut statement = connection.prepare_cached(&sql).map_err(storage)?;
            let rows = statement
                .query(named_params! { ":before": before.unwrap_or(i64::MAX), ":limit": limit })
                .map_err(storage)?;
            collect(rows)
        })
    }

    /// Emergencies that may be owed: not taken back, not waiting for a confirmation, and not expired or not accounted for. In the order in which they
    /// came.
    pub fn unsettled_emergencies(&self, now: Timestamp) -> Result<Vec<Emergency>> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached(&format!("{COLUMNS} {UNSETTLED}")).map_err(storage)?;
            let rows = statement.query(named_params! { ":now": nanos(now) }).map_err(storage)?;
            Ok(collect(rows)?.into_iter().map(|(_, emergency)| emergency).collect())
        })
    }

    /// Emergencies that wait for the confirmation of a second person, in the order in which they came.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn unconfirmed_emergencies(&self, now: Timestamp) -> Result<Vec<Emergency>> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached(&format!("{COLUMNS} {WAITING}")).map_err(storage)?;
            let rows = statement.query(named_params! { ":now": nanos(now) }).map_err(storage)?;
            Ok(collect(rows)?.into_iter().map(|(_, emergency)| emergency).collect())
        })
    }

    /// What the log says of each time that an emergency was to be heard.
    pub fn emergency_slots(&self, id: EmergencyId) -> Result<Vec<EmergencySlot>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(SLOTS).map_err(storage)?;
            let rows = statement
                .query_map(named_params! { ":id": id.to_string() }, |row| {
                    Ok(EmergencySlot {
                        key: SlotKey(row.get(0)?),
                        open: row.get(1)?,
                        outcome: row.get(2)?,
                        reason: row.get(3)?,
                    })
                })
                .map_err(storage)?;
            rows.collect::<rusqlite::Result<_>>().map_err(storage)
        })
    }

    /// The closed airings of an emergency, in the order in which they were closed.
    pub fn airings_of_emergency(&self, id: EmergencyId) -> Result<Vec<Airing>> {
        self.read(|connection| airings::select(connection, AIRINGS, named_params! { ":id": id.to_string() }))
    }
}

pub(super) fn find(connection: &Connection, id: EmergencyId) -> Result<Option<(i64, Emergency)>> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE e.id = :id")).map_err(storage)?;
    statement
        .query_row(named_params! { ":id": id.to_string() }, |row| Ok(emergency(row)))
        .optional()
        .map_err(storage)?
        .transpose()
}

fn require(connection: &Connection, id: EmergencyId) -> Result<Emergency> {
    find(connection, id)?.map(|(_, it)| it).ok_or_else(|| Error::not_found("emergency", id))
}

fn collect(mut rows: rusqlite::Rows<'_>) -> Result<Vec<(i64, Emergency)>> {
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(storage)? {
        found.push(emergency(row)?);
    }
    Ok(found)
}

fn emergency(row: &Row<'_>) -> Result<(i64, Emergency)> {
    let id: String = col(row, 1)?;
    let damaged = |what: &str| {
        Error::internal(format!("emergency {id} in the database has a damaged {what}; restore a backup"))
    };
    let withdrawn: (Option<String>, Option<String>) = (col(row, 12)?, col(row, 13)?);
    let confirmed: (Option<String>, Option<String>) = (col(row, 17)?, col(row, 18)?);
    let it = Emergency {
        id: id.parse().map_err(|_| damaged("id"))?,
        segment: col::<String>(row, 2)?.parse().map_err(|_| damaged("segment"))?,
        title: col(row, 3)?,
        sha256: col(row, 4)?,
        zones: from_json("the zones of an emergency", &col::<String>(row, 5)?)?,
        expires: time(col(row, 6)?),
        repeat: col(row, 7)?,
        test: col(row, 8)?,
        sent_by: (col(row, 9)?, col(row, 10)?),
        sent_at: time(col(row, 11)?),
        withdrawn_by: withdrawn.0.zip(withdrawn.1),
        withdrawn_at: col::<Option<i64>>(row, 14)?.map(time),
        digest: col(row, 15)?,
        unapproved: col(row, 16)?,
        confirmed_by: confirmed.0.zip(confirmed.1),
        confirmed_at: col::<Option<i64>>(row, 19)?.map(time),
    };
    Ok((col(row, 0)?, it))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LogJob;
    use jiff::ToSpan;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// A station with one identity and one segment.
    fn furnished() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), NOW).unwrap();
        store
            .write(|transaction| {
                transaction
                    .execute_batch(
                        r#"INSERT INTO identities (id, kind, name, scopes, secret, created_at)
                             VALUES ('i', 'token', 'Trưởng thôn', '[]', 's', 0);
                           INSERT INTO segments (id, version, state, sha256, bytes, title, language, class, uploaded_by, uploaded_at)
                             VALUES ('01890a5d-ac96-774b-bcce-b302099a8051', 1, 'approved', 'aa', 1, 'Lũ', 'vi', 'emergency', 'i', 0);"#,
                    )
                    .map_err(storage)
            })
            .unwrap();
        (folder, store)
    }

    fn flood(number: u128, expires: i64) -> Emergency {
        Emergency {
            id: EmergencyId(uuid::Uuid::from_u128(number)),
            segment: "01890a5d-ac96-774b-bcce-b302099a8051".parse().unwrap(),
            title: "Lũ".to_owned(),
            sha256: "aa".to_owned(),
            zones: Vec::new(),
            expires: NOW + expires.seconds(),
            repeat: 2,
            test: false,
            sent_by: ("i".to_owned(), "Trưởng thôn".to_owned()),
            sent_at: NOW,
            withdrawn_by: None,
            withdrawn_at: None,
            digest: None,
            unapproved: false,
            confirmed_by: None,
            confirmed_at: None,
        }
    }

    fn notes(store: &Store) -> Vec<String> {
        let rows = store.log_rows(0, 100).unwrap();
        rows.into_iter().filter(|row| row.kind == "emergency").map(|row| row.body).collect()
    }

    #[test]
    fn the_same_id_is_kept_once_with_one_row_in_the_log() {
        let (_folder, store) = furnished();
        let sent = flood(1, 60);
        assert_eq!(store.keep_emergency(&sent).unwrap(), None);
        assert_eq!(store.keep_emergency(&sent).unwrap(), Some(sent.clone()));
        let other = Emergency { repeat: 3, ..sent.clone() };
        let known = store.keep_emergency(&other).unwrap().unwrap();
        assert!(known.same_request(&sent) && !known.same_request(&other));
        // and written down late, as after a full disk
        store.log(NOW, &[LogJob::Emergency(Box::new(sent.clone()))]).unwrap();
        assert_eq!(notes(&store).len(), 1, "{:?}", notes(&store));
        assert!(notes(&store)[0].contains("\"what\":\"sent\""), "{:?}", notes(&store));
        assert_eq!(store.emergencies(None, 10).unwrap(), vec![(1, sent)]);
    }

    #[test]
    fn it_is_taken_back_once() {
        let (_folder, store) = furnished();
        let sent = flood(1, 60);
        let unknown = store.withdraw_emergency(sent.id, "i", NOW).unwrap_err();
        assert_eq!(unknown.code, "not_found");
        store.keep_emergency(&sent).unwrap();
        let back = store.withdraw_emergency(sent.id, "i", NOW + 1.second()).unwrap();
        assert_eq!(back.withdrawn_at, Some(NOW + 1.second()));
        assert_eq!(back.withdrawn_by, Some(sent.sent_by.clone()));
        assert_eq!(store.withdraw_emergency(sent.id, "i", NOW + 2.seconds()).unwrap(), back);
        assert_eq!(notes(&store).len(), 2);
        assert_eq!(store.unsettled_emergencies(NOW).unwrap(), vec![]);
    }

    #[test]
    fn what_is_not_accounted_for_is_unsettled_even_when_it_expired() {
        let (_folder, store) = furnished();
        let (first, second) = (flood(1, 60), flood(2, 600));
        store.keep_emergency(&first).unwrap();
        store.keep_emergency(&second).unwrap();
        let later = NOW + 120.seconds();
        assert_eq!(store.unsettled_emergencies(later).unwrap(), vec![first.clone(), second.clone()]);
        let close = |key: SlotKey| {
            store
                .write(|transaction| {
                    let row = named_params! { ":slot": key.as_str() };
                    transaction
                        .execute(
                            "INSERT INTO airings (slot, seq, entry, origin, segment, planned_start, offset_in, outcome, reason,
                               clock, due_row) VALUES (:slot, (SELECT COALESCE(MAX(seq), 0) + 1 FROM airings), '{}', 'emergency',
                               's', 0, 0, 'partial', '{\"code\":\"interrupted\"}', 'rtc', 1)",
                            row,
                        )
                        .map_err(storage)
                })
                .unwrap();
        };
        let key = |number| SlotKey::of_emergency(first.id, number);
        close(key(1));
        close(key(1).with_attempt(1));
        assert_eq!(store.unsettled_emergencies(later).unwrap().len(), 2, "the second time has no row");
        close(key(2));
        assert_eq!(store.unsettled_emergencies(later).unwrap(), vec![second.clone()]);
        assert_eq!(store.unsettled_emergencies(NOW).unwrap().len(), 2);
        let slots = store.emergency_slots(first.id).unwrap();
        let keys: Vec<&str> = slots.iter().map(|slot| slot.key.as_str()).collect();
        assert_eq!(keys, [key(1).as_str(), key(1).with_attempt(1).as_str(), key(2).as_str()]);
        assert!(slots.iter().all(|slot| !slot.open && slot.reason.as_deref() == Some("interrupted")));
        assert_eq!(store.emergency_slots(second.id).unwrap(), vec![]);
    }
}
