//! The few kernel questions that no safe library asks.
//!
//! Every other crate of the house forbids `unsafe`; what little is needed lives here, one call a function, so that it
//! can be read in a minute.

use std::io;

/// What the kernel says about its own wall clock (`adjtimex(2)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KernelClock {
    /// True while a time daemon keeps the clock disciplined: the kernel's `STA_UNSYNC` flag is clear.
    pub synchronised: bool,
    /// The kernel's own bound on the clock's error, in microseconds. It grows while nobody corrects the clock.
    pub max_error_us: i64,
}

/// Asks the kernel whether its wall clock is synchronised. Changes nothing.
///
/// # Errors
/// What the kernel answers when it refuses the call, for instance inside a container that filters it.
pub fn kernel_clock() -> io::Result<KernelClock> {
    const STA_UNSYNC: i32 = 0x0040;
    const TIME_ERROR: i32 = 5;
    #[allow(unsafe_code)]
    // SAFETY: `timex` is plain integers, for which all zeroes is a valid value; `modes == 0` makes the call read-only;
    // the kernel writes only inside the structure that it is handed.
    let (state, timex) = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut timex), timex)
    };
    if state < 0 {
        return Err(io::Error::last_os_error());
    }
    #[allow(clippy::unnecessary_cast, clippy::useless_conversion)] // the field is 32 bits wide on some boards
    Ok(KernelClock {
        synchronised: state != TIME_ERROR && timex.status & STA_UNSYNC == 0,
        max_error_us: i64::from(timex.maxerror),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_answers_or_says_why_not() {
        match kernel_clock() {
            Ok(clock) => assert!(clock.max_error_us >= 0),
            Err(error) => assert!(error.raw_os_error().is_some()),
        }
    }
}
