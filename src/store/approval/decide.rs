//! An approver decides; somebody withdraws.

use super::super::chain::append;
use super::super::segments::{SegmentRecord, require, text};
use super::super::{Change, Store, nanos, storage, to_json};
use super::{is_hand, person, text_hash};
use crate::error::{Error, ErrorKind, Result};
use jiff::Timestamp;
use loaxa_schedules::{Reason, SegmentId, Standing};
use rusqlite::named_params;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const SET_STATE: &str =
    "UPDATE segments SET version = version + 1, state = :state, reason = :reason WHERE id = :id";
const SET_DECISION: &str = "UPDATE segments SET version = version + 1, state = :state, reason = :reason,
    approved_by = :approved_by, approved_at = :at, approval_note = :note WHERE id = :id";
/// What was approved is gone for good: another digest is another thing.
const FORGET_OTHERS: &str = "DELETE FROM approvals WHERE segment = :id AND digest <> :digest";
const FORGET: &str = "DELETE FROM approvals WHERE segment = :id";
const APPROVE: &str = "INSERT OR REPLACE INTO approvals (segment, identity, digest, note, at)
    VALUES (:id, :by, :digest, :note, :at)";

/// What an approver decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It may air.
    Approve,
    /// It may not.
    Reject,
}

/// A decision, and what it was meant for.
#[derive(Debug, Clone, Copy)]
pub struct Ruling<'a> {
    /// What was decided.
    pub decision: Decision,
    /// What they wrote.
    pub note: Option<&'a str>,
    /// The digest of what they saw; None of who does not say so.
    pub seen: Option<&'a str>,
    /// The version that they saw.
    pub version: Option<i64>,
}

impl Store {
    /// As [`Store::rule`], of who decides on whatever is there.
    ///
    /// # Errors
    /// As there.
    pub fn decide(
        &self,
        id: SegmentId,
        decision: Decision,
        note: Option<&str>,
        by: &str,
        at: Timestamp,
    ) -> Result<SegmentRecord> {
        self.rule(id, &Ruling { decision, note, seen: None, version: None }, by, at)
    }

    /// Decides whether a segment may air. Four eyes: nobody who pushed or edited it may, under whichever identity; and it
    /// takes as many people as its class asks for.
    ///
    /// # Errors
    /// `not_found`, `own_upload`, `same_person`, `seen_differs` or `changed_meanwhile` when it is not what they saw, `wrong_state`
    /// when it does not wait for a decision, `already_approved`.
    pub fn rule(&self, id: SegmentId, ruling: &Ruling<'_>, by: &str, at: Timestamp) -> Result<SegmentRecord> {
        self.write(|transaction| {
            let record = require(transaction, id)?;
            let who = person(transaction, by)?;
            if is_hand(transaction, &record.pushed, &who)? {
                return Err(own(&record, who == by));
            }
            require_seen(&record, ruling)?;
            let open = match record.standing {
                Standing::AwaitingApproval | Standing::Altered => true,
                Standing::Approved => ruling.decision == Decision::Reject,
                _ => false,
            };
            if !open {
                return Err(wrong_state(&record, "only a segment that awaits approval can be decided on"));
            }
            match ruling.decision {
                Decision::Approve => approve(transaction, &record, ruling, (by, &who), at)?,
                Decision::Reject => {
                    let reason = rejected_by_person(ruling.note);
                    transaction
                        .execute(FORGET, named_params! { ":id": id.to_string() })
                        .map_err(storage)?;
                    let parameters = named_params! {
                        ":id": id.to_string(), ":state": Standing::Rejected.as_str(), ":reason": to_json(&reason)?,
                        ":approved_by": by, ":at": nanos(at), ":note": ruling.note,
                    };
                    transaction.execute(SET_DECISION, parameters).map_err(storage)?;
                }
            }
            let now = require(transaction, id)?;
            let mut body = words(&record);
            body["decision"] = json!(ruling.decision);
            body["note"] = json!(ruling.note);
            body["by"] = json!(by);
            body["missing"] = json!(now.approvals.missing());
            append(transaction, at, "approval", &body)?;
            Ok(now)
        })
    }

    /// Takes a segment out of use for good. Its airings stay in the log.
    ///
    /// # Errors
    /// `not_found`.
    pub fn withdraw(&self, id: SegmentId, by: &str, at: Timestamp) -> Result<SegmentRecord> {
        self.write(|transaction| {
            let record = require(transaction, id)?;
            if record.standing == Standing::Withdrawn {
                return Ok(record);
            }
            let parameters = named_params! { ":id": id.to_string(), ":state": "withdrawn", ":reason": None::<String> };
            transaction.execute(SET_STATE, parameters).map_err(storage)?;
            let body = json!({ "segment": id.to_string(), "sha256": record.pushed.sha256, "decision": "withdraw", "by": by });
            append(transaction, at, "approval", &body)?;
            require(transaction, id)
        })
    }
}

/// One more person's word, and what it makes of the segment.
fn approve(
    change: &Change<'_>,
    record: &SegmentRecord,
    ruling: &Ruling<'_>,
    (by, who): (&str, &str),
    at: Timestamp,
) -> Result<()> {
    let id = record.pushed.id.to_string();
    for before in &record.approvals.given {
        if person(change, &before.by.0)? == who {
            return Err(twice(record, &before.by.1));
        }
    }
    change
        .execute(FORGET_OTHERS, named_params! { ":id": id, ":digest": record.approvals.digest })
        .map_err(storage)?;
    let parameters = named_params! {
        ":id": id, ":by": by, ":digest": record.approvals.digest, ":note": ruling.note, ":at": nanos(at),
    };
    change.execute(APPROVE, parameters).map_err(storage)?;
    let enough = super::given(change, &record.pushed)?.missing() == 0;
    let standing = if enough { Standing::Approved } else { Standing::AwaitingApproval };
    let parameters = named_params! {
        ":id": id, ":state": standing.as_str(), ":reason": None::<String>, ":approved_by": enough.then_some(by),
        ":at": enough.then(|| nanos(at)), ":note": ruling.note.filter(|_| enough),
    };
    change.execute(SET_DECISION, parameters).map_err(storage)?;
    Ok(())
}

/// What an approval is about, as the log says it.
pub(super) fn words(record: &SegmentRecord) -> Value {
    let pushed = &record.pushed;
    let mut words = json!({
        "segment": pushed.id.to_string(), "sha256": pushed.sha256, "title": pushed.title, "class": pushed.class.as_str(),
        "language": pushed.language, "music": pushed.music, "source": pushed.source,
        "valid_from": text(&pushed.valid_from), "valid_until": text(&pushed.valid_until),
        "prepared": record.prepared, "digest": record.approvals.digest,
    });
    if let Some(trim) = pushed.trim {
        words["trim"] = json!(trim);
    }
    if let Some(spoken) = &pushed.spoken {
        words["text_sha256"] = json!(text_hash(&spoken.text));
    }
    words
}

pub(super) fn wrong_state(record: &SegmentRecord, rule: &str) -> Error {
    let detail = format!("segment {} is {}; {rule}", record.pushed.id, record.standing.as_str());
    Error::new(ErrorKind::Conflict, "wrong_state", detail)
}

fn own(record: &SegmentRecord, oneself: bool) -> Error {
    let (id, title) = (record.pushed.id, &record.pushed.title);
    if oneself {
        return Error::new(
            ErrorKind::Forbidden,
            "own_upload",
            format!("segment {id} was pushed or edited by you: somebody else with the right to approve must decide"),
        )
        .vi(format!(
            "Bản ghi “{title}” do chính bạn tải lên hoặc sửa: người khác có quyền duyệt phải quyết định."
        ));
    }
    Error::new(
        ErrorKind::Forbidden,
        "own_upload",
        format!(
            "segment {id} was pushed or edited by the person whose token this is, or by another token of theirs: somebody else must decide"
        ),
    )
    .vi(format!(
        "Bản ghi “{title}” do chính người đã tạo mã truy cập này (hoặc mã khác của họ) tải lên hay sửa: người khác phải quyết định."
    ))
}

fn twice(record: &SegmentRecord, name: &str) -> Error {
    let (title, missing) = (&record.pushed.title, record.approvals.missing());
    Error::new(
        ErrorKind::Conflict,
        "already_approved",
        format!("{name:?} approved segment {title:?} already, and counts once; it takes {missing} more of other people"),
    )
    .vi(format!("“{name}” đã duyệt bản ghi “{title}” và chỉ được tính một lần; còn cần {missing} người khác duyệt."))
}

/// Who decides must have seen what is there.
fn require_seen(record: &SegmentRecord, ruling: &Ruling<'_>) -> Result<()> {
    let (id, title) = (record.pushed.id, &record.pushed.title);
    let vi =
        format!("Bản ghi “{title}” đã thay đổi từ lúc bạn xem; hãy tải lại, nghe và xem lại rồi quyết định.");
    if ruling.seen.is_some_and(|seen| !seen.eq_ignore_ascii_case(&record.approvals.digest)) {
        return Err(Error::new(
            ErrorKind::PreconditionFailed,
            "seen_differs",
            format!(
                "segment {id} is not what you saw: its approval_digest is {}; read it again, listen to it, then decide with that as \"seen\"",
                record.approvals.digest
            ),
        )
        .vi(vi));
    }
    require_version(record, ruling.version)
}

pub(super) fn require_version(record: &SegmentRecord, version: Option<i64>) -> Result<()> {
    if version.is_none_or(|version| version == record.version) {
        return Ok(());
    }
    let (id, title) = (record.pushed.id, &record.pushed.title);
    Err(Error::new(
        ErrorKind::PreconditionFailed,
        "changed_meanwhile",
        format!(
            "segment {id} is at version {}: it was changed; read it again, then repeat your change",
            record.version
        ),
    )
    .vi(format!("Bản ghi “{title}” đã thay đổi từ lúc bạn xem; hãy tải lại rồi làm lại.")))
}

fn rejected_by_person(note: Option<&str>) -> Reason {
    let (en, vi) = match note {
        Some(note) => {
            (format!("rejected by the approver: {note}"), format!("người duyệt không đồng ý: {note}"))
        }
        None => ("rejected by the approver".to_owned(), "người duyệt không đồng ý".to_owned()),
    };
    Reason { code: "rejected".into(), en, vi }
}
