//! What synthesisers read badly in Vietnamese, written out: abbreviations, dates, times, units, telephone numbers.
//!
//! Modest on purpose: what is not certain is left as it stands. The whole of it is in docs/speech.md.

use super::numbers::{self, Near};

/// Abbreviations of administration, as circulars and bulletins write them. Read only where they stand in exactly these letters.
pub(super) const ABBREVIATIONS: [(&str, &str); 38] = [
    ("ATGT", "an toàn giao thông"),
    ("ATTP", "an toàn thực phẩm"),
    ("BCH", "Ban Chấp hành"),
    ("BCĐ", "Ban Chỉ đạo"),
    ("BHXH", "bảo hiểm xã hội"),
    ("BHYT", "bảo hiểm y tế"),
    ("BTV", "Ban Thường vụ"),
    ("CCB", "Cựu chiến binh"),
    ("CCCD", "căn cước công dân"),
    ("CNTT", "công nghệ thông tin"),
    ("CSGT", "cảnh sát giao thông"),
    ("GPMB", "giải phóng mặt bằng"),
    ("HCM", "Hồ Chí Minh"),
    ("HTX", "hợp tác xã"),
    ("HĐND", "Hội đồng nhân dân"),
    ("KHHGĐ", "kế hoạch hóa gia đình"),
    ("KT-XH", "kinh tế, xã hội"),
    ("LHPN", "Liên hiệp Phụ nữ"),
    ("MTTQ", "Mặt trận Tổ quốc"),
    ("NQ", "Nghị quyết"),
    ("NTM", "nông thôn mới"),
    ("NVQS", "nghĩa vụ quân sự"),
    ("NĐ", "Nghị định"),
    ("PCCC", "phòng cháy, chữa cháy"),
    ("PCTT", "phòng, chống thiên tai"),
    ("QĐ", "Quyết định"),
    ("SĐT", "số điện thoại"),
    ("SXH", "sốt xuất huyết"),
    ("TDP", "tổ dân phố"),
    ("THCS", "trung học cơ sở"),
    ("THPT", "trung học phổ thông"),
    ("TNCS", "Thanh niên Cộng sản"),
    ("TP", "thành phố"),
    ("TW", "Trung ương"),
    ("TX", "thị xã"),
    ("Tp", "thành phố"),
    ("UBND", "Ủy ban nhân dân"),
    ("v.v", "vân vân"),
];
/// Of these the full stop belongs to the abbreviation where something follows: TP. Đà Lạt.
const STOPPED: [&str; 3] = ["TP", "TX", "Tp"];

/// A text as it is to be read.
pub(super) fn written_out(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n")
}

/// A word without the punctuation around it.
struct Word<'a> {
    before: &'a str,
    core: &'a str,
    after: &'a str,
}

impl<'a> Word<'a> {
    fn of(word: &'a str) -> Self {
        const BEFORE: &[char] = &['(', '[', '"', '\'', '“', '‘', '«', '-', '–', '*', '•'];
        const AFTER: &[char] = &[')', ']', '"', '\'', '”', '’', '»', '.', ',', ';', ':', '!', '?', '…'];
        let rest = word.trim_start_matches(BEFORE);
        let (before, _) = word.split_at(word.len() - rest.len());
        let core = rest.trim_end_matches(AFTER);
        let (_, after) = rest.split_at(core.len());
        Self { before, core, after }
    }
}

fn line(line: &str) -> String {
    let words: Vec<Word<'_>> = line.split_whitespace().map(Word::of).collect();
    let mut read: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let near = Near {
            previous: at.checked_sub(1).and_then(|at| words.get(at)).map_or("", |word| word.core),
            next: words.get(at + 1).filter(|_| word.after.is_empty()).map_or("", |word| word.core),
        };
        // a telephone number may be written in several groups
        let groups = words.get(at..).unwrap_or_default();
        let open = groups.iter().position(|group| !group.after.is_empty()).map_or(groups.len(), |at| at + 1);
        let cores: Vec<&str> = groups.iter().take(open).map(|group| group.core).collect();
        if let Some((digits, taken)) = numbers::telephone(&cores) {
            let last = groups.get(taken - 1).map_or("", |group| group.after);
            read.push(format!("{}{digits}{last}", word.before));
            at += taken;
            continue;
        }
        at += 1;
        let follows = at < words.len();
        read.push(match numbers::read(word.core, near).or_else(|| abbreviation(word.core)) {
            Some(plain) => {
                let stop = STOPPED.contains(&word.core) && word.after == "." && follows;
                format!("{}{plain}{}", word.before, if stop { "" } else { word.after })
            }
            None if word.core == "&" => "và".to_owned(),
            None => format!("{}{}{}", word.before, word.core, word.after),
        });
    }
    read.join(" ")
}

fn known(word: &str) -> Option<&'static str> {
    ABBREVIATIONS.iter().find(|(short, _)| *short == word).map(|(_, long)| *long)
}

/// An abbreviation, or several in one word: TP.HCM, 12/NQ-HĐND.
fn abbreviation(word: &str) -> Option<String> {
    if let Some(long) = known(word) {
        return Some(long.to_owned());
    }
    let parts: Vec<&str> = word.split(['/', '-', '.']).collect();
    if parts.len() < 2 || !parts.iter().any(|part| known(part).is_some()) {
        return None;
    }
    Some(parts.into_iter().map(|part| known(part).unwrap_or(part)).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(written: &str, read: &str) {
        assert_eq!(written_out(written), read, "{written:?}");
    }

    #[test]
    fn abbreviations_are_read_in_full_where_they_stand_alone() {
        check("UBND xã thông báo", "Ủy ban nhân dân xã thông báo");
        check("(UBND), HĐND; MTTQ.", "(Ủy ban nhân dân), Hội đồng nhân dân; Mặt trận Tổ quốc.");
        check(
            "TP. Đà Lạt và TP.HCM, TX. Sơn Tây",
            "thành phố Đà Lạt và thành phố Hồ Chí Minh, thị xã Sơn Tây",
        );
        check("họp tại TP.", "họp tại thành phố.");
        check("số 12/NQ-HĐND", "số 12 Nghị quyết Hội đồng nhân dân");
        check("phát triển KT-XH, rau, củ, v.v.", "phát triển kinh tế, xã hội, rau, củ, vân vân.");
        check("đoàn viên & hội viên", "đoàn viên và hội viên");
        // in other letters, or within a word, it is none
        check("THÔNG BÁO ubnd TPX", "THÔNG BÁO ubnd TPX");
    }

    #[test]
    fn lines_and_what_is_plain_stay() {
        check("Kính thưa bà con!\n\n  Sáng nay trời đẹp.", "Kính thưa bà con!\n\nSáng nay trời đẹp.");
        check("", "");
        check(
            "“Xã” – (thôn)… 5 người, 1.500.000 người; 2,5 lần",
            "“Xã” – (thôn)… 5 người, 1.500.000 người; 2,5 lần",
        );
    }

    #[test]
    fn the_table_has_no_word_twice() {
        let mut words = ABBREVIATIONS.map(|(short, _)| short).to_vec();
        words.dedup();
        assert_eq!(words.len(), ABBREVIATIONS.len());
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), ABBREVIATIONS.len());
    }
}
