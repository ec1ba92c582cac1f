//! Where a log begins that forgot what was older: the station's word that it removed the rows before by the rule of retention,
//! and did not lose them.
//!
//! The word is a head of the log at the last row that was removed, with one line more: `pruned`, the first row that went with
//! it, and for how many days the station keeps rows. No other head can stand for it, and only the station's key makes one. A row
//! `pruned` further down in the chain says the same: what nobody wrote down was not removed by a rule.

use crate::bytes::{Hash, hex};
use crate::chain;
use crate::checkpoint::Checkpoint;
use crate::key::{SigningKey, VerifierKey};
use crate::note::{Note, NoteProblem};
use crate::row::Row;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Kind of the row that tells of a removal.
pub const PRUNED: &str = "pruned";
/// Before the numbers on the line that a head has more.
const LINE: &str = "pruned ";

/// The end of what was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary {
    /// Which log, the last row that was removed, and its hash.
    pub head: Checkpoint,
    /// The first row that was removed with it; what is before was removed earlier.
    pub first: i64,
    /// Rows are kept for so many days.
    pub keep_days: u32,
}

/// A boundary with the station's signature: the first line of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedBoundary {
    /// What was signed.
    pub boundary: Boundary,
    /// The text with one signature, under the name of the log's origin.
    pub note: Note,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    boundary: i64,
    note: String,
}

impl Boundary {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}{LINE}{} {}\n", self.head.text(), self.first, self.keep_days)
    }

    /// Signs it.
    ///
    /// # Errors
    /// None that a key of the log's name could cause.
    pub fn sign(self, key: &SigningKey) -> Result<SignedBoundary, NoteProblem> {
        let note = Note::signed(self.text(), key)?;
        Ok(SignedBoundary { boundary: self, note })
    }

    fn read(text: &str) -> Option<Self> {
        let head = Checkpoint::read(text)?;
        let (first, days) = text.split('\n').nth(3)?.strip_prefix(LINE)?.split_once(' ')?;
        let boundary = Self { head, first: first.parse().ok()?, keep_days: days.parse().ok()? };
        let right = boundary.text() == text && (1..=boundary.head.size).contains(&boundary.first);
        right.then_some(boundary)
    }

    /// Body of the row that tells of it. `until`: when the last row that goes was written; `seq`: the last airing that goes;
    /// `keys`: the notes by which keys that the removed rows announced were announced.
    pub fn told(&self, until: &str, seq: i64, keys: &[String]) -> Value {
        json!({
            "what": "retention", "first": self.first, "last": self.head.size, "hash": hex(&self.head.hash),
            "count": self.head.size - self.first + 1, "keep_days": self.keep_days, "until": until, "seq": seq, "keys": keys,
        })
    }

    /// Whether a row tells of this removal.
    pub fn is_told_by(&self, row: &Row) -> bool {
        if row.kind != PRUNED {
            return false;
        }
        let Ok(body) = serde_json::from_str::<Value>(&row.body) else { return false };
        body["what"] == "retention"
            && body["first"] == self.first
            && body["last"] == self.head.size
            && body["keep_days"] == self.keep_days
            && body["hash"] == hex(&self.head.hash)
    }
}

impl SignedBoundary {
    /// Reads the note of a boundary; None of what is none.
    pub fn of(note: Note) -> Option<Self> {
        let boundary = Boundary::read(&note.text)?;
        let [signature] = note.signatures.as_slice() else { return None };
        (signature.name == boundary.head.origin).then_some(Self { boundary, note })
    }

    /// The line of an export, without its end.
    pub fn line(&self) -> String {
        let note = self.note.to_string();
        chain::canonical(&json!({ "boundary": self.boundary.head.size, "note": note }))
    }

    /// Reads a line without its end; None of what is no boundary, or is not written as an export writes it.
    pub fn read(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(line).ok()?;
        let Line { boundary, note } = serde_json::from_str(text).ok()?;
        let signed = Self::of(Note::read(&note).ok()?)?;
        (signed.boundary.head.size == boundary && signed.line() == text).then_some(signed)
    }

    /// Whether one of these keys of the station signed it: None when none of them is named, Some(false) when one is and did not.
    pub fn is_signed_by(&self, keys: &[VerifierKey]) -> Option<bool> {
        let ours = keys.iter().filter(|key| key.name() == self.boundary.head.origin);
        let said: Vec<bool> = ours.filter_map(|key| self.note.signed_by(key)).collect();
        if said.contains(&false) { Some(false) } else { said.first().copied() }
    }

    /// The hash of the last row that was removed: what the first row that is left names before it.
    pub const fn hash(&self) -> Hash {
        self.boundary.head.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyKind;

    fn signed() -> SignedBoundary {
        let head = Checkpoint { origin: "loaxa/00".to_owned(), size: 9, hash: [7; 32] };
        let key = SigningKey::from_seed("loaxa/00", KeyKind::Note, &[1; 32].into()).unwrap();
        Boundary { head, first: 3, keep_days: 400 }.sign(&key).unwrap()
    }

    #[test]
    fn a_boundary_has_one_way_to_be_written() {
        let good = signed();
        let line = good.line();
        assert_eq!(SignedBoundary::read(line.as_bytes()), Some(good));
        for (from, to) in [
            ("pruned 3 400", "pruned 03 400"),
            ("pruned 3 400", "pruned 3  400"),
            ("pruned 3 400", "pruned 3"),
            ("pruned 3 400", "pruned 10 400"),
            ("pruned 3 400", "pruned 0 400"),
            ("pruned 3 400\\n", ""),
            ("pruned 3 400\\n", "pruned 3 400\\nmore\\n"),
            ("\"boundary\":9", "\"boundary\":8"),
            ("\"boundary\":9", "\"boundary\": 9"),
            ("\\n9\\n", "\\n8\\n"),
            ("— loaxa/00", "— loaxa/01"),
            ("\"note\"", "\"more\":1,\"note\""),
        ] {
            assert!(line.contains(from), "{from}");
            assert_eq!(SignedBoundary::read(line.replace(from, to).as_bytes()), None, "{to}");
        }
    }

    #[test]
    fn a_row_tells_of_one_boundary_and_of_no_other() {
        let boundary = signed().boundary;
        let body = |boundary: &Boundary| chain::canonical(&boundary.told("2026-11-30T10:00:00Z", 4, &[]));
        let row = |kind: &str, body: &str| Row::sealed(20, "a", kind, body, chain::BEFORE_THE_FIRST);
        assert!(boundary.is_told_by(&row(PRUNED, &body(&boundary))));
        assert!(!boundary.is_told_by(&row("ended", &body(&boundary))));
        for other in [
            Boundary { first: 1, ..boundary.clone() },
            Boundary { keep_days: 401, ..boundary.clone() },
            Boundary { head: Checkpoint { size: 10, ..boundary.head.clone() }, ..boundary.clone() },
            Boundary { head: Checkpoint { hash: [8; 32], ..boundary.head.clone() }, ..boundary.clone() },
        ] {
            assert!(!boundary.is_told_by(&row(PRUNED, &body(&other))), "{other:?}");
        }
        assert!(!boundary.is_told_by(&row(PRUNED, "{}")));
        assert!(!boundary.is_told_by(&row(PRUNED, "no")));
    }
}
