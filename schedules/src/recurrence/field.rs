//! Reading the fields of an expression.

use super::days::{Days, DaysOfMonth, DaysOfWeek, FIRST_YEAR, LAST_YEAR};
use super::times::Times;

const EXAMPLE: &str = "for example \"0 17 * * Mon-Fri\" is 17:00 from Monday to Friday";
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

const SECOND: Field = Field { name: "second", first: 0, size: 60, names: &[] };
const MINUTE: Field = Field { name: "minute", first: 0, size: 60, names: &[] };
const HOUR: Field = Field { name: "hour", first: 0, size: 24, names: &[] };
const DAY_OF_MONTH: Field = Field { name: "day of the month", first: 1, size: 31, names: &[] };
const MONTH: Field = Field { name: "month", first: 1, size: 12, names: &MONTHS };
/// The days of the week, 0 to 6 from Sunday, as Unix numbers them.
const UNIX_WEEKDAY: Field = Field { name: "day of the week", first: 0, size: 7, names: &WEEKDAYS };
/// 1 to 7 from Sunday.
const QUARTZ_WEEKDAY: Field = Field { first: 1, ..UNIX_WEEKDAY };

/// Reads a whole expression; the error says what is wrong and how to write it.
pub(super) fn read(expression: &str) -> Result<(Times, Days), String> {
    let expression = expression.trim();
    if expression.starts_with('@') {
        return read(meaning(expression)?);
    }
    let mut fields: Vec<&str> = expression.split_whitespace().collect();
    let weekday = match fields.len() {
        5 => {
            fields.insert(0, "0");
            UNIX_WEEKDAY
        }
        6 | 7 => QUARTZ_WEEKDAY,
        count => return Err(format!("it has {count} fields instead of 5, 6 or 7; {EXAMPLE}")),
    };
    let times = Times {
        hours: HOUR.read(fields[2])?,
        minutes: MINUTE.read(fields[1])?,
        seconds: SECOND.read(fields[0])?,
    };
    let days = Days {
        of_month: days_of_month(fields[3])?,
        of_week: days_of_week(fields[5], &weekday)?,
        months: MONTH.read(fields[4])?,
        years: fields.get(6).map_or(Ok(None), |field| years(field))?,
    };
    Ok((times, days))
}

/// What a nickname stands for.
fn meaning(nickname: &str) -> Result<&'static str, String> {
    match nickname.to_ascii_lowercase().as_str() {
        "@yearly" | "@annually" => Ok("0 0 1 1 *"),
        "@monthly" => Ok("0 0 1 * *"),
        "@weekly" => Ok("0 0 * * Sun"),
        "@daily" | "@midnight" => Ok("0 0 * * *"),
        "@hourly" => Ok("0 * * * *"),
        _ => Err(format!(
            "there is no such nickname; there are @yearly, @monthly, @weekly, @daily and @hourly; {EXAMPLE}"
        )),
    }
}

/// One field: how it is called, its smallest number, how many values it has, and their names from the first on.
#[derive(Clone, Copy)]
struct Field {
    name: &'static str,
    first: u32,
    size: u32,
    names: &'static [&'static str],
}

impl Field {
    /// The values of a list; bit *n* is the value *n*.
    fn read(&self, list: &str) -> Result<u64, String> {
        list.split(',').try_fold(0, |values, part| Ok(values | self.part(part)?))
    }

    /// The values of `*`, `5`, `Mon-Fri`, `Fri-Mon`, `*/15`, `5/15` or `10-40/15`.
    fn part(&self, part: &str) -> Result<u64, String> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(self.step(step)?)),
            None => (part, None),
        };
        let (first, count) = if range == "*" || range == "?" {
            (0, self.size)
        } else if let Some((from, to)) = range.split_once('-') {
            let (from_index, to_index) = (self.index(from)?, self.index(to)?);
            // 0-7 is the whole week, not Sunday alone.
            let sunday_twice = self.second_sunday(to) && from_index == 0;
            let count =
                if sunday_twice { self.size } else { (to_index + self.size - from_index) % self.size + 1 };
            (from_index, count)
        } else {
            let index = self.index(range)?;
            // 5/15 counts from 5 to the end of the field, as everywhere in cron.
            (index, if step.is_some() { self.size - index } else { 1 })
        };
        let steps = (0..count).step_by(step.unwrap_or(1));
        Ok(steps.fold(0, |values, ahead| values | 1 << self.value((first + ahead) % self.size)))
    }

    /// Values are numbers, but for days of the week, which are counted from Sunday in both numberings.
    fn value(&self, index: u32) -> u32 {
        if self.is_weekday() { index } else { self.first + index }
    }

    fn is_weekday(&self) -> bool {
        self.names.len() == WEEKDAYS.len()
    }

    fn second_sunday(&self, text: &str) -> bool {
        self.is_weekday() && self.first == 0 && text == "7"
    }

    /// A step that is longer than the field would quietly mean something else than "every 90 minutes".
    fn step(&self, text: &str) -> Result<usize, String> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        match number(text).and_then(|step| usize::try_from(step).ok()) {
            Some(step) if 0 < step && step <= size => Ok(step),
            _ => Err(format!("the step \"{text}\" of the {} is not 1 to {size}; {EXAMPLE}", self.name)),
        }
    }

    /// The place of one value, named or numbered, counted from the first.
    fn index(&self, text: &str) -> Result<u32, String> {
        let lower = text.to_ascii_lowercase();
        let meant = |(_, name): &(u32, &&str)| lower.len() >= 3 && name.starts_with(&lower);
        if let Some((index, _)) = (0..).zip(self.names).find(meant) {
            return Ok(index);
        }
        if self.second_sunday(text) {
            return Ok(0);
        }
        let index = number(text).and_then(|number| number.checked_sub(self.first));
        index.filter(|&index| index < self.size).ok_or_else(|| {
            let last = self.first + self.size - 1;
            let how = match (self.is_weekday(), self.first) {
                (true, 0) => "0-7 (0 and 7 are Sunday) or Mon, Tue …".to_owned(),
                (true, _) => "1-7 (1 is Sunday) or Mon, Tue …".to_owned(),
                (false, first) => format!("{first}-{last}"),
            };
            format!("\"{text}\" is not a {}; write {how}; {EXAMPLE}", self.name)
        })
    }
}

/// Days, and what only a month knows: `L`, `L-3`, `15W`, `LW`, `L-3W`.
fn days_of_month(list: &str) -> Result<DaysOfMonth, String> {
    let mut found = DaysOfMonth::default();
    for part in list.split(',') {
        let upper = part.to_ascii_uppercase();
        let (day, working) = upper.strip_suffix('W').map_or((upper.as_str(), false), |day| (day, true));
        if let Some(before) = day.strip_prefix('L') {
            let before = match before.strip_prefix('-') {
                None if before.is_empty() => Some(0),
                None => None,
                Some(days) => number(days).filter(|&days| days <= 30),
            };
            let before = before.and_then(|days| i8::try_from(days).ok()).ok_or_else(|| {
                format!("\"{part}\" is not a day of the month; L is the last, L-3 three days before it")
            })?;
            let days = if working { &mut found.near_before_last } else { &mut found.before_last };
            days.push(before);
        } else if working {
            let day = DAY_OF_MONTH.index(day)? + 1;
            found.near.extend(i8::try_from(day));
        } else {
            found.days |= DAY_OF_MONTH.part(part)?;
        }
    }
    Ok(found)
}

/// Days, and the nth or the last of the month: `Fri#2`, `FriL`, `Fri#L`. A leading `+` says that the day of the month
/// must agree as well, which is so anyway.
fn days_of_week(list: &str, field: &Field) -> Result<DaysOfWeek, String> {
    let mut found = DaysOfWeek::default();
    for part in list.strip_prefix('+').unwrap_or(list).split(',') {
        if let Some((day, nth)) = part.split_once('#') {
            let bit = 1 << field.index(day)?;
            let which = number(nth).and_then(|nth| usize::try_from(nth).ok()?.checked_sub(1));
            match which.and_then(|which| found.nth.get_mut(which)) {
                Some(days) => *days |= bit,
                None if nth.eq_ignore_ascii_case("L") => found.last |= bit,
                None => {
                    return Err(format!(
                        "\"{part}\" is not a day of the week; Fri#2 is the second Friday, #5 the fifth, FriL the last"
                    ));
                }
            }
        } else if let Some(day) = part.strip_suffix(['L', 'l']).filter(|day| !day.is_empty()) {
            found.last |= 1 << field.index(day)?;
        } else {
            found.each |= field.part(part)?;
        }
    }
    Ok(found)
}

/// The years, in order; None is every year.
fn years(list: &str) -> Result<Option<Vec<i16>>, String> {
    let bad = |part: &str| {
        format!(
            "\"{part}\" is not a year; write a year from {FIRST_YEAR} to {LAST_YEAR}, or a range 2026-2028"
        )
    };
    let year = |text: &str| {
        let year = number(text).and_then(|year| i16::try_from(year).ok());
        year.filter(|year| (FIRST_YEAR..=LAST_YEAR).contains(year))
    };
    let mut years = Vec::new();
    for part in list.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                (range, Some(number(step).filter(|&step| step > 0).ok_or_else(|| bad(part))?))
            }
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (year(from), year(to)),
            None if range == "*" || range == "?" => (Some(FIRST_YEAR), Some(LAST_YEAR)),
            None => (year(range), if step.is_some() { Some(LAST_YEAR) } else { year(range) }),
        };
        let (Some(from), Some(to)) = (from, to) else { return Err(bad(part)) };
        if to < from {
            return Err(format!("the years \"{part}\" end before they begin; write the earlier one first"));
        }
        let step = step.and_then(|step| usize::try_from(step).ok()).unwrap_or(1);
        years.extend((from..=to).step_by(step));
    }
    years.sort_unstable();
    years.dedup();
    let every = usize::try_from(LAST_YEAR - FIRST_YEAR + 1).is_ok_and(|every| every == years.len());
    Ok((!every).then_some(years))
}

/// Digits alone: no sign, and not so many that they mean something else.
fn number(text: &str) -> Option<u32> {
    (1..=4).contains(&text.len()).then_some(())?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
