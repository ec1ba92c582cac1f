//! The disposable child process in which a recording is decoded.
//!
//! A recording comes from outside, and decoders are the largest attack surface of the station. So the daemon starts its
//! own binary again for each recording: the child opens its two files, gives up everything else for ever ([`Confinement`]),
//! and only then looks into the original. It decodes, prints one line of JSON and ends. A bomb or a crash kills the
//! child, never the daemon; whoever takes over a decoder finds no network, no other file and no other process.

mod confinement;
pub(crate) mod fence;
mod limits;
mod parent;
mod worker;

pub use confinement::Confinement;
pub use limits::ChildLimits;
pub use parent::{inspect, probe};
pub use worker::{run_child, run_child_doing};

/// The hidden subcommand of the daemon's binary that calls [`run_child`] with what follows it.
pub const SUBCOMMAND: &str = "inspect-child";
