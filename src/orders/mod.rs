//! Signed orders: what a publisher above the station lets it air. Whether an order is taken is decided here; what it then
//! covers, in `store`, where approvals are looked up, too.
//!
//! An order brings its own authority: who brings it only carries it. It is taken once, its key's counter only rises, and what
//! needs the time is refused while nobody knows the time.

mod counters;
mod nonces;
mod watch;

use crate::airing_log::Heads;
use crate::clock::Clock;
use crate::config::Policy;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{KeptOrder, NewPublisher, Publisher, Store, replayed, usable};
use crate::web::Warning;
use counters::Counters;
use jiff::{SignedDuration, Timestamp};
use loaxa_evidence::{Airing, Checkpoint, Matter, OrderFor, OrderProblem, SignedOrder, VerifierKey};
use loaxa_schedules::{Bound, Now};
use nonces::Nonces;
use std::path::Path;
use std::sync::Arc;

pub use nonces::NONCE_LIFE;
pub use watch::watch;

/// No order is given for longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(400 * 24);

/// Takes orders, and publishers' keys.
pub struct OrderBook {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    station: String,
    nonces: Nonces,
    counters: Counters,
}

/// Who signed an order.
struct Signers {
    author: Publisher,
    cosigner: Option<Publisher>,
}

fn forbidden(code: &'static str, en: impl Into<String>, vi: impl Into<String>) -> Error {
    Error::new(ErrorKind::Forbidden, code, en).vi(vi)
}

impl OrderBook {
    /// Opens the book of a station. Counters that are kept beside the database and are ahead of it raise those in it: an older
    /// database was put back.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn open(store: Arc<Store>, clock: Arc<dyn Clock>, data: &Path) -> Result<Self> {
        let station = Checkpoint::origin_of(&store.log_identifier()?);
        let counters = Counters::open(data);
        let behind =
            |publisher: &Publisher| counters.of(&publisher.key).is_some_and(|it| it > publisher.counter);
        if store.publishers(None, u32::MAX)?.iter().any(behind) {
            match store.raise_counters(|key| counters.of(key), clock.now().wall) {
                Ok(raised) => tracing::warn!(
                    raised,
                    "the database is older than the orders that this station took: it was put back; orders from before are refused"
                ),
                Err(error) => tracing::error!(%error, "counters of orders could not be raised"),
            }
        }
        Ok(Self { store, clock, station, nonces: Nonces::default(), counters })
    }

    /// What a person looking at the station must know: that nothing can sound, where orders are asked for and nobody may sign
    /// them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn warning(&self) -> Result<Option<Warning>> {
        if self.store.order_rules().policy == Policy::Local
            || self.store.publishers(None, u32::MAX)?.iter().any(|it| usable(it).is_ok())
        {
            return Ok(None);
        }
        Ok(Some(Warning {
            code: "no_publisher",
            vi: "Đài yêu cầu lệnh phát có chữ ký nhưng chưa có khóa nào được phép ký: không có gì được phát. Thêm khóa bằng `loaxa key add`."
                .to_owned(),
            en: "Signed orders are asked for, and nobody's key may sign them: nothing sounds; `loaxa key add` takes one in."
                .to_owned(),
        }))
    }

    /// How the station is named in orders.
    pub fn station(&self) -> &str {
        &self.station
    }

    /// A fresh number for an emergency's order.
    ///
    /// # Errors
    /// When the kernel gives no random bytes.
    pub fn nonce(&self, caller: &str) -> Result<String> {
        self.nonces.give(caller, self.clock.now().mono)
    }

    /// Takes a publisher's key in.
    ///
    /// # Errors
    /// Says what is wrong with it, or that it is known.
    pub fn add(&self, new: &NewPublisher, by: &str) -> Result<Publisher> {
        check_new(new)?;
        let counter = self.counters.of(&new.key).unwrap_or(0);
        self.store.add_publisher(new, counter, by, self.clock.now().wall)
    }

    /// Takes an order, as it was sent. The same bytes again are answered with the order that they are, and change nothing:
    /// the second is whether anything changed.
    ///
    /// # Errors
    /// Says why it is not taken.
    pub fn take(&self, text: &str, by: &str) -> Result<(KeptOrder, bool)> {
        let signed = SignedOrder::read(text).map_err(|why| bad(&why))?;
        let order = &signed.order;
        if order.station != self.station {
            return Err(Error::unacceptable(
                "another_station",
                format!("the order is for {}, and this station is {}", order.station, self.station),
            )
            .vi("Lệnh phát này dành cho đài khác."));
        }
        if let Some(known) = self.store.order(&order.id)?
            && known.note == text
        {
            return Ok((known, false));
        }
        let now = self.clock.now();
        let Signers { author, cosigner } = self.signers(&signed)?;
        self.check_time(&signed, &author, cosigner.as_ref(), now)?;
        let last = author.counter.max(self.counters.of(&author.key).unwrap_or(0));
        if order.counter <= last {
            return Err(replayed(order.counter, last));
        }
        let nonce = match &order.matter {
            Matter::Air(Airing { nonce: Some(nonce), .. }) => Some(nonce),
            _ => None,
        };
        let held = nonce.map(|nonce| self.nonces.take(nonce, now.mono).ok_or_else(stale)).transpose()?;
        match self.store.keep_order(&signed, &author, cosigner.as_ref(), by, now.wall) {
            Ok(kept) => {
                if let Err(error) = self.counters.raise(&author.key, order.counter) {
                    // the database has it: what is lost is the second place, until the next order
                    tracing::error!(%error, "the counter of an order was not kept beside the database");
                }
                Ok((kept, true))
            }
            Err(error) => {
                held.into_iter().for_each(|nonce| self.nonces.put_back(nonce));
                Err(error)
            }
        }
    }

    /// Whose keys signed it, and whether they may.
    fn signers(&self, signed: &SignedOrder) -> Result<Signers> {
        let known = self.store.publishers(None, u32::MAX)?;
        let order = &signed.order;
        let author = self.signer(signed, 0, &known)?;
        holds(&author, "author", &order.author)?;
        let second = signed.note.signatures.len() > 1;
        let cosigner = match &order.matter {
            Matter::Key(new) => {
                if !signed.is_signed(1, new) {
                    return Err(bad_signature(
                        "the new key itself must have signed, too: `loaxa sign --new-key` does so",
                    ));
                }
                None
            }
            Matter::Air(airing) => {
                let cosigner = second.then(|| self.signer(signed, 1, &known)).transpose()?;
                if let Some(cosigner) = &cosigner {
                    if cosigner.id == author.id {
                        return Err(forbidden(
                            "own_approval",
                            "both signatures are by one key: whoever wrote an order cannot approve it",
                            "Hai chữ ký cùng một khóa: người soạn lệnh không được tự duyệt.",
                        ));
                    }
                    if cosigner.name != author.name {
                        return Err(forbidden(
                            "another_publisher",
                            format!(
                                "the keys are of {} and of {}; one publisher's people sign",
                                author.name, cosigner.name
                            ),
                            "Hai chữ ký không cùng một đơn vị.",
                        ));
                    }
                    holds(cosigner, "approver", &order.approver)?;
                } else if self.store.order_rules().signatures > 1 {
                    return Err(forbidden(
                        "one_signature",
                        "this station asks for the approver's own signature, too: sign with --approved-with",
                        "Đài này yêu cầu cả chữ ký của người duyệt.",
                    ));
                }
                for key in std::iter::once(&author).chain(&cosigner) {
                    if !key.classes.iter().any(|class| class.as_str() == airing.class) {
                        return Err(forbidden(
                            "class_not_allowed",
                            format!("the key {} may not order class {}", key.key.name(), airing.class),
                            format!("Khóa {} không được lệnh phát loại tin này.", key.key.name()),
                        ));
                    }
                }
                cosigner
            }
        };
        Ok(Signers { author, cosigner })
    }

    /// The publisher whose key made the signature at this place.
    fn signer(&self, signed: &SignedOrder, place: usize, known: &[Publisher]) -> Result<Publisher> {
        let line = &signed.note.signatures.get(place).ok_or_else(|| bad(&OrderProblem::Signatures))?;
        let named = |it: &&Publisher| it.key.is_named(&line.name, line.id);
        let mut candidates = known.iter().filter(named).peekable();
        if candidates.peek().is_none() {
            return Err(forbidden(
                "unknown_key",
                format!("no publisher of this station has the key {}; an administrator adds it", line.name),
                "Đài không biết khóa đã ký lệnh này; người quản trị phải thêm khóa trước.",
            ));
        }
        let found = candidates.find(|it| signed.is_signed(place, &it.key));
        let found = found
            .ok_or_else(|| bad_signature("what was signed is not what arrived, or another key signed it"))?;
        usable(found)?;
        Ok(found.clone())
    }

    /// Whether it is an order for now. While nobody knows the time, only what the station's own number proves to be fresh.
    fn check_time(
        &self,
        signed: &SignedOrder,
        author: &Publisher,
        cosigner: Option<&Publisher>,
        now: Now,
    ) -> Result<()> {
        let order = &signed.order;
        if let Matter::Air(it) = &order.matter {
            let is_bound =
                |text: &Option<String>| text.as_ref().is_none_or(|text| text.parse::<Bound>().is_ok());
            if !(is_bound(&it.valid_from) && is_bound(&it.valid_until)) {
                return Err(bad(&OrderProblem::Value("valid-until")));
            }
        }
        let fresh = matches!(&order.matter, Matter::Air(it) if it.only == OrderFor::Emergency);
        if !now.trusted {
            if fresh {
                return Ok(());
            }
            return Err(Error::new(
                ErrorKind::Unavailable,
                "clock_untrusted",
                "the station does not know the time, so it cannot say whether this order is in force; send it again when the clock is right",
            )
            .vi("Đồng hồ của đài chưa đáng tin nên chưa nhận được lệnh phát; hãy gửi lại sau."));
        }
        for key in std::iter::once(author).chain(cosigner) {
            let early = key.valid_from.is_some_and(|from| now.wall < from);
            if early || key.valid_until.is_some_and(|until| until <= now.wall) {
                return Err(forbidden(
                    "key_not_valid",
                    format!(
                        "the key {} is not valid now; an administrator gave it other dates",
                        key.key.name()
                    ),
                    format!("Khóa {} hiện không có hiệu lực.", key.key.name()),
                ));
            }
        }
        let expires = Timestamp::from_second(order.expires).unwrap_or(Timestamp::MAX);
        let ahead = expires.duration_since(now.wall);
        if !ahead.is_positive() {
            return Err(Error::new(
                ErrorKind::Conflict,
                "order_expired",
                format!("the order expired at {expires}; sign a new one"),
            )
            .vi("Lệnh phát đã hết hạn. Hãy ký lệnh mới."));
        }
        if ahead > LONGEST {
            return Err(Error::unacceptable(
                "expires_too_far",
                format!("the order expires at {expires}, more than 400 days ahead; give an earlier time"),
            ));
        }
        Ok(())
    }
}

fn bad(why: &OrderProblem) -> Error {
    let code = if *why == OrderProblem::OwnApproval { "own_approval" } else { "bad_order" };
    Error::unacceptable(code, format!("this is no order: {why}; send exactly what `loaxa sign` wrote"))
        .vi("Đây không phải lệnh phát hợp lệ. Hãy gửi nguyên văn tệp do `loaxa sign` tạo.")
}

fn bad_signature(why: &str) -> Error {
    forbidden(
        "bad_signature",
        format!("a signature of the order is not good: {why}"),
        "Chữ ký của lệnh phát không đúng.",
    )
}

fn stale() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "stale_nonce",
        "the order's nonce is not one that this station gave in the last minutes, or it was used: ask GET /orders/nonce, and sign again",
    )
    .vi("Mã tươi (nonce) của lệnh khẩn cấp đã cũ hoặc đã dùng. Hãy lấy mã mới rồi ký lại.")
}

/// The person whose key it is must be the one whom the order names.
fn holds(key: &Publisher, role: &str, name: &str) -> Result<()> {
    match &key.holder {
        Some(holder) if holder != name => Err(forbidden(
            "wrong_holder",
            format!("the order's {role} is {name}, and the key {} is of {holder}", key.key.name()),
            "Tên trong lệnh phát không phải người giữ khóa đã ký.",
        )),
        _ => Ok(()),
    }
}

/// What a new key must be.
fn check_new(new: &NewPublisher) -> Result<()> {
    let refuse = |code: &'static str, why: &str| Err(Error::unacceptable(code, why));
    let words = |text: &str| !text.trim().is_empty() && text.len() <= 200 && !text.contains(char::is_control);
    let named =
        words(&new.name) && new.tier.as_deref().is_none_or(words) && new.holder.as_deref().is_none_or(words);
    if !named {
        return refuse("bad_name", "name, tier and holder are words of at most 200 bytes");
    }
    if new.classes.is_empty() {
        return refuse("no_class", "say what the key may order: normal, priority, emergency");
    }
    if new.key.kind() != loaxa_evidence::KeyKind::Note {
        return refuse(
            "bad_key",
            "this is a key for countersignatures; `loaxa key new` makes one for orders",
        );
    }
    if let (Some(from), Some(until)) = (new.valid_from, new.valid_until)
        && until <= from
    {
        return refuse("bad_validity", "valid_until is not after valid_from; correct one of them");
    }
    Ok(())
}

/// What others send as a key.
///
/// # Errors
/// `bad_key`.
pub fn read_public_key(text: &str) -> Result<VerifierKey> {
    text.trim().parse().map_err(|why| {
        let detail = format!("{text:?} is no public key: {why}; copy the line that `loaxa key new` printed");
        Error::unacceptable("bad_key", detail)
    })
}

/// Whether a station's own key is what would be taken in: it signs heads of its log, and must sign nothing else.
///
/// # Errors
/// `own_key`.
pub fn not_the_stations(key: &VerifierKey, heads: &Heads) -> Result<()> {
    match heads.key() {
        Some(own) if own.public() == key.public() => {
            Err(Error::unacceptable("own_key", "this is the station's own key; a publisher has another one"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
