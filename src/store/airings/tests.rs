//! What the output measured is kept with the airing, however it ended.

use super::*;
use crate::airing_log::Gap;
use jiff::ToSpan;
use loaxa_schedules::{Class, EmergencyId, Permit, SegmentId, Slot};

const START: Timestamp = Timestamp::UNIX_EPOCH;

fn slot(number: u32) -> Slot {
    let id = EmergencyId(uuid::Uuid::from_u128(7));
    Slot {
        key: SlotKey::of_emergency(id, number),
        origin: Origin::Emergency(id),
        name: "Tin khẩn cấp".into(),
        occurrence: START,
        position: 0,
        segment: SegmentId(uuid::Uuid::from_u128(8)),
        title: "Lũ".into(),
        class: Class::Emergency,
        start: START,
        latest_start: None,
        offset: SignedDuration::ZERO,
        duration: SignedDuration::from_secs(10),
        yields: None,
        zones: Vec::new().into(),
        gain_db: 0.0,
        permitted: Permit { from: START, until: START + 1.hour() },
        pcm: "aa".into(),
        original_sha256: "bb".into(),
        trim: None,
        approved_by: None,
        reason: Reason::emergency("Trưởng thôn"),
    }
}

fn evidence(frames: u64) -> Box<Evidence> {
    Box::new(Evidence {
        device: "hw:0,0".to_owned(),
        sample_rate: 48_000,
        first: Some(START),
        last: Some(START + 2.seconds()),
        frames,
        handed: frames + 16_384,
        gaps: vec![Gap { at: START + 1.second(), ms: 171, cause: "underrun".to_owned() }],
        gap_count: 1,
        gap_ms: 171,
        lufs: Some(-16.02),
        peak_dbfs: Some(-1.0),
        amplifier: None,
    })
}

fn due(slot: &Slot) -> LogJob {
    LogJob::Due { entry: Box::new(Entry::Slot(slot.clone())), clock: "always" }
}

fn ended(slot: &Slot, evidence: Option<Box<Evidence>>) -> LogJob {
    LogJob::Ended {
        slot: slot.key.clone(),
        outcome: Outcome::Partial,
        reason: None,
        played: SignedDuration::from_secs(2),
        started: Some(START),
        ended: Some(START + 2.seconds()),
        confirmed: true,
        evidence,
    }
}

#[test]
fn it_is_kept_with_the_outcome_and_with_each_note_of_progress() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), START).unwrap();
    let (first, second, third) = (slot(1), slot(2), slot(3));
    store.log(START, &[due(&first), due(&second), due(&third)]).unwrap();
    let progress = |slot: &Slot, frames: u64| LogJob::Progress {
        slot: slot.key.clone(),
        played: SignedDuration::from_secs(1),
        evidence: Some(evidence(frames)),
    };
    store.log(START, &[progress(&first, 48_000), progress(&second, 48_000)]).unwrap();
    let open = store.open_rows().unwrap();
    let noted: Vec<Option<u64>> =
        open.iter().map(|row| row.evidence.as_ref().map(|evidence| evidence.frames)).collect();
    assert_eq!(noted, [Some(48_000), Some(48_000), None]);
    // the newest counts; where there is none, what was noted stays; what never reached the output has none
    store
        .log(START, &[ended(&first, Some(evidence(96_000))), ended(&second, None), ended(&third, None)])
        .unwrap();
    let filter = AiringFilter { limit: 9, ..AiringFilter::default() };
    let kept: Vec<Option<Evidence>> =
        store.airings(&filter).unwrap().into_iter().map(|airing| airing.evidence).collect();
    assert_eq!(kept, [Some(*evidence(96_000)), Some(*evidence(48_000)), None]);
    // and the other way round, page by page
    let before = |seq: i64| {
        let filter = AiringFilter { before_seq: Some(seq), limit: 2, ..AiringFilter::default() };
        store.airings(&filter).unwrap().iter().map(|airing| airing.seq).collect::<Vec<_>>()
    };
    assert_eq!((before(i64::MAX), before(2), before(1)), (vec![3, 2], vec![1], vec![]));
    let rows = store.log_rows(0, 99).unwrap();
    let bodies: Vec<&str> =
        rows.iter().filter(|row| row.kind == "ended").map(|row| row.body.as_str()).collect();
    assert!(
        bodies[0].contains(r#""evidence":{"device":"hw:0,0","first":"1970-01-01T00:00:00Z","frames":96000,"#)
    );
    assert!(bodies[0].contains(r#""gaps":[{"at":"1970-01-01T00:00:01Z","cause":"underrun","ms":171}]"#));
    // a row without evidence is as it was in older versions
    assert!(!bodies[2].contains("evidence"), "{}", bodies[2]);
}
