//! What goes into and comes out of an [`Output`](super::Output).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::evidence::Evidence;
use super::meter::Silence;
use crate::prepared::Prepared;

/// Where the sound goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// A sound card, through ALSA.
    Device {
        /// As in [`list_devices`](super::list_devices), or any ALSA name of such a device (`hw:0,0`); `None` is the
        /// machine's default. Never replaced by another one when it cannot be opened.
        name: Option<String>,
    },
    /// A WAV file, mono, paced in real time: what a listener would have heard while the output was open.
    ///
    /// A file that this output wrote before, at the same rate, is continued; any other file is left alone and the next
    /// free name with a number is used (`heard-2.wav`). At 2 GiB the next number begins.
    Capture {
        /// The file.
        file: PathBuf,
    },
    /// Nowhere, paced in real time.
    Null,
}

/// How to open an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputSettings {
    /// Where the sound goes.
    pub kind: OutputKind,
    /// The station's sample rate in Hz.
    pub sample_rate: u32,
    /// Wanted size of one device period, in frames; two are buffered. Bounded by what the device allows. Large ones do
    /// not under-run on a busy board and cost no accuracy of starts, only delay of [`Output::cancel`](super::Output::cancel).
    pub buffer_frames: u32,
    /// How long opening and closing may take.
    pub timeout: Duration,
    /// How clips that begin or end in the middle of their recording do so.
    pub fades: Fades,
}

/// How clips that begin or end in the middle of their recording do so. Whatever is chosen, their first and last frames are
/// where they were planned: a fade lies inside the clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fades {
    /// Of the last frames of a clip that ends before its recording does.
    pub out: Duration,
    /// Of the first frames of a clip that begins after its recording does.
    pub rise: Duration,
}

impl Default for Fades {
    /// The shortest end that does not click, and beginnings as recorded.
    fn default() -> Self {
        Self { out: Duration::from_millis(10), rise: Duration::ZERO }
    }
}

impl OutputSettings {
    /// 8192 frames, 5 s, the shortest fades.
    #[must_use]
    pub fn new(kind: OutputKind, sample_rate: u32) -> Self {
        Self {
            kind,
            sample_rate,
            buffer_frames: 8192,
            timeout: Duration::from_secs(5),
            fades: Fades::default(),
        }
    }
}

/// One recording to play.
#[derive(Debug)]
pub struct Clip {
    /// The caller's name for it, unique among the clips of one output.
    pub id: u64,
    /// What to play, at any sample rate.
    pub pcm: Prepared,
    /// The instant at which its first frame sounds; one in the past means at once. Within 2 ms of the end of a clip
    /// that is queued or playing, it follows that clip with no frame between.
    pub start_at: Instant,
    /// Linear factor, 1 = unchanged; clamped to 0..=1.
    pub gain: f32,
    /// The frame of the recording with which it begins; 0 is its beginning, any other rises as [`Fades::rise`] says.
    pub from_frame: u64,
    /// So many frames are played, and no more: when that is less than what is left of the recording, the last of them
    /// fade as [`Fades::out`] says. `None` plays to the end.
    pub frames: Option<u64>,
}

/// What an output really is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputDescription {
    /// The device's name, `null`, or the capture file's path.
    pub device: String,
    /// The rate that the device runs at, in Hz. When it is not the station's, clips are resampled.
    pub rate: u32,
    /// The device's channels; all get the same.
    pub channels: u16,
    /// One device period in frames; up to two are buffered.
    pub buffer_frames: u32,
    /// A limit that the technician should know, such as resampling. `None` when all is as wanted.
    pub limit: Option<String>,
    /// Capture and null: the instant of the stream's first frame.
    pub first_frame_at: Option<Instant>,
    /// Capture: the frame of the file that is the stream's first frame.
    pub file_offset_frames: u64,
}

/// Why an output cannot be opened or used. Every message names the object and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// No device of that name.
    #[error(
        "audio output {name:?}: there is no such device; choose one of {available}, \
         or check that the card is plugged in"
    )]
    NoSuchDevice {
        /// The wanted name.
        name: String,
        /// The names that there are.
        available: String,
    },
    /// It is there, but cannot be used.
    #[error("audio output {device:?}: {what}")]
    Device {
        /// Which.
        device: String,
        /// What is wrong, and what to do.
        what: String,
    },
    /// Opening did not end in time.
    #[error("audio output {device:?}: it did not start within {seconds} s; unplug it and plug it in again")]
    Timeout {
        /// Which.
        device: String,
        /// The bound.
        seconds: u64,
    },
    /// It takes sound faster than time passes, so nothing is heard.
    #[error(
        "audio output {device:?}: it does not keep time, so nothing can be heard; choose a real sound card"
    )]
    NotPaced {
        /// Which.
        device: String,
    },
    /// The capture file cannot be written.
    #[error("capture file {}: {what}", path.display())]
    Capture {
        /// Which.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: String,
    },
    /// It was lost or closed before.
    #[error("the audio output is closed; open it again")]
    Closed,
    /// A parameter that makes no sense.
    #[error("audio output: {0}")]
    Invalid(String),
}

/// What happens at an output. Frames are those of the clip's [`Prepared`], counted where the device consumed them, from
/// the one with which the clip began.
#[derive(Clone, Debug, PartialEq)]
pub enum OutputEvent {
    /// The first frame of a clip was consumed.
    Started {
        /// The clip.
        id: u64,
        /// When it sounded.
        at: Instant,
    },
    /// About every half second while a clip plays.
    Progress {
        /// The clip.
        id: u64,
        /// Frames consumed so far.
        frames: u64,
    },
    /// What is known of a clip: about every half second, and once more just before its final event.
    Evidence {
        /// The clip.
        id: u64,
        /// Everything that was measured of it so far.
        evidence: Box<Evidence>,
    },
    /// The level of what leaves, about every half second while a clip plays.
    Level {
        /// The clip.
        id: u64,
        /// Mean power since the last one, in dB of full scale (a full sine is -3); -120 is silence.
        dbfs: f64,
    },
    /// A clip plays, and nothing above -60 dBFS left the output for five seconds. Told once, until sound returns.
    Silent {
        /// The clip.
        id: u64,
        /// Whose silence it is.
        why: Silence,
    },
    /// The last frame of a clip was consumed. The clip is done.
    Ended {
        /// The clip.
        id: u64,
        /// Frames consumed; less than it should play only when an under-run swallowed some.
        frames: u64,
        /// When the first one sounded.
        first: Instant,
        /// When the last one sounded.
        last: Instant,
    },
    /// A clip was cancelled or silenced, or the output was closed. The clip is done.
    Cut {
        /// The clip.
        id: u64,
        /// Frames consumed, 0 when it had not begun.
        frames: u64,
        /// When the last one sounded (when the cut was made, for a clip that had not begun).
        at: Instant,
    },
    /// Storage is too slow: silence was heard inside a clip, which goes on afterwards (or is `Refused` after 2 s).
    Starved {
        /// The clip.
        id: u64,
        /// Frames of silence, at the device's rate.
        frames: u64,
    },
    /// A clip cannot be read or is not what was approved; nothing unverified was heard. The clip is done.
    Refused {
        /// The clip.
        id: u64,
        /// Frames consumed before that.
        frames: u64,
        /// What is wrong, and what to do.
        why: String,
    },
    /// The device ran dry: there was a gap, and all that follows in a clip that is playing is later.
    Underrun {
        /// When it was noticed.
        at: Instant,
        /// How many there were in this stream.
        count: u64,
    },
    /// The device is gone or does not consume any more. Sent once; the output is closed, all its clips are done.
    Lost {
        /// What happened, and what to do.
        why: String,
        /// The clips that were queued or playing, with the frames consumed.
        playing: Vec<(u64, u64)>,
    },
}
