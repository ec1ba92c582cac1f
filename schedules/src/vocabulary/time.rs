//! Civil times as people write them: days of the week, times of day, and bounds of validity.

use crate::error::ScheduleError;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// A day of the week; the week begins on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Weekday {
    /// Monday to Sunday.
    pub const ALL: [Weekday; 7] =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

    /// The day of the week on which `date` falls.
    #[must_use]
    pub fn of(date: Date) -> Weekday {
        match date.weekday() {
            jiff::civil::Weekday::Monday => Weekday::Mon,
            jiff::civil::Weekday::Tuesday => Weekday::Tue,
            jiff::civil::Weekday::Wednesday => Weekday::Wed,
            jiff::civil::Weekday::Thursday => Weekday::Thu,
            jiff::civil::Weekday::Friday => Weekday::Fri,
            jiff::civil::Weekday::Saturday => Weekday::Sat,
            jiff::civil::Weekday::Sunday => Weekday::Sun,
        }
    }

    /// The stable lower-case name, `mon` to `sun`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Weekday::Mon => "mon",
            Weekday::Tue => "tue",
            Weekday::Wed => "wed",
            Weekday::Thu => "thu",
            Weekday::Fri => "fri",
            Weekday::Sat => "sat",
            Weekday::Sun => "sun",
        }
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Seconds since midnight, 0 to 86,400; written `HH:MM` or `HH:MM:SS`. `24:00` is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u32);

impl TimeOfDay {
    /// The start of the day.
    pub const MIDNIGHT: TimeOfDay = TimeOfDay(0);
    /// `24:00`, which is meant only as an end.
    pub const END_OF_DAY: TimeOfDay = TimeOfDay(86_400);

    /// From seconds since midnight; `None` beyond 86,400.
    #[must_use]
    pub fn from_seconds(seconds: u32) -> Option<TimeOfDay> {
        (seconds <= 86_400).then_some(TimeOfDay(seconds))
    }

    /// Seconds since midnight.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0
    }

    /// This time on `date`; `24:00` is midnight of the day after.
    #[must_use]
    pub fn on(self, date: Date) -> DateTime {
        let midnight = date.to_datetime(Time::midnight());
        midnight.saturating_add(SignedDuration::from_secs(i64::from(self.0)))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes, seconds) = (self.0 / 3600, self.0 / 60 % 60, self.0 % 60);
        write!(f, "{hours:02}:{minutes:02}")?;
        if seconds > 0 {
            write!(f, ":{seconds:02}")?;
        }
        Ok(())
    }
}

impl FromStr for TimeOfDay {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let bad = || ScheduleError::BadTimeOfDay { text: text.to_owned() };
        let mut fields = [0_u32; 3];
        let mut count = 0;
        for part in text.split(':') {
            let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            let slot = fields.get_mut(count).filter(|_| digits).ok_or_else(bad)?;
            *slot = part.parse().map_err(|_| bad())?;
            count += 1;
        }
        let [hours, minutes, seconds] = fields;
        if count < 2 || minutes > 59 || seconds > 59 {
            return Err(bad());
        }
        TimeOfDay::from_seconds(hours * 3600 + minutes * 60 + seconds).ok_or_else(bad)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// One end of a validity: a civil date in the station's time zone, or an instant.
///
/// It keeps the text that was given (`2026-01-01` or RFC 3339), so that what a person wrote comes back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bound {
    text: String,
    at: BoundAt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum BoundAt {
    Day(Date),
    Instant(Timestamp),
}

impl Bound {
    /// The bound at a date.
    #[must_use]
    pub fn day(date: Date) -> Bound {
        Bound { text: date.to_string(), at: BoundAt::Day(date) }
    }

    /// The bound at an instant.
    #[must_use]
    pub fn instant(at: Timestamp) -> Bound {
        Bound { text: at.to_string(), at: BoundAt::Instant(at) }
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first valid instant, when this is a `valid_from`: a date begins with its first moment.
    #[must_use]
    pub fn begins(&self, tz: &TimeZone) -> Timestamp {
        match self.at {
            BoundAt::Day(date) => instant_of(date.to_datetime(Time::midnight()), tz),
            BoundAt::Instant(at) => at,
        }
    }

    /// The first instant that is no longer valid, when this is a `valid_until`: a date is inclusive, so it
    /// ends with the first moment of the next day.
    #[must_use]
    pub fn ends(&self, tz: &TimeZone) -> Timestamp {
        match self.at {
            BoundAt::Day(date) => {
                let next = date.saturating_add(1.day());
                instant_of(next.to_datetime(Time::midnight()), tz)
            }
            BoundAt::Instant(at) => at,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Bound {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let bad = || ScheduleError::BadBound { text: text.to_owned() };
        let at = if text.len() == 10 {
            BoundAt::Day(text.parse().map_err(|_| bad())?)
        } else {
            BoundAt::Instant(text.parse().map_err(|_| bad())?)
        };
        Ok(Bound { text: text.to_owned(), at })
    }
}

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The instant of a civil time: a time in a gap comes later, a time that happens twice is its first.
pub(crate) fn instant_of(civil: DateTime, tz: &TimeZone) -> Timestamp {
    tz.to_ambiguous_timestamp(civil).compatible().unwrap_or(Timestamp::MAX)
}
