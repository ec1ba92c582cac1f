//! The airing log: the append-only chain, its writer and its export.
//!
//! The rows lie in the database (`store`); this room knows what a row means. What is hashed and signed, and how that is checked
//! without a station, is `loaxa-evidence`.

mod evidence;
pub mod export;
mod heads;
mod key;
pub mod retention;
mod writer;

pub use evidence::{AmplifierEvidence, AmplifierReading, Evidence, Gap};
pub use heads::{Heads, SignedHead, Taken, sign_boundary};
pub use key::{finish_rotation, key_file, next_key, read_key};
pub use loaxa_evidence::chain;
pub use retention::{Keeping, Retention};
pub use writer::{LogWriter, Urgency};
