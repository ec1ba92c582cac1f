//! Days of the week in cron expressions: two numberings, names, lists, ranges that wrap, and steps.

/// How days of the week are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    /// 0 and 7 are Sunday, 1 is Monday.
    Unix,
    /// 1 is Sunday, 7 is Saturday.
    Quartz,
}

/// Rewrites the field as the list of days that the `cron` crate understands.
pub(super) fn translate_weekdays(field: &str, numbering: Numbering) -> Result<String, String> {
    let mut days = [false; 7];
    for part in field.split(',') {
        mark(part, numbering, &mut days)?;
    }
    if days.iter().all(|&day| day) {
        return Ok("*".to_owned());
    }
    let numbers = (0..7).filter(|&day| days[day]).map(|day| (day + 1).to_string());
    Ok(numbers.collect::<Vec<_>>().join(","))
}

/// Marks the days of one part (`*`, `Mon`, `1-5`, `Fri-Mon`, `*/2`), counted from Sunday.
fn mark(part: &str, numbering: Numbering, days: &mut [bool; 7]) -> Result<(), String> {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => match step.parse::<usize>() {
            Ok(step) if step > 0 => (range, Some(step)),
            _ => return Err(format!("the step in \"{part}\" is not a number above 0")),
        },
        None => (part, None),
    };
    let last = if numbering == Numbering::Unix { 6 } else { 7 };
    let (first, count) = if range == "*" || range == "?" {
        (0, 7)
    } else if let Some((from, to)) = range.split_once('-') {
        let (from_day, to_day) = (day_number(from, numbering)?, day_number(to, numbering)?);
        let sunday_last = numbering == Numbering::Unix && to == "7" && from_day == 0;
        let count = if sunday_last { 7 } else { (to_day + 7 - from_day) % 7 + 1 };
        (from_day, count)
    } else {
        let day = day_number(range, numbering)?;
        // "2/3" counts from 2 to the end of the week, as everywhere in cron.
        let count = if step.is_some() { 7 - day } else { 1 };
        debug_assert!(day <= last, "days are counted from Sunday");
        (day, count)
    };
    for offset in (0..count).step_by(step.unwrap_or(1)) {
        days[(first + offset) % 7] = true;
    }
    Ok(())
}

/// The day counted from Sunday, 0 to 6.
fn day_number(text: &str, numbering: Numbering) -> Result<usize, String> {
    const NAMES: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    let lower = text.to_ascii_lowercase();
    let meant = |name: &&str| lower.len() >= 3 && name.starts_with(&lower);
    if let Some(day) = NAMES.iter().position(meant) {
        return Ok(day);
    }
    match (text.parse::<usize>(), numbering) {
        (Ok(day @ 0..=7), Numbering::Unix) => Ok(day % 7),
        (Ok(day @ 1..=7), Numbering::Quartz) => Ok(day - 1),
        (_, Numbering::Unix) => {
            Err(format!("\"{text}\" is not a day of the week; write 0-7 (0 and 7 are Sunday) or Mon, Tue …"))
        }
        (_, Numbering::Quartz) => {
            Err(format!("\"{text}\" is not a day of the week; write 1-7 (1 is Sunday) or Mon, Tue …"))
        }
    }
}
