//! Days that are not like others.

use super::*;

const TET: &str = "2026-02-17";

fn holiday(n: u128, effect: DayEffect) -> Holiday {
    Holiday {
        id: HolidayId(Uuid::from_u128(n)),
        name: "Tết".into(),
        rule: HolidayRule::Dates { dates: vec![TET.parse().unwrap()] },
        first_day: 0,
        days: 1,
        announced: vec![],
        effect,
    }
}
