//! May this emergency sound? What was approved in advance may at once; anything else once a second person confirmed it.

use super::super::chain::append;
use super::super::emergencies::{Emergency, confirm, find};
use super::super::segments::{SegmentRecord, require};
use super::super::{Change, Store};
use super::{is_hand, person};
use crate::error::{Error, ErrorKind, Result};
use jiff::Timestamp;
use loaxa_schedules::{EmergencyId, Standing};
use rusqlite::Connection;
use serde_json::json;

impl Store {
    /// What keeps an emergency silent; None when it may sound. It may while its segment is what was sent, and either approved
    /// as an emergency or confirmed by a second person when it was sent; where the station asks for signed orders, only with one.
    ///
    /// # Errors
    /// `not_found` without its segment; when the database cannot be read.
    pub fn silences(&self, it: &Emergency) -> Result<Option<Standing>> {
        let mut segment = self.read(|connection| require(connection, it.segment))?;
        let leave = self.leave(&segment)?;
        if leave.lacks_order() {
            return Ok(Some(Standing::AwaitingApproval));
        }
        segment.standing = leave.standing;
        self.read(|connection| silences(connection, it, &segment))
    }

    /// Says whether this identity may confirm an emergency, without keeping that they did.
    ///
    /// # Errors
    /// As [`Store::confirm_emergency`].
    pub fn may_confirm(&self, it: &Emergency, by: &str) -> Result<SegmentRecord> {
        self.read(|connection| may_confirm(connection, it, by))
    }

    /// A second person confirms an emergency that nobody approved in advance; who did before stays.
    ///
    /// # Errors
    /// `not_found`; `own_emergency` to who sent it and `own_upload` to who pushed or edited its segment, under whichever identity;
    /// `segment_changed` when the segment is not what was sent, or may not sound any more.
    pub fn confirm_emergency(&self, id: EmergencyId, by: &str, at: Timestamp) -> Result<Emergency> {
        self.write(|transaction| {
            let (_, it) = find(transaction, id)?.ok_or_else(|| Error::not_found("emergency", id))?;
            may_confirm(transaction, &it, by)?;
            confirmed(transaction, id, by, at)?;
            let now = find(transaction, id)?.ok_or_else(|| Error::not_found("emergency", id))?;
            Ok(now.1)
        })
    }
}

/// Keeps a confirmation with its row in the log, once.
pub(in crate::store) fn confirmed(
    change: &Change<'_>,
    id: EmergencyId,
    by: &str,
    at: Timestamp,
) -> Result<()> {
    if confirm(change, id, by, at)?
        && let Some((_, it)) = find(change, id)?
    {
        let body = json!({
            "what": "confirmed", "id": id.to_string(), "segment": it.segment.to_string(), "sha256": it.sha256,
            "digest": it.digest, "sent_by": it.sent_by.0, "sent_by_name": it.sent_by.1, "by": by,
            "by_name": it.confirmed_by.map(|(_, name)| name), "test": it.test,
        });
        append(change, at, "emergency", &body)?;
    }
    Ok(())
}

fn silences(connection: &Connection, it: &Emergency, segment: &SegmentRecord) -> Result<Option<Standing>> {
    let as_sent = it.digest.as_ref().is_none_or(|digest| *digest == segment.approvals.digest);
    Ok(match segment.standing {
        Standing::Approved | Standing::AwaitingApproval if !as_sent => Some(Standing::Altered),
        Standing::Approved => None,
        Standing::AwaitingApproval => {
            let second = it.confirmed_by.as_ref().filter(|_| it.unapproved && it.digest.is_some());
            match second {
                Some((by, _)) if second_person(connection, it, segment, by)?.is_none() => None,
                _ => Some(Standing::AwaitingApproval),
            }
        }
        other => Some(other),
    })
}

fn may_confirm(connection: &Connection, it: &Emergency, by: &str) -> Result<SegmentRecord> {
    let segment = require(connection, it.segment)?;
    let title = &it.title;
    match second_person(connection, it, &segment, by)? {
        Some(Tie::Sender) => {
            return Err(Error::new(
                ErrorKind::Forbidden,
                "own_emergency",
                format!("the emergency {title:?} was sent by you, or by an identity that you made: another person must confirm it"),
            )
            .vi(format!(
                "Tin khẩn cấp “{title}” do chính bạn (hoặc mã truy cập do bạn tạo) gửi: phải có người khác xác nhận."
            )));
        }
        Some(Tie::Hand) => {
            return Err(Error::new(
                ErrorKind::Forbidden,
                "own_upload",
                format!("the recording of the emergency {title:?} was pushed or edited by you: another person must confirm it"),
            )
            .vi(format!("Bản ghi của tin khẩn cấp “{title}” do chính bạn tải lên hoặc sửa: phải có người khác xác nhận.")));
        }
        None => {}
    }
    let as_sent = it.digest.as_ref() == Some(&segment.approvals.digest);
    if !as_sent || !matches!(segment.standing, Standing::Approved | Standing::AwaitingApproval) {
        let state =
            if as_sent { segment.standing.as_str() } else { "not what it was when the emergency was sent" };
        return Err(Error::new(
            ErrorKind::Conflict,
            "segment_changed",
            format!(
                "segment {:?} is {state}; look at it again and send a new emergency",
                segment.pushed.title
            ),
        )
        .vi(format!(
            "Bản ghi “{}” đã thay đổi từ lúc gửi tin khẩn cấp; hãy xem lại và gửi tin khẩn cấp mới.",
            segment.pushed.title
        )));
    }
    Ok(segment)
}

/// What makes somebody no second person.
enum Tie {
    /// The person who sent it.
    Sender,
    /// A person who pushed or edited its segment.
    Hand,
}

fn second_person(
    connection: &Connection,
    it: &Emergency,
    segment: &SegmentRecord,
    by: &str,
) -> Result<Option<Tie>> {
    let who = person(connection, by)?;
    if who == person(connection, &it.sent_by.0)? {
        return Ok(Some(Tie::Sender));
    }
    Ok(is_hand(connection, &segment.pushed, &who)?.then_some(Tie::Hand))
}
