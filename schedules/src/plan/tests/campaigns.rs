//! Where the airings of campaigns find their place.

use super::*;

fn campaign(n: u128, count: u32, spacing: u32) -> Campaign {
    Campaign {
        id: CampaignId(Uuid::from_u128(n)),
        name: format!("c{n}"),
        segments: vec![Share { id: SegmentId(Uuid::from_u128(5)), weight: 1 }],
        rotation: Rotation::InOrder,
        class: Class::Normal,
        zones: vec![],
        languages: vec![],
        min_spacing_minutes: spacing,
        phases: vec![Phase {
            name: "peak".into(),
            from: "2026-11-23".parse().unwrap(),
            to: "2026-11-29".parse().unwrap(),
            windows: vec![],
            airings: Quota { count, per: Period::Day },
        }],
        owner: None,
        order: 0,
    }
}

fn evening(programmes: Vec<Programme>, campaigns: Vec<Campaign>) -> Snapshot {
    Snapshot { campaigns, ..station(vec![window(1, "17:00", "18:00")], programmes) }
}

#[test]
fn airings_are_spread_and_fill_gaps() {
    let free = evening(vec![], vec![campaign(1, 3, 0)]);
    let expect =
        ["17:00:00 c1 ~campaign_airing", "17:20:00 c1 ~campaign_airing", "17:40:00 c1 ~campaign_airing"];
    check(&free, &expect);
    // The first gap after the wish; else the latest one before it.
    let taken = vec![programme(1, "0 17 * * *", &[9]), programme(2, "40 17 * * *", &[9, 9, 2])];
    check(
        &evening(taken, vec![campaign(1, 3, 0)]),
        &[
            "17:00:00 p1",
            "17:09:00 c1 ~campaign_airing",
            "17:20:00 c1 ~campaign_airing",
            "17:35:00 c1 ~campaign_airing",
            "17:40:00 p2",
            "17:49:00 p2",
            "17:58:00 p2",
        ],
    );
}

#[test]
fn spacing_is_kept_on_both_sides() {
    let taken = vec![programme(1, "0 17 * * *", &[9]), programme(2, "40 17 * * *", &[9, 9, 2])];
    let day = plan(
        &evening(taken, vec![campaign(1, 3, 8)]),
        "2026-11-23".parse().unwrap(),
        "2026-11-24".parse().unwrap(),
    )
    .remove(0);
    let airings: Vec<&Slot> = day.slots.iter().filter(|slot| slot.origin.campaign().is_some()).collect();
    assert!(airings.len() >= 2);
    for pair in airings.windows(2) {
        assert!(pair[1].start.duration_since(pair[0].end()) >= SignedDuration::from_mins(8));
    }
}

#[test]
fn priority_joins_at_the_opening() {
    let first = Campaign { class: Class::Priority, ..campaign(1, 1, 0) };
    let next = Programme { start_rule: StartRule::MakeNext, ..programme(1, "0 17 * * *", &[9]) };
    check(&evening(vec![next], vec![first]), &["17:00:00 c1 ~campaign_airing", "17:05:00 p1 ~waits"]);
}

#[test]
fn what_is_cut_and_what_goes_on_have_two_keys() {
    let first = Campaign { class: Class::Priority, ..campaign(1, 1, 0) };
    let cutter = Programme { class: Class::Priority, ..programme(1, "2 17 * * *", &[1]) };
    let snapshot = evening(vec![cutter], vec![first]);
    let from: Date = "2026-11-23".parse().unwrap();
    let day = plan(&snapshot, from, from.saturating_add(1.day())).remove(0);
    let attempts: Vec<(&str, u32)> =
        day.slots.iter().map(|slot| (&*slot.name, slot.key.attempt().1)).collect();
    assert_eq!(attempts, [("c1", 0), ("p1", 0), ("c1", 1)]);
}

#[test]
fn a_range_with_campaigns_is_its_days() {
    let mut weekly = campaign(2, 5, 30);
    weekly.phases[0].airings.per = Period::Week;
    let mut snapshot =
        evening(vec![programme(1, "0 17 * * Mon-Fri", &[9])], vec![weekly, campaign(1, 2, 10)]);
    snapshot.as_of = Some("2026-11-23T00:00:00+07:00".parse().unwrap());
    let from: Date = "2026-11-23".parse().unwrap();
    let whole = plan(&snapshot, from, from.saturating_add(7.days()));
    assert!(whole.iter().all(|day| day.slots.len() >= 2));
    for day in &whole {
        assert_eq!(&plan(&snapshot, day.date, day.date.saturating_add(1.day()))[0], day);
    }
}
