//! Whether a word could be Vietnamese: an onset, a rhyme, one tone.
//!
//! Old programs wrote Vietnamese in one of half a dozen encodings of one byte a letter, and labelled it as Latin-1. Which
//! one it was can be told with certainty because almost no string of letters is a Vietnamese syllable by chance.

/// Each vowel without a tone, with grave, acute, hook, tilde and dot below.
const VOWELS: [&str; 12] = [
    "aàáảãạ",
    "ăằắẳẵặ",
    "âầấẩẫậ",
    "eèéẻẽẹ",
    "êềếểễệ",
    "iìíỉĩị",
    "oòóỏõọ",
    "ôồốổỗộ",
    "ơờớởỡợ",
    "uùúủũụ",
    "ưừứửữự",
    "yỳýỷỹỵ",
];

/// Where [`VOWELS`] has the acute and the dot below: the only tones before c, ch, p and t.
const ACUTE: usize = 2;
const DOT: usize = 5;

const ONSETS: [&str; 28] = [
    "", "b", "c", "ch", "d", "đ", "g", "gh", "gi", "h", "k", "kh", "l", "m", "n", "ng", "ngh", "nh", "p",
    "ph", "qu", "r", "s", "t", "th", "tr", "v", "x",
];

const RHYMES: &str = "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây \
    e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu \
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong op \
    ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc uê uêch uênh ui um un ung uôc uôi uôm uôn uông \
    uôt uơ up ut uy uya uych uyên uyêt uynh uyp uyt uyu ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt ươu ưt ưu y ych ynh yt yêm \
    yên yêng yêt yêu";

/// The vowel with that tone (0 none, 1 grave, 2 acute, 3 hook, 4 tilde, 5 dot below), in the case of `base`.
pub(super) fn with_tone(base: char, tone: usize) -> Option<char> {
    let lower = lowercase(base);
    let row = VOWELS.iter().find(|row| row.starts_with(lower))?;
    let toned = row.chars().nth(tone)?;
    if lower == base { Some(toned) } else { toned.to_uppercase().next() }
}

/// Whether it could be one Vietnamese syllable.
pub(super) fn is_syllable(word: &str) -> bool {
    let mut plain = String::new();
    let mut tone = 0;
    for letter in word.chars().map(lowercase) {
        let found = VOWELS
            .iter()
            .find_map(|row| row.chars().position(|vowel| vowel == letter).zip(row.chars().next()));
        match found {
            Some((mark, base)) => {
                if mark > 0 && tone > 0 {
                    return false;
                }
                tone = tone.max(mark);
                plain.push(base);
            }
            None => plain.push(letter),
        }
    }
    ONSETS.iter().any(|onset| {
        plain.strip_prefix(onset).is_some_and(|rest| {
            // "gì" and "gìn" have one i for both.
            let rest = if *onset == "gi" && !rest.starts_with(|letter| "aăâeêioôơuưy".contains(letter))
            {
                &plain[1..]
            } else {
                rest
            };
            let stopped = ["c", "ch", "p", "t"].iter().any(|end| rest.ends_with(end));
            (!stopped || tone == ACUTE || tone == DOT) && RHYMES.split(' ').any(|rhyme| rhyme == rest)
        })
    })
}

fn lowercase(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_are_told_from_other_words() {
        for word in
            "Bản tin sáng xã Hòa Bình phát thanh Đảng ủy Nguyễn Trường Quyết gì giếng giữa khuya quýt Thuở \
                     nghiêng ĐƯỜNG ngoặc yêu hoạch nước lũ Ủy Uỷ"
                .split_whitespace()
        {
            assert!(is_syllable(word), "{word}");
        }
        for word in [
            "Café", "Müller", "garçon", "Ärger", "báç", "bảt", "sángg", "xáá", "đđ", "Señor", "Bån", "naïve",
            "ç",
        ] {
            assert!(!is_syllable(word), "{word}");
        }
    }

    #[test]
    fn tones_are_put_on_vowels() {
        assert_eq!(with_tone('ê', 5), Some('ệ'));
        assert_eq!(with_tone('Ơ', 1), Some('Ờ'));
        assert_eq!(with_tone('U', 0), Some('U'));
        assert_eq!(with_tone('b', 2), None);
    }
}
