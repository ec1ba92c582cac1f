//! Whose turn it is.

use super::*;

/// The turns of `count` airings; `airable` says what can air in a turn.
fn turns(campaign: Campaign, count: usize, airable: impl Fn(usize, SegmentId) -> bool) -> String {
    let snapshot = station(vec![window(1, &WEEKDAYS, "00:00", "24:00")], vec![campaign]);
    let mut book = Book::new(&snapshot);
    let mut told = String::new();
    let day = date("2026-03-02");
    let wants = book.wants(day, &|_| openings(&snapshot, day));
    for (turn, want) in wants.iter().take(count).enumerate() {
        let Some(segment) = book.turn(0).into_iter().find(|&segment| airable(turn, segment)) else {
            told.push('-');
            continue;
        };
        book.placed(want, segment, minute(turn));
        told.push_str(&segment.0.as_u128().to_string());
    }
    told
}

fn by(rotation: Rotation, weights: &[u32]) -> Campaign {
    let segments = (1..).zip(weights).map(|(n, &weight)| Share { id: id(n), weight }).collect();
    Campaign { rotation, segments, ..campaign(1, &["2026-03-02..2026-03-02 40 a day"]) }
}

#[test]
fn each_rotation_takes_turns() {
    for (rotation, weights, expect) in [
        (Rotation::InOrder, vec![1, 1, 1], "123123123123"),
        (Rotation::FairShare, vec![1, 1, 1], "123123123123"),
        (Rotation::Weighted, vec![1, 1, 1], "123123123123"),
        (Rotation::Weighted, vec![2, 1, 1], "123121312131"),
        (Rotation::Weighted, vec![3, 2, 1], "123121213121"),
        // Half of the turns are the most that one segment can have.
        (Rotation::Weighted, vec![9, 1, 1], "121312131213"),
        (Rotation::InOrder, vec![1], "111111111111"),
    ] {
        let told = turns(by(rotation, &weights), 12, |_, _| true);
        assert_eq!(told, expect, "{rotation:?} {weights:?}");
    }
}

#[test]
fn what_could_not_air_for_a_while_catches_up_by_fair_share_alone() {
    let late = |turn: usize, segment: SegmentId| turn >= 6 || segment != id(3);
    assert_eq!(turns(by(Rotation::FairShare, &[1, 1, 1]), 12, late), "121212313231");
    assert_eq!(turns(by(Rotation::InOrder, &[1, 1, 1]), 12, late), "121212312312");
    let alone = |turn: usize, segment: SegmentId| turn >= 6 || segment == id(1);
    assert_eq!(turns(by(Rotation::InOrder, &[1, 1, 1]), 8, alone), "11111123");
}

#[test]
fn only_the_languages_of_the_campaign_take_turns() {
    let mut snapshot = station(vec![], vec![campaign(1, &[])]);
    for (index, language) in ["vi-VN", "hmn", "vie"].into_iter().enumerate() {
        snapshot.segments[index].language = language.into();
    }
    for (languages, expect) in [
        (vec![], vec![1, 2, 3]),
        (vec!["vi"], vec![1]),
        (vec!["VI", "hmn"], vec![1, 2]),
        (vec!["vi-VN-x"], vec![]),
        (vec!["th"], vec![]),
    ] {
        snapshot.campaigns[0].languages = languages.iter().map(|&tag| tag.into()).collect();
        let expect: Vec<SegmentId> = expect.into_iter().map(id).collect();
        assert_eq!(Book::new(&snapshot).turn(0), expect, "{languages:?}");
    }
}

#[test]
fn turns_go_on_where_the_history_ended() {
    let mut snapshot = station(vec![], vec![campaign(1, &["2026-03-02..2026-03-29 9 a week"])]);
    snapshot.history = vec![
        past("2026-03-02T17:20 0/2026-03-02/2 partial 2"),
        past("2026-03-02T17:00 0/2026-03-02/1 aired 1"),
        past("2026-03-02T17:40 0/2026-03-02/3 missed 3"),
    ];
    assert_eq!(Book::new(&snapshot).turn(0), [id(3), id(1), id(2)]);
    let book = Book::new(&snapshot);
    for (segment, start, repeats) in [
        (1, "2026-03-02T16:00", true),
        (2, "2026-03-02T16:00", false),
        (1, "2026-03-02T17:10", true),
        (2, "2026-03-02T17:10", true),
        (3, "2026-03-02T17:10", false),
        (1, "2026-03-02T17:30", false),
        (2, "2026-03-02T17:30", true),
    ] {
        assert_eq!(book.repeats(0, id(segment), at(start)), repeats, "{segment} {start}");
    }
}
