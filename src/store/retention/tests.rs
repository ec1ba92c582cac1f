//! What the database itself refuses, and what is said of rows that somebody took away by hand.

use crate::airing_log::retention::lab::{Lab, day};
use crate::store::{Store, look_at};
use loaxa_schedules::{Origin, ProgrammeId};
use rusqlite::Connection;
use uuid::Uuid;

fn aired(days: i32) -> Lab {
    let lab = Lab::new();
    let programme = Origin::Programme(ProgrammeId(Uuid::from_u128(1)));
    (0..days).for_each(|number| drop(lab.aired(number, programme)));
    lab
}

#[test]
fn only_what_was_told_can_be_deleted() {
    let lab = aired(8);
    let connection = Connection::open(lab.folder.path().join("loaxa.db")).unwrap();
    let refused = |sql: &str| connection.execute(sql, []).unwrap_err().to_string();
    assert!(refused("DELETE FROM airing_log WHERE row = 1").contains("append-only"));
    assert!(refused("DELETE FROM heads").contains("stays"));
    let removed = lab.decide(34, 30).0.unwrap();
    assert!(refused("DELETE FROM airing_log").contains("append-only"), "not beyond what was told");
    assert!(refused("UPDATE airing_log SET at = ''").contains("append-only"));
    assert!(refused("DELETE FROM boundaries").contains("stays"));
    assert!(refused("DELETE FROM heads").contains("stays"));
    let gone = connection.execute("DELETE FROM airing_log WHERE row <= ?1", [removed.row]).unwrap();
    assert_eq!(i64::try_from(gone).unwrap(), removed.row);
    lab.store.check().unwrap();
    assert_eq!(lab.verify(&lab.export()).verdict.word(), "intact");
}

#[test]
fn rows_that_were_taken_away_by_hand_are_missed() {
    let lab = aired(8);
    let file = lab.folder.path().join("loaxa.db");
    let connection = Connection::open(&file).unwrap();
    let take = |row: i64| {
        connection.execute_batch(&format!(
            "DROP TRIGGER IF EXISTS airing_log_is_append_only_d; DELETE FROM airing_log WHERE row <= {row};"
        ))
    };
    let looked_at = || {
        let copy = lab.folder.path().join("copy");
        let _ = std::fs::remove_file(&copy);
        crate::store::copy_database(lab.folder.path(), &copy).unwrap();
        look_at(&copy)
    };
    assert!(looked_at().is_ok());
    lab.store.check().unwrap();
    take(4).unwrap();
    assert!(lab.store.check().unwrap_err().detail.contains("lacks rows between 1 and"));
    assert_eq!(lab.verify(&lab.export()).verdict.word(), "truncated");
    let damaged = looked_at().unwrap_err();
    assert_eq!(damaged.code, "backup_damaged");
    assert!(damaged.detail.contains("no rule"), "{}", damaged.detail);
    // and behind a boundary as well
    let lab = aired(8);
    let removed = lab.decide(34, 30).0.unwrap();
    let connection = Connection::open(lab.folder.path().join("loaxa.db")).unwrap();
    connection
        .execute_batch(&format!(
            "DROP TRIGGER airing_log_is_append_only_d; DELETE FROM airing_log WHERE row <= {};",
            removed.row + 1
        ))
        .unwrap();
    assert_eq!(lab.verify(&lab.export()).verdict.word(), "altered");
    assert!(lab.store.check().unwrap_err().detail.contains("lacks rows"));
    let mut out = Vec::new();
    let done = crate::airing_log::export::export(
        &lab.store,
        None,
        None,
        crate::airing_log::export::Format::Ndjson,
        &mut out,
    );
    assert_eq!(done.unwrap().lost_before, Some(removed.row + 2));
}

#[test]
fn what_is_open_or_not_there_is_not_removed_whoever_asks() {
    let lab = aired(3);
    let last = lab.store.log_head().unwrap().0;
    for row in [0, last + 1] {
        assert!(lab.heads.remove_until(row, 30, day(40)).is_err(), "{row}");
    }
    lab.heads.remove_until(4, 30, day(40)).unwrap();
    assert!(lab.heads.remove_until(4, 30, day(40)).is_err(), "not twice");
    assert!(lab.heads.remove_until(3, 30, day(40)).is_err(), "nor back");
}

/// With a row, heads and an airing in it; and the way back.
#[test]
fn a_database_of_version_6_is_brought_up_to_date_and_back() {
    let (old, back) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = old.path().join("loaxa.db");
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch(include_str!("../schema_6.sql")).unwrap();
    let body = r#"{"format":"loaxa-airing-log/1","log":"00"}"#;
    let before = crate::airing_log::chain::BEFORE_THE_FIRST;
    let at = "2026-11-30T10:00:00Z";
    let hash = crate::airing_log::chain::link(1, at, "log_begins", before, body);
    connection
        .execute_batch(&format!(
            "INSERT INTO airing_log (row, at, kind, body, prev, hash) VALUES (1, '{at}', 'log_begins', '{body}', '{before}', '{hash}');
            INSERT INTO heads (row, note, kept_at) VALUES (1, 'note', 7);
            PRAGMA user_version = 6;"
        ))
        .unwrap();
    drop(connection);
    let upgraded = Store::open(old.path(), day(0)).unwrap();
    upgraded.check().unwrap();
    assert_eq!(upgraded.removed().unwrap(), None);
    assert_eq!(
        (upgraded.log_head().unwrap(), upgraded.kept_heads(1, 1).unwrap()),
        ((1, hash), vec!["note".to_owned()])
    );
    drop(upgraded);
    let schema = |file: &std::path::Path| {
        let connection = Connection::open(file).unwrap();
        let mut statement = connection
            .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .unwrap();
        let plain = |sql: String| {
            let lines = sql.lines().map(|line| line.split("--").next().unwrap().to_owned());
            lines.collect::<String>().chars().filter(|c| !c.is_whitespace() && *c != '"').collect::<String>()
        };
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, plain(row.get(1)?)))).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>()
    };
    let new = tempfile::tempdir().unwrap();
    drop(Store::open(new.path(), day(0)).unwrap());
    assert_eq!(schema(&file), schema(&new.path().join("loaxa.db")));
    // the way back: what the older program wrote is there, and `loaxa restore` takes it
    let copy = old.path().join("loaxa-version-6.db");
    assert_eq!(look_at(&copy).unwrap().version, 6);
    let restored = crate::backup::restore(&copy, back.path(), day(0)).unwrap();
    assert_eq!((restored.rows, restored.row), (1, 2));
}
