//! Owed, aired, planned and still possible.

use super::super::{account, account_in, owed_between};
use super::*;
use crate::plan::{DayPlan, Slot};
use crate::reason::{Reason, ReasonCode};

/// A slot of a minute of the first campaign: `"2026-03-05T17:00 0/2026-03-02/4"`.
fn slot(text: &str) -> Slot {
    let airing = past(&format!("{text} missed"));
    let start = airing.planned_start;
    Slot {
        key: airing.key,
        origin: airing.origin,
        name: "".into(),
        occurrence: start,
        position: 1,
        segment: airing.segment,
        title: "".into(),
        class: Class::Normal,
        start,
        latest_start: None,
        offset: SignedDuration::ZERO,
        duration: SignedDuration::from_secs(60),
        yields: None,
        zones: [].into(),
        gain_db: 0.0,
        permitted: Permit { from: start, until: start },
        pcm: "".into(),
        original_sha256: "".into(),
        trim: None,
        approved_by: None,
        reason: Reason { code: ReasonCode::Planned.as_str().into(), vi: String::new(), en: String::new() },
    }
}

#[test]
fn every_column_adds_up() {
    let mut snapshot = station(
        vec![window(1, &WEEKDAYS, "17:00", "17:10")],
        vec![campaign(1, &["2026-03-02..2026-03-15 5 a week", "2026-03-04..2026-03-05 1 a day"])],
    );
    snapshot.as_of = Some(at("2026-03-05T17:04"));
    snapshot.history = vec![
        past("2026-03-02T17:00 0/2026-03-02/1 missed"),
        past("2026-03-03T17:00 0/2026-03-02/2 aired"),
        past("2026-03-03T17:05 0/2026-03-02/1+1 partial"),
        past("2026-03-04T17:00 0/2026-03-02/3 aired"),
        past("2026-03-04T17:05 0/2026-03-02/1+2 aired"),
        past("2026-03-04T17:08 1/2026-03-04/1 aired"),
    ];
    let slots = vec![
        slot("2026-03-05T17:00 0/2026-03-02/4"),
        slot("2026-03-05T17:05 1/2026-03-05/1"),
        slot("2026-03-06T17:00 0/2026-03-02/5"),
        slot("2026-03-09T17:00 0/2026-03-09/1"),
        slot("2026-03-09T17:05 0/2026-03-02/4+1"),
    ];
    let plan = [DayPlan { date: date("2026-03-05"), slots, refusals: vec![] }];
    let told = account_in(&snapshot, snapshot.campaigns[0].id, &plan).unwrap();
    assert_eq!(told.name, "c1");
    let [first, second] = &told.phases[..] else { panic!("two phases") };
    assert_eq!((first.owed, first.owed_so_far), (10, 3));
    assert_eq!((first.aired, first.made_good, first.lost), (3, 1, 2));
    assert_eq!((first.planned, first.planned_make_goods, first.short), (3, 1, 4));
    assert_eq!(first.time_aired, SignedDuration::from_mins(3));
    assert_eq!(first.time_planned, SignedDuration::from_mins(3));
    // Six minutes today, and six days of ten minutes.
    assert_eq!(first.still_possible, 3 + 6 + 60);
    assert_eq!(
        (second.owed, second.owed_so_far, second.aired, second.planned, second.short),
        (2, 1, 1, 1, 0)
    );
    assert_eq!(second.still_possible, 1 + 6);
}

#[test]
fn a_campaign_that_is_over_can_have_no_more() {
    let mut snapshot = station(
        vec![window(1, &WEEKDAYS, "17:00", "17:10")],
        vec![campaign(1, &["2026-03-02..2026-03-06 1 a day"])],
    );
    snapshot.as_of = Some(at("2026-06-01T00:00"));
    snapshot.history = vec![past("2026-03-02T17:00 0/2026-03-02/1 aired")];
    let told = account(&snapshot, snapshot.campaigns[0].id).unwrap();
    let phase = &told.phases[0];
    assert_eq!((phase.owed, phase.owed_so_far, phase.aired), (5, 5, 1));
    assert_eq!((phase.planned, phase.short, phase.still_possible), (0, 4, 1));
    assert_eq!(account(&snapshot, CampaignId(Uuid::from_u128(9))), None);
}

#[test]
fn what_is_owed_of_some_days_is_what_they_were_wanted_to_bring() {
    let snapshot = station(
        vec![window(1, &WEEKDAYS, "17:00", "17:10")],
        vec![campaign(1, &["2026-03-02..2026-03-15 3 a week", "2026-03-04..2026-03-05 2 a day"])],
    );
    let owed = |from: &str, to: &str| {
        owed_between(&snapshot, snapshot.campaigns[0].id, date(from), date(to)).unwrap()
    };
    // three a week from Monday to Friday are wanted on Monday, Tuesday and Thursday
    for (from, to, wanted) in [
        ("2026-03-02", "2026-03-03", 1),
        ("2026-03-03", "2026-03-04", 1),
        ("2026-03-04", "2026-03-05", 2),
        ("2026-03-05", "2026-03-06", 1 + 2),
        ("2026-03-06", "2026-03-09", 0),
        ("2026-03-02", "2026-03-16", 6 + 4),
        ("2026-01-01", "2027-01-01", 6 + 4),
        ("2026-04-01", "2026-05-01", 0),
    ] {
        assert_eq!(owed(from, to), wanted, "{from} to {to}");
    }
    let nobody = CampaignId(Uuid::from_u128(9));
    assert_eq!(owed_between(&snapshot, nobody, date("2026-03-02"), date("2026-03-16")), None);
}
