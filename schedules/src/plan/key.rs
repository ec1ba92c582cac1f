//! What the key of a slot says. Every plan reads the whole history, so keys are read by hand, from their ends.

use super::types::SlotKey;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use std::hash::{Hash, Hasher};
use std::ops::Range;

/// Keys are looked up all the time and are long: what differs between most of them is enough, the random part of the
/// id and the end. They are the station's own, so that nobody chooses them to collide.
impl Hash for SlotKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let bytes = self.0.as_bytes();
        state.write(bytes.get(RANDOM).unwrap_or_default());
        state.write(bytes.get(bytes.len().saturating_sub(DISTINCT)..).unwrap_or_default());
    }
}

/// The last bytes of a UUID in text.
const RANDOM: Range<usize> = 24..36;

/// The end of a key: its instant, or its period, with the position behind it.
const DISTINCT: usize = 20;

impl SlotKey {
    /// The key without its attempt, and the attempt: 0 is the first.
    #[must_use]
    pub fn attempt(&self) -> (&str, u32) {
        let key = self.as_str();
        match number_at_end(key).and_then(|(head, attempt)| Some((head.strip_suffix('+')?, attempt))) {
            Some(found) => found,
            None => (key, 0),
        }
    }
}

/// The occurrence and the position of the first key of a programme: `…/20261130T100000Z/3`.
pub(super) fn of_programme(first: &str) -> Option<(Timestamp, u32)> {
    let (head, position) = number_at_end(first)?;
    let head = head.strip_suffix('/')?;
    let (head, occurrence) = head.split_at_checked(head.len().checked_sub(INSTANT)?)?;
    head.ends_with('/').then_some((instant(occurrence)?, position))
}

/// The phase, the period's first day and the number of the first key of a campaign: `…/0/2026-11-30/3`.
pub(crate) fn of_campaign(first: &str) -> Option<(usize, Date, u32)> {
    let (head, number) = number_at_end(first)?;
    let head = head.strip_suffix('/')?;
    let (head, period) = head.split_at_checked(head.len().checked_sub(DAY)?)?;
    let (head, phase) = number_at_end(head.strip_suffix('/')?)?;
    head.ends_with('/').then_some((usize::try_from(phase).ok()?, day(period)?, number))
}

/// Bytes of `20261130T100000Z`.
const INSTANT: usize = 16;

/// Bytes of `2026-11-30`.
const DAY: usize = 10;

/// The number at the end of a text, and what stands before it.
fn number_at_end(text: &str) -> Option<(&str, u32)> {
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (head, number) = text.split_at_checked(text.len() - digits)?;
    Some((head, decimal(number.as_bytes())?))
}

/// A number of digits alone.
fn decimal(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
        number.checked_mul(10)?.checked_add(u32::from(digit))
    })
}

fn instant(text: &str) -> Option<Timestamp> {
    let [y0, y1, y2, y3, mo0, mo1, d0, d1, b'T', h0, h1, m0, m1, s0, s1, b'Z'] = *text.as_bytes() else {
        return None;
    };
    let [month, day, hour, minute, second] =
        [[mo0, mo1], [d0, d1], [h0, h1], [m0, m1], [s0, s1]].map(|digits| two(&digits));
    let civil = DateTime::new(year(&[y0, y1, y2, y3])?, month?, day?, hour?, minute?, second?, 0).ok()?;
    Offset::UTC.to_timestamp(civil).ok()
}

fn day(text: &str) -> Option<Date> {
    let [y0, y1, y2, y3, b'-', mo0, mo1, b'-', d0, d1] = *text.as_bytes() else { return None };
    Date::new(year(&[y0, y1, y2, y3])?, two(&[mo0, mo1])?, two(&[d0, d1])?).ok()
}

fn year(digits: &[u8; 4]) -> Option<i16> {
    i16::try_from(decimal(digits)?).ok()
}

fn two(digits: &[u8; 2]) -> Option<i8> {
    i8::try_from(decimal(digits)?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

    use super::*;
    use crate::vocabulary::{CampaignId, ProgrammeId};
    use uuid::Uuid;

    #[test]
    fn a_key_is_read_back() {
        let at: Timestamp = "2026-11-30T10:00:07Z".parse().unwrap();
        let key = SlotKey::new(ProgrammeId(Uuid::from_u128(5)), at, 13).with_attempt(2);
        assert_eq!(key.attempt().1, 2);
        assert_eq!(of_programme(key.attempt().0), Some((at, 13)));
        for wrong in [
            "no key",
            "p/20261130T1000Z/1",
            "p/20261330T100000Z/1",
            "p/+0261130T100000Z/1",
            "p/20261130T100000Z",
            "20261130T100000Z/1",
            "p/20261130T100000Z/",
            "ẞ0261130T100000Z/1",
        ] {
            assert_eq!(of_programme(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_key_of_a_campaign_is_read_back() {
        let day: Date = "2026-11-30".parse().unwrap();
        let key = SlotKey::of_campaign(CampaignId(Uuid::from_u128(7)), 12, day, 34);
        assert_eq!(key.attempt(), (key.as_str(), 0));
        assert_eq!(of_campaign(key.as_str()), Some((12, day, 34)));
        assert_eq!(of_campaign(key.with_attempt(1).attempt().0), Some((12, day, 34)));
        for wrong in [
            "",
            "c/0/2026-11-30",
            "c/0/2026-11-31/1",
            "c/x/2026-11-30/1",
            "0/2026-11-30/1",
            "c/0/2026-1-30/1",
        ] {
            assert_eq!(of_campaign(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_number_that_is_too_large_is_none() {
        assert_eq!(SlotKey("a+99999999999".into()).attempt(), ("a+99999999999", 0));
        assert_eq!(SlotKey("a+4294967295".into()).attempt(), ("a", u32::MAX));
    }
}
