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

/// Gives memory back to the machine that is held and not needed, after work that needed much of it for a moment: what the
/// allocator has free, and the code and the constants that the work went through. What of them is needed again, the kernel
/// maps again by itself from its cache of the program's file, or from the file.
pub fn give_memory_back() {
    #[cfg(target_env = "gnu")]
    {
        #[allow(unsafe_code)]
        // SAFETY: `malloc_trim` takes no pointer, locks each arena itself, and touches only what is free.
        unsafe {
            libc::malloc_trim(0);
        }
    }
    #[allow(unsafe_code)]
    // SAFETY: `unmap_code` has the signature that is asked for, keeps no pointer, does not unwind, and needs no data.
    unsafe {
        libc::dl_iterate_phdr(Some(unmap_code), std::ptr::null_mut());
    }
}

/// Lets go of those of the program's own pages that nobody can have written to.
#[allow(unsafe_code)]
// SAFETY: to be called by `dl_iterate_phdr` only, whose `info` is valid for the call.
unsafe extern "C" fn unmap_code(
    info: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    _data: *mut libc::c_void,
) -> libc::c_int {
    // SAFETY: the loader's headers stay valid while this call holds the loader's lock. A loadable segment without the
    // write flag is a private mapping of a file and equals the file in every page: what is relocated lies in the segments
    // that are written (`PT_GNU_RELRO` is a part of those), and no platform of ours has relocations in its text. So a page
    // that is dropped comes back with the same bytes. The rounding is inwards: no neighbour's page is touched. Threads
    // that run there fault once, and go on.
    unsafe {
        let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(0);
        let info = &*info;
        if page != 0 && !info.dlpi_phdr.is_null() {
            for header in std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) {
                if header.p_type != libc::PT_LOAD || header.p_flags & libc::PF_W != 0 {
                    continue;
                }
                let begin = (info.dlpi_addr as usize).wrapping_add(header.p_vaddr as usize);
                let end = begin.wrapping_add(header.p_memsz as usize) & !(page - 1);
                let begin = begin.wrapping_add(page - 1) & !(page - 1);
                if begin < end {
                    libc::madvise(begin as *mut libc::c_void, end - begin, libc::MADV_DONTNEED);
                }
            }
        }
    }
    // the program comes first; its libraries are shared with others and small
    1
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

    /// Kilobytes of the program's file that are mapped.
    #[cfg(target_os = "linux")]
    fn mapped_of_files() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssFile:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn code_that_nobody_runs_is_let_go_and_threads_that_run_go_on() {
        // constants of the program, in its file: touched, so mapped
        static CONSTANTS: [u8; 4 << 20] = {
            let mut bytes = [0; 4 << 20];
            bytes[0] = 1;
            bytes[(4 << 20) - 1] = 2;
            bytes
        };
        let sum =
            || CONSTANTS.iter().step_by(1024).map(|byte| u64::from(*std::hint::black_box(byte))).sum::<u64>();
        assert_eq!(sum(), 1);
        let before = mapped_of_files();
        let other = std::thread::spawn(move || (0..200).map(|_| sum()).sum::<u64>());
        for _ in 0..200 {
            give_memory_back();
        }
        assert_eq!(other.join().unwrap(), 200);
        give_memory_back();
        let after = mapped_of_files();
        assert!(after + 2048 < before, "{before} kB before, {after} kB after");
        assert_eq!((CONSTANTS[0], CONSTANTS[(4 << 20) - 1]), (1, 2));
    }

    #[test]
    fn the_kernel_answers_or_says_why_not() {
        match kernel_clock() {
            Ok(clock) => assert!(clock.max_error_us >= 0),
            Err(error) => assert!(error.raw_os_error().is_some()),
        }
    }
}
