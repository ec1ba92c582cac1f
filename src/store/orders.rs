//! Orders that publishers signed, and the one question that they answer: whose word a recording has, and for when.

use super::publishers::{self, Publisher};
use super::{SegmentRecord, Store, col, from_json, nanos, storage, time, to_json};
use crate::config::{Orders, Policy};
use crate::error::{Error, ErrorKind, Result};
use jiff::Timestamp;
use loaxa_evidence::{Airing, Matter, OrderFor, SignedOrder};
use loaxa_schedules::{CampaignId, Now, Ordered, OrderedIn, ProgrammeId, Standing};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde_json::json;

const COLUMNS: &str =
    "SELECT o.number, o.id, o.publisher, p.name, o.cosigner, o.counter, o.note, o.not_before, o.expires,
    o.taken_by, o.taken_at, p.revoked_at IS NOT NULL OR c.revoked_at IS NOT NULL,
    (SELECT s.id FROM segments s WHERE s.sha256 = o.sha256 AND s.title = o.title AND s.language = o.language
      AND s.class = o.class AND s.valid_from IS o.valid_from AND s.valid_until IS o.valid_until
      AND s.state NOT IN ('rejected', 'withdrawn') AND s.trim_start IS NULL ORDER BY s.id DESC LIMIT 1)
  FROM orders o JOIN publishers p ON p.id = o.publisher LEFT JOIN publishers c ON c.id = o.cosigner";
const INSERT: &str = "INSERT INTO orders (id, publisher, cosigner, counter, note, sha256, title, language, class, valid_from,
    valid_until, within, not_before, expires, author, approver, taken_by, taken_at)
  VALUES (:id, :publisher, :cosigner, :counter, :note, :sha256, :title, :language, :class, :from, :until, :within,
    :not_before, :expires, :author, :approver, :by, :at)";
const LIVE: &str = "SELECT COUNT(*) FROM orders WHERE publisher = :publisher AND expires > :at";
/// Everything that people see of the recording must be what was signed; and every key that signed must still count.
const COVERS: &str =
    "SELECT o.within, o.not_before, o.expires, p.valid_until, c.valid_until, o.approver, p.name
  FROM orders o JOIN publishers p ON p.id = o.publisher LEFT JOIN publishers c ON c.id = o.cosigner
  WHERE o.sha256 = :sha256 AND o.title = :title AND o.language = :language AND o.class = :class
    AND o.valid_from IS :from AND o.valid_until IS :until
    AND p.revoked_at IS NULL AND c.revoked_at IS NULL AND (:signatures < 2 OR o.cosigner IS NOT NULL)
  ORDER BY o.number DESC LIMIT 100";
/// So many orders of one key that have not expired are kept.
const MOST: i64 = 5_000;

/// An order as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptOrder {
    /// In the order in which they came.
    pub number: i64,
    /// Its id.
    pub id: String,
    /// Id and name of the publisher whose key signed it.
    pub publisher: (String, String),
    /// Id of the publisher's key that signed as the approver's.
    pub cosigner: Option<String>,
    /// Its counter.
    pub counter: i64,
    /// The exact bytes, signatures and all.
    pub note: String,
    /// Not before.
    pub not_before: Timestamp,
    /// Not from then on.
    pub expires: Timestamp,
    /// Identity of who brought it.
    pub taken_by: String,
    /// When.
    pub taken_at: Timestamp,
    /// A key that signed it was revoked.
    pub revoked: bool,
    /// The segment that it covers; None while it waits for it.
    pub segment: Option<String>,
}

/// Whose word a recording has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// How far it has come on its way to the air: `approved` only where it has every word that the station asks for.
    pub standing: Standing,
    /// When signed orders let it air; None where the station asks for none.
    pub ordered: Option<Vec<Ordered>>,
    /// Who said that it may air.
    pub by: Option<String>,
}

impl Leave {
    /// Whether it may air now, as far as approvals and orders go. A clock that cannot be trusted judges no time.
    #[must_use]
    pub fn airs(&self, now: Now) -> bool {
        self.standing == Standing::Approved && self.is_ordered(now)
    }

    /// Whether an order is in force, where the station asks for one.
    #[must_use]
    pub fn is_ordered(&self, now: Now) -> bool {
        let within = |it: &Ordered| !now.trusted || (it.from <= now.wall && now.wall < it.until);
        self.ordered.as_ref().is_none_or(|orders| orders.iter().any(within))
    }

    /// Whether the station asks for a signed order and nothing but that is missing.
    #[must_use]
    pub fn lacks_order(&self) -> bool {
        let waits = matches!(self.standing, Standing::Approved | Standing::AwaitingApproval);
        waits && self.ordered.as_ref().is_some_and(Vec::is_empty)
    }

    /// Until when an order that is in force lets it air; None where the station asks for none.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        let orders = self.ordered.as_ref()?;
        orders.iter().filter(|it| it.from <= now).map(|it| it.until).max().or(Some(now))
    }
}

fn within(it: &OrderFor) -> Result<OrderedIn> {
    let damaged = |id: &str| Error::unacceptable("bad_order", format!("{id:?} is no id of this station"));
    Ok(match it {
        OrderFor::Any | OrderFor::Emergency => OrderedIn::Anything,
        OrderFor::Programme(id) => OrderedIn::Programme(ProgrammeId(id.parse().map_err(|_| damaged(id))?)),
        OrderFor::Campaign(id) => OrderedIn::Campaign(CampaignId(id.parse().map_err(|_| damaged(id))?)),
    })
}

impl Store {
    /// From now on this is whose word a recording needs.
    pub fn ask_for_orders(&self, orders: Orders) {
        // set once: the configuration does not change while a station runs
        let _ = self.orders.set(orders);
    }

    /// Whose word a recording needs.
    pub fn order_rules(&self) -> Orders {
        self.orders.get().copied().unwrap_or_default()
    }

    /// Whose word this recording has: the one place where approvals and orders are put together.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn leave(&self, record: &SegmentRecord) -> Result<Leave> {
        let rules = self.order_rules();
        let approver = record.approvals.names();
        if rules.policy == Policy::Local {
            return Ok(Leave { standing: record.standing, ordered: None, by: approver });
        }
        let (ordered, signer) = self.read(|connection| covers(connection, record, rules.signatures))?;
        let standing = match (rules.policy, record.standing) {
            (_, Standing::Approved) if ordered.is_empty() => Standing::AwaitingApproval,
            (Policy::Signed, Standing::AwaitingApproval) if !ordered.is_empty() => Standing::Approved,
            (_, standing) => standing,
        };
        let by = if rules.policy == Policy::Signed { signer } else { approver };
        Ok(Leave { standing, ordered: Some(ordered), by })
    }

    /// The order with this id.
    pub fn order(&self, id: &str) -> Result<Option<KeptOrder>> {
        self.read(|connection| find(connection, id))
    }

    /// Orders, the newest first.
    pub fn orders(&self, before: Option<i64>, limit: u32) -> Result<Vec<KeptOrder>> {
        let sql = format!("{COLUMNS} WHERE o.number < :before ORDER BY o.number DESC LIMIT :limit");
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&sql).map_err(storage)?;
            let parameters = named_params! { ":before": before.unwrap_or(i64::MAX), ":limit": limit };
            let mut rows = statement.query(parameters).map_err(storage)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next().map_err(storage)? {
                found.push(kept(row)?);
            }
            Ok(found)
        })
    }

    /// Keeps an order whose signatures were checked, durably, with its row; raises its key's counter with it. What may have
    /// changed since it was checked (counter, revocation) is looked at again.
    ///
    /// # Errors
    /// `order_known` with this id and other bytes; `order_replayed`, `key_revoked`, `key_replaced`, `too_many_orders`.
    pub fn keep_order(
        &self,
        signed: &SignedOrder,
        author: &Publisher,
        cosigner: Option<&Publisher>,
        by: &str,
        at: Timestamp,
    ) -> Result<KeptOrder> {
        let order = &signed.order;
        self.write(|transaction| {
            if find(transaction, &order.id)?.is_some() {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "order_known",
                    format!("order {} was taken before with other words; give another order an id of its own", order.id),
                ));
            }
            for key in std::iter::once(author).chain(cosigner) {
                usable(&publishers::require(transaction, &key.id)?)?;
            }
            let parameters = named_params! { ":publisher": author.id, ":at": nanos(at) };
            if transaction.query_row(LIVE, parameters, |row| row.get::<_, i64>(0)).map_err(storage)? >= MOST {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "too_many_orders",
                    format!("{MOST} orders of this key have not expired; wait until some have, or give shorter ones"),
                ));
            }
            if !publishers::count(transaction, &author.id, order.counter)? {
                return Err(replayed(order.counter, author.counter));
            }
            let airing = match &order.matter {
                Matter::Air(airing) => Some(airing),
                Matter::Key(_) => None,
            };
            insert(transaction, signed, airing, (author, cosigner), (by, at))?;
            let body = json!({
                "what": "taken", "id": order.id, "publisher": author.id, "name": author.name, "key": author.key.to_string(),
                "cosigner": cosigner.map(|it| it.key.to_string()), "counter": order.counter,
                "segment_sha256": airing.map(|it| &it.segment), "title": airing.map(|it| &it.title),
                "class": airing.map(|it| &it.class), "note": signed.note.to_string(), "by": by,
            });
            super::chain::append(transaction, at, "order", &body)?;
            if let Matter::Key(key) = &order.matter {
                publishers::replace(transaction, author, key, &order.id, at)?;
            }
            find(transaction, &order.id)?.ok_or_else(|| Error::internal("an order that was kept is gone"))
        })
    }
}

/// Refuses a key that signs nothing more.
pub(crate) fn usable(key: &Publisher) -> Result<()> {
    let no = |code: &'static str, en: &str, vi: &str| {
        let name = key.key.name();
        Err(Error::new(ErrorKind::Forbidden, code, format!("the key {name} {en}"))
            .vi(format!("Khóa {name} {vi}.")))
    };
    if key.revoked.is_some() {
        return no(
            "key_revoked",
            "was revoked; sign with another one",
            "đã bị thu hồi; hãy ký bằng khóa khác",
        );
    }
    if key.replaced.is_some() {
        return no(
            "key_replaced",
            "was replaced; sign with the new one",
            "đã được thay; hãy ký bằng khóa mới",
        );
    }
    Ok(())
}

/// What to say of a counter that is no greater than the last.
pub(crate) fn replayed(counter: i64, last: i64) -> Error {
    Error::new(
        ErrorKind::Conflict,
        "order_replayed",
        format!("the order's counter is {counter}, and this key has come to {last} already; sign a new order with a greater one"),
    )
    .vi("Lệnh phát này cũ hơn lệnh đã nhận trước đó nên không được chấp nhận. Hãy ký lệnh mới.")
}

fn insert(
    connection: &Connection,
    signed: &SignedOrder,
    airing: Option<&Airing>,
    (author, cosigner): (&Publisher, Option<&Publisher>),
    (by, at): (&str, Timestamp),
) -> Result<()> {
    let order = &signed.order;
    let instant = |seconds: i64| Timestamp::from_second(seconds).map_or(i64::MAX, nanos);
    let only = airing.map_or(Ok(OrderedIn::Anything), |it| within(&it.only))?;
    connection
        .execute(
            INSERT,
            named_params! {
                ":id": order.id, ":publisher": author.id, ":cosigner": cosigner.map(|it| &it.id), ":counter": order.counter,
                ":note": signed.note.to_string(), ":sha256": airing.map(|it| &it.segment),
                ":title": airing.map(|it| &it.title), ":language": airing.map(|it| &it.language),
                ":class": airing.map(|it| &it.class), ":from": airing.and_then(|it| it.valid_from.as_ref()),
                ":until": airing.and_then(|it| it.valid_until.as_ref()), ":within": to_json(&only)?,
                ":not_before": instant(order.not_before), ":expires": instant(order.expires), ":author": order.author,
                ":approver": order.approver, ":by": by, ":at": nanos(at),
            },
        )
        .map_err(storage)?;
    Ok(())
}

/// The stretches in which orders let a recording air, and who approved the newest of them.
fn covers(
    connection: &Connection,
    record: &SegmentRecord,
    signatures: u8,
) -> Result<(Vec<Ordered>, Option<String>)> {
    let it = &record.pushed;
    if it.trim.is_some() {
        // what was signed is the whole recording: a part of it may say something else
        return Ok((Vec::new(), None));
    }
    let mut statement = connection.prepare_cached(COVERS).map_err(storage)?;
    let mut rows = statement
        .query(named_params! {
            ":sha256": it.sha256, ":title": it.title, ":language": it.language, ":class": it.class.as_str(),
            ":from": it.valid_from.as_ref().map(ToString::to_string),
            ":until": it.valid_until.as_ref().map(ToString::to_string), ":signatures": signatures,
        })
        .map_err(storage)?;
    let (mut found, mut signer) = (Vec::new(), None);
    while let Some(row) = rows.next().map_err(storage)? {
        // a key's own end is the end of what it signed
        let ends = [Some(col(row, 2)?), col::<Option<i64>>(row, 3)?, col::<Option<i64>>(row, 4)?];
        let until = ends.into_iter().flatten().min().unwrap_or(i64::MIN);
        found.push(Ordered {
            from: time(col(row, 1)?),
            until: time(until),
            within: from_json("an order", &col::<String>(row, 0)?)?,
        });
        let (approver, publisher): (String, String) = (col(row, 5)?, col(row, 6)?);
        signer.get_or_insert_with(|| format!("{approver} ({publisher})"));
    }
    Ok((found, signer))
}

fn find(connection: &Connection, id: &str) -> Result<Option<KeptOrder>> {
    let sql = format!("{COLUMNS} WHERE o.id = :id");
    let mut statement = connection.prepare_cached(&sql).map_err(storage)?;
    statement
        .query_row(named_params! { ":id": id }, |row| Ok(kept(row)))
        .optional()
        .map_err(storage)?
        .transpose()
}

fn kept(row: &Row<'_>) -> Result<KeptOrder> {
    Ok(KeptOrder {
        number: col(row, 0)?,
        id: col(row, 1)?,
        publisher: (col(row, 2)?, col(row, 3)?),
        cosigner: col(row, 4)?,
        counter: col(row, 5)?,
        note: col(row, 6)?,
        not_before: time(col(row, 7)?),
        expires: time(col(row, 8)?),
        taken_by: col(row, 9)?,
        taken_at: time(col(row, 10)?),
        revoked: col(row, 11)?,
        segment: col(row, 12)?,
    })
}
