//! From the bytes of a tag to text, whatever encoding its program had in mind.
//!
//! A tag that is labelled Latin-1 may be UTF-8, Windows-1258, TCVN3 (ABC), VNI or VISCII. A guess that is wrong is worse
//! than none: an encoding is believed when with it, and with no other, every word that has letters beyond ASCII is a
//! Vietnamese syllable. All texts of one file are judged together, for a single word proves little.

use super::MAX_CHARS;
use super::vietnamese::{is_syllable, with_tone};

/// Words beyond ASCII that are needed to believe a guess.
const ENOUGH_WORDS: usize = 2;

/// Windows-1258 from 0x80 on, `\0` where it has nothing. Tones are marks behind their vowel.
const CP1258: &str = "€\0‚ƒ„…†‡ˆ‰\0‹Œ\0\0\0\0‘’“”•–—˜™\0›œ\0\0Ÿ\u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿\
    ÀÁÂĂÄÅÆÇÈÉÊË\u{300}ÍÎÏĐÑ\u{309}ÓÔƠÖ×ØÙÚÛÜƯ\u{303}ßàáâăäåæçèéêë\u{301}íîïđñ\u{323}óôơö÷øùúûüư₫ÿ";

/// TCVN 5712 from 0x80 on, of which TCVN3 (the ABC fonts) is a part.
const TCVN3: &str = "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ\u{a0}ĂÂÊÔƠƯĐăâêôơưđẶ\u{300}\u{309}\u{303}\u{301}\u{323}\
    àảãáạẲằẳẵắẴẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịòỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ";

/// VISCII from 0x80 on.
const VISCII: &str = "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ";

/// VNI: what a mark makes of the plain vowel before it, as (mark in lower case, shape, tone). The shape is that of a
/// circumflex, a breve, or none.
const VNI_MARKS: [(char, Shape, usize); 17] = [
    ('ù', Shape::Plain, 2),
    ('ø', Shape::Plain, 1),
    ('û', Shape::Plain, 3),
    ('õ', Shape::Plain, 4),
    ('ï', Shape::Plain, 5),
    ('â', Shape::Circumflex, 0),
    ('á', Shape::Circumflex, 2),
    ('à', Shape::Circumflex, 1),
    ('å', Shape::Circumflex, 3),
    ('ã', Shape::Circumflex, 4),
    ('ä', Shape::Circumflex, 5),
    ('ê', Shape::Breve, 0),
    ('é', Shape::Breve, 2),
    ('è', Shape::Breve, 1),
    ('ú', Shape::Breve, 3),
    ('ü', Shape::Breve, 4),
    ('ë', Shape::Breve, 5),
];

/// VNI: letters that stand for themselves.
const VNI_LETTERS: [(char, char); 8] =
    [('ñ', 'đ'), ('ô', 'ơ'), ('ö', 'ư'), ('í', 'í'), ('ì', 'ì'), ('æ', 'ỉ'), ('ó', 'ĩ'), ('ò', 'ị')];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Plain,
    Circumflex,
    Breve,
}

/// How the bytes of a file's tags are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Latin1,
    Cp1258,
    Tcvn3,
    Viscii,
    Vni,
}

/// The encoding of texts that are labelled Latin-1, or not labelled at all, and are no UTF-8.
pub(super) fn detect(texts: &[&[u8]]) -> Encoding {
    let guesses = [Encoding::Cp1258, Encoding::Tcvn3, Encoding::Viscii, Encoding::Vni];
    let mut believed = guesses.into_iter().filter_map(|guess| {
        let decoded: Option<Vec<String>> = texts.iter().map(|text| guess.decode(text)).collect();
        decoded.filter(|decoded| are_vietnamese(decoded)).map(|decoded| (guess, decoded))
    });
    match (believed.next(), believed.next()) {
        (Some((guess, _)), None) => guess,
        // Two that agree on the text are as good as one.
        (Some((guess, one)), Some((_, other))) if one == other => guess,
        _ => Encoding::Latin1,
    }
}

/// Whether there are words beyond ASCII, and all of them are Vietnamese syllables.
fn are_vietnamese(texts: &[String]) -> bool {
    let words = texts.iter().flat_map(|text| text.split(|letter: char| !letter.is_alphabetic()));
    let mut beyond = words.filter(|word| !word.is_ascii());
    let mut count = 0;
    let all = beyond.all(|word| {
        count += 1;
        is_syllable(word)
    });
    let odd = texts.iter().any(|text| text.chars().any(|letter| !letter.is_ascii() && !is_text(letter)));
    all && !odd && count >= ENOUGH_WORDS
}

/// What beyond ASCII may stand in a title.
fn is_text(letter: char) -> bool {
    letter.is_alphabetic() || "\u{a0}–—‘’“”…•«»°·§©®".contains(letter)
}

impl Encoding {
    /// `None` where the bytes are none of this encoding.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            // The label is believed where it gives letters; the rest would be gibberish.
            Self::Latin1 => {
                let text: String = bytes.iter().map(|&byte| latin1(byte)).collect();
                let readable = text.chars().all(|letter| letter.is_ascii() || is_text(letter));
                // "BaÒn": no language writes a capital there.
                let mixed = text
                    .chars()
                    .zip(text.chars().skip(1))
                    .any(|(one, next)| one.is_lowercase() && next.is_uppercase() && !next.is_ascii());
                (readable && !mixed).then_some(text)
            }
            Self::Cp1258 => table(CP1258, bytes),
            Self::Tcvn3 => table(TCVN3, bytes),
            Self::Viscii => table(VISCII, bytes),
            Self::Vni => vni(bytes),
        }
    }
}

/// As Windows reads Latin-1: its quotation marks and dashes are common in titles.
fn latin1(byte: u8) -> char {
    match byte {
        0x80..=0x9f => {
            let letter = CP1258.chars().nth(usize::from(byte - 0x80)).filter(|&letter| letter != '\0');
            letter.unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        byte => char::from(byte),
    }
}

fn table(upper: &str, bytes: &[u8]) -> Option<String> {
    let mut text = String::new();
    for &byte in bytes {
        let letter = match byte {
            0..0x80 => char::from(byte),
            byte => upper.chars().nth(usize::from(byte - 0x80)).filter(|&letter| letter != '\0')?,
        };
        // A tone joins the vowel before it.
        match "\u{300}\u{301}\u{309}\u{303}\u{323}".chars().position(|mark| mark == letter) {
            Some(mark) => {
                let joined = with_tone(text.pop()?, mark + 1)?;
                text.push(joined);
            }
            None => text.push(letter),
        }
    }
    Some(text)
}

fn vni(bytes: &[u8]) -> Option<String> {
    let mut text = String::new();
    for &byte in bytes {
        let letter = latin1(byte);
        let lower = letter.to_lowercase().next()?;
        if letter.is_ascii() {
            text.push(letter);
        } else if let Some((_, meant)) = VNI_LETTERS.iter().find(|(written, _)| *written == lower) {
            text.push(if lower == letter { *meant } else { meant.to_uppercase().next()? });
        } else if let Some((_, shape, tone)) = VNI_MARKS.iter().find(|(mark, _, _)| *mark == lower) {
            let base = text.pop()?;
            let shaped = match (shape, base) {
                (Shape::Plain, base) => base,
                (Shape::Circumflex, 'a') => 'â',
                (Shape::Circumflex, 'A') => 'Â',
                (Shape::Circumflex, 'e') => 'ê',
                (Shape::Circumflex, 'E') => 'Ê',
                (Shape::Circumflex, 'o') => 'ô',
                (Shape::Circumflex, 'O') => 'Ô',
                (Shape::Breve, 'a') => 'ă',
                (Shape::Breve, 'A') => 'Ă',
                _ => return None,
            };
            text.push(with_tone(shaped, *tone)?);
        } else if lower == 'î' {
            text.push(if lower == letter { 'ỵ' } else { 'Ỵ' });
        } else if is_text(letter) && !letter.is_alphabetic() {
            text.push(letter);
        } else {
            return None;
        }
    }
    Some(text)
}

/// Fit to be shown: no control characters, one line, bounded; `None` when nothing is left.
pub(super) fn clean(text: &str) -> Option<String> {
    let visible = text.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter }).filter(|&letter| {
        !letter.is_control()
            // What turns the direction of writing or cannot be seen has no place in a title.
            && !matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffd}')
    });
    let visible: String = visible.collect();
    let words: Vec<&str> = visible.split(' ').filter(|word| !word.is_empty()).collect();
    let text: String = words.join(" ").chars().take(MAX_CHARS).collect();
    let text = text.trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;

    /// Bytes of a file's texts → the encoding, and the first text.
    fn check(texts: &[&[u8]], encoding: Encoding, first: Option<&str>) {
        let found = detect(texts);
        assert_eq!((found, found.decode(texts[0]).as_deref()), (encoding, first), "{texts:?}");
    }

    #[test]
    fn tables_are_whole() {
        for (name, table) in [("CP1258", CP1258), ("TCVN3", TCVN3), ("VISCII", VISCII)] {
            assert_eq!(table.chars().count(), 128, "{name}");
        }
    }

    #[test]
    fn vietnamese_is_read_whatever_its_encoding() {
        let title = "Bản tin sáng xã Hòa Bình";
        // Each as the program of its day wrote it; the bytes are those of iconv, VNI's of its font.
        check(&[b"Ba\xd2n tin sa\xecng xa\xde Ho\xcca Bi\xccnh"], Encoding::Cp1258, Some(title));
        check(&[b"B\xb6n tin s\xb8ng x\xb7 H\xdfa B\xd7nh"], Encoding::Tcvn3, Some(title));
        check(&[b"B\xe4n tin s\xe1ng x\xe3 H\xf2a B\xecnh"], Encoding::Viscii, Some(title));
        check(&[b"Ba\xfbn tin sa\xf9ng xa\xf5 Ho\xf8a B\xecnh"], Encoding::Vni, Some(title));
        check(&[b"\xd1a\xfbng u\xfby xa\xf5"], Encoding::Vni, Some("Đảng ủy xã"));
    }

    #[test]
    fn a_guess_needs_proof() {
        check(&[b"Caf\xe9 M\xfcller"], Encoding::Latin1, Some("Café Müller"));
        check(&[b"Garc\xeda \x96 \x93Ol\xe9\x94"], Encoding::Latin1, Some("García – “Olé”"));
        // One word proves nothing, and as Latin-1 it would be gibberish: better nothing.
        check(&[b"B\xb6n tin"], Encoding::Latin1, None);
        check(&[b"Ba\xd2n tin"], Encoding::Latin1, None);
        // The words of all texts count together.
        check(&[b"B\xb6n tin", b"\xb6\xb6x s\xb8ng H\xdfa B\xd7nh"], Encoding::Latin1, None);
        check(&[b"B\xb6n tin", b"s\xb8ng H\xdfa B\xd7nh"], Encoding::Tcvn3, Some("Bản tin"));
        check(&[b"\xff\xfe\x81\x01"], Encoding::Latin1, None);
    }

    #[test]
    fn what_is_shown_is_clean_and_bounded() {
        assert_eq!(clean("  Bản\ttin\r\n\u{7}sáng\0 \u{202e}!"), Some("Bản tin sáng !".into()));
        assert_eq!(clean(" \0\u{200b}\n"), None);
        assert_eq!(clean(&"ộ".repeat(900)).unwrap().chars().count(), MAX_CHARS);
    }
}
