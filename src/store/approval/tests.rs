//! Who may say that something sounds, of what exactly, and what becomes of their word.

use super::*;
use crate::access::Role;
use crate::store::{
    Emergency, IdentityKind, NewIdentity, PreparedSound, SegmentRecord, Sound, Spoken, Store,
};
use jiff::{SignedDuration, ToSpan};
use loaxa_schedules::{EmergencyId, SegmentId, Trim};
use std::collections::BTreeSet;

pub(super) const NOW: Timestamp = Timestamp::UNIX_EPOCH;
pub(super) const ID: SegmentId = SegmentId(uuid::Uuid::from_u128(1));

pub(super) fn segment(class: Class) -> NewSegment {
    NewSegment {
        id: ID,
        sha256: "aa".repeat(32),
        bytes: 1,
        title: "Lũ trên sông “Cái”".to_owned(),
        language: "vi".to_owned(),
        class,
        music: false,
        source: None,
        valid_from: Some("2026-11-30".parse().unwrap()),
        valid_until: Some("2026-12-31T17:00:00Z".parse().unwrap()),
        campaign: None,
        external_id: None,
        trim: None,
        spoken: None,
    }
}

/// Somebody whom the store knows, made by `by`.
pub(super) fn add(store: &Store, id: &str, kind: IdentityKind, by: &str) {
    let person = kind == IdentityKind::Person;
    let new = NewIdentity {
        id: id.to_owned(),
        kind,
        name: id,
        role: person.then_some(Role::Approver),
        scopes: BTreeSet::new(),
        secret: "s".to_owned(),
        one_time: false,
        expires_at: None,
    };
    store.add_identity(&new, by, NOW).unwrap();
}

pub(super) fn prepare(store: &Store, id: SegmentId) {
    store.set_prepared(id, &prepared(None), NOW).unwrap();
}

pub(super) fn prepared(trim: Option<Trim>) -> PreparedSound {
    let sound = Sound {
        codec: "flac".to_owned(),
        sample_rate: 48_000,
        channels: 1,
        peak_dbfs: None,
        warnings: vec![],
        loudness: None,
        tags: loaxa_audio::inspect::Tags::default(),
    };
    PreparedSound {
        duration: SignedDuration::from_secs(4),
        root: if trim.is_some() { "cc" } else { "bb" }.to_owned(),
        sound,
        waveform: Vec::new(),
        recipe: String::new(),
        trim,
        original_length: SignedDuration::from_secs(4),
        original_waveform: Vec::new(),
    }
}

/// Four people, a token that An made, one that it made, two of the console's; and a segment that `up` pushed.
fn station(class: Class) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), NOW).unwrap();
    for name in ["An", "Bình", "Chi", "Dung"] {
        add(&store, name, IdentityKind::Person, "admin");
    }
    for (name, by) in
        [("An's", "An"), ("An's own", "An's"), ("up", "console"), ("one", "console"), ("two", "console")]
    {
        add(&store, name, IdentityKind::Token, by);
    }
    store.add_segment(&segment(class), "up", NOW).unwrap();
    prepare(&store, ID);
    (folder, store)
}

fn approve(store: &Store, by: &str) -> std::result::Result<SegmentRecord, String> {
    store.decide(ID, Decision::Approve, None, by, NOW).map_err(|error| error.code.to_string())
}

fn standing(store: &Store) -> Standing {
    store.segment(ID).unwrap().standing
}

fn retitle(store: &Store, title: &str, by: &str) -> SegmentRecord {
    let version = store.segment(ID).unwrap().version;
    store
        .edit_segment(ID, version, (by, NOW), None, |it| {
            Ok(NewSegment { title: title.to_owned(), ..it.pushed.clone() })
        })
        .unwrap()
}

/// As somebody would who reaches the file and not the daemon.
fn tamper(folder: &tempfile::TempDir, sql: &str) {
    let connection = rusqlite::Connection::open(folder.path().join("loaxa.db")).unwrap();
    assert_eq!(connection.execute(sql, []).unwrap(), 1, "{sql}");
}

fn rows(store: &Store, kind: &str) -> Vec<serde_json::Value> {
    let rows = store.log_rows(0, 1000).unwrap().into_iter().filter(|row| row.kind == kind);
    rows.map(|row| serde_json::from_str(&row.body).unwrap()).collect()
}

fn spoken(text: &str) -> Spoken {
    let (program, voice) = ("espeak-ng".to_owned(), "vi".to_owned());
    Spoken { text: text.to_owned(), read_as: None, program, voice, speed: 150 }
}

/// A text that was changed in the database after its approval is as silent as a title that was.
#[test]
fn a_text_that_was_changed_behind_our_back_is_approved_no_more() {
    let (folder, store) = station(Class::Normal);
    let id = SegmentId(uuid::Uuid::from_u128(7));
    let new = NewSegment { id, spoken: Some(spoken("Họp lúc 7 giờ")), ..segment(Class::Normal) };
    store.add_segment(&new, "up", NOW).unwrap();
    prepare(&store, id);
    let record = store.decide(id, Decision::Approve, None, "An", NOW).unwrap();
    assert_eq!((record.standing, record.pushed.spoken), (Standing::Approved, new.spoken));
    let connection = Connection::open(folder.path().join("loaxa.db")).unwrap();
    let changed = "UPDATE segments SET spoken = replace(spoken, '7 giờ', '9 giờ') WHERE spoken IS NOT NULL";
    assert_eq!(connection.execute(changed, []).unwrap(), 1);
    assert_eq!(store.segment(id).unwrap().standing, Standing::Altered);
}

/// The example of docs/approvals.md, worked out by another program.
#[test]
fn the_digest_is_the_one_that_is_written_down() {
    let known = "44bb1391e8587a9c1c37535b6ac5b1fa1f5dd5c63e5bdcb5e3997568fa66098a";
    let it = segment(Class::Emergency);
    assert_eq!(digest(&it), known);
    let page = include_str!("../../../docs/approvals.md");
    assert!(page.contains(known));
    let part = Some(Trim { start_ms: 2300, end_ms: 9000 });
    let trimmed = NewSegment { trim: part, ..it.clone() };
    assert_eq!(digest(&trimmed), "d677184fd3c4a52090c291e87ef689a685ab30d6f99c6eee0111d5a4f00b743c");
    assert!(page.contains(&digest(&trimmed)));
    let others = [
        NewSegment { trim: Some(Trim { start_ms: 2300, end_ms: 9001 }), ..it.clone() },
        NewSegment { trim: Some(Trim { start_ms: 2301, end_ms: 9000 }), ..it.clone() },
        trimmed,
        NewSegment { title: String::new(), ..it.clone() },
        NewSegment { sha256: "ab".repeat(32), ..it.clone() },
        NewSegment { language: "tyz".to_owned(), ..it.clone() },
        NewSegment { class: Class::Normal, ..it.clone() },
        NewSegment { music: true, ..it.clone() },
        NewSegment { source: Some(String::new()), ..it.clone() },
        NewSegment { valid_from: None, ..it.clone() },
        NewSegment { valid_until: None, ..it.clone() },
        NewSegment { valid_from: it.valid_until.clone(), valid_until: it.valid_from.clone(), ..it.clone() },
        NewSegment { spoken: Some(spoken("Lũ về")), ..it.clone() },
        NewSegment { spoken: Some(spoken("Lũ rút")), ..it.clone() },
    ];
    let all: BTreeSet<String> = others.iter().chain([&it]).map(digest).collect();
    assert_eq!(all.len(), others.len() + 1, "each is another one");
    let elsewhere = NewSegment { id: SegmentId(uuid::Uuid::from_u128(2)), bytes: 9, ..it.clone() };
    assert_eq!(digest(&elsewhere), known, "what nobody hears or sees is not in it");
    // the example of a text that was read
    let read = NewSegment { spoken: Some(spoken("Lũ về")), ..it };
    let known = "612b446f372f0723de352934a2a9ae414cab6c23c6ce7ab9eaa4273cde4b98f4";
    assert_eq!(digest(&read), known);
    assert!(page.contains(known) && page.contains(&super::text_hash("Lũ về")));
}

#[test]
fn an_emergency_takes_two_people_and_anything_else_one() {
    let (_folder, store) = station(Class::Priority);
    assert_eq!(approve(&store, "An").unwrap().standing, Standing::Approved);
    let (_folder, store) = station(Class::Emergency);
    let first = approve(&store, "An").unwrap();
    assert_eq!((first.standing, first.approvals.missing()), (Standing::AwaitingApproval, 1));
    assert_eq!(first.approved_by, None);
    assert_eq!(approve(&store, "An").unwrap_err(), "already_approved");
    // her token is she, and so is the token that that one made
    assert_eq!(approve(&store, "An's").unwrap_err(), "already_approved");
    assert_eq!(approve(&store, "An's own").unwrap_err(), "already_approved");
    assert_eq!(standing(&store), Standing::AwaitingApproval);
    let second = approve(&store, "one").unwrap();
    assert_eq!((second.standing, second.approvals.missing()), (Standing::Approved, 0));
    assert_eq!(second.approvals.names().as_deref(), Some("An, one"));
    assert_eq!(approve(&store, "Bình").unwrap_err(), "wrong_state");
    let said: Vec<_> =
        rows(&store, "approval").iter().map(|row| (row["by"].clone(), row["missing"].clone())).collect();
    assert_eq!(said, [("An".into(), 1.into()), ("one".into(), 0.into())]);
    assert!(rows(&store, "approval").iter().all(|row| row["digest"] == second.approvals.digest));
    // one who is against it is enough
    let rejected = store.decide(ID, Decision::Reject, Some("sai"), "Bình", NOW).unwrap();
    assert_eq!((rejected.standing, rejected.approvals.given.len()), (Standing::Rejected, 0));
}

#[test]
fn who_had_a_hand_in_it_decides_nothing_under_no_name() {
    let (_folder, store) = station(Class::Normal);
    assert_eq!(approve(&store, "up").unwrap_err(), "own_upload");
    retitle(&store, "Khác", "An's own");
    for hand in ["An", "An's", "An's own", "up"] {
        assert_eq!(approve(&store, hand).unwrap_err(), "own_upload", "{hand}");
        let against = store.decide(ID, Decision::Reject, None, hand, NOW).unwrap_err();
        assert_eq!(against.code, "own_upload", "{hand}");
    }
    assert_eq!(approve(&store, "two").unwrap().standing, Standing::Approved);
    // who approved it and pushes it too has a hand in it from then on
    let pushed = NewSegment { title: "Khác".to_owned(), ..segment(Class::Normal) };
    let (twin, new) = store.add_segment(&pushed, "two", NOW).unwrap();
    assert_eq!((twin.pushed.id, new, twin.standing), (ID, false, Standing::AwaitingApproval));
    assert_eq!(rows(&store, "approval").last().unwrap()["decision"], "pushed_by_approver");
    assert_eq!(approve(&store, "two").unwrap_err(), "own_upload");
    assert_eq!(approve(&store, "one").unwrap().standing, Standing::Approved);
    // pushed under other words it is another segment, which nobody approved
    let renamed = NewSegment { id: SegmentId(uuid::Uuid::from_u128(2)), ..segment(Class::Normal) };
    let (other, new) = store.add_segment(&renamed, "Chi", NOW).unwrap();
    assert!(new && other.standing == Standing::Received && other.approvals.given.is_empty());
    assert_eq!(standing(&store), Standing::Approved);
}

#[test]
fn what_is_changed_is_asked_for_again_and_what_comes_to_the_same_is_not() {
    let (_folder, store) = station(Class::Emergency);
    approve(&store, "An").unwrap();
    let approved = approve(&store, "Bình").unwrap();
    let before = rows(&store, "approval").len();
    let same = retitle(&store, &approved.pushed.title, "Chi");
    assert_eq!((same.version, same.standing), (approved.version, Standing::Approved));
    assert_eq!(rows(&store, "approval").len(), before, "nothing happened");
    let changed = retitle(&store, "Hết lũ", "Chi");
    assert_eq!((changed.standing, changed.approvals.missing()), (Standing::AwaitingApproval, 2));
    assert_eq!((changed.approved_by, changed.approved_at), (None, None));
    let row = rows(&store, "approval").pop().unwrap();
    assert_eq!((&row["decision"], &row["by"]), (&"edit".into(), &"Chi".into()), "{row}");
    assert_eq!((&row["before"]["title"], &row["title"]), (&approved.pushed.title.into(), &"Hết lũ".into()));
    assert_eq!(approve(&store, "Chi").unwrap_err(), "own_upload");
    // back to what it was: what was said of that is said no more
    let back = retitle(&store, "Lũ trên sông “Cái”", "Chi");
    assert_eq!((back.approvals.digest, back.approvals.given.len()), (approved.approvals.digest, 0));
    // a change that was meant for what is no more there
    let stale = store
        .edit_segment(ID, approved.version, ("Dung", NOW), None, |it| Ok(it.pushed.clone()))
        .unwrap_err();
    assert_eq!(stale.code, "changed_meanwhile");
    store.withdraw(ID, "Dung", NOW).unwrap();
    let version = store.segment(ID).unwrap().version;
    let late = store.edit_segment(ID, version, ("Dung", NOW), None, |it| Ok(it.pushed.clone())).unwrap_err();
    assert_eq!(late.code, "wrong_state");
}

#[test]
fn an_approver_approves_what_they_saw_or_nothing() {
    let (_folder, store) = station(Class::Normal);
    let seen = store.segment(ID).unwrap();
    retitle(&store, "Khác", "Chi");
    let rule = |seen: Option<&str>, version: Option<i64>| {
        let ruling = Ruling { decision: Decision::Approve, note: None, seen, version };
        store.rule(ID, &ruling, "An", NOW).map(|it| it.standing).map_err(|error| error.code.to_string())
    };
    assert_eq!(rule(Some(&seen.approvals.digest), None), Err("seen_differs".to_owned()));
    assert_eq!(rule(Some(""), None), Err("seen_differs".to_owned()));
    assert_eq!(rule(None, Some(seen.version)), Err("changed_meanwhile".to_owned()));
    let now = store.segment(ID).unwrap();
    let upper = now.approvals.digest.to_uppercase();
    assert_eq!(rule(Some(&upper), Some(now.version)), Ok(Standing::Approved));
}

#[test]
fn a_row_that_was_changed_behind_our_back_is_not_what_was_approved() {
    for (sql, back) in [
        ("UPDATE segments SET title = 'Khác'", "UPDATE segments SET title = 'Lũ trên sông “Cái”'"),
        ("UPDATE segments SET language = 'en'", "UPDATE segments SET language = 'vi'"),
        ("UPDATE segments SET class = 'priority'", "UPDATE segments SET class = 'normal'"),
        ("UPDATE segments SET music = 1", "UPDATE segments SET music = 0"),
        ("UPDATE segments SET source = 'tỉnh'", "UPDATE segments SET source = NULL"),
        (
            "UPDATE segments SET valid_until = NULL",
            "UPDATE segments SET valid_until = '2026-12-31T17:00:00Z'",
        ),
        ("UPDATE segments SET sha256 = 'bb'", ""),
        ("UPDATE approvals SET digest = 'bb'", ""),
        ("UPDATE approvals SET identity = 'up'", ""),
        ("DELETE FROM approvals", ""),
    ] {
        let (folder, store) = station(Class::Normal);
        approve(&store, "An").unwrap();
        tamper(&folder, sql);
        let seen = store.segment(ID).unwrap();
        assert_eq!((seen.standing, seen.approvals.names()), (Standing::Altered, None), "{sql}");
        assert_eq!(store.all_segments().unwrap()[0].standing, Standing::Altered, "{sql}");
        let named = store.segments_named(&[ID].into()).unwrap();
        assert_eq!(named[0].standing, Standing::Altered, "{sql}");
        if !back.is_empty() {
            tamper(&folder, back);
            assert_eq!(standing(&store), Standing::Approved, "{back}");
            tamper(&folder, sql);
        }
        // somebody looks at what is there now, and vouches for that
        assert_eq!(approve(&store, "Bình").unwrap().standing, Standing::Approved, "{sql}");
    }
    // called approved by nobody but the row itself, or turned into what takes two
    let (folder, store) = station(Class::Normal);
    tamper(&folder, "UPDATE segments SET state = 'approved', approved_by = 'An', approved_at = 0");
    assert_eq!(standing(&store), Standing::Altered);
    let (folder, store) = station(Class::Normal);
    approve(&store, "An").unwrap();
    tamper(&folder, "UPDATE segments SET class = 'emergency'");
    assert_eq!(standing(&store), Standing::Altered);
    assert_eq!(approve(&store, "Bình").unwrap().approvals.missing(), 1);
}

fn flood(store: &Store, by: &str) -> Emergency {
    let record = store.segment(ID).unwrap();
    let it = Emergency {
        id: EmergencyId(uuid::Uuid::from_u128(7)),
        segment: ID,
        title: record.pushed.title,
        sha256: record.pushed.sha256,
        zones: Vec::new(),
        expires: NOW + 600.seconds(),
        repeat: 1,
        test: false,
        sent_by: (by.to_owned(), by.to_owned()),
        sent_at: NOW,
        withdrawn_by: None,
        withdrawn_at: None,
        digest: Some(record.approvals.digest),
        unapproved: record.standing != Standing::Approved,
        confirmed_by: None,
        confirmed_at: None,
    };
    store.keep_emergency(&it).unwrap();
    it
}

#[test]
fn what_nobody_approved_in_advance_sounds_by_the_word_of_a_second_person() {
    for advance in [None, Some("Dung")] {
        let (_folder, store) = station(Class::Emergency);
        advance.into_iter().for_each(|by| drop(approve(&store, by).unwrap()));
        let it = flood(&store, "An's");
        assert!(it.awaits_confirmation());
        let silenced = || store.silences(&store.emergency(it.id).unwrap()).unwrap();
        assert_eq!(silenced(), Some(Standing::AwaitingApproval));
        assert_eq!(store.unsettled_emergencies(NOW).unwrap(), [], "nothing of it is owed");
        assert_eq!(store.unconfirmed_emergencies(NOW).unwrap(), std::slice::from_ref(&it));
        for (by, code) in [
            ("An's", "own_emergency"),
            ("An", "own_emergency"),
            ("An's own", "own_emergency"),
            ("up", "own_upload"),
        ] {
            assert_eq!(store.confirm_emergency(it.id, by, NOW).unwrap_err().code, code, "{by}");
            assert_eq!(store.may_confirm(&it, by).unwrap_err().code, code, "{by}");
        }
        assert_eq!(silenced(), Some(Standing::AwaitingApproval));
        let confirmed = store.confirm_emergency(it.id, "Bình", NOW).unwrap();
        assert_eq!(confirmed.confirmed_by.as_ref().unwrap().0, "Bình");
        assert_eq!(silenced(), None);
        // once: who comes after is told who did
        assert_eq!(store.confirm_emergency(it.id, "one", NOW + 1.second()).unwrap(), confirmed);
        assert_eq!(store.unsettled_emergencies(NOW).unwrap(), [confirmed]);
        assert_eq!(store.unconfirmed_emergencies(NOW).unwrap(), []);
        let said = rows(&store, "emergency");
        assert_eq!(said.len(), 2, "{said:?}");
        assert_eq!((&said[1]["sent_by_name"], &said[1]["by_name"]), (&"An's".into(), &"Bình".into()));
        retitle(&store, "Khác", "Dung");
        assert_eq!(silenced(), Some(Standing::Altered), "it is not what was confirmed");
    }
}

#[test]
fn what_was_changed_or_taken_back_is_confirmed_by_nobody() {
    let (_folder, store) = station(Class::Emergency);
    let it = flood(&store, "An");
    retitle(&store, "Khác", "Dung");
    assert_eq!(store.confirm_emergency(it.id, "Bình", NOW).unwrap_err().code, "segment_changed");
    let (_folder, store) = station(Class::Emergency);
    let it = flood(&store, "An");
    store.withdraw(ID, "Dung", NOW).unwrap();
    assert_eq!(store.confirm_emergency(it.id, "Bình", NOW).unwrap_err().code, "segment_changed");
    assert_eq!(store.silences(&it).unwrap(), Some(Standing::Withdrawn));
    let (_folder, store) = station(Class::Emergency);
    let it = flood(&store, "An");
    store.withdraw_emergency(it.id, "An", NOW).unwrap();
    assert_eq!(store.confirm_emergency(it.id, "Bình", NOW).unwrap().confirmed_by, None);
    assert_eq!(rows(&store, "emergency").len(), 2);
}

#[test]
fn a_confirmation_that_was_written_by_hand_is_none() {
    let (folder, store) = station(Class::Emergency);
    let it = flood(&store, "An");
    let silenced = || store.silences(&store.emergency(it.id).unwrap()).unwrap();
    for (sql, silent) in [
        ("UPDATE emergencies SET confirmed_by = 'An''s', confirmed_at = 0", true),
        ("UPDATE emergencies SET confirmed_by = 'up'", true),
        ("UPDATE emergencies SET unapproved = 0", true),
        ("UPDATE emergencies SET unapproved = 1, confirmed_by = 'one', digest = 'aa'", true),
    ] {
        tamper(&folder, sql);
        assert_eq!(silenced().is_some(), silent, "{sql}");
    }
}

/// Of two approved in advance nothing is left when one of them has a hand in it.
#[test]
fn what_was_approved_in_advance_sounds_only_as_it_was_sent() {
    let (_folder, store) = station(Class::Emergency);
    approve(&store, "An").unwrap();
    approve(&store, "Bình").unwrap();
    let it = flood(&store, "up");
    assert!(!it.unapproved);
    assert_eq!(store.silences(&it).unwrap(), None, "one person triggers it, the uploader too");
    retitle(&store, "Khác", "Chi");
    assert_eq!(store.silences(&it).unwrap(), Some(Standing::Altered));
    approve(&store, "An").unwrap();
    approve(&store, "Bình").unwrap();
    assert_eq!(store.silences(&it).unwrap(), Some(Standing::Altered), "approved, and not what was sent");
}

#[test]
fn another_part_of_it_is_another_thing_and_takes_its_sound_with_it() {
    let (_folder, store) = station(Class::Normal);
    approve(&store, "one").unwrap();
    let part = Some(Trim { start_ms: 500, end_ms: 3000 });
    let trim = |part, sound: Option<&PreparedSound>| {
        let version = store.segment(ID).unwrap().version;
        let change = |it: &SegmentRecord| Ok(NewSegment { trim: part, ..it.pushed.clone() });
        store.edit_segment(ID, version, ("Dung", NOW), sound, change)
    };
    // never without the sound of exactly that part
    for sound in [None, Some(prepared(None)), Some(prepared(Some(Trim { start_ms: 0, end_ms: 3000 })))] {
        trim(part, sound.as_ref()).unwrap_err();
        let record = store.segment(ID).unwrap();
        assert_eq!((record.standing, record.pushed.trim), (Standing::Approved, None));
    }
    let record = trim(part, Some(&prepared(part))).unwrap();
    assert_eq!((record.standing, record.pushed.trim), (Standing::AwaitingApproval, part));
    assert_eq!(record.prepared.as_deref(), Some("cc"));
    assert_eq!(approve(&store, "Dung").unwrap_err(), "own_upload");
    approve(&store, "one").unwrap();
    // what is made again of the whole is nothing to who has a part of it, and the other way round
    let sha256 = record.pushed.sha256.clone();
    assert!(store.set_prepared_again(&sha256, &prepared(None), NOW).unwrap().is_empty());
    assert_eq!(store.set_prepared_again(&sha256, &prepared(part), NOW).unwrap().len(), 1);
    assert_eq!(standing(&store), Standing::Approved);
    // the same bytes pushed again are the whole recording
    let again = NewSegment { id: SegmentId(uuid::Uuid::from_u128(7)), ..segment(Class::Normal) };
    assert!(store.add_segment(&again, "up", NOW).unwrap().1);
    let back = trim(None, Some(&prepared(None))).unwrap();
    assert_eq!((back.standing, back.pushed.trim), (Standing::AwaitingApproval, None));
    let edits = rows(&store, "approval");
    let edit = edits.iter().rfind(|row| row["decision"] == "edit").unwrap();
    assert_eq!(edit["before"]["trim"], serde_json::json!({ "start_ms": 500, "end_ms": 3000 }));
    assert_eq!(edit["trim"], serde_json::Value::Null);
}
