//! Creates the database and brings older ones up to date, in numbered steps inside one transaction.

use super::storage;
use crate::airing_log::chain;
use crate::error::{Error, ErrorKind, Result};
use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};

const SCHEMA: &str = include_str!("schema.sql");
/// The version that this program writes.
pub(super) const VERSION: i64 = 4;
/// What brings a database of version `index + 1` to the version after it.
const STEPS: [&str; 3] =
    [include_str!("upgrade_2.sql"), include_str!("upgrade_3.sql"), include_str!("upgrade_4.sql")];

/// Creates what is not there yet.
///
/// # Errors
/// When the database was written by a newer version, or the disk does not let us.
pub(super) fn bring_up_to_date(connection: &mut Connection, now: Timestamp) -> Result<()> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(storage)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(storage)?;
    match found {
        VERSION => return Ok(()),
        0 => {
            transaction.execute_batch(SCHEMA).map_err(storage)?;
            let station = crate::ids::hex(&crate::ids::random::<16>()?);
            let body = serde_json::json!({ "format": chain::FORMAT, "log": station });
            super::airings::append(&transaction, now, "log_begins", &body)?;
        }
        older @ 1..VERSION => {
            let done = usize::try_from(older - 1).unwrap_or(0);
            for step in STEPS.iter().skip(done) {
                transaction.execute_batch(step).map_err(storage)?;
            }
            tracing::info!(from = older, to = VERSION, "the database was brought up to date");
        }
        newer => {
            return Err(Error::new(
                ErrorKind::Conflict,
                "database_too_new",
                format!(
                    "the database has version {newer}, this program knows {VERSION}; start the newer program, or restore a backup made by this one"
                ),
            ));
        }
    }
    transaction.pragma_update(None, "user_version", VERSION).map_err(storage)?;
    transaction.commit().map_err(storage)
}

#[cfg(test)]
mod tests {
    use crate::store::{AiringFilter, Asked, Store};
    use jiff::Timestamp;

    #[test]
    fn a_database_of_a_newer_version_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap());
        let connection = rusqlite::Connection::open(folder.path().join("loaxa.db")).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = Store::open(folder.path(), Timestamp::UNIX_EPOCH).err().unwrap();
        assert_eq!(error.code, "database_too_new");
    }

    const SCHEMA_1: &str = include_str!("schema_1.sql");
    const SCHEMA_2: &str = include_str!("schema_2.sql");
    const SCHEMA_3: &str = include_str!("schema_3.sql");

    /// Every table, index and trigger: its name, and its text without comments, blanks and quotes.
    fn schema(connection: &rusqlite::Connection) -> Vec<(String, String)> {
        let mut statement = connection
            .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .unwrap();
        let plain = |sql: String| {
            let lines = sql.lines().map(|line| line.split("--").next().unwrap().to_owned());
            lines.collect::<String>().chars().filter(|c| !c.is_whitespace() && *c != '"').collect::<String>()
        };
        let rows = statement.query_map([], |row| Ok((row.get(0)?, plain(row.get(1)?)))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn a_database_of_version_1_is_brought_up_to_date_with_everything_in_it() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = old.path().join("loaxa.db");
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.execute_batch(SCHEMA_1).unwrap();
        connection
            .execute_batch(
                r#"INSERT INTO identities (id, kind, name, scopes, secret, created_at) VALUES ('i', 'token', 'i', '[]', 's', 0);
                INSERT INTO segments (id, version, state, sha256, bytes, title, language, class, uploaded_by, uploaded_at)
                VALUES ('01890a5d-ac96-774b-bcce-b302099a8051', 1, 'approved', 'aa', 1, 'Tin', 'vi', 'normal', 'i', 0);
                INSERT INTO uploaders (segment, identity) VALUES ('01890a5d-ac96-774b-bcce-b302099a8051', 'i');
                INSERT INTO documents (kind, id, version, body, changed_by, changed_at)
                VALUES ('zone', '01890a5d-ac96-774b-bcce-b302099a8052', 3,
                    '{"id":"01890a5d-ac96-774b-bcce-b302099a8052","name":"Thôn 1"}', 'i', 5);
                INSERT INTO airings (slot, seq, entry, programme, segment, campaign, planned_start, planned, played, outcome,
                    reason, confirmed, clock, due_row, ended_row)
                VALUES ('k/20261120T100000Z/0', 1, '{"kind":"refused","key":"k/20261120T100000Z/0",
                    "programme":"01890a5d-ac96-774b-bcce-b302099a8053","programme_name":"Sáng","occurrence":"2026-11-20T10:00:00Z",
                    "position":0,"segment":"01890a5d-ac96-774b-bcce-b302099a8051","title":"Tin","class":"normal",
                    "start":"2026-11-20T10:00:00Z","duration":null,"zones":[],"reason":{"code":"overlap","vi":"a","en":"b"}}',
                    '01890a5d-ac96-774b-bcce-b302099a8053', '01890a5d-ac96-774b-bcce-b302099a8051', 'Mùa hè',
                    1795082400000000000, NULL, 0, 'suppressed', '{"code":"overlap","vi":"a","en":"b"}', 0, 'kernel', 1, 2);
                PRAGMA user_version = 1;"#,
            )
            .unwrap();
        drop(connection);
        let upgraded = Store::open(old.path(), Timestamp::UNIX_EPOCH).unwrap();
        upgraded.check().unwrap();
        drop(Store::open(new.path(), Timestamp::UNIX_EPOCH).unwrap());
        let fresh = rusqlite::Connection::open(new.path().join("loaxa.db")).unwrap();
        let connection = rusqlite::Connection::open(&file).unwrap();
        assert_eq!(schema(&connection), schema(&fresh));
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, super::VERSION);
        let broken: i64 = connection
            .query_row("SELECT COUNT(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(broken, 0);
        let zone = upgraded.documents::<loaxa_schedules::Zone>(None, 10).unwrap().remove(0);
        assert_eq!((zone.version, zone.value.name.as_str()), (3, "Thôn 1"));
        let segment = upgraded.all_segments().unwrap().remove(0);
        assert!(!segment.pushed.music);
        let filter = AiringFilter { campaign: Some("Mùa hè".into()), limit: 9, ..AiringFilter::default() };
        let airing = upgraded.airings(&filter).unwrap().remove(0);
        assert_eq!((airing.outcome.as_str(), airing.seq), ("suppressed", 1));
        assert_eq!(airing.programme.as_deref(), Some("01890a5d-ac96-774b-bcce-b302099a8053"));
        let past = upgraded
            .history(Asked { unaired_since: Timestamp::UNIX_EPOCH, campaigns: &[], heard_since: None })
            .unwrap()
            .remove(0);
        assert_eq!(past.key.as_str(), "k/20261120T100000Z/0");
    }

    #[test]
    fn a_database_of_version_2_is_brought_up_to_date_with_everything_in_it() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = old.path().join("loaxa.db");
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.execute_batch(SCHEMA_2).unwrap();
        connection
            .execute_batch(
                r#"INSERT INTO identities (id, kind, name, scopes, secret, created_at) VALUES ('i', 'token', 'i', '[]', 's', 0);
                INSERT INTO segments (id, version, state, sha256, bytes, title, language, class, uploaded_by, uploaded_at, music)
                VALUES ('01890a5d-ac96-774b-bcce-b302099a8051', 1, 'approved', 'aa', 1, 'Tin', 'vi', 'emergency', 'i', 0, 1);
                INSERT INTO documents (kind, id, version, body, changed_by, changed_at)
                VALUES ('zone', '01890a5d-ac96-774b-bcce-b302099a8052', 3,
                    '{"id":"01890a5d-ac96-774b-bcce-b302099a8052","name":"Thôn 1"}', 'i', 5);
                PRAGMA user_version = 2;"#,
            )
            .unwrap();
        drop(connection);
        let upgraded = Store::open(old.path(), Timestamp::UNIX_EPOCH).unwrap();
        upgraded.check().unwrap();
        drop(Store::open(new.path(), Timestamp::UNIX_EPOCH).unwrap());
        let fresh = rusqlite::Connection::open(new.path().join("loaxa.db")).unwrap();
        let connection = rusqlite::Connection::open(&file).unwrap();
        assert_eq!(schema(&connection), schema(&fresh));
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, super::VERSION);
        let zone = upgraded.documents::<loaxa_schedules::Zone>(None, 10).unwrap().remove(0);
        assert_eq!((zone.version, zone.value.name.as_str()), (3, "Thôn 1"));
        assert!(upgraded.all_segments().unwrap().remove(0).pushed.music);
        assert_eq!(upgraded.emergencies(None, 10).unwrap(), vec![]);
    }

    #[test]
    fn a_database_of_version_3_is_brought_up_to_date_with_everything_in_it() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = old.path().join("loaxa.db");
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.execute_batch(SCHEMA_3).unwrap();
        connection
            .execute_batch(
                r#"INSERT INTO identities (id, kind, name, scopes, secret, created_at) VALUES ('i', 'token', 'i', '[]', 's', 0);
                INSERT INTO segments (id, version, state, sha256, bytes, title, language, class, duration, prepared, sound,
                    uploaded_by, uploaded_at)
                VALUES ('01890a5d-ac96-774b-bcce-b302099a8051', 4, 'approved', 'aa', 1, 'Tin', 'vi', 'normal', 4000000000, 'bb',
                    '{"codec":"mp3","sample_rate":44100,"channels":2,"peak_dbfs":-1.5,"warnings":[]}', 'i', 0);
                INSERT INTO airings (slot, seq, entry, origin, programme, segment, planned_start, offset_in, played, outcome,
                    confirmed, clock, due_row, ended_row)
                VALUES ('k/20261120T100000Z/0', 1, '{"kind":"refused","key":"k/20261120T100000Z/0",
                    "programme":"01890a5d-ac96-774b-bcce-b302099a8053","name":"Sáng","occurrence":"2026-11-20T10:00:00Z",
                    "position":0,"segment":"01890a5d-ac96-774b-bcce-b302099a8051","title":"Tin","class":"normal",
                    "start":"2026-11-20T10:00:00Z","duration":null,"zones":[],"reason":{"code":"overlap","vi":"a","en":"b"}}',
                    'programme', '01890a5d-ac96-774b-bcce-b302099a8053', '01890a5d-ac96-774b-bcce-b302099a8051',
                    1795082400000000000, 0, 0, 'suppressed', 0, 'kernel', 1, 2);
                PRAGMA user_version = 3;"#,
            )
            .unwrap();
        drop(connection);
        let upgraded = Store::open(old.path(), Timestamp::UNIX_EPOCH).unwrap();
        upgraded.check().unwrap();
        drop(Store::open(new.path(), Timestamp::UNIX_EPOCH).unwrap());
        let fresh = rusqlite::Connection::open(new.path().join("loaxa.db")).unwrap();
        let connection = rusqlite::Connection::open(&file).unwrap();
        assert_eq!(schema(&connection), schema(&fresh));
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, super::VERSION);
        let segment = upgraded.all_segments().unwrap().remove(0);
        assert_eq!((segment.version, segment.prepared.as_deref()), (4, Some("bb")));
        assert_eq!(segment.sound.unwrap().peak_dbfs, Some(-1.5));
        let filter = AiringFilter { limit: 9, ..AiringFilter::default() };
        assert_eq!(upgraded.airings(&filter).unwrap().remove(0).outcome, "suppressed");
    }

    #[test]
    fn opening_twice_creates_once() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap());
        let store = Store::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap();
        store.check().unwrap();
    }
}
