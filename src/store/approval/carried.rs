//! What older versions approved, without saying of what: it was approved as it stands.

use super::super::chain::link;
use super::super::segments::list;
use super::super::{nanos, storage};
use super::decide::words;
use super::given;
use crate::error::Result;
use jiff::Timestamp;
use rusqlite::{Connection, named_params};
use serde_json::json;

const CARRY: &str = "INSERT INTO approvals (segment, identity, digest, note, at)
    VALUES (:id, :by, :digest, :note, :at)";
/// What it says is what it said, and so is its version.
const ASK_AGAIN: &str = "UPDATE segments SET state = 'awaiting_approval', approved_by = NULL,
    approved_at = NULL, approval_note = NULL WHERE id = :id";

/// Binds each approval of before to what it is today. Where that is too little by the rules of now (an emergency that one
/// person approved; an approver whose token belongs to who pushed it), it is asked for again, and what was given counts.
pub(in crate::store) fn carry_over(connection: &Connection, now: Timestamp) -> Result<()> {
    for record in list(connection, "WHERE s.state = :value", "approved")? {
        let id = record.pushed.id.to_string();
        if let Some((by, _)) = &record.approved_by {
            let parameters = named_params! {
                ":id": id, ":by": by, ":digest": record.approvals.digest, ":note": record.approval_note,
                ":at": nanos(record.approved_at.unwrap_or(now)),
            };
            connection.execute(CARRY, parameters).map_err(storage)?;
        }
        let missing = given(connection, &record.pushed)?.missing();
        if missing > 0 {
            connection.execute(ASK_AGAIN, named_params! { ":id": id }).map_err(storage)?;
            tracing::warn!(segment = id, title = record.pushed.title, missing, "it must be approved again");
        }
        let mut body = words(&record);
        body["decision"] = json!("carried_over");
        body["by"] = json!(record.approved_by.as_ref().map(|(by, _)| by));
        body["missing"] = json!(missing);
        link(connection, now, "approval", &body)?;
    }
    Ok(())
}
