//! Orders: a publisher signs the exact bytes that say what a station may let sound, or which key takes the place of its own.
//!
//! One order has one form: what [`Order::read`] takes is byte for byte what [`Order::text`] writes, so that whoever compares
//! two of them compares what was signed. `docs/orders.md` is the specification. Nothing here knows a clock, a counter or a
//! key that is believed: that is the station's.

mod moment;
mod words;

use crate::key::{SigningKey, VerifierKey};
use crate::note::{Note, NoteProblem};
use moment::{moment, seconds};
use words::{Lines, is_bound, is_class, is_language, is_nonce, is_station, is_uuid, is_uuid7, is_words};

/// The first line of every order.
pub const ORDER_FORMAT: &str = "loaxa-order/1";
/// No order with its signatures is longer, in bytes.
pub const LONGEST_ORDER: usize = 8_192;
/// What stands where there is nothing.
const NOTHING: &str = "-";

/// Why a text is no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderProblem {
    /// Longer than [`LONGEST_ORDER`].
    #[error("it is longer than 8192 bytes")]
    TooLong,
    /// Not a text with signatures in their one form.
    #[error("it is no signed note: {0}")]
    Note(#[from] NoteProblem),
    /// It can be read, and would be written otherwise.
    #[error("it is not written in the one way that an order is written")]
    Form,
    /// A line is missing, or another one stands in its place.
    #[error("where the line `{0}` belongs is another one, or none")]
    Line(&'static str),
    /// A line's value is none that it can have.
    #[error("the value of its line `{0}` is none that it can have")]
    Value(&'static str),
    /// There is more after the last line.
    #[error("it has more lines than an order has")]
    More,
    /// Author and approver are the same person.
    #[error("author and approver are the same")]
    OwnApproval,
    /// It ends before it begins.
    #[error("it expires before it begins")]
    Expiry,
    /// One signature by the author's key; a second one by the approver's, or by the new key.
    #[error("it has no signature, or more than two")]
    Signatures,
}

/// What an order is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderFor {
    /// Whatever the station plans.
    Any,
    /// One programme, by its id.
    Programme(String),
    /// One campaign, by its id.
    Campaign(String),
    /// Emergencies that somebody at the station sends.
    Emergency,
}

/// A recording that may sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Airing {
    /// `normal`, `priority` or `emergency`.
    pub class: String,
    /// SHA-256 of the original, lower-case hexadecimal.
    pub segment: String,
    /// Its title, as people see it.
    pub title: String,
    /// Its BCP 47 language tag.
    pub language: String,
    /// Its own validity, as the station shows it; None without.
    pub valid_from: Option<String>,
    /// The same.
    pub valid_until: Option<String>,
    /// What for.
    pub only: OrderFor,
    /// The station's, for emergencies and for nothing else: 32 hexadecimal digits.
    pub nonce: Option<String>,
}

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matter {
    /// A recording may sound.
    Air(Airing),
    /// This key takes the place of the one that signs.
    Key(VerifierKey),
}

/// What a publisher signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Which station: the origin of its airing log.
    pub station: String,
    /// `UUIDv7`.
    pub id: String,
    /// Greater than that of every order before by this key, 1 to 2^63 - 1.
    pub counter: i64,
    /// What is ordered.
    pub matter: Matter,
    /// Not before this second since 1970, UTC.
    pub not_before: i64,
    /// Not from this second on.
    pub expires: i64,
    /// Who wrote it.
    pub author: String,
    /// Who approved it; never the author.
    pub approver: String,
}

impl Order {
    /// The bytes that are signed.
    pub fn text(&self) -> String {
        let mut lines = vec![ORDER_FORMAT.to_owned()];
        let mut line = |name: &str, value: &str| lines.push(format!("{name} {value}"));
        let or_nothing = |value: &Option<String>| value.clone().unwrap_or_else(|| NOTHING.to_owned());
        line("order", if matches!(self.matter, Matter::Air(_)) { "air" } else { "key" });
        line("station", &self.station);
        line("id", &self.id);
        line("counter", &self.counter.to_string());
        match &self.matter {
            Matter::Air(it) => {
                line("class", &it.class);
                line("segment", &it.segment);
                line("title", &it.title);
                line("language", &it.language);
                line("valid-from", &or_nothing(&it.valid_from));
                line("valid-until", &or_nothing(&it.valid_until));
                line("for", &it.only.to_string());
            }
            Matter::Key(key) => line("new-key", &key.to_string()),
        }
        line("not-before", &moment(self.not_before));
        line("expires", &moment(self.expires));
        line("author", &self.author);
        line("approver", &self.approver);
        if let Matter::Air(it) = &self.matter {
            line("nonce", &or_nothing(&it.nonce));
        }
        lines.join("\n") + "\n"
    }

    /// Reads the bytes that were signed.
    ///
    /// # Errors
    /// When they are no order in its one form.
    pub fn read(text: &str) -> Result<Self, OrderProblem> {
        let mut lines = Lines::of(text);
        let is = |name, good: bool| if good { Ok(()) } else { Err(OrderProblem::Value(name)) };
        lines.first(ORDER_FORMAT)?;
        let airs = match lines.value("order")? {
            "air" => true,
            "key" => false,
            _ => return Err(OrderProblem::Value("order")),
        };
        let station = lines.checked("station", is_station)?;
        let id = lines.checked("id", is_uuid7)?;
        let counter = lines.value("counter")?;
        let counter: i64 = counter
            .parse()
            .ok()
            .filter(|number: &i64| *number > 0 && number.to_string() == counter)
            .ok_or(OrderProblem::Value("counter"))?;
        let mut matter =
            if airs { Matter::Air(airing(&mut lines)?) } else { Matter::Key(new_key(&mut lines)?) };
        let mut time = |name| seconds(lines.value(name)?).ok_or(OrderProblem::Value(name));
        let (not_before, expires) = (time("not-before")?, time("expires")?);
        let author = lines.checked("author", is_words)?;
        let approver = lines.checked("approver", is_words)?;
        if let Matter::Air(it) = &mut matter {
            it.nonce = lines.optional("nonce", is_nonce)?;
            is("nonce", it.nonce.is_some() == (it.only == OrderFor::Emergency))?;
        }
        lines.end()?;
        let order = Self { station, id, counter, matter, not_before, expires, author, approver };
        if same_person(&order.author, &order.approver) {
            return Err(OrderProblem::OwnApproval);
        }
        if order.expires <= order.not_before {
            return Err(OrderProblem::Expiry);
        }
        // what is written above and what is read here can only differ by a mistake of ours: then nothing is taken
        if order.text() == text { Ok(order) } else { Err(OrderProblem::Form) }
    }

    /// The order with the signatures of these keys, the author's first; as it is sent.
    ///
    /// # Errors
    /// When it is no order that could be read again.
    pub fn signed(&self, keys: &[&SigningKey]) -> Result<SignedOrder, OrderProblem> {
        let text = self.text();
        Self::read(&text)?;
        let [first, more @ ..] = keys else { return Err(OrderProblem::Signatures) };
        let mut note = Note::signed(text.clone(), first)?;
        for key in more {
            note.signatures.extend(Note::signed(text.clone(), key)?.signatures);
        }
        SignedOrder::read(&note.to_string())
    }
}

fn airing(lines: &mut Lines<'_>) -> Result<Airing, OrderProblem> {
    let class = lines.checked("class", is_class)?;
    let segment = lines.checked("segment", |text| crate::bytes::hash_from_hex(text).is_some())?;
    let title = lines.checked("title", is_words)?;
    let language = lines.checked("language", is_language)?;
    let valid_from = lines.optional("valid-from", is_bound)?;
    let valid_until = lines.optional("valid-until", is_bound)?;
    let only = match lines.value("for")?.split_once(' ') {
        Some(("programme", id)) if is_uuid(id) => OrderFor::Programme(id.to_owned()),
        Some(("campaign", id)) if is_uuid(id) => OrderFor::Campaign(id.to_owned()),
        None if lines.current() == "any" => OrderFor::Any,
        None if lines.current() == "emergency" => OrderFor::Emergency,
        _ => return Err(OrderProblem::Value("for")),
    };
    if (class == "emergency") != (only == OrderFor::Emergency) {
        return Err(OrderProblem::Value("for"));
    }
    Ok(Airing { class, segment, title, language, valid_from, valid_until, only, nonce: None })
}

fn new_key(lines: &mut Lines<'_>) -> Result<VerifierKey, OrderProblem> {
    let key: VerifierKey = lines.value("new-key")?.parse().map_err(|_| OrderProblem::Value("new-key"))?;
    if key.kind() == crate::KeyKind::Note { Ok(key) } else { Err(OrderProblem::Value("new-key")) }
}

/// Whether two names are of the same person, however they are written.
fn same_person(one: &str, other: &str) -> bool {
    let plain = |name: &str| {
        let letters = name.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect::<String>()
    };
    plain(one) == plain(other)
}

impl std::fmt::Display for OrderFor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Programme(id) => write!(f, "programme {id}"),
            Self::Campaign(id) => write!(f, "campaign {id}"),
            Self::Emergency => f.write_str("emergency"),
        }
    }
}

/// An order with one or two signatures, none of them checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedOrder {
    /// What is ordered.
    pub order: Order,
    /// Its text and signatures: the author's, then the approver's or the new key's.
    pub note: Note,
}

impl SignedOrder {
    /// Reads an order as it is sent, in its one form.
    ///
    /// # Errors
    /// Says what it is not.
    pub fn read(text: &str) -> Result<Self, OrderProblem> {
        if text.len() > LONGEST_ORDER {
            return Err(OrderProblem::TooLong);
        }
        let note = Note::read(text)?;
        if note.to_string() != text {
            return Err(OrderProblem::Form);
        }
        if !(1..=2).contains(&note.signatures.len()) {
            return Err(OrderProblem::Signatures);
        }
        let order = Order::read(&note.text)?;
        Ok(Self { order, note })
    }

    /// Whether the signature at this place is by this key.
    pub fn is_signed(&self, place: usize, key: &VerifierKey) -> bool {
        self.note.signatures.get(place).is_some_and(|line| {
            key.kind() == crate::KeyKind::Note
                && key.is_named(&line.name, line.id)
                && line.bytes.as_slice().try_into().is_ok_and(|it| key.signed(self.note.text.as_bytes(), it))
        })
    }
}
