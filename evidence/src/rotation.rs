//! How one key of a station gives way to another: the row that announces the new one holds a head of the log until then, with
//! one line more, `key` and the new key, signed by the old key and by the new. Whoever believes the first key comes to believe
//! the last by following the chain.

use crate::boundary::PRUNED;
use crate::bytes::Hash;
use crate::checkpoint::Checkpoint;
use crate::key::{KeyKind, SigningKey, VerifierKey};
use crate::note::{Note, NoteProblem};
use crate::row::Row;
use serde_json::Value;

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

/// The keys that a row announces: of a row `key` the one that takes the station's place, of a row `pruned` those that the rows
/// announced which were removed. Each must be signed by one that is known under the same name, and by itself.
pub(crate) fn announced(row: &Row, before: Hash, known: &[VerifierKey]) -> Vec<VerifierKey> {
    let Ok(body) = serde_json::from_str::<Value>(&row.body) else { return Vec::new() };
    match row.kind.as_str() {
        "key" if body["what"] == "rotated" => {
            let Some((head, new)) = body["note"].as_str().and_then(|note| by_note(note, known)) else {
                return Vec::new();
            };
            let right = row.row.checked_sub(1) == Some(head.size)
                && head.hash == before
                && body["key"].as_str() == Some(new.to_string().as_str());
            if right { vec![new] } else { Vec::new() }
        }
        PRUNED => {
            let mut known = known.to_vec();
            let mut keys = Vec::new();
            for note in body["keys"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if let Some((_, new)) = by_note(note, &known).filter(|(head, _)| head.size < row.row) {
                    known.push(new.clone());
                    keys.push(new);
                }
            }
            keys
        }
        _ => Vec::new(),
    }
}

/// The key that a note announces, and the head that it names.
fn by_note(note: &str, known: &[VerifierKey]) -> Option<(Checkpoint, VerifierKey)> {
    let note = Note::read(note).ok()?;
    let head = Checkpoint::read(&note.text)?;
    let new: VerifierKey = note.text.split('\n').nth(3)?.strip_prefix(KEY)?.parse().ok()?;
    let right = note.text == format!("{}{KEY}{new}\n", head.text())
        && new.kind() == KeyKind::Note
        && new.name() == head.origin
        && note.signed_by(&new) == Some(true);
    let signed = |key: &VerifierKey| key.name() == head.origin && note.signed_by(key) == Some(true);
    (right && known.iter().any(signed)).then_some((head, new))
}
