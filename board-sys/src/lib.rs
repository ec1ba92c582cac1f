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

/// Asks the C library's allocator for few arenas and for what is free to go back to the machine: a board has 256 MB, and
/// threads that each keep a pool of their own cost more than they save. To be called before the first thread starts.
/// Nothing happens where the C library has no such switch.
pub fn keep_memory_small() {
    #[cfg(target_env = "gnu")]
    {
        const ARENAS: i32 = 2;
        const TRIM_ABOVE: i32 = 256 * 1024;
        #[allow(unsafe_code)]
        // SAFETY: `mallopt` takes two plain integers and only changes how later allocations are served; no other thread
        // runs yet.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, ARENAS);
            libc::mallopt(libc::M_TRIM_THRESHOLD, TRIM_ABOVE);
            // a fixed bound instead of one that grows: large pieces are mapped, and go back when they are freed
            libc::mallopt(libc::M_MMAP_THRESHOLD, TRIM_ABOVE);
        }
    }
}

/// Gives free memory back to the machine, after work that needed much of it for a moment.
pub fn give_memory_back() {
    #[cfg(target_env = "gnu")]
    {
        #[allow(unsafe_code)]
        // SAFETY: `malloc_trim` takes no pointer, locks each arena itself, and touches only what is free.
        unsafe {
            libc::malloc_trim(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_and_still_works() {
        keep_memory_small();
        let much = vec![7_u8; 8 << 20];
        drop(much);
        give_memory_back();
        assert_eq!(vec![7_u8; 8 << 20].iter().map(|byte| u64::from(*byte)).sum::<u64>(), 7 * (8 << 20));
    }

    #[test]
    fn the_kernel_answers_or_says_why_not() {
        match kernel_clock() {
            Ok(clock) => assert!(clock.max_error_us >= 0),
            Err(error) => assert!(error.raw_os_error().is_some()),
        }
    }
}
