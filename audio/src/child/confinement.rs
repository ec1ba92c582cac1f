//! What a child really gave up.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What really held while a recording was inspected. Not every kernel offers everything; what it lacks is done without
/// and said ([`Display`](fmt::Display)). The default is a process that gave up nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Landlock's version (ABI) that keeps every file, but the two that are open, out of reach. `None`: the kernel was
    /// built or started without it (before Linux 5.13, for instance).
    pub landlock: Option<u32>,
    /// The kernel was told to carry out what decoding needs, and nothing else (seccomp). With it the child cannot open,
    /// connect, start or signal anything, whether or not there is Landlock.
    pub system_calls: bool,
    /// No way into a network, by either of the two.
    pub no_network: bool,
    /// Memory, processor time, size of files and number of files are bounded.
    pub limits: bool,
}

impl Confinement {
    /// Whether a decoder that was taken over can reach nothing: no file, no network, no process.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.system_calls && self.no_network && self.limits
    }
}

impl fmt::Display for Confinement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = if self.limits { "limits hold" } else { "limits do not hold" };
        let network = if self.no_network { "no network" } else { "the network is in reach" };
        let calls =
            if self.system_calls { "system calls are filtered" } else { "system calls are not filtered" };
        write!(f, "{limits}, {network}, {calls}, ")?;
        match self.landlock {
            Some(abi) => write!(f, "Landlock {abi} holds"),
            None => write!(f, "the kernel has no Landlock"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said() {
        let full = Confinement { landlock: Some(6), system_calls: true, no_network: true, limits: true };
        assert!(full.is_complete());
        assert_eq!(full.to_string(), "limits hold, no network, system calls are filtered, Landlock 6 holds");
        // the filter alone is enough; Landlock alone is not
        assert!(Confinement { landlock: None, ..full.clone() }.is_complete());
        assert!(!Confinement { system_calls: false, ..full }.is_complete());
        assert_eq!(
            Confinement::default().to_string(),
            "limits do not hold, the network is in reach, system calls are not filtered, the kernel has no Landlock"
        );
    }
}
