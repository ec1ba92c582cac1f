//! How one key of a station gives way to another: the row that announces the new one holds a head of the log until then, with
//! one line more, `key` and the new key, signed by the old key and by the new. Whoever believes the first key comes to believe
//! the last by following the chain.

use crate::bytes::Hash;
use crate::checkpoint::Checkpoint;
use crate::key::{KeyKind, SigningKey, VerifierKey};
use crate::note::{Note, NoteProblem};
use crate::row::Row;

/// Before the new key on the line that a head has more.
const KEY: &str = "key ";

/// The note that the row after this head holds.
///
/// # Errors
/// None that keys of one name could cause.
pub fn rotation(head: &Checkpoint, old: &SigningKey, new: &SigningKey) -> Result<Note, NoteProblem> {
    let text = format!("{}{KEY}{}\n", head.text(), new.public());
    let mut note = Note::signed(text.clone(), old)?;
    note.signatures.extend(Note::signed(text, new)?.signatures);
    Ok(note)
}

/// The key that a row announces, when one of these keys of the same name signed the log until then and the new one.
pub(crate) fn announced(row: &Row, before: Hash, known: &[VerifierKey]) -> Option<VerifierKey> {
    if row.kind != "key" {
        return None;
    }
    let body: serde_json::Value = serde_json::from_str(&row.body).ok()?;
    if body["what"] != "rotated" {
        return None;
    }
    let note = Note::read(body["note"].as_str()?).ok()?;
    let head = Checkpoint::read(&note.text)?;
    let new: VerifierKey = body["key"].as_str()?.parse().ok()?;
    let right = note.text == format!("{}{KEY}{new}\n", head.text())
        && head.size == row.row.checked_sub(1)?
        && head.hash == before
        && new.kind() == KeyKind::Note
        && new.name() == head.origin
        && note.signed_by(&new) == Some(true);
    let signed = |key: &VerifierKey| key.name() == head.origin && note.signed_by(key) == Some(true);
    (right && known.iter().any(signed)).then_some(new)
}
