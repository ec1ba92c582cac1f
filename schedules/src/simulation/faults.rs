//! What goes wrong, and how often.

use std::fmt;
use std::str::FromStr;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// A kind of trouble.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FaultKind {
            $($(#[doc = $doc])+ $name,)+
        }

        impl FaultKind {
            /// Every kind.
            pub const ALL: &'static [FaultKind] = &[$(FaultKind::$name,)+];

            /// The stable lower-case word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(FaultKind::$name => $text,)+
                }
            }
        }
    };
}

kinds! {
    /// The power is cut between any two events, also while the log is being written; it comes back later, half of
    /// the time with a clock that cannot be trusted.
    Power = "power",
    /// The clock is set by a second, half a minute or an hour, and put right later.
    Clock = "clock",
    /// The clock cannot be trusted for a while, and may be wrong by a day.
    Trust = "trust",
    /// The amplifier is lost, refuses or does not answer.
    Amplifier = "amplifier",
    /// The audio device is lost, cannot be opened, does not answer or does not go on.
    Audio = "audio",
    /// The log's disk is full, or does not answer.
    Log = "log",
    /// Somebody presses STOP, and releases it later.
    Stop = "stop",
    /// Recordings arrive, are approved and withdrawn; running orders, start rules, windows, campaigns and holidays are
    /// changed while the station is on the air.
    Edits = "edits",
    /// Every answer takes seconds.
    Slow = "slow",
    /// Emergencies are sent, repeated, sent again and taken back; under some of them a device dies.
    Emergency = "emergency",
    /// Somebody presses the STOP button at the station, and releases it later.
    Button = "button",
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for FaultKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        FaultKind::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let all: Vec<&str> = FaultKind::ALL.iter().map(|kind| kind.as_str()).collect();
            format!("\"{text}\" is no kind of fault; name one of {}", all.join(", "))
        })
    }
}

/// How often each kind of trouble comes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// The kind and the mean seconds between two of it.
    means: Vec<(FaultKind, u64)>,
    /// Whether most of it comes while a window is open, where it matters.
    in_sessions: bool,
}

impl Faults {
    /// Nothing goes wrong.
    #[must_use]
    pub fn none() -> Faults {
        Faults::default()
    }

    /// These kinds, each about once in so many seconds, at any time of the day.
    #[must_use]
    pub fn every(seconds: u64, kinds: &[FaultKind]) -> Faults {
        Faults { means: kinds.iter().map(|&kind| (kind, seconds.max(1))).collect(), in_sessions: false }
    }

    /// These kinds, so that a station of few sessions meets a few of them a week, three of four in a session.
    #[must_use]
    pub fn weekly(kinds: &[FaultKind]) -> Faults {
        const A_WEEK: u64 = 7 * 86_400;
        let count = u64::try_from(kinds.len()).unwrap_or(1);
        Faults { in_sessions: true, ..Faults::every(A_WEEK * count.max(1) / 4, kinds) }
    }

    /// The same, with one kind at its own mean seconds; 0 is never.
    #[must_use]
    pub fn with(mut self, kind: FaultKind, seconds: u64) -> Faults {
        self.means.retain(|&(other, _)| other != kind);
        if seconds > 0 {
            self.means.push((kind, seconds));
        }
        self
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = FaultKind> {
        self.means.iter().map(|&(kind, _)| kind)
    }

    pub(super) fn mean(&self, kind: FaultKind) -> Option<u64> {
        self.means.iter().find(|&&(other, _)| other == kind).map(|&(_, mean)| mean)
    }

    pub(super) fn in_sessions(&self) -> bool {
        self.in_sessions
    }

    /// The longest that trouble of this kind lasts, in seconds: short where it comes every few minutes, hours where it
    /// comes every few weeks.
    pub(super) fn longest(&self, kind: FaultKind) -> u64 {
        let (least, share) = match kind {
            FaultKind::Power => (400, 30),
            FaultKind::Clock => (900, 50),
            FaultKind::Trust => (300, 100),
            FaultKind::Amplifier | FaultKind::Audio | FaultKind::Log => (40, 2000),
            FaultKind::Stop | FaultKind::Button => (60, 300),
            FaultKind::Edits | FaultKind::Slow | FaultKind::Emergency => (120, 2000),
        };
        least.max(self.mean(kind).unwrap_or(0) / share)
    }
}
