//! A written text becomes a recording: another program reads it (a speech synthesiser), in a child made for this one text.
//!
//! The contract: the program gets the text on its standard input, in UTF-8, writes one WAV file to its standard output, and
//! ends with 0. It is started without a shell, with an empty environment, in `/`. [`read_out`] starts the daemon's own binary
//! with [`SUBCOMMAND`], which gives up everything but that program and what it reads, and becomes it. Memory, processor time,
//! time on the wall and bytes are bounded; nothing is written but the pipe; there is no network. What it wrote is believed as
//! little as what anybody pushes: it goes the way of every recording.

mod child;
mod parent;

pub use child::run_child;
pub use parent::{VoiceError, read_out};

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// The hidden subcommand of the daemon's binary that calls [`run_child`] with what follows it.
pub const SUBCOMMAND: &str = "speak-child";

/// A program that reads texts, and what it may use up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoiceCommand {
    /// The program; absolute.
    pub program: PathBuf,
    /// Its arguments. None of them comes from the text.
    pub arguments: Vec<String>,
    /// Programs that it starts in its turn, its interpreter for instance, or folders of them; absolute.
    pub starts: Vec<PathBuf>,
    /// Folders and files that it reads beyond those of the system; absolute.
    pub reads: Vec<PathBuf>,
    /// Address space in bytes, of each of its processes.
    pub memory_bytes: u64,
    /// Time on the wall after which it is ended; as much processor time, for each of its processes.
    pub wall: Duration,
}
