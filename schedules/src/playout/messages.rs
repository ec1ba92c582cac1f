//! What the playout is told and what it asks for.

use crate::plan::{Entry, Slot, SlotKey};
use crate::reason::Reason;
use crate::vocabulary::{Outcome, ZoneId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What time it is, as the daemon's clock port tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The wall clock.
    pub wall: Timestamp,
    /// Time since an arbitrary origin; it never goes back and is not set.
    pub mono: Duration,
    /// Whether the wall clock can be believed.
    pub trusted: bool,
}

/// Which row of an airing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// That it will start.
    Due,
    /// That it did start.
    Started,
    /// How it ended.
    Ended,
}

/// What the playout is told.
///
/// An answer that no longer belongs to anything is ignored, or answered with the safe command (a late
/// confirmation of power with [`Command::Release`], a late start of sound with [`Command::Cancel`]).
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Time has passed, or the clock or its trust has changed.
    Tick,
    /// Replaces what lies ahead; sorted by start. It holds every entry from `accounted_until` on that is not
    /// yet closed, including those that are armed or sounding, if they are still planned.
    Plan(Vec<Entry>),
    /// The row is durable. `Due` answers [`Command::RecordDue`].
    Recorded {
        /// Which airing.
        slot: SlotKey,
        /// Which row.
        stage: Stage,
    },
    /// The row could not be written.
    RecordFailed {
        /// Which airing.
        slot: SlotKey,
        /// Which row.
        stage: Stage,
        /// The error, for people.
        why: String,
    },
    /// The prepared PCM is the one that the slot names. Answers [`Command::VerifyPcm`].
    PcmVerified {
        /// Which airing.
        slot: SlotKey,
    },
    /// It is not, or it cannot be read. Answers [`Command::VerifyPcm`].
    PcmRefused {
        /// Which airing.
        slot: SlotKey,
        /// What is wrong, for people.
        why: String,
    },
    /// The output is open and plays silence. Answers [`Command::OpenOutput`].
    OutputReady,
    /// It could not be opened, or the open and silent output was lost.
    OutputFailed {
        /// What is wrong, for people.
        why: String,
    },
    /// The amplifier read back that exactly the zones asked for have power. Answers [`Command::Energise`].
    AmplifierConfirmed,
    /// It refused, did not answer in time, or was lost while live.
    AmplifierFailed {
        /// What is wrong, for people.
        why: String,
    },
    /// The amplifier read back that it is no longer muted. Answers [`Command::Unmute`].
    Unmuted,
    /// It could not be unmuted. Answers [`Command::Unmute`].
    UnmuteFailed {
        /// What is wrong, for people.
        why: String,
    },
    /// The amplifier read back that every zone is dark. Answers [`Command::Release`].
    Released,
    /// The first frame was consumed by the device.
    AudioStarted {
        /// Which airing.
        slot: SlotKey,
        /// When that was, by the wall clock.
        at: Timestamp,
    },
    /// How much was consumed so far; once a second is enough.
    AudioProgress {
        /// Which airing.
        slot: SlotKey,
        /// Measured at the device.
        played: SignedDuration,
    },
    /// The last frame was consumed.
    AudioEnded {
        /// Which airing.
        slot: SlotKey,
        /// Measured at the device.
        played: SignedDuration,
        /// When that was, by the wall clock.
        at: Timestamp,
    },
    /// It was cut. Answers every [`Command::Cancel`], with zero when it had not begun or is not known.
    AudioCut {
        /// Which airing.
        slot: SlotKey,
        /// Measured at the device.
        played: SignedDuration,
        /// When that was, by the wall clock.
        at: Timestamp,
    },
    /// The device is gone; the output is no longer open.
    AudioLost {
        /// Which airing.
        slot: SlotKey,
        /// Measured at the device before it went.
        played: SignedDuration,
        /// When that was, by the wall clock.
        at: Timestamp,
        /// What is wrong, for people.
        why: String,
    },
    /// Something that must be heard at once; the loop made the slot. It may sound from now until `permitted` ends,
    /// its expiry, whatever window is open and whatever the clock is worth; it begins before its expiry and then
    /// plays to its end. A key that is open or closed already is ignored.
    Emergency(Box<Slot>),
    /// An emergency was taken back: it is cut, or not begun.
    EmergencyWithdrawn {
        /// Which.
        slot: SlotKey,
    },
    /// What this slot plays may not sound any more: it is cut, or not begun, and not tried again.
    Unapproved {
        /// Which airing.
        slot: SlotKey,
        /// Why, for its row.
        reason: Reason,
    },
    /// Silence at once, and stay silent until `Resume`.
    Stop {
        /// Who pressed it.
        by: String,
    },
    /// Releases `Stop`: what comes airs again, unless the button at the station is still pressed.
    Resume {
        /// Who released it.
        by: String,
    },
    /// The STOP button at the station. Pressed it silences as `Stop` does, and only its own release ends that.
    LocalStop {
        /// Its state now.
        pressed: bool,
    },
}

/// What the playout asks for. The loop carries the commands to one device out in the order given and
/// answers them in that order.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Write that the entry will start; answer `Recorded` or `RecordFailed` with [`Stage::Due`].
    ///
    /// It may come again for a key whose row is open and has not begun: a new plan changed what will be heard, and
    /// the newest one counts; or the row of an emergency is still owed.
    RecordDue(Entry),
    /// Write that it started.
    RecordStarted {
        /// Which airing.
        slot: SlotKey,
        /// When, measured at the output.
        at: Timestamp,
    },
    /// Note how much was heard, so that a power cut leaves "partial, N s". Not a row of its own.
    RecordProgress {
        /// Which airing.
        slot: SlotKey,
        /// Measured at the output.
        played: SignedDuration,
    },
    /// Write how an airing ended whose due row is durable.
    RecordEnded {
        /// Which airing.
        slot: SlotKey,
        /// How.
        outcome: Outcome,
        /// Why; None only for a confirmed `aired`.
        reason: Option<Reason>,
        /// Measured at the output.
        played: SignedDuration,
        /// When it began; None when it did not.
        started: Option<Timestamp>,
        /// When it ended; None when it did not begin.
        ended: Option<Timestamp>,
        /// Whether the amplifier's word stands behind the whole of it.
        confirmed: bool,
    },
    /// Write due and ended in one. It may follow a `RecordDue` that failed or was never answered: then the
    /// loop ends that row, if it turns out to exist.
    RecordUnaired {
        /// What did not air.
        entry: Entry,
        /// How.
        outcome: Outcome,
        /// Why.
        reason: Reason,
    },
    /// Write due and ended in one, of what was heard before its due row could be written: an emergency, or something
    /// that the output began unasked. It follows a `RecordDue` that failed or was never answered: if that row turns
    /// out to exist, the loop ends it.
    RecordHeard {
        /// What was heard.
        entry: Entry,
        /// How it ended.
        outcome: Outcome,
        /// Why; None only for a confirmed `aired`.
        reason: Option<Reason>,
        /// Measured at the output.
        played: SignedDuration,
        /// When it began.
        started: Option<Timestamp>,
        /// When it ended.
        ended: Option<Timestamp>,
        /// Whether the amplifier's word stands behind the whole of it.
        confirmed: bool,
    },
    /// Read and hash the prepared PCM of the slot as it was recorded last.
    VerifyPcm {
        /// Which airing.
        slot: SlotKey,
    },
    /// Open the output and play silence.
    OpenOutput,
    /// Close the output; not answered.
    CloseOutput,
    /// Give these zones power, muted, and no other; read back.
    Energise {
        /// Sorted.
        zones: Vec<ZoneId>,
    },
    /// Let sound through; read back.
    Unmute,
    /// Let no sound through; not answered.
    Mute,
    /// Take the power from every zone; read back.
    Release,
    /// Start the verified PCM exactly then, at the slot's offset; when it yields, for the slot's duration and no
    /// longer. If the one before still has frames left, it ends first.
    Play {
        /// Which airing.
        slot: SlotKey,
        /// On the scale of [`Now::mono`].
        at_mono: Duration,
    },
    /// Take it back, or cut it with a short fade when it sounds. Always answered with `AudioCut`.
    Cancel {
        /// Which airing.
        slot: SlotKey,
    },
}

/// The tolerances and patience of the playout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayoutSettings {
    /// How long before its start a slot is armed.
    pub arm_lead: SignedDuration,
    /// How long before the sound the amplifier is unmuted.
    pub unmute_lead: SignedDuration,
    /// How long the amplifier stays unmuted in a gap, and (with `arm_lead`) on.
    pub linger: SignedDuration,
    /// How late a slot may start that does not say itself how late.
    pub late_tolerance: SignedDuration,
    /// A change of wall against monotonic time beyond this is a step of the clock.
    pub step_tolerance: SignedDuration,
    /// How long an answer may take before it counts as a failure.
    pub arm_timeout: SignedDuration,
    /// How long an emergency waits for its due row before it sounds without.
    pub log_patience: SignedDuration,
    /// How long to wait before a failed amplifier is asked again for a slot that is still ahead, and before an
    /// emergency that a device failed is begun again.
    pub retry_pause: SignedDuration,
    /// How long to wait before a failed output is opened again: at first this, then twice as long each time, at most
    /// `output_retry_most`, until something sounds.
    pub output_retry_first: SignedDuration,
    /// The longest of these pauses. A device that is back sounds again so much later at most.
    pub output_retry_most: SignedDuration,
    /// How much must have been heard since the last note of progress.
    pub progress_every: SignedDuration,
    /// False when no amplifier is configured: nothing is energised, and every airing is `unconfirmed`.
    pub amplifier_present: bool,
}

impl Default for PlayoutSettings {
    fn default() -> Self {
        PlayoutSettings {
            arm_lead: SignedDuration::from_secs(8),
            unmute_lead: SignedDuration::from_millis(300),
            linger: SignedDuration::from_secs(5),
            late_tolerance: SignedDuration::from_secs(2),
            step_tolerance: SignedDuration::from_millis(500),
            arm_timeout: SignedDuration::from_secs(5),
            log_patience: SignedDuration::from_secs(1),
            retry_pause: SignedDuration::from_secs(1),
            output_retry_first: SignedDuration::from_millis(100),
            output_retry_most: SignedDuration::from_millis(3_200),
            progress_every: SignedDuration::from_secs(1),
            amplifier_present: true,
        }
    }
}

/// What the playout is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Activity {
    /// Nothing.
    Idle,
    /// Getting ready for this slot.
    Arming {
        /// Which.
        slot: SlotKey,
    },
    /// This slot sounds.
    OnAir {
        /// Which.
        slot: SlotKey,
        /// Since when, measured at the output.
        since: Option<Timestamp>,
    },
}

/// The amplifier as far as the playout knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmplifierState {
    /// None is configured.
    Absent,
    /// Confirmed dark (or never switched on).
    Dark,
    /// Asked for power, not confirmed.
    Energising,
    /// On and muted.
    Muted,
    /// On and letting sound through.
    Live,
    /// Asked to go dark, not confirmed.
    Releasing,
}

/// What the status page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayoutView {
    /// What it is doing.
    pub activity: Activity,
    /// Who holds the station silent; None when nobody does.
    pub stopped: Option<String>,
    /// Who pressed STOP on the page.
    pub operator_stop: Option<String>,
    /// Whether the STOP button at the station is pressed.
    pub local_stop: bool,
    /// When the emergencies that sound or wait will be over, as far as is known; nothing planned begins before.
    pub busy_until: Option<Timestamp>,
    /// The amplifier as believed.
    pub amplifier: AmplifierState,
    /// The zones that have power, as believed.
    pub zones: Vec<ZoneId>,
    /// Whether the output is open.
    pub output_open: bool,
    /// The next slot that has not begun, and its start.
    pub next: Option<NextSlot>,
}

/// The next slot that has not begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextSlot {
    /// Which.
    pub slot: SlotKey,
    /// When it starts.
    pub start: Timestamp,
    /// What it is called.
    pub title: String,
}
