//! From decoded sound to prepared PCM: mixes down, resamples, measures, corrects and writes.

use std::io;

use symphonia::core::audio::{Channels, GenericAudioBufferRef, Position};

use super::part::Cutter;
use super::{InspectRefusal, InspectRequest};
use crate::lanes;
use crate::loudness::{ChannelMeter, Meter, Mix, Outline, Sound};
use crate::prepared::{PreparedError, WorkingWriter};
use crate::resample::MonoResampler;

/// A float WAV may hold anything; what is louder than this is no sound (+60 dBFS).
const LOUDEST: f32 = 1_000.0;

/// Takes what was decoded; see the module.
pub(super) struct Sink<'a> {
    request: &'a InspectRequest,
    rate_in: u32,
    mix: Mix,
    resampler: MonoResampler,
    working: WorkingWriter,
    channels: ChannelMeter,
    meter: Meter,
    frames_in: u64,
    /// Of the whole original.
    outline: Outline,
    cutter: Option<Cutter>,
    planes: Vec<Vec<f32>>,
    mono: Vec<f32>,
    resampled: Vec<f32>,
}

impl<'a> Sink<'a> {
    pub(super) fn create(
        request: &'a InspectRequest,
        rate_in: u32,
        working: WorkingWriter,
        mix: Mix,
    ) -> Result<Self, InspectRefusal> {
        let resampler = MonoResampler::new(rate_in, request.sample_rate);
        Ok(Self {
            request,
            rate_in,
            mix,
            resampler: resampler.map_err(|error| InspectRefusal::failed(&error))?,
            working,
            channels: ChannelMeter::default(),
            meter: Meter::new(request.sample_rate).map_err(|error| InspectRefusal::failed(&error))?,
            frames_in: 0,
            outline: Outline::default(),
            cutter: request.part.map(|part| Cutter::new(part, rate_in)),
            planes: Vec::new(),
            mono: Vec::new(),
            resampled: Vec::new(),
        })
    }

    /// Samples a second of the original.
    pub(super) fn rate_in(&self) -> u32 {
        self.rate_in
    }

    /// Length of the original so far, in frames at its rate.
    pub(super) fn frames_in(&self) -> u64 {
        self.frames_in
    }

    /// Peaks of the original.
    pub(super) fn outline(&self) -> Vec<u8> {
        self.outline.peaks()
    }

    pub(super) fn push(&mut self, buffer: &GenericAudioBufferRef<'_>) -> Result<(), InspectRefusal> {
        self.frames_in += buffer.frames() as u64;
        let seconds = self.frames_in as f64 / f64::from(self.rate_in);
        if seconds > self.request.max_duration.as_secs_f64() {
            return Err(InspectRefusal::too_long(seconds, self.request.max_duration.as_secs_f64()));
        }
        buffer.copy_to_vecs_planar(&mut self.planes);
        for plane in &mut self.planes {
            lanes::tidy(plane, LOUDEST);
        }
        let channels = buffer.spec().channels();
        mix_down(&self.planes, channels, self.mix, &mut self.mono);
        self.outline.push(&self.mono);
        if let Some(cutter) = &mut self.cutter {
            cutter.cut(&mut self.planes);
            mix_down(&self.planes, channels, self.mix, &mut self.mono);
        }
        if self.mono.is_empty() {
            return Ok(());
        }
        self.channels.push(&self.planes);
        self.resampled.clear();
        self.resampler
            .push(&self.mono, &mut self.resampled)
            .map_err(|error| InspectRefusal::failed(&error))?;
        self.write()
    }

    fn write(&mut self) -> Result<(), InspectRefusal> {
        self.meter.push(&self.resampled);
        self.working.push(&self.resampled).map_err(storage)?;
        if self.working.bytes() > self.request.max_output_bytes {
            return Err(InspectRefusal::too_big_to_prepare());
        }
        Ok(())
    }

    /// The channel to take alone, where all of them together cancel each other: then begin again with it.
    pub(super) fn cancelling(&self) -> Option<usize> {
        if self.mix == Mix::All { self.channels.cancelling() } else { None }
    }

    /// Gives back the file as it was at the beginning.
    pub(super) fn begin_again(self) -> Result<WorkingWriter, InspectRefusal> {
        self.working.begin_again().map_err(storage)
    }

    /// Corrects what was decoded and completes the prepared file.
    pub(super) fn finish(mut self) -> Result<Sound, InspectRefusal> {
        self.resampled.clear();
        self.resampler.finish(&mut self.resampled).map_err(|error| InspectRefusal::failed(&error))?;
        self.write()?;
        let working = self.working.finish().map_err(storage)?;
        let sound =
            Sound::prepare(working, &self.meter.finish(), &self.channels, self.mix, &self.request.correction)
                .map_err(storage)?;
        if sound.corrected.info.bytes > self.request.max_output_bytes {
            return Err(InspectRefusal::too_big_to_prepare());
        }
        Ok(sound)
    }
}

/// One channel of many. Where the file says which is which, the centre counts most, where the voice is, the sides as
/// in ITU-R BS.775, and the bass effects not at all: no horn loudspeaker plays them.
fn mix_down(planes: &[Vec<f32>], channels: &Channels, mix: Mix, mono: &mut Vec<f32>) {
    mono.clear();
    if let [only] = planes {
        mono.extend_from_slice(only);
        return;
    }
    let weight = |index: usize| match mix {
        Mix::Only(only) => f32::from(index == only),
        Mix::All => weight(channels, index),
    };
    let total: f32 = (0..planes.len()).map(weight).sum();
    // Nothing but bass effects: then that is the recording.
    let weight = |index: usize| if total > 0.0 { weight(index) / total } else { 1.0 / planes.len() as f32 };
    for (index, plane) in planes.iter().enumerate() {
        let weight = weight(index);
        if mono.is_empty() {
            mono.extend(plane.iter().map(|sample| sample * weight));
        } else {
            mono.iter_mut().zip(plane).for_each(|(mono, sample)| *mono += sample * weight);
        }
    }
}

fn weight(channels: &Channels, index: usize) -> f32 {
    let Channels::Positioned(positions) = channels else {
        return 1.0;
    };
    let front = Position::FRONT_LEFT
        | Position::FRONT_RIGHT
        | Position::FRONT_LEFT_CENTER
        | Position::FRONT_RIGHT_CENTER;
    match positions.iter().nth(index) {
        Some(position) if position == Position::LFE1 || position == Position::LFE2 => 0.0,
        Some(position) if position == Position::FRONT_CENTER => 1.0,
        Some(position) if front.contains(position) => std::f32::consts::FRAC_1_SQRT_2,
        _ => 0.5,
    }
}

pub(super) fn storage(error: PreparedError) -> InspectRefusal {
    match &error {
        PreparedError::Io { source, .. } => match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => InspectRefusal::storage_full(),
            io::ErrorKind::FileTooLarge => InspectRefusal::too_big_to_prepare(),
            _ => InspectRefusal::failed(&error.to_string()),
        },
        _ => InspectRefusal::failed(&error.to_string()),
    }
}
