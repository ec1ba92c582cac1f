//! Text with signatures: <https://c2sp.org/signed-note>. And files with several of them.

use crate::bytes::{base64, from_base64};
use crate::key::{SigningKey, VerifierKey, is_name};
use std::fmt;

/// Before the name on a signature line: an em dash and a blank.
const DASH: &str = "\u{2014} ";
/// So many signatures are read on one note; the specification wants 16 at least.
const SIGNATURES: usize = 64;
/// Bytes of a signature that is taken: the longest that is known elsewhere has five thousand.
const LONGEST: usize = 8_192;

/// One signature line: who says that they signed, and what they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Name of the key.
    pub name: String,
    /// Identifier of the key.
    pub id: [u8; 4],
    /// The signature itself; its form is the key's affair.
    pub bytes: Vec<u8>,
}

/// Why a text is no note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteProblem {
    /// The blank line between text and signatures is missing, or what stands around it.
    #[error("it is not a text, an empty line, and lines of signatures")]
    Form,
    /// A line after the text is no signature.
    #[error("one of its signature lines cannot be read")]
    Signature,
    /// It has more signatures than anybody needs.
    #[error("it has too many signatures")]
    TooMany,
}

/// A text with signatures, none of them checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The text, with the line feed at its end.
    pub text: String,
    /// Who signed it.
    pub signatures: Vec<Signature>,
}

impl Note {
    /// A note of this text with the signature of this key. The text must end with a line feed.
    ///
    /// # Errors
    /// When the text cannot be one.
    pub fn signed(text: String, key: &SigningKey) -> Result<Self, NoteProblem> {
        if !is_text(&text) {
            return Err(NoteProblem::Form);
        }
        let bytes = key.sign(text.as_bytes()).to_vec();
        let (name, id) = (key.public().name().to_owned(), key.public().id());
        Ok(Self { text, signatures: vec![Signature { name, id, bytes }] })
    }

    /// Whether this key signed the note: None when no line says so, Some(false) when one says so and lies.
    pub fn signed_by(&self, key: &VerifierKey) -> Option<bool> {
        let mut lines = self.signatures.iter().filter(|line| key.is_named(&line.name, line.id)).peekable();
        lines.peek()?;
        Some(lines.all(|line| {
            line.bytes
                .as_slice()
                .try_into()
                .is_ok_and(|signature| key.signed(self.text.as_bytes(), signature))
        }))
    }

    /// Reads one note.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &str) -> Result<Self, NoteProblem> {
        let (body, lines) = text.rsplit_once("\n\n").ok_or(NoteProblem::Form)?;
        let body = format!("{body}\n");
        let lines = lines.strip_suffix('\n').ok_or(NoteProblem::Form)?;
        if !is_text(&body) {
            return Err(NoteProblem::Form);
        }
        let signatures: Vec<Signature> = lines
            .split('\n')
            .map(|line| signature(line).ok_or(NoteProblem::Signature))
            .collect::<Result<_, _>>()?;
        if signatures.len() > SIGNATURES {
            Err(NoteProblem::TooMany)
        } else {
            Ok(Self { text: body, signatures })
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| {
            let bytes = [line.id.as_slice(), line.bytes.as_slice()].concat();
            writeln!(f, "{DASH}{} {}", line.name, base64(&bytes))
        })
    }
}

/// Text of a note: ends with a line feed, has something before it, and no control characters but line feeds.
fn is_text(text: &str) -> bool {
    text.len() > 1 && text.ends_with('\n') && !text.contains(|letter: char| letter < ' ' && letter != '\n')
}

fn signature(line: &str) -> Option<Signature> {
    let (name, coded) = line.strip_prefix(DASH)?.split_once(' ')?;
    if !is_name(name) || coded.len() > LONGEST {
        return None;
    }
    let bytes = from_base64(coded)?;
    let (id, bytes) = bytes.split_first_chunk::<4>()?;
    (!bytes.is_empty()).then(|| Signature { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
}

/// Reads a file of notes, one after the other, with or without empty lines between them. What cannot be read is an error in
/// its place: one damaged note does not hide the others.
pub fn read_notes(text: &str) -> Vec<Result<Note, NoteProblem>> {
    let mut notes = Vec::new();
    let mut current = String::new();
    // a note is over where a line follows its signatures that is none
    let mut signed = false;
    for line in text.split_inclusive('\n') {
        let is_signature = line.starts_with(DASH);
        if signed && !is_signature {
            notes.push(Note::read(&current));
            current.clear();
            signed = false;
        }
        if current.is_empty() && line == "\n" {
            continue;
        }
        current.push_str(line);
        signed |= is_signature;
    }
    if !current.is_empty() {
        notes.push(Note::read(&current));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyKind;
    use zeroize::Zeroizing;

    fn key(name: &str) -> SigningKey {
        SigningKey::from_seed(name, KeyKind::Note, &Zeroizing::new([1; 32])).unwrap()
    }

    /// The example that the specification prints.
    const POEM: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n\
        \u{2014} quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

    #[test]
    fn the_note_of_the_specification_is_read_and_written_again() {
        let note = Note::read(POEM).unwrap();
        assert_eq!(note.signatures.len(), 1);
        assert_eq!(note.signatures[0].id, [0x36, 0x7b, 0xa0, 0x4b]);
        assert!(note.text.ends_with("ed è subito sera.\n"));
        assert_eq!(note.to_string(), POEM);
    }

    #[test]
    fn a_note_is_signed_by_who_signed_it() {
        let note = Note::signed("a\nb\n".to_owned(), &key("one")).unwrap();
        assert_eq!(note.signed_by(key("one").public()), Some(true));
        assert_eq!(note.signed_by(key("two").public()), None);
        let mut other = note.clone();
        other.text = "a\nc\n".to_owned();
        assert_eq!(other.signed_by(key("one").public()), Some(false));
        // one good line beside a bad one of the same key is no good note
        other = note.clone();
        other.signatures.push(Signature { bytes: vec![0; 64], ..note.signatures[0].clone() });
        assert_eq!(other.signed_by(key("one").public()), Some(false));
        assert_eq!(Note::read(&note.to_string()), Ok(note));
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let good = Note::signed("a\n".to_owned(), &key("one")).unwrap().to_string();
        assert!(Note::read(&good).is_ok());
        for wrong in [
            String::new(),
            "a\n\n".to_owned(),
            good.trim_end().to_owned(),
            good.replace("\n\n", "\n"),
            good.replace(DASH, "-- "),
            good.replace(DASH, "\u{2014}"),
            good.replace("a\n", "a\t\n"),
            good.replace("a\n", "a\r\n"),
            good.replace('=', ""),
            format!("{good}\n"),
        ] {
            assert!(Note::read(&wrong).is_err(), "{wrong:?}");
        }
        let (text, line) = good.split_once("\n\n").unwrap();
        assert_eq!(Note::read(&format!("{text}\n\n{}", line.repeat(65))), Err(NoteProblem::TooMany));
        assert!(Note::signed("no line feed".to_owned(), &key("one")).is_err());
    }

    #[test]
    fn a_file_has_notes_one_after_the_other() {
        let [one, two] = ["1\n", "2\n"].map(|text| Note::signed(text.to_owned(), &key("k")).unwrap());
        for between in ["", "\n", "\n\n\n"] {
            let file = format!("{between}{one}{between}{two}{between}");
            assert_eq!(read_notes(&file), [Ok(one.clone()), Ok(two.clone())], "{between:?}");
        }
        let damaged = format!("hello\n\n{DASH}k AAAA\n\n{two}");
        assert_eq!(read_notes(&damaged), [Err(NoteProblem::Signature), Ok(two)]);
        assert_eq!(read_notes(""), []);
    }
}
