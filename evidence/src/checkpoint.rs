//! How long a log is and what its head is, as the text of a note: <https://c2sp.org/tlog-checkpoint>.
//!
//! Three lines: origin, number of rows, hash. Where a transparency log names the root of a Merkle tree, ours names the hash of
//! the last row of a chain: who checks a commune's log has all of its rows, so that proofs about single rows are not needed,
//! and a chain is what forty lines of any language can check.

use crate::bytes::{Hash, base64, from_base64};

/// Before a log's identifier in the origin of its heads, which is its key's name, too.
const ORIGIN: &str = "loaxa/";

/// The head of a log at some length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many rows: the number of the last one.
    pub size: i64,
    /// Hash of the last row.
    pub hash: Hash,
}

impl Checkpoint {
    /// The origin of the log with this identifier (the member `log` of its first row).
    pub fn origin_of(log: &str) -> String {
        format!("{ORIGIN}{log}")
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, base64(&self.hash))
    }

    /// Reads the text of a note. Further lines, which the specification allows and we do not write, are passed over; they are
    /// signed with the rest.
    pub fn read(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, hash) = (lines.next()?, lines.next()?, lines.next()?);
        if origin.is_empty() || lines.any(str::is_empty) {
            return None;
        }
        let number: i64 = size.parse().ok().filter(|number| *number >= 0)?;
        let hash = from_base64(hash)?.try_into().ok()?;
        (number.to_string() == size).then(|| Self { origin: origin.to_owned(), size: number, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_read_as_it_is_written() {
        let head = Checkpoint { origin: Checkpoint::origin_of("00"), size: 200, hash: [9; 32] };
        let text = head.text();
        assert_eq!(text, "loaxa/00\n200\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n");
        assert_eq!(Checkpoint::read(&text), Some(head.clone()));
        assert_eq!(Checkpoint::read(&format!("{text}more\n")), Some(head));
        for (from, to) in [
            ("200", "0200"),
            ("200", "+200"),
            ("200", "-2"),
            ("200", ""),
            ("loaxa/00", ""),
            ("=\n", "=\n\n"),
            ("k=", "k"),
        ] {
            assert_eq!(Checkpoint::read(&text.replace(from, to)), None, "{to:?}");
        }
        assert_eq!(Checkpoint::read("a\n1\n"), None);
        assert_eq!(Checkpoint::read(&text.replace("200", "99999999999999999999")), None);
    }
}
