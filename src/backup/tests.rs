use super::*;
use crate::store::{IdentityKind, LogJob, NewIdentity, NewSegment, Store};
use jiff::Timestamp;
use loaxa_schedules::{Class, SegmentId};
use std::collections::BTreeSet;
use std::path::PathBuf;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

struct Station {
    _home: tempfile::TempDir,
    data: PathBuf,
    to: PathBuf,
}

fn push(data: &Path, store: &Store, sound: &str) -> String {
    let sha256 = crate::ids::hex(&Sha256::digest(sound));
    fs::write(Folders::create(data).unwrap().original(&sha256), sound).unwrap();
    let new = NewSegment {
        id: SegmentId(crate::ids::new_id(NOW)),
        sha256: sha256.clone(),
        bytes: sound.len() as u64,
        title: format!("Bản {sound}"),
        language: "vi".to_owned(),
        class: Class::Normal,
        music: false,
        source: None,
        valid_from: None,
        valid_until: None,
        campaign: None,
        external_id: None,
        trim: None,
        spoken: None,
    };
    store.add_segment(&new, "i", NOW).unwrap();
    sha256
}

fn note(store: &Store, what: &str) {
    store.log(NOW, &[LogJob::Note { kind: "clock", body: serde_json::json!({ "what": what }) }]).unwrap();
}

/// A station with two recordings and a few rows.
fn station() -> (Station, Store, [String; 2]) {
    let home = tempfile::tempdir().unwrap();
    let (data, to) = (home.path().join("data"), home.path().join("backup"));
    let store = Store::open(&data, NOW).unwrap();
    let new = NewIdentity {
        id: "i".to_owned(),
        kind: IdentityKind::Token,
        name: "i",
        role: None,
        scopes: BTreeSet::new(),
        secret: "s".to_owned(),
        one_time: false,
        expires_at: None,
    };
    store.add_identity(&new, "console", NOW).unwrap();
    let pushed = ["một", "hai"].map(|sound| push(&data, &store, sound));
    note(&store, "before");
    (Station { _home: home, data, to }, store, pushed)
}

fn kinds(store: &Store) -> Vec<String> {
    store.log_rows(0, 100).unwrap().into_iter().map(|row| row.kind).collect()
}

#[test]
fn a_backup_of_an_open_station_is_whole_and_goes_back_into_an_empty_folder() {
    let (station, store, pushed) = station();
    let manifest = take(&station.data, &station.to, false, NOW).unwrap();
    assert_eq!((manifest.originals.len(), manifest.missing.len(), manifest.key), (2, 0, false));
    assert_eq!((manifest.rows, manifest.head.clone()), store.log_head().unwrap());
    // it is written to while and after it is copied
    note(&store, "after");
    let empty = station.data.with_file_name("empty");
    let restored = restore(&station.to, &empty, NOW).unwrap();
    assert_eq!((restored.rows, restored.row, restored.originals), (manifest.rows, manifest.rows + 1, 2));
    assert_eq!((restored.replaced, restored.missing.len(), restored.key), (None, 0, false));
    let again = Store::open(&empty, NOW).unwrap();
    again.check().unwrap();
    assert_eq!(kinds(&again).last().map(String::as_str), Some("restored"));
    assert!(again.has_row(manifest.rows, &manifest.head).unwrap(), "the chain goes on from what was there");
    // the same number, another row: whoever countersigned the one sees the other
    let row = manifest.rows + 1;
    assert_ne!(store.log_hash(row).unwrap(), again.log_hash(row).unwrap());
    for sha256 in pushed {
        assert_eq!(hash_of(&Folders::within(&empty).original(&sha256)).unwrap(), sha256);
    }
    assert!(!empty.join("restoring").exists());
}

#[test]
fn what_the_station_lost_is_named_and_the_next_backup_copies_only_what_is_new() {
    let (station, store, [one, two]) = station();
    fs::write(Folders::within(&station.data).original(&two), "hại").unwrap();
    let manifest = take(&station.data, &station.to, false, NOW).unwrap();
    assert_eq!(manifest.missing.iter().map(|it| it.title.as_str()).collect::<Vec<_>>(), ["Bản hai"]);
    assert!(!station.to.join(ORIGINALS).join(&two).exists(), "nothing damaged is called a backup");
    // it is pushed again, and the first one goes from the station: the backup has it still
    fs::write(Folders::within(&station.data).original(&two), "hai").unwrap();
    fs::remove_file(Folders::within(&station.data).original(&one)).unwrap();
    push(&station.data, &store, "ba");
    let manifest = take(&station.data, &station.to, false, NOW).unwrap();
    assert_eq!((manifest.originals.len(), manifest.missing.len()), (3, 0));
    // and gives it back to the very station
    drop(store);
    let restored = restore(&station.to, &station.data, NOW).unwrap();
    assert_eq!((restored.originals, restored.missing.len()), (3, 0));
    assert_eq!(hash_of(&Folders::within(&station.data).original(&one)).unwrap(), one);
}

#[test]
fn what_is_replaced_is_kept_and_nothing_is_replaced_by_what_is_damaged() {
    let (station, store, [one, _]) = station();
    take(&station.data, &station.to, false, NOW).unwrap();
    let since = push(&station.data, &store, "sau");
    note(&store, "after");
    let head = store.log_head().unwrap();
    drop(store);
    // a daemon runs
    {
        let _lock = crate::daemon::hold_now(&station.data).unwrap().unwrap();
        assert_eq!(restore(&station.to, &station.data, NOW).unwrap_err().code, "already_running");
    }
    // any byte of the database, a recording, the manifest: none of it replaces anything
    let refuse = |file: &str, change: &dyn Fn(&mut Vec<u8>), code: &str| {
        let path = station.to.join(file);
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        change(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        let error = restore(&station.to, &station.data, NOW).unwrap_err();
        assert_eq!(error.code, code, "{file}: {error}");
        fs::write(&path, whole).unwrap();
        assert_eq!(store::head_of(&station.data).unwrap(), head, "{file}");
    };
    refuse(DATABASE, &|bytes| bytes[5_000] ^= 1, "backup_damaged");
    refuse(DATABASE, &|bytes| bytes.truncate(8_192), "backup_damaged");
    refuse(&format!("{ORIGINALS}/{one}"), &|bytes| bytes[0] ^= 1, "backup_damaged");
    refuse("manifest.json", &|bytes| bytes.clear(), "backup_damaged");
    let rest = fs::read(station.to.join("manifest.json")).unwrap();
    fs::remove_file(station.to.join("manifest.json")).unwrap();
    assert_eq!(restore(&station.to, &station.data, NOW).unwrap_err().code, "backup_damaged");
    fs::write(station.to.join("manifest.json"), rest).unwrap();

    let restored = restore(&station.to, &station.data, NOW).unwrap();
    let aside = restored.replaced.unwrap();
    assert_eq!(store::look_at(&aside.join(DATABASE)).unwrap().head, head, "all of what was there");
    assert!(aside.join(ORIGINALS).join(since).exists(), "also what was pushed since");
    let row = Store::open(&station.data, NOW).unwrap().log_rows(restored.row - 1, 1).unwrap().remove(0);
    assert!(
        row.body.contains(&format!(r#""hash":"{}""#, head.1)),
        "the row names what it replaced: {}",
        row.body
    );
}

#[test]
fn the_key_is_in_a_backup_only_when_it_is_asked_for() {
    use std::os::unix::fs::PermissionsExt;
    let (station, store, _) = station();
    let store = std::sync::Arc::new(store);
    let heads = crate::airing_log::Heads::open(std::sync::Arc::clone(&store), &station.data, Vec::new(), NOW);
    let key = heads.key().unwrap().to_string();
    take(&station.data, &station.to, false, NOW).unwrap();
    assert!(!station.to.join(KEY).exists());
    let manifest = take(&station.data, &station.to, true, NOW).unwrap();
    assert!(manifest.key);
    for file in [KEY, DATABASE, "manifest.json"] {
        let mode = fs::metadata(station.to.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let empty = station.data.with_file_name("empty");
    assert!(restore(&station.to, &empty, NOW).unwrap().key);
    let origin = manifest.origin.clone();
    let restored = crate::airing_log::read_key(&empty, &origin).unwrap().unwrap();
    assert_eq!(restored.public().to_string(), key);
    // without it, none stays behind from the backup before
    take(&station.data, &station.to, false, NOW).unwrap();
    assert!(!station.to.join(KEY).exists());
}

#[test]
fn a_backup_goes_into_no_folder_of_something_else() {
    let (station, ..) = station();
    fs::create_dir(&station.to).unwrap();
    fs::write(station.to.join("thư.txt"), "của ai đó").unwrap();
    assert_eq!(take(&station.data, &station.to, false, NOW).unwrap_err().code, "not_empty");
    let other = station.data.with_file_name("other");
    drop(Store::open(&other, NOW).unwrap());
    let to = station.data.with_file_name("theirs");
    take(&other, &to, false, NOW).unwrap();
    assert_eq!(take(&station.data, &to, false, NOW).unwrap_err().code, "other_station");
    assert_eq!(restore(&other.join("nowhere"), &station.data, NOW).unwrap_err().code, "backup_damaged");
}
