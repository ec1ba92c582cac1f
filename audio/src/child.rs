//! The disposable child process in which a recording is decoded.
//!
//! A recording comes from outside, and decoders are the largest attack surface of the station. So the daemon starts its
//! own binary again for each recording: the child limits itself *before* it opens the input, decodes, prints one line
//! of JSON and ends. A bomb or a crash kills the child, never the daemon.

mod parent;
mod worker;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use parent::inspect;
pub use worker::run_child;

/// The hidden subcommand of the daemon's binary that calls [`run_child`] with what follows it.
pub const SUBCOMMAND: &str = "inspect-child";

/// What a child may use up. The child sets all but `wall` on itself; the parent enforces `wall`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildLimits {
    /// Address space in bytes. The library code of the daemon's binary counts.
    pub memory_bytes: u64,
    /// Processor time.
    pub cpu: Duration,
    /// Time on the wall, after which the parent kills the child.
    pub wall: Duration,
    /// Largest file that it may write, in bytes.
    pub file_bytes: u64,
}

impl Default for ChildLimits {
    /// 256 MiB, 120 s of processor time, 240 s, 2 GiB: enough for some hours of audio on a slow board.
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            cpu: Duration::from_secs(120),
            wall: Duration::from_secs(240),
            file_bytes: 2 << 30,
        }
    }
}
