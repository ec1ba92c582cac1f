//! Creates the database and brings older ones up to date, in numbered steps inside one transaction.

use super::{copy, storage};
use crate::airing_log::chain;
use crate::error::{Error, ErrorKind, Result};
use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

const SCHEMA: &str = include_str!("schema.sql");
/// The version that this program writes.
pub(super) const VERSION: i64 = 9;
/// What brings a database of version `index + 1` to the version after it.
const STEPS: [&str; 8] = [
    include_str!("upgrade_2.sql"),
    include_str!("upgrade_3.sql"),
    include_str!("upgrade_4.sql"),
    include_str!("upgrade_5.sql"),
    include_str!("upgrade_6.sql"),
    include_str!("upgrade_7.sql"),
    include_str!("upgrade_8.sql"),
    include_str!("upgrade_9.sql"),
];

/// Keeps a copy of a database that is about to be brought up to date: the way back, with the program that wrote it
/// (`loaxa restore`). A disk that has no room for it does not keep a station from starting.
pub(super) fn keep_before(connection: &Connection, data: &Path) {
    let found: rusqlite::Result<i64> = connection.query_row("PRAGMA user_version", [], |row| row.get(0));
    let Ok(version @ 1..VERSION) = found else { return };
    let file = data.join(format!("loaxa-version-{version}.db"));
    let new = file.with_extension("new");
    let _ = std::fs::remove_file(&new);
    let kept = copy::copy_of(connection, &new).and_then(|()| {
        std::fs::rename(&new, &file).map_err(|error| crate::error::Error::io(file.display(), &error))
    });
    match kept {
        Ok(()) => {
            tracing::info!(file = %file.display(), "a copy of the database is kept before it is brought up to date")
        }
        Err(error) => {
            let _ = std::fs::remove_file(&new);
            tracing::error!(%error, "no copy of the database could be kept before it is brought up to date");
        }
    }
}

/// Whether this program can read a database as it stands.
pub(super) fn is_up_to_date(connection: &Connection) -> Result<bool> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(storage)?;
    Ok(found == VERSION)
}

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
            super::chain::link(&transaction, now, "log_begins", &body)?;
        }
        older @ 1..VERSION => {
            let done = usize::try_from(older - 1).unwrap_or(0);
            for step in STEPS.iter().skip(done) {
                transaction.execute_batch(step).map_err(storage)?;
            }
            if older < 6 {
                super::approval::carry_over(&transaction, now)?;
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
    use crate::access::Role;
    use crate::store::{AiringFilter, Asked, Store};
    use jiff::Timestamp;
    use loaxa_schedules::Standing;

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
    const SCHEMA_4: &str = include_str!("schema_4.sql");
    const SCHEMA_5: &str = include_str!("schema_5.sql");
    const SCHEMA_7: &str = include_str!("schema_7.sql");
    const SCHEMA_8: &str = include_str!("schema_8.sql");

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
    fn a_database_of_version_4_is_brought_up_to_date_with_everything_in_it() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = old.path().join("loaxa.db");
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.execute_batch(SCHEMA_4).unwrap();
        let body = r#"{"format":"loaxa-airing-log/1","log":"00"}"#;
        let before = crate::airing_log::chain::BEFORE_THE_FIRST;
        let hash = crate::airing_log::chain::link(1, "2026-11-30T10:00:00Z", "log_begins", before, body);
        connection
            .execute_batch(&format!(
                "INSERT INTO airing_log (row, at, kind, body, prev, hash) VALUES (1, '2026-11-30T10:00:00Z', 'log_begins',
                    '{body}', '{before}', '{hash}');
                INSERT INTO station (key, value) VALUES ('accounted_until', '7');
                INSERT INTO identities (id, kind, name, role, scopes, secret, created_at)
                VALUES ('01890a5d-ac96-774b-bcce-b302099a8051', 'person', 'Lan', 'approver', '[]', 's', 7);
                INSERT INTO sessions (hash, identity, created_at, seen_at, expires_at)
                VALUES ('h', '01890a5d-ac96-774b-bcce-b302099a8051', 1, 2, 3), ('g', '01890a5d-ac96-774b-bcce-b302099a8051', 1, 2, 3);
                PRAGMA user_version = 4;"
            ))
            .unwrap();
        drop(connection);
        let upgraded = Store::open(old.path(), Timestamp::UNIX_EPOCH).unwrap();
        upgraded.check().unwrap();
        drop(Store::open(new.path(), Timestamp::UNIX_EPOCH).unwrap());
        let fresh = rusqlite::Connection::open(new.path().join("loaxa.db")).unwrap();
        let connection = rusqlite::Connection::open(&file).unwrap();
        assert_eq!(schema(&connection), schema(&fresh));
        assert_eq!(upgraded.log_head().unwrap(), (1, hash));
        assert_eq!(upgraded.log_identifier().unwrap(), "00");
        assert_eq!(upgraded.newest_head().unwrap(), None);
        upgraded.keep_head(1, "note", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(upgraded.kept_heads(1, 1).unwrap(), ["note"]);
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, super::VERSION);
        let lan = upgraded.person("Lan").unwrap().unwrap();
        assert_eq!(
            (lan.version, lan.role, lan.created_by, lan.seen_at),
            (1, Some(Role::Approver), None, None)
        );
        assert_eq!(lan.scopes, Role::Approver.scopes(), "a role means what it means now");
        let sessions =
            upgraded.sessions(None, None, 9, (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH)).unwrap();
        assert_eq!(sessions.len(), 2, "nobody is logged out");
        assert!(sessions.iter().all(|session| uuid::Uuid::try_parse(&session.id).is_ok()), "{sessions:?}");
    }

    /// The way back: an older program finds its own database as it was, and `loaxa restore` takes it.
    #[test]
    fn a_copy_is_kept_before_an_upgrade_and_can_be_restored() {
        let (old, back) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let connection = rusqlite::Connection::open(old.path().join("loaxa.db")).unwrap();
        connection.execute_batch(SCHEMA_4).unwrap();
        let body = r#"{"format":"loaxa-airing-log/1","log":"00"}"#;
        let before = crate::airing_log::chain::BEFORE_THE_FIRST;
        let hash = crate::airing_log::chain::link(1, "2026-11-30T10:00:00Z", "log_begins", before, body);
        connection
            .execute_batch(&format!(
                "INSERT INTO airing_log (row, at, kind, body, prev, hash) VALUES (1, '2026-11-30T10:00:00Z', 'log_begins',
                    '{body}', '{before}', '{hash}');
                INSERT INTO station (key, value) VALUES ('accounted_until', '7');
                PRAGMA user_version = 4;"
            ))
            .unwrap();
        let as_it_was = schema(&connection);
        drop(connection);
        drop(Store::open(old.path(), Timestamp::UNIX_EPOCH).unwrap());
        let file = old.path().join("loaxa-version-4.db");
        let copy = rusqlite::Connection::open(&file).unwrap();
        let version: i64 = copy.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!((version, schema(&copy)), (4, as_it_was));
        drop(copy);
        let held = crate::store::look_at(&file).unwrap();
        assert_eq!((held.version, held.head, held.origin.as_str()), (4, (1, hash.clone()), "loaxa/00"));
        let restored = crate::backup::restore(&file, back.path(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((restored.rows, restored.row), (1, 2));
        let store = Store::open(back.path(), Timestamp::UNIX_EPOCH).unwrap();
        assert!(store.has_row(1, &hash).unwrap());
        assert_eq!(store.accounted_until().unwrap().map(|until| until.as_nanosecond()), Some(7));
        assert!(!old.path().join("loaxa-version-5.db").exists(), "only of what was brought up to date");
    }

    #[test]
    fn a_database_of_version_5_is_brought_up_to_date_with_everything_in_it() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = old.path().join("loaxa.db");
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.execute_batch(SCHEMA_5).unwrap();
        connection
            .execute_batch(
                r#"INSERT INTO identities (id, kind, name, role, scopes, secret, created_at, created_by) VALUES
                  ('lan', 'person', 'Lan', 'approver', '[]', 's', 7, 'console'), ('up', 'token', 'up', NULL, '[]', 's', 7, 'console'),
                  ('l1', 'token', 'l1', NULL, '["admin"]', 's', 7, 'lan'), ('l2', 'token', 'l2', NULL, '[]', 's', 7, 'l1'),
                  ('u1', 'token', 'u1', NULL, '[]', 's', 7, 'up'), ('station', 'token', 'station', NULL, '[]', 's', 7, 'station');
                INSERT INTO segments (id, version, state, sha256, bytes, title, language, class, uploaded_by, uploaded_at, approved_by,
                  approved_at, approval_note) VALUES
                  ('01890a5d-ac96-774b-bcce-b302099a8051', 3, 'approved', 'aa', 1, 'Tin', 'vi', 'normal', 'up', 0, 'lan', 5, 'được'),
                  ('01890a5d-ac96-774b-bcce-b302099a8052', 3, 'approved', 'bb', 1, 'Lũ', 'vi', 'emergency', 'up', 0, 'lan', 5, NULL),
                  ('01890a5d-ac96-774b-bcce-b302099a8053', 3, 'approved', 'cc', 1, 'Tự duyệt', 'vi', 'normal', 'l2', 0, 'lan', 5, NULL),
                  ('01890a5d-ac96-774b-bcce-b302099a8054', 3, 'rejected', 'dd', 1, 'Sai', 'vi', 'normal', 'up', 0, 'lan', 5, NULL);
                INSERT INTO uploaders (segment, identity) SELECT id, uploaded_by FROM segments;
                INSERT INTO emergencies (id, segment, title, sha256, zones, expires_at, repeat, test, sent_by, sent_at)
                VALUES ('01890a5d-ac96-774b-bcce-b302099a8060', '01890a5d-ac96-774b-bcce-b302099a8052', 'Lũ', 'bb', '[]', 9, 1, 0, 'up', 8);
                PRAGMA user_version = 5;"#,
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
        let lan = upgraded.person("Lan").unwrap().unwrap();
        assert!(!lan.second_factor, "nobody is asked for what they do not have");
        assert!(upgraded.second_factor(&lan.id).unwrap().is_none());
        let mut people = connection.prepare("SELECT id, person FROM identities ORDER BY id").unwrap();
        let people = people.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let people: Vec<(String, Option<String>)> = people.map(Result::unwrap).collect();
        let wanted = [("l1", "lan"), ("l2", "lan"), ("lan", ""), ("station", ""), ("u1", "up"), ("up", "")];
        let wanted =
            wanted.map(|(id, who)| (id.to_owned(), Some(who.to_owned()).filter(|it| !it.is_empty())));
        assert_eq!(people, wanted);
        // approved as it stands; an emergency lacks the second; nobody approves what their own token pushed
        let stands: Vec<_> = upgraded
            .all_segments()
            .unwrap()
            .iter()
            .map(|it| (it.standing, it.approvals.given.len(), it.approvals.missing()))
            .collect();
        let waits = Standing::AwaitingApproval;
        let wanted = [(Standing::Approved, 1, 0), (waits, 1, 1), (waits, 0, 1), (Standing::Rejected, 0, 1)];
        assert_eq!(stands, wanted);
        let first = upgraded.all_segments().unwrap().remove(0);
        assert_eq!(first.approvals.given[0].note.as_deref(), Some("được"));
        let rows = upgraded.log_rows(0, 9).unwrap();
        assert_eq!(rows.len(), 3, "{rows:?}");
        assert!(rows.iter().all(|row| row.kind == "approval" && row.body.contains("carried_over")));
        let it = upgraded.emergencies(None, 9).unwrap().remove(0).1;
        assert!(!it.unapproved && it.digest.is_none() && it.confirmed_by.is_none());
        assert_eq!(
            upgraded.silences(&it).unwrap(),
            Some(waits),
            "what was sent by one is not heard after it"
        );
        assert_eq!(upgraded.publishers(None, 9).unwrap(), vec![]);
        assert_eq!(upgraded.orders(None, 9).unwrap(), vec![]);
    }

    #[test]
    fn a_database_of_version_7_is_brought_up_to_date_with_everything_in_it() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = old.path().join("loaxa.db");
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.execute_batch(SCHEMA_7).unwrap();
        connection
            .execute_batch(
                r#"INSERT INTO identities (id, kind, name, scopes, secret, created_at) VALUES ('i', 'token', 'i', '[]', 's', 0);
                INSERT INTO segments (id, version, state, sha256, bytes, title, language, class, uploaded_by, uploaded_at)
                VALUES ('01890a5d-ac96-774b-bcce-b302099a8051', 1, 'approved', 'aa', 1, 'Tin', 'vi', 'normal', 'i', 0);
                INSERT INTO identities (id, kind, name, scopes, secret, created_at) VALUES ('a', 'token', 'a', '[]', 's', 0);
                PRAGMA user_version = 7;"#,
            )
            .unwrap();
        drop(connection);
        let upgraded = Store::open(old.path(), Timestamp::UNIX_EPOCH).unwrap();
        let segment = upgraded.all_segments().unwrap().remove(0);
        assert_eq!((segment.pushed.title.as_str(), &segment.pushed.spoken), ("Tin", &None));
        // what was approved before stays so: of what no voice read the digest is the same
        let digest = "5a0b35c592797e514d9d21605fa0d288e6e2f1781e92887a7e540ce172ebc619";
        assert_eq!(segment.approvals.digest, digest);
        let connection = rusqlite::Connection::open(&file).unwrap();
        drop(Store::open(new.path(), Timestamp::UNIX_EPOCH).unwrap());
        let fresh = rusqlite::Connection::open(new.path().join("loaxa.db")).unwrap();
        assert_eq!(schema(&connection), schema(&fresh));
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, super::VERSION);
    }

    #[test]
    fn a_database_of_version_8_is_brought_up_to_date_with_everything_in_it() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = old.path().join("loaxa.db");
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.execute_batch(SCHEMA_8).unwrap();
        connection
            .execute_batch(
                r#"INSERT INTO documents (kind, id, version, body, changed_by, changed_at)
                VALUES ('programme', '01890a5d-ac96-774b-bcce-b302099a8052', 3,
                    '{"id":"01890a5d-ac96-774b-bcce-b302099a8052","name":"Sáng","segments":[],"recurrence":{"at":[]},
                      "class":"normal"}', 'i', 5);
                PRAGMA user_version = 8;"#,
            )
            .unwrap();
        drop(connection);
        let upgraded = Store::open(old.path(), Timestamp::UNIX_EPOCH).unwrap();
        upgraded.check().unwrap();
        let connection = rusqlite::Connection::open(&file).unwrap();
        drop(Store::open(new.path(), Timestamp::UNIX_EPOCH).unwrap());
        let fresh = rusqlite::Connection::open(new.path().join("loaxa.db")).unwrap();
        assert_eq!(schema(&connection), schema(&fresh));
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, super::VERSION);
        let programme = upgraded.documents::<loaxa_schedules::Programme>(None, 10).unwrap().remove(0);
        assert_eq!((programme.version, programme.value.name.as_str()), (3, "Sáng"));
        // nobody knows since when: whatever it asked for is taken as due
        assert_eq!(upgraded.programmes_timed(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH).unwrap(), []);
    }

    #[test]
    fn opening_twice_creates_once() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap());
        let store = Store::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap();
        store.check().unwrap();
    }
}
