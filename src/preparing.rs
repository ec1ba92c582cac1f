//! Prepared sound is a cache that is never missing when it is needed.
//!
//! The [`Keeper`] looks ahead: what is planned in the next hours, and every emergency recording, is opened, hashed and,
//! where it is missing, damaged or made with other settings, made again from its original, soonest first. What nobody
//! needs goes when it is old or the room is needed. [`Preparing`] is what the rest of the daemon sees of that.
//!
//! Files lie under the root hash of what is in them, and come there by a rename: nobody ever sees half of one, and what
//! is held open for the air stays what it is.

mod condition;
mod evict;
mod keeper;
mod lanes;
mod needs;
mod readiness;
mod shelf;
mod space;
mod workshop;

pub use condition::{Condition, glance};
pub use keeper::{Keeper, KeeperParts};
pub use readiness::{Failed, Preparing, Readiness, Summary, unready};
pub use shelf::{For, Shelf};
pub use workshop::Workshop;
