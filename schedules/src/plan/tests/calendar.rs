//! Days that are not like others. What makes a date a holiday is the calendar's affair; here the planner is told.

use super::*;

const TET: &str = "2026-02-17";

fn tet(effect: DayEffect) -> Holiday {
    Holiday {
        id: HolidayId(Uuid::from_u128(1)),
        name: "Tết".into(),
        rule: HolidayRule::Dates { dates: vec![TET.parse().unwrap()] },
        first_day: 0,
        days: 1,
        announced: vec![],
        effect,
    }
}

fn on_tet(effect: DayEffect, programmes: Vec<Programme>, extra: bool) -> Snapshot {
    let mut windows = vec![window(1, "17:00", "17:30")];
    if extra {
        windows.push(Window {
            days: vec![],
            holidays: vec![HolidayId(Uuid::from_u128(1))],
            ..window(2, "05:00", "06:00")
        });
    }
    Snapshot { holidays: vec![tet(effect)], ..station(windows, programmes) }
}

fn both() -> Vec<Programme> {
    vec![programme(1, "0 5 * * *", &[1]), programme(2, "0 17 * * *", &[2])]
}

#[test]
fn a_closed_day_opens_only_the_windows_that_name_it() {
    let closed = DayEffect { closed: true, ..DayEffect::default() };
    let snapshot = on_tet(closed, both(), true);
    assert_eq!(words(&snapshot, TET, 1), ["05:00:00 p1", "17:00:00 p2 closed_day"]);
    assert_eq!(words(&snapshot, "2026-02-18", 1), ["05:00:00 p1 outside_window", "17:00:00 p2"]);
    let day = plan(&snapshot, TET.parse().unwrap(), "2026-02-18".parse().unwrap()).remove(0);
    let reason = &day.refusals[0].reason;
    assert_eq!(reason.en, "\"Tết\" closes the station on 2026-02-17; no window is open at that time.");
}

#[test]
fn programmes_skip_holidays_or_air_on_them_alone() {
    let mut programmes = both();
    programmes[1].on_holidays = OnHolidays::Skip;
    programmes.push(Programme { on_holidays: OnHolidays::Only, ..programme(3, "10 17 * * *", &[1, 2]) });
    let snapshot = on_tet(DayEffect::default(), programmes, true);
    assert_eq!(
        words(&snapshot, TET, 1),
        ["05:00:00 p1", "17:00:00 p2 skips_holiday", "17:10:00 p3", "17:11:00 p3"]
    );
    // On other days it does not come due at all.
    assert_eq!(words(&snapshot, "2026-02-18", 1), ["05:00:00 p1 outside_window", "17:00:00 p2"]);
    // A swap day is no holiday for programmes.
    let swap = on_tet(DayEffect { ordinary: true, ..DayEffect::default() }, snapshot.programmes, true);
    assert_eq!(words(&swap, TET, 1), ["05:00:00 p1", "17:00:00 p2"]);
}

#[test]
fn mourning_keeps_music_silent() {
    let mourning = DayEffect { no_music: true, ..DayEffect::default() };
    let mut snapshot = on_tet(mourning, vec![programme(1, "0 17 * * *", &[1, 2, 3])], false);
    snapshot.segments[1].music = true;
    assert_eq!(words(&snapshot, TET, 1), ["17:00:00 p1", "17:01:00 p1 no_music", "17:01:00 p1"]);
    assert_eq!(words(&snapshot, "2026-02-18", 1), ["17:00:00 p1", "17:01:00 p1", "17:03:00 p1"]);
}

#[test]
fn a_swap_day_counts_as_another_day_for_windows() {
    // Tết 2026 is a Tuesday.
    let swap = DayEffect { acts_as: Some(Weekday::Sun), ordinary: true, ..DayEffect::default() };
    let mut snapshot = on_tet(swap, both(), false);
    snapshot.windows[0].days = vec![Weekday::Tue];
    assert_eq!(words(&snapshot, TET, 1), ["05:00:00 p1 outside_window", "17:00:00 p2 outside_window"]);
    snapshot.windows[0].days = vec![Weekday::Sun];
    assert_eq!(words(&snapshot, TET, 1), ["05:00:00 p1 outside_window", "17:00:00 p2"]);
}
