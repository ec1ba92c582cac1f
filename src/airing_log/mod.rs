//! The airing log: the append-only chain, its writer, its export and its verifier.
//!
//! The rows lie in the database (`store`); this room knows what a row means and what is hashed.

pub mod chain;
mod evidence;
pub mod export;
pub mod verify;
mod writer;

pub use evidence::{AmplifierEvidence, AmplifierReading, Evidence, Gap};
pub use writer::{LogWriter, Urgency};
