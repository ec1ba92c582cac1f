//! The rule, and what becomes of the log by it: at every step the same export, and an auditor who says the same.

use super::Waits;
use super::lab::{Lab, day, due, ended, slot};
use crate::clock::TrustReason;
use crate::store::{
    AiringFilter, Asked, Emergency, IdentityKind, LogJob, NewIdentity, NewSegment, Removable,
};
use jiff::Timestamp;
use loaxa_evidence::{KeyKind, PRUNED, SigningKey, Trust, cosign, verify};
use loaxa_schedules::{Campaign, CampaignId, Class, EmergencyId, Origin, ProgrammeId, SegmentId, SlotKey};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

const PROGRAMME: Origin = Origin::Programme(ProgrammeId(Uuid::from_u128(1)));

fn everything() -> AiringFilter {
    AiringFilter { limit: 1_000, ..AiringFilter::default() }
}

/// A station that aired every day for so long.
fn aired(days: i32) -> Lab {
    let lab = Lab::new();
    (0..days).for_each(|number| drop(lab.aired(number, PROGRAMME)));
    lab
}

#[test]
fn wherever_the_power_goes_the_log_is_the_same_and_it_goes_on() {
    let mut lab = aired(40);
    let before = lab.export();
    let airings = lab.store.airings(&everything()).unwrap();
    // a collector saw the head at which the log will be cut
    let kept = lab.store.removable(day(20), day(43), &[]).unwrap();
    let Removable::UpTo(cut) = kept else { panic!("{kept:?}") };
    let collector = SigningKey::from_seed("huyen.example", KeyKind::Cosignature, &[2; 32].into()).unwrap();
    let mut seen = lab.heads.sign_at(cut).unwrap().note;
    cosign(&mut seen, &collector, 1_796_000_000);
    let body = json!({ "what": "countersigned", "row": cut });
    lab.store.add_to_head(cut, day(39), &body, |_| Ok(Some(seen.to_string()))).unwrap();

    let (removed, waits) = lab.decide(50, 30);
    let removed = removed.unwrap();
    assert_eq!((removed.row, waits), (cut, None));
    assert!(removed.until < day(20) && removed.until >= day(18), "{}", removed.until);
    // what stands there before anything is deleted
    let after = lab.export();
    let rows: Vec<&str> = before.lines().collect();
    let cut = usize::try_from(cut).unwrap();
    assert!(after.lines().skip(1).zip(&rows[cut..]).all(|(now, then)| now == *then));
    let told = lab.store.log_rows(removed.told - 1, 1).unwrap().remove(0);
    assert_eq!(told.kind, PRUNED);
    let body: serde_json::Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!((&body["first"], &body["last"], &body["count"]), (&json!(1), &json!(cut), &json!(cut)));
    assert_eq!((&body["hash"], &body["keep_days"]), (&json!(removed.hash), &json!(30)));
    assert_eq!(
        lab.store.kept_head(removed.row).unwrap(),
        Some(seen.to_string()),
        "with who countersigned it"
    );
    // the power goes after each transaction
    let mut steps = 0;
    loop {
        let report = lab.verify(&after);
        assert_eq!(report.verdict.word(), "intact", "{:?}", report.verdict);
        let removal = report.removal.unwrap();
        assert_eq!(
            (removal.last(), removal.signed, removal.told),
            (removed.row, Some(true), Some(removed.told))
        );
        assert_eq!(lab.export(), after, "step {steps}");
        crate::store::copy_database(lab.folder.path(), &lab.folder.path().join("copy")).unwrap();
        let held = crate::store::look_at(&lab.folder.path().join("copy")).unwrap();
        assert_eq!(held.origin, lab.key.name());
        std::fs::remove_file(lab.folder.path().join("copy")).unwrap();
        if !lab.store.forget_some(7).unwrap() {
            break;
        }
        steps += 1;
        lab.open_again();
        lab.store.check().unwrap();
        assert_eq!(lab.store.removed().unwrap(), Some(removed.clone()));
    }
    assert!(steps > 5, "{steps}");
    let left = lab.store.airings(&everything()).unwrap();
    let wanted = &airings[usize::try_from(removed.seq).unwrap()..];
    assert_eq!(
        left.iter().map(|airing| airing.seq).collect::<Vec<_>>(),
        wanted.iter().map(|airing| airing.seq).collect::<Vec<_>>()
    );
    // not twice a day; then the next one
    assert_eq!(lab.decide(50, 30).0, None);
    lab.aired(50, PROGRAMME);
    let (second, _) = lab.decide(51, 30);
    let second = second.unwrap();
    assert!(second.row > removed.row && second.seq > removed.seq);
    while lab.store.forget_some(1_000).unwrap() {}
    let last = lab.export();
    assert_eq!(lab.verify(&last).verdict.word(), "intact");
    // who kept what was exported before sees that nothing was lost
    let trust = Trust::new(std::slice::from_ref(&lab.key), &[]);
    let trust = trust.and_older(before.as_bytes()).unwrap();
    let report = verify(last.as_bytes(), &trust);
    assert_eq!(report.verdict.word(), "intact");
    assert!(report.not_provable.iter().all(|doubt| doubt.code != "removed"), "{:?}", report.not_provable);
}

#[test]
fn all_airings_may_go_and_the_numbers_go_on() {
    let mut lab = aired(5);
    lab.started(80);
    let (removed, _) = lab.decide(100, 30);
    let removed = removed.unwrap();
    while lab.store.forget_some(2).unwrap() {}
    lab.open_again();
    assert_eq!(lab.store.airings(&everything()).unwrap().len(), 0);
    assert_eq!(format!("loaxa/{}", lab.store.log_identifier().unwrap()), lab.key.name());
    lab.aired(101, PROGRAMME);
    let airing = lab.store.airings(&everything()).unwrap().remove(0);
    assert_eq!(airing.seq, removed.seq + 1);
    assert_eq!(lab.store.first_kept().unwrap().unwrap().0, removed.row + 1);
    // of a row that is gone the head that was kept is there, of another nothing
    assert_eq!(lab.heads.sign_at(removed.row).unwrap().checkpoint.size, removed.row);
    assert_eq!(lab.heads.sign_at(removed.row - 1).unwrap_err().code, "not_found");
}

#[test]
fn nothing_goes_without_a_trusted_clock_a_key_and_age() {
    let mut lab = aired(10);
    assert_eq!(lab.decide(12, 30), (None, None));
    let last = lab.store.log_head().unwrap().0;
    // a clock that came back years later may be wrong; a week on, somebody has seen it
    assert_eq!(lab.decide(60, 30), (None, Some(Waits::Doubtful(last))));
    lab.started(54);
    assert_eq!(lab.decide(60, 30), (None, Some(Waits::Doubtful(last))));
    assert!(lab.store.removable(day(30), day(54), &[]).unwrap() == Removable::UpTo(last));
    lab.set(day(62), TrustReason::NotSynchronised);
    assert_eq!(lab.decide(62, 30), (None, Some(Waits::ClockUntrusted)));
    lab.set(day(62), TrustReason::RtcAgrees);
    let file = crate::airing_log::key_file(lab.folder.path());
    let mode =
        |mode| std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    mode(0o644);
    lab.open_again();
    assert_eq!(lab.decide(62, 30), (None, Some(Waits::NotSigned)));
    mode(0o600);
    lab.open_again();
    assert!(lab.decide(62, 30).0.is_some());
}

#[test]
fn what_is_open_or_of_a_campaign_that_is_not_over_stays() {
    let campaign: Campaign = serde_json::from_value(json!({
        "id": Uuid::from_u128(5).to_string(), "name": "Mùa mưa", "segments": [{ "id": Uuid::from_u128(8).to_string(), "weight": 1 }],
        "zones": [], "min_spacing_minutes": 0,
        "phases": [{
            "name": "a", "from": "2026-01-01", "to": "2026-12-31", "windows": [], "airings": { "count": 1, "per": "day" },
        }],
    }))
    .unwrap();
    let lab = Lab::new();
    let of_campaign = Origin::Campaign(CampaignId(Uuid::from_u128(5)));
    (0..5).for_each(|number| drop(lab.aired(number, PROGRAMME)));
    let open = slot(5, PROGRAMME);
    lab.store.log(day(5), &[due(open.clone())]).unwrap();
    let first_of_open = lab.store.log_head().unwrap().0;
    (6..12).for_each(|number| drop(lab.aired(number, of_campaign)));
    let kept = lab.store.create(&campaign, "i", day(11)).unwrap();
    lab.started(45);
    // up to the slot that is open
    let (removed, _) = lab.decide(60, 30);
    let removed = removed.unwrap();
    assert!(removed.row < first_of_open, "{removed:?}");
    while lab.store.forget_some(100).unwrap() {}
    assert!(matches!(lab.decide(62, 30), (None, Some(Waits::Needed(_)))));
    // it is closed; up to the first airing of the campaign
    lab.store.log(day(62), &[ended(&open.key)]).unwrap();
    let (removed, _) = lab.decide(64, 30);
    assert_eq!(removed.map(|removed| removed.row), Some(first_of_open));
    assert!(matches!(lab.decide(66, 30), (None, Some(Waits::Needed(_)))));
    // the campaign is over, and its grace: its rows go, and its account stays as long as it is there
    let counted = || {
        let campaigns = [campaign.id];
        let asked = Asked { unaired_since: Timestamp::MAX, campaigns: &campaigns, heard_since: None };
        lab.store.history(asked).unwrap().len()
    };
    lab.started(370);
    let (removed, _) = lab.decide(365 + 29, 30);
    let removed = removed.unwrap();
    while lab.store.forget_some(100).unwrap() {}
    assert!(lab.store.airings(&everything()).unwrap().iter().all(|airing| airing.seq > removed.seq));
    assert_eq!(counted(), 6);
    lab.store.remove::<Campaign>(Uuid::from_u128(5), kept.version, "i", day(400)).unwrap();
    while lab.store.forget_some(100).unwrap() {}
    assert_eq!(counted(), 0, "what nobody can ask after goes, too");
    assert_eq!(lab.verify(&lab.export()).verdict.word(), "intact");
}

#[test]
fn an_emergency_of_which_the_rows_are_gone_is_not_owed_again() {
    let lab = Lab::new();
    let segment = SegmentId(Uuid::from_u128(8));
    let person = NewIdentity {
        id: "i".to_owned(),
        kind: IdentityKind::Token,
        name: "i",
        role: None,
        scopes: BTreeSet::new(),
        secret: "s".to_owned(),
        one_time: false,
        expires_at: None,
    };
    lab.store.add_identity(&person, "console", day(0)).unwrap();
    let recording = NewSegment {
        id: segment,
        sha256: "aa".to_owned(),
        bytes: 1,
        title: "Lũ".to_owned(),
        language: "vi".to_owned(),
        class: Class::Emergency,
        music: false,
        source: None,
        valid_from: None,
        valid_until: None,
        campaign: None,
        external_id: None,
        trim: None,
        spoken: None,
    };
    lab.store.add_segment(&recording, "i", day(0)).unwrap();
    let emergency = Emergency {
        id: EmergencyId(Uuid::from_u128(7)),
        segment,
        title: "Lũ".to_owned(),
        sha256: "aa".to_owned(),
        zones: Vec::new(),
        expires: day(1),
        repeat: 1,
        test: false,
        sent_by: ("i".to_owned(), "i".to_owned()),
        sent_at: day(0),
        withdrawn_by: None,
        withdrawn_at: None,
        digest: None,
        unapproved: false,
        confirmed_by: None,
        confirmed_at: None,
    };
    let id = emergency.id;
    lab.store.keep_emergency(&emergency).unwrap();
    let key = SlotKey::of_emergency(id, 1);
    let mut sent = slot(0, Origin::Emergency(id));
    sent.key = key.clone();
    lab.store.log(day(0), &[due(sent), ended(&key)]).unwrap();
    lab.aired(1, PROGRAMME);
    lab.started(40);
    let owed = |at| lab.store.unsettled_emergencies(at).unwrap();
    assert_eq!(owed(day(60)).len(), 0);
    assert!(lab.decide(60, 30).0.is_some());
    while lab.store.forget_some(100).unwrap() {}
    assert_eq!(owed(day(60)).len(), 0, "what was heard is not heard again");
    assert!(lab.store.airings(&everything()).unwrap().is_empty());
}

#[test]
fn a_clock_that_was_wrong_neither_ages_rows_nor_holds_them() {
    let lab = Lab::new();
    let note = || LogJob::Note { kind: "start", body: json!({}) };
    let write = |number: i32, trust| {
        lab.set(day(number), trust);
        lab.store.log(day(number), &[note()]).unwrap();
        lab.store.log_head().unwrap().0
    };
    let first = write(1, TrustReason::KernelSynchronised);
    // the board came up in another year, either way, and nobody believed it
    write(4_000, TrustReason::NotSynchronised);
    let last = write(2, TrustReason::Vouched);
    let early = write(-9_000, TrustReason::BeforeRemembered);
    write(50, TrustReason::KernelSynchronised);
    write(3, TrustReason::KernelSynchronised);
    assert!(first < last && last < early);
    assert_eq!(lab.store.removable(day(10), day(60), &[]).unwrap(), Removable::UpTo(last));
    assert_eq!(
        lab.store.removable(day(1), day(60), &[]).unwrap(),
        Removable::UpTo(2),
        "the key's row, of day 0"
    );
    assert_eq!(lab.store.removable(day(0), day(60), &[]).unwrap(), Removable::Nothing);
}

#[test]
fn the_first_key_is_enough_when_the_row_that_announced_the_next_one_is_gone() {
    let mut lab = aired(3);
    let rotate = |lab: &mut Lab, at: i32| {
        let data = lab.folder.path().to_owned();
        let origin = lab.key.name().to_owned();
        let old = crate::airing_log::read_key(&data, &origin).unwrap().unwrap();
        let new = crate::airing_log::next_key(&data, &origin).unwrap();
        let names = (old.public().to_string(), new.public().to_string());
        lab.set(day(at), TrustReason::KernelSynchronised);
        let announce = |row: i64, hash: &str| {
            let hash = loaxa_evidence::hash_from_hex(hash).unwrap();
            let head = loaxa_evidence::Checkpoint { origin: origin.clone(), size: row, hash };
            Ok(loaxa_evidence::rotation(&head, &old, &new).unwrap().to_string())
        };
        lab.store.rotate_key((&names.0, &names.1), day(at), announce).unwrap();
        crate::airing_log::finish_rotation(&data, &origin, Some(&names.1)).unwrap();
        lab.open_again();
        new.public().clone()
    };
    rotate(&mut lab, 4);
    (5..9).for_each(|number| drop(lab.aired(number, PROGRAMME)));
    let (removed, _) = lab.decide(37, 30);
    assert!(removed.is_some());
    while lab.store.forget_some(100).unwrap() {}
    assert!(!lab.export().contains("\"kind\":\"key\""), "the rotation is gone");
    assert_eq!(lab.verify(&lab.export()).verdict.word(), "intact");
    // another one; the boundary is signed by it from then on
    let third = rotate(&mut lab, 40);
    assert_eq!(lab.verify(&lab.export()).verdict.word(), "intact");
    let latest = Trust::new(&[third], &[]).of_the_whole();
    assert_eq!(verify(lab.export().as_bytes(), &latest).verdict.word(), "intact");
    // and the row that told of the first removal goes as well
    (41..44).for_each(|number| drop(lab.aired(number, PROGRAMME)));
    lab.started(60);
    assert!(lab.decide(80, 30).0.is_some());
    while lab.store.forget_some(100).unwrap() {}
    assert_eq!(lab.verify(&lab.export()).verdict.word(), "intact");
}
