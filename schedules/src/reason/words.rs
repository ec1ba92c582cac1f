//! What more than one sentence says: moments, and who has the air.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Who has the air, in both languages.
pub(super) fn holder_of_air(holder: Option<&str>) -> (String, String) {
    match holder {
        Some(name) => (format!("\"{name}\""), format!("\"{name}\"")),
        None => ("tin khẩn cấp".to_owned(), "the emergency".to_owned()),
    }
}

/// The moment as a Vietnamese and as an English reader writes it, in the station's time.
pub(super) fn moments(at: Timestamp, tz: &TimeZone) -> (String, String) {
    let civil = at.to_zoned(tz.clone()).datetime();
    let (h, mi, s) = (civil.hour(), civil.minute(), civil.second());
    let (y, mo, d) = (civil.year(), civil.month(), civil.day());
    (
        format!("{h:02}:{mi:02}:{s:02} ngày {d:02}/{mo:02}/{y}"),
        format!("{y}-{mo:02}-{d:02} {h:02}:{mi:02}:{s:02}"),
    )
}
