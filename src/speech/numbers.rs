//! Numbers as a Vietnamese speaker reads them: dates, times, ranges, units, telephone numbers.

/// The words beside a number.
#[derive(Clone, Copy)]
pub(super) struct Near<'a> {
    /// Empty at the beginning of a line.
    pub(super) previous: &'a str,
    /// Empty at the end of a line, or where punctuation stands between.
    pub(super) next: &'a str,
}

/// Units, read only behind a number.
pub(super) const UNITS: [(&str, &str); 30] = [
    ("%", "phần trăm"),
    ("‰", "phần nghìn"),
    ("°C", "độ C"),
    ("ºC", "độ C"),
    ("đ", "đồng"),
    ("₫", "đồng"),
    ("VND", "đồng"),
    ("VNĐ", "đồng"),
    ("km", "ki lô mét"),
    ("m", "mét"),
    ("cm", "xăng ti mét"),
    ("mm", "mi li mét"),
    ("km2", "ki lô mét vuông"),
    ("km²", "ki lô mét vuông"),
    ("m2", "mét vuông"),
    ("m²", "mét vuông"),
    ("m3", "mét khối"),
    ("m³", "mét khối"),
    ("ha", "héc ta"),
    ("kg", "ki lô gam"),
    ("g", "gam"),
    ("l", "lít"),
    ("ml", "mi li lít"),
    ("kV", "ki lô vôn"),
    ("kW", "ki lô oát"),
    ("kWh", "ki lô oát giờ"),
    ("km/h", "ki lô mét trên giờ"),
    ("m/s", "mét trên giây"),
    ("đ/kg", "đồng một ki lô gam"),
    ("đ/m2", "đồng một mét vuông"),
];
/// Behind one of these, two numbers are a day and a month.
const DAYS: [&str; 9] = ["ngày", "mùng", "mồng", "hôm", "sáng", "trưa", "chiều", "tối", "đêm"];
/// After one of these, "ngày" is not said once more.
const DAY_SAID: [&str; 3] = ["ngày", "mùng", "mồng"];
/// Behind two numbers with a dash between them, these make them a range.
const COUNTED: [&str; 16] = [
    "ngày", "giờ", "phút", "tháng", "năm", "tuổi", "người", "lần", "hộ", "tuần", "buổi", "độ", "triệu",
    "nghìn", "tỷ", "con",
];
/// Numbers that are called: read digit by digit.
const CALLED: [&str; 5] = ["111", "112", "113", "114", "115"];
/// Digits of what can only be a number that is dialled, or of a card.
const DIALLED: std::ops::RangeInclusive<usize> = 9..=12;

/// How a word with numbers in it is read; None where it is read as it stands.
pub(super) fn read(word: &str, near: Near<'_>) -> Option<String> {
    called(word, near)
        .or_else(|| date(word, near))
        .or_else(|| time(word))
        .or_else(|| range(word, near))
        .or_else(|| measured(word))
        .or_else(|| unit(word).filter(|_| ends_as_number(near.previous)).map(str::to_owned))
}

fn is(word: &str, list: &[&str]) -> bool {
    let lower = word.to_lowercase();
    list.contains(&lower.as_str())
}

fn number(text: &str, bounds: std::ops::RangeInclusive<u32>) -> Option<u32> {
    let plain = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && bounds.contains(number))
}

/// Emergency numbers, where they are called.
fn called(word: &str, near: Near<'_>) -> Option<String> {
    (CALLED.contains(&word) && is(near.previous, &["số", "gọi", "máy"])).then(|| spelt(word))
}

fn spelt(digits: &str) -> String {
    digits.chars().map(String::from).collect::<Vec<_>>().join(" ")
}

/// A telephone number at the beginning of these words, digit by digit, and how many words it takes.
pub(super) fn telephone(words: &[&str]) -> Option<(String, usize)> {
    let mut groups: Vec<String> = Vec::new();
    let mut found = None;
    for (index, word) in words.iter().enumerate().take(5) {
        let bare = if index == 0 { word.strip_prefix('+').unwrap_or(word) } else { word };
        let parts: Vec<&str> = bare.split(['.', '-']).collect();
        if parts.iter().any(|part| part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit())) {
            break;
        }
        groups.extend(parts.into_iter().map(str::to_owned));
        let digits = groups.concat();
        let abroad = words.first().is_some_and(|first| first.starts_with("+84"));
        let free =
            (digits.starts_with("1800") || digits.starts_with("1900")) && [8, 10].contains(&digits.len());
        let dialled = (digits.starts_with('0') || abroad) && DIALLED.contains(&digits.len());
        if free || dialled {
            found = Some((said(&groups, abroad), index + 1));
        }
        if digits.len() > *DIALLED.end() {
            break;
        }
    }
    found
}

/// In the groups in which it was written; what was written in one is read as 4, 3, 3.
fn said(groups: &[String], abroad: bool) -> String {
    let digits = groups.concat();
    let groups: Vec<&str> = match groups {
        [one] if one.len() >= 8 => {
            let (first, rest) = digits.split_at(4);
            let (second, third) = rest.split_at(rest.len() / 2);
            vec![first, second, third]
        }
        many => many.iter().map(String::as_str).collect(),
    };
    let said: Vec<String> = groups.into_iter().map(spelt).collect();
    format!("{}{}", if abroad { "cộng " } else { "" }, said.join(", "))
}

/// A day of a month, maybe of a year; or a month of a year.
fn date(word: &str, near: Near<'_>) -> Option<String> {
    let behind_day = is(near.previous, &DAYS);
    let said = is(near.previous, &DAY_SAID);
    let lead = if said { "" } else { "ngày " };
    if let Some(day) = day(word, behind_day) {
        return Some(format!("{lead}{day}"));
    }
    // 20-22/11/2026, 20/11-25/12/2026
    if let Some((from, to)) = word.split_once(['-', '–'])
        && let Some(last) = day(to, true).filter(|_| to.contains('/'))
    {
        let first = number(from, 1..=31).map(|first| first.to_string()).or_else(|| day(from, true))?;
        return Some(format!("{lead}{first} đến ngày {last}"));
    }
    let (month, year) = word.split_once('/')?;
    let (month, year) = (number(month, 1..=12)?, number(year, 1900..=2199)?);
    match near.previous.to_lowercase().as_str() {
        "số" => None,
        "tháng" => Some(format!("{} năm {year}", named(month))),
        "quý" | "kỳ" | "đợt" => Some(format!("{month} năm {year}")),
        _ => Some(format!("tháng {} năm {year}", named(month))),
    }
}

/// 20/11/2026, 20-11-2026, 20.11.2026; 20/11 where it can be nothing else, 2-9 behind a word for a day.
fn day(word: &str, behind_day: bool) -> Option<String> {
    let mark = ['/', '-', '.'].into_iter().find(|mark| word.contains(*mark))?;
    let parts: Vec<&str> = word.split(mark).collect();
    let (day, month) = (parts.first()?, parts.get(1)?);
    let certain = behind_day
        || (mark == '/' && word != "24/7" && (day.len() == 2 && (month.len() == 2 || *day > "12")));
    let (day, month) = (number(day, 1..=31)?, number(month, 1..=12)?);
    match parts.get(2..)? {
        [] if certain => Some(format!("{day} tháng {}", named(month))),
        [year] => Some(format!("{day} tháng {} năm {}", named(month), number(year, 1900..=2199)?)),
        _ => None,
    }
}

/// The fourth month has a name of its own.
fn named(month: u32) -> String {
    if month == 4 { "tư".to_owned() } else { month.to_string() }
}

/// 7h30, 07:30, 7g30, 17h; and from one to the other.
fn time(word: &str) -> Option<String> {
    if let Some(one) = clock(word) {
        return Some(one);
    }
    let (from, to) = word.split_once(['-', '–'])?;
    Some(format!("{} đến {}", clock(from)?, clock(to)?))
}

fn clock(word: &str) -> Option<String> {
    let (hours, minutes) = word.split_once(['h', 'g', ':'])?;
    let hour = number(hours, 0..=24).filter(|_| hours.len() <= 2)?;
    if minutes.is_empty() {
        // 5g may be a weight
        return word.ends_with('h').then(|| format!("{hour} giờ"));
    }
    let minute = number(minutes, 0..=59).filter(|_| minutes.len() == 2)?;
    Some(if minute == 0 { format!("{hour} giờ") } else { format!("{hour} giờ {minute} phút") })
}

/// 5-7 before what is counted, 2026-2030, 30-35°C.
fn range(word: &str, near: Near<'_>) -> Option<String> {
    let (from, to) = word.split_once(['-', '–'])?;
    if !is_number(from) {
        return None;
    }
    let years = number(from, 1900..=2199).zip(number(to, 1900..=2199)).is_some_and(|(from, to)| from < to);
    let counted = is_number(to) && (is(near.next, &COUNTED) || unit(near.next).is_some());
    if years || counted {
        return Some(format!("{from} đến {to}"));
    }
    Some(format!("{from} đến {}", measured(to)?))
}

/// 50%, 3km, 25.000đ.
fn measured(word: &str) -> Option<String> {
    let end = word.find(|letter: char| !(letter.is_ascii_digit() || letter == '.' || letter == ','))?;
    let (amount, rest) = word.split_at_checked(end)?;
    is_number(amount).then(|| unit(rest)).flatten().map(|unit| format!("{amount} {unit}"))
}

fn unit(word: &str) -> Option<&'static str> {
    UNITS.iter().find(|(short, _)| *short == word).map(|(_, long)| *long)
}

fn is_number(word: &str) -> bool {
    let digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
    let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.' || byte == b',';
    digit(word.bytes().next()) && digit(word.bytes().last()) && word.bytes().all(plain)
}

/// "5-7 km" too: the second number ends it.
fn ends_as_number(word: &str) -> bool {
    word.rsplit(['-', '–']).next().is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::super::vietnamese::written_out;

    fn check(written: &str, read: &str) {
        assert_eq!(written_out(written), read, "{written:?}");
    }

    #[test]
    fn dates() {
        check("ngày 20/11/2026", "ngày 20 tháng 11 năm 2026");
        check("Ngày 05-04-2026.", "Ngày 5 tháng tư năm 2026.");
        check("họp 20.11.2026,", "họp ngày 20 tháng 11 năm 2026,");
        check("Quốc khánh ngày 2-9, mùng 3/4", "Quốc khánh ngày 2 tháng 9, mùng 3 tháng tư");
        check("sáng 8/3 (20/11)", "sáng ngày 8 tháng 3 (ngày 20 tháng 11)");
        check("từ ngày 20-22/11/2026", "từ ngày 20 đến ngày 22 tháng 11 năm 2026");
        check("từ 20/11-25/12/2026", "từ ngày 20 tháng 11 đến ngày 25 tháng 12 năm 2026");
        check(
            "tháng 4/2026, quý 2/2026, kết thúc 11/2026",
            "tháng tư năm 2026, quý 2 năm 2026, kết thúc tháng 11 năm 2026",
        );
        check("giai đoạn 2026-2030", "giai đoạn 2026 đến 2030");
    }

    #[test]
    fn what_only_looks_like_a_date_is_left() {
        check("1/2 số hộ, trực 24/7, 24/24 giờ", "1/2 số hộ, trực 24/7, 24/24 giờ");
        check("Nghị định số 10/2024", "Nghị định số 10/2024");
        check("ngày 32/13/2026 và 30/2/20267", "ngày 32/13/2026 và 30/2/20267");
        check("tỷ số 2-1, phòng 5-7", "tỷ số 2-1, phòng 5-7");
    }

    #[test]
    fn times() {
        check("lúc 7h30, 17h00 và 19h", "lúc 7 giờ 30 phút, 17 giờ và 19 giờ");
        check("từ 07:30-09:05", "từ 7 giờ 30 phút đến 9 giờ 5 phút");
        check("8g15", "8 giờ 15 phút");
        check("25h, 7h75, 1:2", "25h, 7h75, 1:2");
    }

    #[test]
    fn amounts() {
        check("50%, 2,5ha và 3 km", "50 phần trăm, 2,5 héc ta và 3 ki lô mét");
        check("25.000đ; 1.500.000 VNĐ", "25.000 đồng; 1.500.000 đồng");
        check("tốc độ 60 km/h, 35°C", "tốc độ 60 ki lô mét trên giờ, 35 độ C");
        check("5-7 ngày, 5–7 km, 30-35°C", "5 đến 7 ngày, 5 đến 7 ki lô mét, 30 đến 35 độ C");
        check("anh m đi đ", "anh m đi đ");
    }

    #[test]
    fn numbers_that_are_dialled_are_read_digit_by_digit() {
        check("gọi 0912345678.", "gọi 0 9 1 2, 3 4 5, 6 7 8.");
        check("ĐT 0912 345 678, 024.3825.1234", "ĐT 0 9 1 2, 3 4 5, 6 7 8, 0 2 4, 3 8 2 5, 1 2 3 4");
        check("+84912345678", "cộng 8 4 9 1, 2 3 4, 5 6 7 8");
        check("tổng đài 1900 1234 hoặc 18001091", "tổng đài 1 9 0 0, 1 2 3 4 hoặc 1 8 0 0, 1 0, 9 1");
        check("gọi 114 hoặc số 115; 114 hộ", "gọi 1 1 4 hoặc số 1 1 5; 114 hộ");
        check("1900 người", "1900 người");
    }

    #[test]
    fn no_text_makes_it_fail() {
        for text in
            ["-", "/", "0/0/0", "+84", "h", ":", "9-", "-9", "%", "5–", "đ/đ/đ", "+", "0.0.0.0.0.0.0.0.0"]
        {
            written_out(text);
            written_out(&format!("ngày {text} {text} km"));
        }
    }
}
