//! What a child may use up.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

/// Enough for the standard streams, the original and the prepared file.
const OPEN_FILES: u64 = 16;
/// Enough for every recording that is none of the bombs; what decoding really takes is a fraction.
const MEMORY_BYTES: u64 = 256 << 20;
/// To start, to read tags, to give up: on a slow card.
const CPU_AT_LEAST: Duration = Duration::from_secs(20);
/// The sparsest recordings that people make, speech at 8 kbit/s: bytes a second.
const SPARSE: u64 = 1_000;
/// Seconds of sound that the slowest board prepares in a second of processor time. A Cortex-A53 is about ten times slower
/// than the machines where it is measured, and those manage some hundreds.
const TIMES_REAL_TIME: u64 = 20;
/// Bytes that the slowest board reads, hashes and steps over in a second, whatever is in them (a picture in a tag).
const BYTES_A_SECOND: u64 = 8 << 20;

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
    /// 256 MiB, 120 s of processor time, 250 s, 2 GiB: for an original of which nothing is known.
    fn default() -> Self {
        Self::with_cpu(Duration::from_secs(120), 2 << 30)
    }
}

impl ChildLimits {
    /// What an original of so many bytes may need that holds at most `max_duration`, prepared at `sample_rate` (Hz).
    ///
    /// Processor time: 20 s, and a second for each 8 MiB, and a twentieth of the sound that the file can hold: its bytes at
    /// 8 kbit/s, or `max_duration`, whichever is less. On the wall: twice that and 10 s, as the child yields to all else.
    /// 100 kB may so take 60 s, three hours of MP3 20 minutes. A file that holds more sound than its size lets expect is
    /// silence, which costs little, or a bomb. On the disk: `max_duration` of sound in its working form.
    #[must_use]
    pub fn for_original(bytes: u64, max_duration: Duration, sample_rate: u32) -> Self {
        let sound = max_duration.min(Duration::from_secs(bytes / SPARSE));
        let sound = Duration::from_secs(sound.as_secs().div_ceil(TIMES_REAL_TIME));
        let cpu = CPU_AT_LEAST + sound + Duration::from_secs(bytes / BYTES_A_SECOND);
        let samples = max_duration.as_secs().saturating_add(1).saturating_mul(u64::from(sample_rate) * 4);
        // What is prepared in the end, with its table of hashes, is about half of that.
        Self::with_cpu(cpu, samples.saturating_add(samples / 64).saturating_add(1 << 20))
    }

    fn with_cpu(cpu: Duration, file_bytes: u64) -> Self {
        Self { memory_bytes: MEMORY_BYTES, cpu, wall: cpu * 2 + Duration::from_secs(10), file_bytes }
    }

    /// Sets them on this process, for ever.
    pub(super) fn set(&self) -> rustix::io::Result<()> {
        let set = |resource, soft: u64, hard: u64| {
            setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })
        };
        let cpu = self.cpu.as_secs().max(1);
        set(Resource::Core, 0, 0)?;
        set(Resource::Nofile, OPEN_FILES, OPEN_FILES)?;
        set(Resource::Fsize, self.file_bytes, self.file_bytes)?;
        set(Resource::Cpu, cpu, cpu + 1)?;
        set(Resource::As, self.memory_bytes, self.memory_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_grow_with_the_original_and_with_what_it_may_hold() {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        let check = |bytes: u64, max: Duration, cpu: u64, wall: u64| {
            let limits = ChildLimits::for_original(bytes, max, 48_000);
            assert_eq!((limits.cpu.as_secs(), limits.wall.as_secs()), (cpu, wall), "{bytes} bytes, {max:?}");
            assert_eq!(limits.memory_bytes, 256 << 20);
        };
        check(0, hours(3), 20, 50);
        check(100_000, hours(3), 25, 60);
        // three hours at 128 kbit/s
        check(172_800_000, hours(3), 20 + 540 + 20, 1_170);
        // the same bytes where only minutes are allowed
        check(172_800_000, Duration::from_secs(600), 20 + 30 + 20, 150);
        let disk = ChildLimits::for_original(1, hours(3), 48_000).file_bytes;
        assert!((2_073_600_000..2_120_000_000).contains(&disk), "{disk}");
        let endless = ChildLimits::for_original(u64::MAX, Duration::MAX, u32::MAX);
        assert!(endless.wall > endless.cpu && endless.file_bytes == u64::MAX);
    }
}
