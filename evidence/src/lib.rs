//! What an auditor checks without the station: the airing log's hash chain, the heads that a station signed, what others
//! countersigned, and the verdict on all of it; and the orders that publishers sign.
//!
//! Nothing here reads a clock, a network or a database: the caller hands over lines, notes and keys. The formats are those
//! of `docs/airing-log.md`; `tests/verify_log.py` is a second reading of the same page by another program, and the tests
//! hold the two against each other.
//!
//! - [`chain`]: what of a row is hashed. [`Row`]: a row as one line of an export.
//! - [`VerifierKey`] and [`SigningKey`]: named Ed25519 keys (C2SP signed-note).
//! - [`Note`]: text with signatures. [`Checkpoint`]: the text that says how long a log is and what its head is.
//! - [`Boundary`]: where a log begins that forgot what was older.
//! - [`rotation`]: how a station's key gives way to another one.
//! - [`Scanner`]: follows the chain row by row and can go on from any row that it had reached.
//! - [`Order`]: what a publisher lets a station air.
//! - [`Trust`]: the keys and notes that an auditor brings. [`judge`] and [`verify`]: the [`Report`], and in it the
//!   [`Removal`] of what is not in the file any more.

mod boundary;
mod bytes;
pub mod chain;
mod checkpoint;
mod cosignature;
mod doubt;
mod key;
mod note;
mod order;
mod removal;
mod rotation;
mod row;
mod scan;
mod trust;
mod verdict;

pub use boundary::{Boundary, PRUNED, SignedBoundary};
pub use bytes::{Hash, hash_from_hex, hex};
pub use checkpoint::Checkpoint;
pub use cosignature::{cosign, verify_cosignature};
pub use doubt::Doubt;
pub use key::{KeyKind, KeyProblem, SigningKey, VerifierKey};
pub use note::{Note, NoteProblem, Signature, read_notes};
pub use order::{Airing, LONGEST_ORDER, Matter, ORDER_FORMAT, Order, OrderFor, OrderProblem, SignedOrder};
pub use removal::Removal;
pub use rotation::rotation;
pub use row::Row;
pub use scan::{Broken, End, Scanner};
pub use trust::{Head, Seen, Trust};
pub use verdict::{Report, Verdict, judge, verify};
