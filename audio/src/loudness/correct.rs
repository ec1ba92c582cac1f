//! From the working form to the prepared one: the silences around it, the gain, the limiter, the rounding.

use super::bs1770::Bs1770;
use super::limiter::Limiter;
use super::meter::{Measured, frames_of};
use super::silence::WINDOWS;
use super::true_peak::TruePeak;
use super::waveform::Waveform;
use super::{Correction, Loudness};
use crate::prepared::{PreparedError, PreparedInfo, Working};
use crate::sample::to_i16;

/// Nothing is made louder by more, in LU: below that there is mostly noise.
const MAX_GAIN_DB: f64 = 20.0;
/// What the limiter takes away is given back by so much more gain at most, in dB: then it is only squashed.
const MAX_MAKE_UP_DB: f64 = 6.0;
/// A recording on one of two channels loses so much in the mix, in dB; it is no noisier for that.
pub(super) const DROPPED_CHANNEL_DB: f64 = 6.02;
/// Quieter than this is as good as silent and left alone, in dBFS.
pub(super) const SILENT_DBFS: f64 = -60.0;
/// The prepared form's loudness is brought this close to the target, in LU.
const CLOSE: f64 = 0.1;
/// The last step may be so long without being measured before it is taken, in dB: what the limiter takes of it is less
/// than a third.
const LAST_STEP: f64 = 0.3;
/// From here on a gain is tried before it is taken even where nothing is limited, in dB.
const GATE_MATTERS_DB: f64 = 6.0;
/// How often the limited sound is measured before it is written.
const TRIALS: usize = 5;
/// Of long recordings, this much is measured at a time, in seconds.
const EXCERPT_SECONDS: u32 = 2;
/// At least so many times.
const FEWEST_EXCERPTS: u64 = 20;
/// Of more than so many excerpts' length, one is measured.
const MOST_BETWEEN: u64 = 16;
/// They are measured in so many groups.
const GROUPS: usize = 4;
/// What they say stands where the standard error of their mean is below this, in LU.
const CERTAIN: f64 = 0.1;
/// What is removed before the sound and after it is this much quieter than the sound, in LU: with the usual target it
/// ends up below -60 dBFS.
const TRIM_LU: f64 = 44.0;
/// What is kept of it, in hundredths of a second, at least.
const KEPT_BEFORE: usize = 5;
const KEPT_AFTER: usize = 10;
/// A constant part from here on is removed, as a share of full scale.
pub(super) const OFFSET: f64 = 0.01;
/// Below this, in LUFS, what comes of rounding is measured rather than foreseen.
const LITTLE_TO_ROUND: f64 = -40.0;
/// Full scale of the prepared form.
const SCALE: f32 = 32_768.0;

/// What was written.
#[derive(Debug)]
pub(crate) struct Corrected {
    pub(crate) info: PreparedInfo,
    /// Highest sample of the prepared form, as a share of full scale.
    pub(crate) peak: f64,
    pub(crate) loudness: Loudness,
    pub(crate) waveform: Vec<u8>,
}

/// Overwrites the working form with the prepared one.
pub(super) fn correct(
    mut working: Working,
    measured: &Measured,
    correction: &Correction,
    dropped_channel: bool,
) -> Result<Corrected, PreparedError> {
    let original_lufs = measured.lufs;
    let part = Part::of(measured, correction, original_lufs);
    let audible = decibels(f64::from(measured.peak)).is_some_and(|peak| peak >= SILENT_DBFS);
    let target = correction.target_lufs.filter(|_| audible);
    let offset = if target.is_some() && measured.offset.abs() >= OFFSET { measured.offset } else { 0.0 };
    let mut pass =
        Pass { working: &mut working, measured, part, offset, ceiling: correction.max_true_peak_dbtp };
    let gain_db = match target.zip(original_lufs) {
        Some((target, lufs)) => {
            let cap = MAX_GAIN_DB + if dropped_channel { DROPPED_CHANNEL_DB } else { 0.0 };
            let start = (target - lufs).min(cap);
            pass.find_gain(lufs + start, start, cap)?
        }
        None => 0.0,
    };
    let mut writer = pass.working.overwrite();
    // The true peak is known, so it is known whether what may act will.
    let idle = |limiter: &Limiter| pass.offset == 0.0 && !limiter.acts(measured.true_peak * linear(gain_db));
    let limiter = pass.limiter(gain_db).filter(|limiter| !idle(limiter));
    let known = Heard::foreseen(&pass, limiter.as_ref(), gain_db);
    let meters = match known {
        Some(_) => None,
        None => Some((pass.meter(Bs1770::new)?, TruePeak::new())),
    };
    let mut rounded = Rounded::new(meters, part.frames);
    let limited_db =
        pass.run(&[part], limiter, gain_db, &mut |samples| writer.push(rounded.take(samples)))?;
    let info = writer.finish()?;
    let peak = f64::from(rounded.peak) / f64::from(SCALE);
    let Heard { lufs, true_peak } = known.unwrap_or_else(|| rounded.heard());
    let seconds = |frames: u64| frames as f64 / f64::from(measured.rate);
    let loudness = Loudness {
        original_lufs,
        original_true_peak_dbtp: decibels(measured.true_peak),
        range_lu: measured.range_lu,
        gain_db,
        limited_db,
        lufs,
        true_peak_dbtp: decibels(true_peak.max(peak)),
        trimmed_start_seconds: seconds(part.first),
        trimmed_end_seconds: seconds(measured.frames - part.first - part.frames),
    };
    Ok(Corrected { info, peak, loudness, waveform: rounded.waveform.finish() })
}

/// In dB; `None` for nothing.
pub(super) fn decibels(share: f64) -> Option<f64> {
    (share > 0.0).then(|| 20.0 * share.log10())
}

fn linear(decibels: f64) -> f64 {
    10f64.powf(decibels / 20.0)
}

/// The part of the working form that is kept.
#[derive(Clone, Copy, Debug)]
struct Part {
    first: u64,
    frames: u64,
}

impl Part {
    fn of(measured: &Measured, correction: &Correction, lufs: Option<f64>) -> Self {
        let whole = Self { first: 0, frames: measured.frames };
        let silences = lufs
            .filter(|_| correction.trim_silence)
            .and_then(|lufs| measured.levels.silences(lufs - TRIM_LU));
        let Some(silences) = silences else {
            return whole;
        };
        let (window, hop) = frames_of(measured.rate);
        let kept_before = silences.leading.saturating_sub(KEPT_BEFORE) * window / hop * hop;
        let first = kept_before as u64;
        let windows = measured.frames.div_ceil(window as u64);
        let end = (windows - silences.trailing as u64 + KEPT_AFTER as u64) * window as u64;
        let end = end.next_multiple_of(hop as u64).min(measured.frames);
        Self { first, frames: end - first }
    }
}

/// Everything that one way through the working form needs.
struct Pass<'a> {
    working: &'a mut Working,
    measured: &'a Measured,
    part: Part,
    offset: f64,
    /// In dBTP.
    ceiling: f64,
}

impl Pass<'_> {
    fn hop(&self) -> usize {
        frames_of(self.measured.rate).1
    }

    fn limiter(&self, gain_db: f64) -> Option<Limiter> {
        let limiter = Limiter::new(self.measured.rate, linear(self.ceiling));
        let highest = (f64::from(self.measured.peak) + self.offset.abs()) * linear(gain_db);
        limiter.may_act(highest).then_some(limiter)
    }

    /// The gain with which what comes out of the limiter is as loud as `target`, which `start_db` alone would reach.
    /// Where nothing is limited it stays below `most_db`.
    ///
    /// Of a long recording, excerpts are tried: the limiter takes much the same all over most recordings. Where groups
    /// of excerpts do not agree on that, the whole is tried.
    fn find_gain(&mut self, target: f64, start_db: f64, most_db: f64) -> Result<f64, PreparedError> {
        let cap = if self.limiter(start_db).is_some() { start_db + MAX_MAKE_UP_DB } else { most_db };
        let lufs = target - start_db;
        let mut gain_db = start_db;
        if let Some(groups) = excerpts(self.part, self.measured.rate).filter(|_| !self.follows(start_db)) {
            let before = self.each_lufs(&groups, false, 0.0)?;
            let mut uncertain = f64::INFINITY;
            gain_db = search(target, start_db, cap, |gain_db| {
                let (Some(before), Some(after)) = (before, self.each_lufs(&groups, true, gain_db)?) else {
                    return Ok(None);
                };
                let lost: [f64; GROUPS] = std::array::from_fn(|group| before[group] + gain_db - after[group]);
                let mean = lost.iter().sum::<f64>() / GROUPS as f64;
                let squares: f64 = lost.iter().map(|lost| (lost - mean).powi(2)).sum();
                uncertain = (squares / (GROUPS * (GROUPS - 1)) as f64).sqrt();
                Ok(Some(lufs + together(&after) - together(&before)))
            })?;
            if uncertain < CERTAIN {
                return Ok(gain_db);
            }
        }
        search(target, gain_db, cap, |gain_db| {
            if self.follows(gain_db) {
                return Ok(None);
            }
            self.lufs_of(&[self.part], self.limiter(gain_db), gain_db)
        })
    }

    /// How loud each group of parts is; `None` where one of them has no loudness.
    fn each_lufs(
        &mut self,
        groups: &[Vec<Part>; GROUPS],
        limited: bool,
        gain_db: f64,
    ) -> Result<Option<[f64; GROUPS]>, PreparedError> {
        let mut each = [0.0; GROUPS];
        for (lufs, group) in each.iter_mut().zip(groups) {
            let limiter = self.limiter(gain_db).filter(|_| limited);
            let Some(found) = self.lufs_of(group, limiter, gain_db)? else {
                return Ok(None);
            };
            *lufs = found;
        }
        Ok(Some(each))
    }

    /// Without a limiter the loudness follows the gain, unless what the absolute gate left out is raised above it.
    fn follows(&self, gain_db: f64) -> bool {
        self.limiter(gain_db).is_none() && gain_db < GATE_MATTERS_DB
    }

    /// How loud these parts are, one after the other.
    fn lufs_of(
        &mut self,
        parts: &[Part],
        limiter: Option<Limiter>,
        gain_db: f64,
    ) -> Result<Option<f64>, PreparedError> {
        let mut loudness = self.meter(Bs1770::new)?;
        self.run(parts, limiter, gain_db, &mut |samples| {
            loudness.push(samples);
            Ok(())
        })?;
        Ok(loudness.lufs())
    }

    /// A loudness meter for what comes out.
    fn meter(&self, make: fn(u32) -> Result<Bs1770, String>) -> Result<Bs1770, PreparedError> {
        make(self.measured.rate).map_err(|what| self.working.invalid(what))
    }

    /// Goes through the parts once and gives `each` what comes out, in order, in pieces of no more than a hop. Returns the
    /// deepest reduction of the limiter, in dB.
    fn run(
        &mut self,
        parts: &[Part],
        mut limiter: Option<Limiter>,
        gain_db: f64,
        each: &mut dyn FnMut(&[f32]) -> Result<(), PreparedError>,
    ) -> Result<f64, PreparedError> {
        let hop = self.hop();
        let (gain, offset) = (linear(gain_db) as f32, self.offset as f32);
        let (mut input, mut output) = (Vec::with_capacity(hop), Vec::with_capacity(3 * hop));
        for part in parts {
            for at in (0..part.frames).step_by(hop) {
                let left = usize::try_from(part.frames - at).unwrap_or(usize::MAX);
                input.resize(hop.min(left), 0.0);
                self.working.read(part.first + at, &mut input)?;
                for sample in &mut input {
                    *sample = (*sample - offset) * gain;
                }
                match &mut limiter {
                    Some(limiter) => limiter.push(&input, &mut output),
                    None => output.extend_from_slice(&input),
                }
                let whole = output.len() / hop * hop;
                for piece in output[..whole].chunks_exact(hop) {
                    each(piece)?;
                }
                output.drain(..whole);
            }
        }
        if let Some(limiter) = &mut limiter {
            limiter.finish(&mut output);
        }
        for piece in output.chunks(hop) {
            each(piece)?;
        }
        Ok(limiter.as_ref().map_or(0.0, Limiter::deepest_db))
    }
}

/// How loud groups are together, in LUFS.
fn together(lufs: &[f64; GROUPS]) -> f64 {
    10.0 * (lufs.iter().map(|lufs| 10f64.powf(lufs / 10.0)).sum::<f64>() / GROUPS as f64).log10()
}

/// The gain with which `reached` says `target`, from `start_db` on and no more than `cap`. `None` from it: what was
/// tried last is to be taken.
fn search(
    target: f64,
    start_db: f64,
    cap: f64,
    mut reached: impl FnMut(f64) -> Result<Option<f64>, PreparedError>,
) -> Result<f64, PreparedError> {
    let (mut gain_db, mut before) = (start_db, None::<(f64, f64)>);
    for _ in 0..TRIALS {
        let Some(reached) = reached(gain_db)? else {
            break;
        };
        let missing = target - reached;
        // What one dB more brings, as seen in the step before.
        let effect = before.map_or(0.9, |(gain, lufs)| (reached - lufs) / (gain_db - gain)).clamp(0.2, 1.0);
        before = Some((gain_db, reached));
        let next = (gain_db + missing / effect).min(cap);
        if missing.abs() < CLOSE || (next - gain_db).abs() < 0.01 {
            break;
        }
        let step = (next - gain_db).abs();
        gain_db = next;
        if step < LAST_STEP {
            break;
        }
    }
    Ok(gain_db)
}

/// Groups of excerpts that each stand for a long part; `None` where the part is short enough to be tried whole.
///
/// They lie evenly over it, but at no fixed distance: what comes again and again in a recording must not meet them in
/// step.
fn excerpts(part: Part, rate: u32) -> Option<[Vec<Part>; GROUPS]> {
    let frames = u64::from(EXCERPT_SECONDS * rate);
    let count =
        FEWEST_EXCERPTS.max(part.frames.div_ceil(frames * MOST_BETWEEN)).next_multiple_of(GROUPS as u64);
    let each = part.frames / count;
    if each < 2 * frames {
        return None;
    }
    let mut groups = [const { Vec::new() }; GROUPS];
    for number in 0..count {
        // multiples of the golden section, without their whole part, lie as evenly as numbers can
        let share = (number as f64 * 0.618_033_988_749_895).fract();
        let first = part.first + number * each + ((each - frames) as f64 * share) as u64;
        groups[number as usize % GROUPS].push(Part { first, frames });
    }
    Some(groups)
}

/// What a meter reads of the prepared form.
#[derive(Clone, Copy, Debug)]
struct Heard {
    lufs: Option<f64>,
    /// As a share of full scale.
    true_peak: f64,
}

impl Heard {
    /// What it will read, where every sample is only multiplied: then it is what was measured before, and the gain. Rounding to
    /// 16 bits moves it by less than a hundredth of a dB, unless there is little to round.
    fn foreseen(pass: &Pass<'_>, limiter: Option<&Limiter>, gain_db: f64) -> Option<Self> {
        let highest = f64::from(pass.measured.peak) * linear(gain_db);
        if limiter.is_some() || pass.offset != 0.0 || highest >= 1.0 {
            return None;
        }
        let hop = pass.hop() as u64;
        let [first, end] = [pass.part.first, pass.part.first + pass.part.frames]
            .map(|frame| usize::try_from(frame / hop).unwrap_or(usize::MAX));
        let lufs = pass.measured.loudness.lufs_of(first..end, gain_db)?;
        let true_peak = pass.measured.true_peak * linear(gain_db);
        (lufs >= LITTLE_TO_ROUND).then_some(Self { lufs: Some(lufs), true_peak })
    }
}

/// The prepared form's samples, and what is seen of them on the way.
///
/// They are rounded without dither: silence stays silent, what was 16 bits stays the same bits, and the error, 98 dB
/// below full scale, lies far below the noise of any recording that a horn loudspeaker plays.
struct Rounded {
    samples: Vec<i16>,
    heard: Vec<f32>,
    peak: u16,
    /// `None` where it is known what they would read.
    meters: Option<(Bs1770, TruePeak)>,
    waveform: Waveform,
}

impl Rounded {
    fn new(meters: Option<(Bs1770, TruePeak)>, frames: u64) -> Self {
        Self { samples: Vec::new(), heard: Vec::new(), peak: 0, meters, waveform: Waveform::new(frames) }
    }

    /// What the meters read.
    fn heard(&mut self) -> Heard {
        match &mut self.meters {
            Some((loudness, true_peak)) => {
                Heard { lufs: loudness.lufs(), true_peak: f64::from(true_peak.finish()) }
            }
            None => Heard { lufs: None, true_peak: 0.0 },
        }
    }

    fn take(&mut self, samples: &[f32]) -> &[i16] {
        self.samples.clear();
        self.samples.extend(samples.iter().map(|&sample| to_i16(sample)));
        if let Some((loudness, true_peak)) = &mut self.meters {
            self.heard.clear();
            self.heard.extend(self.samples.iter().map(|&sample| f32::from(sample) / SCALE));
            loudness.push(&self.heard);
            true_peak.push(&self.heard);
        }
        self.waveform.push(&self.samples);
        self.peak = self.samples.iter().fold(self.peak, |peak, sample| peak.max(sample.unsigned_abs()));
        &self.samples
    }
}

/// Hundredths of a second as seconds.
pub(super) fn seconds(windows: usize) -> f64 {
    windows as f64 / f64::from(WINDOWS)
}
