//! From decoded sound to prepared PCM: mixes down, resamples, converts and writes.

use std::io;

use symphonia::core::audio::GenericAudioBufferRef;

use super::{InspectRefusal, InspectRequest};
use crate::prepared::{PreparedError, PreparedInfo, PreparedWriter};
use crate::resample::MonoResampler;

/// Takes what was decoded; see the module.
pub(super) struct Sink<'a> {
    request: &'a InspectRequest,
    rate_in: u32,
    resampler: MonoResampler,
    writer: PreparedWriter,
    frames_in: u64,
    peak: f32,
    interleaved: Vec<f32>,
    mono: Vec<f32>,
    resampled: Vec<f32>,
    samples: Vec<i16>,
}

impl<'a> Sink<'a> {
    pub(super) fn create(
        request: &'a InspectRequest,
        rate_in: u32,
        original: [u8; 32],
    ) -> Result<Self, InspectRefusal> {
        let resampler = MonoResampler::new(rate_in, request.sample_rate);
        Ok(Self {
            request,
            rate_in,
            resampler: resampler.map_err(|error| InspectRefusal::failed(&error))?,
            writer: PreparedWriter::create(&request.output, request.sample_rate, original)
                .map_err(storage)?,
            frames_in: 0,
            peak: 0.0,
            interleaved: Vec::new(),
            mono: Vec::new(),
            resampled: Vec::new(),
            samples: Vec::new(),
        })
    }

    /// Samples a second of the original.
    pub(super) fn rate_in(&self) -> u32 {
        self.rate_in
    }

    pub(super) fn push(&mut self, buffer: &GenericAudioBufferRef<'_>) -> Result<(), InspectRefusal> {
        let channels = buffer.spec().channels().count();
        self.frames_in += buffer.frames() as u64;
        let seconds = self.frames_in as f64 / f64::from(self.rate_in);
        if seconds > self.request.max_duration.as_secs_f64() {
            return Err(InspectRefusal::too_long(seconds, self.request.max_duration.as_secs_f64()));
        }
        self.interleaved.resize(buffer.samples_interleaved(), 0.0);
        buffer.copy_to_slice_interleaved(&mut self.interleaved);
        self.mono.clear();
        let scale = 1.0 / channels as f32;
        // A float WAV may hold NaN and infinity.
        let finite = |sample: f32| if sample.is_finite() { sample } else { 0.0 };
        self.mono.extend(
            self.interleaved
                .chunks_exact(channels)
                .map(|frame| frame.iter().map(|&sample| finite(sample)).sum::<f32>() * scale),
        );
        self.resampled.clear();
        self.resampler
            .push(&self.mono, &mut self.resampled)
            .map_err(|error| InspectRefusal::failed(&error))?;
        self.write()
    }

    fn write(&mut self) -> Result<(), InspectRefusal> {
        self.samples.clear();
        for &sample in &self.resampled {
            self.peak = self.peak.max(sample.abs());
            self.samples.push((sample * 32_768.0).round() as i16);
        }
        self.writer.push(&self.samples).map_err(storage)?;
        if self.writer.frames().saturating_mul(2) > self.request.max_output_bytes {
            return Err(InspectRefusal::too_big_to_prepare());
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(PreparedInfo, f32), InspectRefusal> {
        self.resampled.clear();
        self.resampler.finish(&mut self.resampled).map_err(|error| InspectRefusal::failed(&error))?;
        self.write()?;
        let info = self.writer.finish().map_err(storage)?;
        Ok((info, self.peak))
    }
}

fn storage(error: PreparedError) -> InspectRefusal {
    match &error {
        PreparedError::Io { source, .. } => match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => InspectRefusal::storage_full(),
            io::ErrorKind::FileTooLarge => InspectRefusal::too_big_to_prepare(),
            _ => InspectRefusal::failed(&error.to_string()),
        },
        _ => InspectRefusal::failed(&error.to_string()),
    }
}
