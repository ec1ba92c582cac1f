//! Seconds since 1970 as `2026-11-30T10:00:00Z`, and back: no other form, no leap second, years 1970 to 9999.

const DAY: i64 = 86_400;
/// The second after the last one that can be written.
const END: i64 = 253_402_300_800;

/// Days since 1970-01-01 of a day of the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms").
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day; the way back.
const fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// The text of a second; the first or last that can be written for what lies outside.
pub(super) fn moment(seconds: i64) -> String {
    let seconds = seconds.clamp(0, END - 1);
    let ((year, month, day), of_day) = (date(seconds / DAY), seconds % DAY);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The second that a text means; None of anything that [`moment`] does not write.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let (month, day) = (number(5, 7)?, number(8, 10)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let of_day = number(11, 13)? * 3_600 + number(14, 16)? * 60 + number(17, 19)?;
    let seconds = days(number(0, 4)?, month, day) * DAY + of_day;
    // 31 February, 24:00 and every other sign between the digits are written otherwise
    ((0..END).contains(&seconds) && moment(seconds) == text).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_they_are_written_and_nothing_else_is() {
        for (second, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_796_032_800, "2026-11-30T10:00:00Z"),
            (END - 1, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(moment(second), text);
            assert_eq!(seconds(text), Some(second));
        }
        let mut day = 0;
        while day < END {
            assert_eq!(seconds(&moment(day)), Some(day));
            day += DAY * 13 + 7_919;
        }
        for wrong in [
            "",
            "2026-11-30",
            "2026-02-29T00:00:00Z",
            "2026-02-31T00:00:00Z",
            "2026-11-30T24:00:00Z",
            "2026-11-30T10:60:00Z",
            "2026-11-30T10:00:60Z",
            "2026-11-30t10:00:00Z",
            "2026-11-30T10:00:00z",
            "2026-11-30T10:00:00+00:00",
            "2026-11-30T10:00:00.0Z",
            "+2026-11-30T10:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-1é-30T10:00:00Z",
            "10000-01-01T00:00:00Z",
        ] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
