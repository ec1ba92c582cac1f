//! What each command of the command line does. Standard output is for the answer, standard error for engineers.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command's answer goes to its caller's terminal"
)]

mod amp;
mod backup;
mod doctor;
mod http;
mod key;
mod log;
mod people;
mod plan;
mod push;
mod report;
mod sign;
mod simulate;

pub use amp::{AmpVerb, amp};
pub use backup::{backup, restore};
pub use doctor::doctor;
pub use key::{NewKey, key_add, key_list, key_new, key_revoke, key_rotate, key_show};
pub use log::{Brought, log_export, log_verify};
pub use people::{token_create, token_list, token_revoke, user_add, user_list, user_reset, user_revoke};
pub use plan::{Language, plan};
pub use push::push;
pub use report::{ReportForm, Reported, report_airtime};
pub(crate) use sign::expiry;
pub use sign::{Expiry, SignArguments, sign};
pub use simulate::simulate;

use crate::cli::DemoOutput;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::daemon;
use crate::error::{Error, Result};
use crate::store::Store;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Says what went wrong.
pub fn complain(error: &Error) {
    eprintln!("loaxa: {}", error.detail);
}

/// `loaxa serve`.
pub fn serve(config: Config, data: &Path) -> Result<ExitCode> {
    let problems = config.problems();
    if !problems.is_empty() {
        return Err(Error::unacceptable("bad_configuration", problems.join("; ")));
    }
    daemon::run(config, data, Vec::new(), |_| Ok(()))?;
    Ok(ExitCode::SUCCESS)
}

/// `loaxa demo`.
pub fn demo(data: PathBuf, listen: SocketAddr, output: DemoOutput) -> Result<ExitCode> {
    crate::demo::run(&data, listen, output)?;
    Ok(ExitCode::SUCCESS)
}

/// `loaxa check-config FILE`.
pub fn check_config(file: &Path) -> Result<ExitCode> {
    Config::read(file)?;
    println!("{}: good", file.display());
    Ok(ExitCode::SUCCESS)
}

/// The database of a station, daemon running or not; one that cannot be written is read.
fn open(config: &Config, data: &Path) -> Result<(Arc<Store>, Arc<dyn Clock>)> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(config.clock.trust));
    let store = Arc::new(Store::open_or_read(data, clock.now().wall)?);
    store.stamp_rows(Arc::clone(&clock));
    store.ask_for_orders(config.orders);
    Ok((store, clock))
}

/// Prints a line; a reader that went away (`| head`) is no failure of ours.
fn print_line(text: &str) -> Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::io("standard output", &error))
        }
        _ => Ok(()),
    }
}
