//! One row as one line of an export, in the one way that it can be written.

use crate::bytes::{Hash, hash_from_hex};
use crate::chain;
use serde::{Deserialize, Serialize};

/// One exported row. The body stays text, byte for byte as it was hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Number of the row, from 1.
    pub row: i64,
    /// When it was written.
    pub at: String,
    /// What it is about.
    pub kind: String,
    /// Canonical JSON, as text.
    pub body: String,
    /// Hash of the row before.
    pub prev: String,
    /// Hash of this row.
    pub hash: String,
}

impl Row {
    /// A row with its right hash.
    pub fn sealed(row: i64, at: &str, kind: &str, body: &str, prev: &str) -> Self {
        let hash = chain::link(row, at, kind, prev, body);
        Self { row, at: at.into(), kind: kind.into(), body: body.into(), prev: prev.into(), hash }
    }

    /// The line, without its end.
    ///
    /// # Errors
    /// None that a row could cause; serde's contract has one.
    pub fn line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Reads a line without its end. A line that says the same in another way (other order, white space, other escapes) is
    /// none: whoever wrote it was not the station.
    ///
    /// # Errors
    /// What is wrong with it, in a few words.
    pub fn read(line: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(line).map_err(|_| "it is not text".to_owned())?;
        let row: Self = serde_json::from_str(text).map_err(|error| format!("it is not a row: {error}"))?;
        if row.line().is_ok_and(|written| written == text) {
            return Ok(row);
        }
        Err("it is not written as an export writes it".to_owned())
    }

    /// The hash that the row must have and the one that it names before it; None when its content does not match its hash, or
    /// it names what is no hash, or it has a number that no row has.
    pub(crate) fn checked(&self) -> Option<(Hash, Hash)> {
        let prev = hash_from_hex(&self.prev)?;
        let hash = chain::hash(self.row, &self.at, &self.kind, &self.prev, &self.body);
        (self.row >= 1 && hash_from_hex(&self.hash)? == hash).then_some((hash, prev))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_one_way_to_be_written() {
        let body = "{\"title\":\"Tin \\\"sáng\\\"\",\"n\":1}";
        let row = Row::sealed(7, "2026-11-30T10:00:00Z", "due", body, chain::BEFORE_THE_FIRST);
        let line = row.line().unwrap();
        assert_eq!(Row::read(line.as_bytes()).unwrap(), row);
        for (from, to) in [
            ("\"row\":7", "\"row\": 7"),
            ("\"row\":7", "\"row\":7.0"),
            ("\"row\":7", "\"row\":07"),
            ("due", "du\\u0065"),
            ("{\"row\":7,", "{\"row\":7,\"row\":7,"),
            ("{\"row\":7,\"at\":\"2026-11-30T10:00:00Z\"", "{\"at\":\"2026-11-30T10:00:00Z\",\"row\":7"),
            ("\"kind\"", "\"kind2\":1,\"kind\""),
        ] {
            assert!(line.contains(from), "{from}");
            assert!(Row::read(line.replace(from, to).as_bytes()).is_err(), "{to}");
        }
        for wrong in ["", "{}", " ", &format!("{line} "), &format!("{line}\r"), "null"] {
            assert!(Row::read(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
        assert!(Row::read(b"\xff").is_err());
    }

    #[test]
    fn no_row_has_the_number_zero() {
        let row = Row::sealed(0, "a", "b", "{}", chain::BEFORE_THE_FIRST);
        assert_eq!(row.checked(), None);
        assert!(Row::sealed(1, "a", "b", "{}", chain::BEFORE_THE_FIRST).checked().is_some());
    }
}
