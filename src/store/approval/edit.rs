//! Changing what people see of a segment, and who had a hand in it.

use super::super::chain::append;
use super::super::prepared::{PreparedSound, set_trimmed};
use super::super::segments::{NewSegment, SegmentRecord, require, text};
use super::super::{Change, Store, storage};
use super::decide::{require_version, words, wrong_state};
use super::digest;
use crate::error::{Error, Result};
use jiff::Timestamp;
use loaxa_schedules::{SegmentId, Standing};
use rusqlite::named_params;
use serde_json::json;

const SET_WORDS: &str =
    "UPDATE segments SET version = version + 1, title = :title, language = :language, class = :class,
    music = :music, source = :source, valid_from = :valid_from, valid_until = :valid_until WHERE id = :id";
const ASK_AGAIN: &str =
    "UPDATE segments SET version = version + 1, state = 'awaiting_approval', reason = NULL,
    approved_by = NULL, approved_at = NULL, approval_note = NULL
    WHERE id = :id AND state IN ('awaiting_approval', 'approved')";
const FORGET: &str = "DELETE FROM approvals WHERE segment = :id";
const ADD_HAND: &str = "INSERT OR IGNORE INTO uploaders (segment, identity) VALUES (:segment, :identity)";

impl Store {
    /// Changes what people see of a segment, or which part of it is heard. What is another thing then is asked for again:
    /// its approvals are gone, and who changed it is among those who may not approve it. What comes to the same changes
    /// nothing. Another part comes with the sound that was prepared of it: a segment is never led to one without the other.
    ///
    /// # Errors
    /// `not_found`, `changed_meanwhile`, `wrong_state` of what was rejected or withdrawn, and what `change` refuses.
    pub fn edit_segment(
        &self,
        id: SegmentId,
        version: i64,
        (by, at): (&str, Timestamp),
        sound: Option<&PreparedSound>,
        change: impl FnOnce(&SegmentRecord) -> Result<NewSegment>,
    ) -> Result<SegmentRecord> {
        self.write(|transaction| {
            let before = require(transaction, id)?;
            require_editable(&before, version)?;
            let new = change(&before)?;
            if digest(&new) == before.approvals.digest {
                return Ok(before);
            }
            if new.trim != before.pushed.trim {
                let sound = sound.filter(|sound| sound.trim == new.trim).ok_or_else(|| {
                    Error::internal(format!("segment {id} is to be trimmed, and nothing was prepared of that part"))
                })?;
                set_trimmed(transaction, id, sound, at)?;
            }
            let parameters = named_params! {
                ":id": id.to_string(), ":title": new.title, ":language": new.language, ":class": new.class.as_str(),
                ":music": new.music, ":source": new.source, ":valid_from": text(&new.valid_from),
                ":valid_until": text(&new.valid_until),
            };
            transaction.execute(SET_WORDS, parameters).map_err(storage)?;
            transaction.execute(FORGET, named_params! { ":id": id.to_string() }).map_err(storage)?;
            transaction.execute(ASK_AGAIN, named_params! { ":id": id.to_string() }).map_err(storage)?;
            transaction
                .execute(ADD_HAND, named_params! { ":segment": id.to_string(), ":identity": by })
                .map_err(storage)?;
            let after = require(transaction, id)?;
            let mut body = words(&after);
            body["decision"] = json!("edit");
            body["by"] = json!(by);
            body["before"] = words(&before);
            append(transaction, at, "approval", &body)?;
            Ok(after)
        })
    }
}

/// Whether this version of a segment may be changed.
///
/// # Errors
/// `changed_meanwhile`, `wrong_state`.
pub(crate) fn require_editable(before: &SegmentRecord, version: i64) -> Result<()> {
    require_version(before, Some(version))?;
    if matches!(before.standing, Standing::Rejected | Standing::Withdrawn) {
        return Err(wrong_state(
            before,
            "it stays so; push the recording anew with what should be said of it",
        ));
    }
    Ok(())
}

/// Somebody pushed it too. Who approved it and pushes it then has a hand in it, and their word counts no more.
pub(in crate::store) fn add_hand(change: &Change<'_>, id: SegmentId, by: &str, at: Timestamp) -> Result<()> {
    let before = require(change, id)?;
    let added = change
        .execute(ADD_HAND, named_params! { ":segment": id.to_string(), ":identity": by })
        .map_err(storage)?;
    let after = require(change, id)?;
    if added == 0 || after.approvals == before.approvals {
        return Ok(());
    }
    if before.standing == Standing::Approved && after.standing == Standing::Altered {
        change.execute(ASK_AGAIN, named_params! { ":id": id.to_string() }).map_err(storage)?;
    }
    let mut body = words(&after);
    body["decision"] = json!("pushed_by_approver");
    body["by"] = json!(by);
    body["missing"] = json!(after.approvals.missing());
    append(change, at, "approval", &body)?;
    Ok(())
}
