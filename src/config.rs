//! The station's configuration: TOML, unknown keys refused, checked before a port opens.

mod amplifier;
mod backup;
mod confinement;
mod fingerprint;
mod log;
mod orders;
mod speech;
mod target;
mod web;

pub use amplifier::Amplifier;
pub use backup::Backup;
pub use confinement::ConfinementSettings;
pub use fingerprint::Fingerprint;
pub use log::Log;
pub use orders::{Orders, Policy};
pub use speech::Speech;
pub use target::TargetLufs;
pub use web::{Tls, TlsVersion, Web};

use crate::clock::Trust;
use crate::error::{Error, ErrorKind, Result};
use crate::planning::Site;
use jiff::tz::TimeZone;
use loaxa_audio::loudness::Correction;
use loaxa_schedules::{Resumption, Volume};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The whole configuration file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who and where the station is.
    pub station: Station,
    /// The web endpoint.
    pub web: Web,
    /// What is played into the amplifier, and at which rate.
    pub audio: Audio,
    /// The amplifier's bridge.
    pub amplifier: Amplifier,
    /// What to believe about the wall clock.
    pub clock: Clock,
    /// How schedules are obeyed.
    pub schedule: Schedule,
    /// Whose word a recording needs before it may sound.
    pub orders: Orders,
    /// Where data lies and how much of it is accepted.
    pub storage: Storage,
    /// Where the desk's button puts a backup.
    pub backup: Backup,
    /// What the daemon prints for engineers, and who countersigns the airing log.
    pub log: Log,
    /// The voice that reads written bulletins.
    pub speech: Speech,
    /// What the daemon leaves itself of the machine.
    pub confinement: ConfinementSettings,
    /// What the file says, as hashes.
    #[serde(skip)]
    pub fingerprint: Fingerprint,
}

/// Who and where the station is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Station {
    /// Name as people say it.
    pub name: String,
    /// Tier of the administrative unit, in the words in force today (`commune`, `province`, …).
    pub tier: String,
    /// Official code of the administrative unit.
    pub code: String,
    /// IANA name of the time zone in which schedules are written.
    pub timezone: String,
}

impl Default for Station {
    fn default() -> Self {
        Self {
            name: "Đài truyền thanh".to_owned(),
            tier: "commune".to_owned(),
            code: String::new(),
            timezone: "Asia/Ho_Chi_Minh".to_owned(),
        }
    }
}

/// Where the sound goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum OutputForm {
    /// A sound device.
    #[default]
    Device,
    /// A WAV file, paced in real time.
    Capture,
    /// Nowhere, paced in real time.
    Null,
}

impl OutputForm {
    /// The word in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Capture => "capture",
            Self::Null => "null",
        }
    }
}

/// What is played into the amplifier, and at which rate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audio {
    /// Device, capture file or nothing.
    pub output: OutputForm,
    /// Name of the sound device; absent: the machine's default. Never another one than this.
    pub device: Option<String>,
    /// The file that `output = "capture"` writes.
    pub capture_file: Option<PathBuf>,
    /// Samples a second of the prepared PCM and of the output.
    pub sample_rate: u32,
    /// Longest recording accepted, in minutes.
    pub max_minutes: u32,
    /// Loudness that every recording is brought to.
    pub target_lufs: TargetLufs,
    /// No recording's true peak is above this, in dBTP, whatever its loudness.
    pub max_true_peak_dbtp: f64,
    /// Whether silence before and after a recording's sound is left out.
    pub trim_silence: bool,
    /// How loud each class is, and the loudest that anything is.
    pub volume: Volume,
    /// How recordings that are cut fall silent, and how they come back.
    pub fades: FadeTimes,
    /// Opening and closing chimes that the station brings itself.
    pub chime: Chimes,
}

/// How recordings that are cut fall silent, and how they come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FadeTimes {
    /// What yields to something at once has faded out when that begins, in milliseconds.
    pub cut_ms: u32,
    /// What goes on after it was cut fades in, in milliseconds.
    pub resume_ms: u32,
}

impl Default for FadeTimes {
    fn default() -> Self {
        Self { cut_ms: 300, resume_ms: 100 }
    }
}

/// Opening and closing chimes that the station brings itself; approved by a person as everything else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chimes {
    /// `"synthesised"`, or a file.
    pub opening: Option<String>,
    /// The same.
    pub closing: Option<String>,
}

impl Default for Audio {
    fn default() -> Self {
        Self {
            output: OutputForm::Device,
            device: None,
            capture_file: None,
            sample_rate: 48_000,
            max_minutes: 180,
            target_lufs: TargetLufs::default(),
            max_true_peak_dbtp: -1.0,
            trim_silence: false,
            volume: Volume::default(),
            fades: FadeTimes::default(),
            chime: Chimes::default(),
        }
    }
}

/// What to believe about the wall clock.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clock {
    /// Source of trust.
    pub trust: Trust,
}

/// How schedules are obeyed.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// What becomes of a recording that yielded to something more urgent.
    pub after_preemption: AfterPreemption,
}

/// What becomes of a recording that yielded, by its class.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AfterPreemption {
    /// Of class normal.
    pub normal: Resumption,
    /// Of class priority.
    pub priority: Resumption,
}

impl Default for AfterPreemption {
    fn default() -> Self {
        let loaxa_schedules::AfterPreemption { normal, priority } = Default::default();
        Self { normal, priority }
    }
}

/// Where data lies and how much of it is accepted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// Data folder; `--data` on the command line wins.
    pub data: Option<PathBuf>,
    /// Largest upload, in MiB.
    pub max_upload_mib: u64,
    /// Free space, in MiB, that uploads and prepared sound leave to the airing log.
    pub reserve_mib: u64,
    /// Prepared sound takes at most so many MiB; absent: as much as the disk has beyond the reserve. What is planned
    /// is kept whatever this says.
    pub prepared_max_mib: Option<u64>,
    /// Prepared sound that nothing needed for so many days goes; it is made again from its original when it is needed.
    pub prepared_keep_days: u32,
    /// So many hours before its time, what is planned is checked and made ready.
    pub prepare_ahead_hours: u32,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            data: None,
            max_upload_mib: 200,
            reserve_mib: 16,
            prepared_max_mib: None,
            prepared_keep_days: 30,
            prepare_ahead_hours: 24,
        }
    }
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// Names the file, the key and the remedy.
    pub fn read(path: &Path) -> Result<Self> {
        let refuse = |why: String| {
            Error::new(
                ErrorKind::Unacceptable,
                "bad_configuration",
                format!("configuration {}: {why}", path.display()),
            )
        };
        let text =
            std::fs::read_to_string(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
        let unread = |error: toml::de::Error| refuse(error.to_string().trim_end().to_owned());
        let mut config: Self = toml::from_str(&text).map_err(unread)?;
        config.fingerprint = Fingerprint::of(&text, &toml::from_str(&text).map_err(unread)?);
        let problems = config.problems();
        if problems.is_empty() { Ok(config) } else { Err(refuse(problems.join("; "))) }
    }

    /// Every rule that the configuration breaks, each with its remedy; empty when it can be used.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Err(error) = TimeZone::get(&self.station.timezone) {
            problems.push(format!(
                "station.timezone = {:?} is not a known IANA time zone ({error}); write for instance \"Asia/Ho_Chi_Minh\"",
                self.station.timezone
            ));
        }
        problems.extend(self.web.problems());
        if !(8_000..=192_000).contains(&self.audio.sample_rate) {
            problems
                .push(format!("audio.sample_rate = {} is out of range; write 48000", self.audio.sample_rate));
        }
        if self.audio.output == OutputForm::Capture && self.audio.capture_file.is_none() {
            problems.push(
                "audio.output = \"capture\" needs audio.capture_file; name the WAV file to write".to_owned(),
            );
        }
        if self.audio.output != OutputForm::Capture && self.audio.capture_file.is_some() {
            problems.push(
                "audio.capture_file is only used with audio.output = \"capture\"; remove one of the two"
                    .to_owned(),
            );
        }
        if self.audio.output != OutputForm::Device && self.audio.device.is_some() {
            problems.push(
                "audio.device is only used with audio.output = \"device\"; remove one of the two".to_owned(),
            );
        }
        if !(1..=24 * 60).contains(&self.audio.max_minutes) {
            problems.push("audio.max_minutes must lie between 1 and 1440".to_owned());
        }
        if let TargetLufs::At(target) = self.audio.target_lufs
            && !(-40.0..=-5.0).contains(&target)
        {
            problems
                .push("audio.target_lufs must lie between -40 and -5, or be \"off\"; write -16".to_owned());
        }
        if !(-20.0..=0.0).contains(&self.audio.max_true_peak_dbtp) {
            problems.push("audio.max_true_peak_dbtp must lie between -20 and 0; write -1".to_owned());
        }
        for (class, level) in self.audio.volume.senseless() {
            problems.push(format!(
                "audio.volume.{class} = {level} does not lie between -60 and 0 dB; 0 is full level, -6 is half of it"
            ));
        }
        for (fade, ms) in [("cut_ms", self.audio.fades.cut_ms), ("resume_ms", self.audio.fades.resume_ms)] {
            if ms > 5_000 {
                problems.push(format!("audio.fades.{fade} = {ms} is more than 5000; write 300 or less"));
            }
        }
        if !(1..=100_000).contains(&self.storage.max_upload_mib) {
            problems.push("storage.max_upload_mib must lie between 1 and 100000".to_owned());
        }
        if self.storage.prepared_max_mib == Some(0) {
            problems.push(
                "storage.prepared_max_mib must be at least 1; remove it to use what the disk has".to_owned(),
            );
        }
        if !(1..=3650).contains(&self.storage.prepared_keep_days) {
            problems.push("storage.prepared_keep_days must lie between 1 and 3650; write 30".to_owned());
        }
        if !(1..=168).contains(&self.storage.prepare_ahead_hours) {
            problems.push("storage.prepare_ahead_hours must lie between 1 and 168; write 24".to_owned());
        }
        problems.extend(self.amplifier.problems());
        problems.extend(self.log.problems());
        problems.extend(self.confinement.problems());
        problems.extend(self.orders.problems());
        problems.extend(self.speech.problems());
        problems.extend(self.backup.problems());
        problems
    }

    /// The station's time zone; a configuration that was checked always has one.
    pub fn timezone(&self) -> TimeZone {
        TimeZone::get(&self.station.timezone).unwrap_or(TimeZone::UTC)
    }

    /// What a plan depends on.
    pub fn site(&self) -> Site {
        let AfterPreemption { normal, priority } = self.schedule.after_preemption;
        Site {
            timezone: self.timezone(),
            code: self.station.code.clone(),
            after_preemption: loaxa_schedules::AfterPreemption { normal, priority },
            volume: self.audio.volume,
        }
    }

    /// What is done to the level and the silences of every recording.
    pub fn correction(&self) -> Correction {
        Correction {
            target_lufs: match self.audio.target_lufs {
                TargetLufs::Off => None,
                TargetLufs::At(lufs) => Some(lufs),
            },
            max_true_peak_dbtp: self.audio.max_true_peak_dbtp,
            trim_silence: self.audio.trim_silence,
        }
    }

    /// Largest upload in bytes.
    pub fn max_upload(&self) -> u64 {
        self.storage.max_upload_mib * 1024 * 1024
    }

    /// Longest recording accepted.
    pub fn max_duration(&self) -> Duration {
        Duration::from_secs(u64::from(self.audio.max_minutes) * 60)
    }
}

#[cfg(test)]
mod tests;
