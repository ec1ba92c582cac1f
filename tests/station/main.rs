//! A whole station through its real doors: the binary as it is installed, its web endpoint, its command line, and the
//! sound that it wrote.
//!
//! Every test starts a daemon of its own in a folder of its own, on a port that the machine chose. What happens is waited
//! for with a bound; nothing is slept for. Times of a shared machine are bounded generously, what must hold is not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may"
)]

mod access;
mod amplifier;
mod approvals;
mod backup;
mod campaigns;
mod commands;
mod confined;
mod disk_full;
mod emergency;
mod evidence;
mod faults;
mod four_eyes;
mod heads;
mod hostile;
mod http;
mod interruptions;
mod kills;
mod listings;
mod orders;
mod planner;
mod power_cut;
mod push;
mod ready;
mod refusals;
mod repeats;
mod reports;
mod retention;
mod second_factor;
mod siege;
mod sound;
mod spoken;
mod station;
mod time;
mod tls;
mod trim;
mod uploads;
mod urgency;
mod walk;
