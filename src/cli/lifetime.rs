//! How long something is to live, as people write it.

use jiff::SignedDuration;

/// Reads `90d`, `12h` or `30m`.
pub(crate) fn lifetime(text: &str) -> std::result::Result<SignedDuration, String> {
    let wrong = || format!("{text:?} is no lifetime; write for instance 90d, 12h or 30m");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let number: i64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
    let seconds = match unit {
        'd' => 86_400,
        'h' => 3_600,
        'm' => 60,
        _ => return Err(wrong()),
    };
    number
        .checked_mul(seconds)
        .filter(|seconds| (1..=100 * 366 * 86_400).contains(seconds))
        .map(SignedDuration::from_secs)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_days_hours_or_minutes() {
        assert_eq!(lifetime("90d"), Ok(SignedDuration::from_hours(90 * 24)));
        assert_eq!(lifetime("12h"), Ok(SignedDuration::from_hours(12)));
        for wrong in ["", "d", "-1d", "0h", "12", "12y", "99999999999d", "ngày"] {
            assert!(lifetime(wrong).is_err(), "{wrong}");
        }
    }
}
