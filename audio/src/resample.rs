//! Streaming resampling of mono sound whose length comes out exact.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler};

/// Frames that go into the resampler at a time, about.
const CHUNK: usize = 1024;

/// Resamples mono sound from one fixed rate to another. The filter's delay is trimmed and its tail flushed, so that
/// `n` frames become exactly `round(n × rate_out / rate_in)`, in step with the original.
pub(crate) struct MonoResampler {
    rate_in: u32,
    rate_out: u32,
    /// `None` when the rates are equal: samples pass unchanged.
    engine: Option<Engine>,
    taken: u64,
    given: u64,
}

struct Engine {
    fft: Fft<f32>,
    /// Input that does not fill a chunk yet.
    pending: Vec<f32>,
    output: Vec<f32>,
    /// Frames of the filter's delay that are still to be dropped.
    to_trim: usize,
}

/// `round(frames × rate_out / rate_in)`.
pub(crate) fn resampled_frames(frames: u64, rate_in: u32, rate_out: u32) -> u64 {
    let (rate_in, rate_out) = (u128::from(rate_in.max(1)), u128::from(rate_out));
    let exact = (u128::from(frames) * rate_out * 2 + rate_in) / (rate_in * 2);
    u64::try_from(exact).unwrap_or(u64::MAX)
}

impl MonoResampler {
    /// `Err` is the resampler's own message, for rates that it cannot convert.
    pub(crate) fn new(rate_in: u32, rate_out: u32) -> Result<Self, String> {
        let engine = if rate_in == rate_out {
            None
        } else {
            // Two sub-chunks keep the filter long, hence its cutoff close to the band's edge.
            let fft = Fft::new_custom(
                rate_in as usize,
                rate_out as usize,
                CHUNK,
                2,
                1,
                rubato::WindowFunction::BlackmanHarris2,
                FixedSync::Input,
            )
            .map_err(|error| error.to_string())?;
            let to_trim = fft.output_delay();
            let output = vec![0.0; fft.output_frames_max()];
            Some(Engine { fft, pending: Vec::with_capacity(2 * CHUNK), output, to_trim })
        };
        Ok(Self { rate_in, rate_out, engine, taken: 0, given: 0 })
    }

    /// Takes samples and appends to `out` what is ready.
    pub(crate) fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) -> Result<(), String> {
        self.taken += samples.len() as u64;
        let before = out.len();
        match &mut self.engine {
            None => out.extend_from_slice(samples),
            Some(engine) => {
                engine.pending.extend_from_slice(samples);
                engine.drain(out)?;
            }
        }
        self.given += (out.len() - before) as u64;
        Ok(())
    }

    /// Appends the rest. Nothing may be pushed afterwards.
    pub(crate) fn finish(&mut self, out: &mut Vec<f32>) -> Result<(), String> {
        let total = resampled_frames(self.taken, self.rate_in, self.rate_out);
        let Some(engine) = &mut self.engine else {
            return Ok(());
        };
        let start = out.len();
        let wanted = usize::try_from(total - self.given.min(total)).unwrap_or(usize::MAX);
        while out.len() - start < wanted {
            let chunk = engine.fft.input_frames_next();
            let missing = chunk.saturating_sub(engine.pending.len() % chunk);
            engine.pending.extend(std::iter::repeat_n(0.0, missing));
            engine.drain(out)?;
        }
        out.truncate(start + wanted);
        self.given = total;
        Ok(())
    }
}

impl Engine {
    fn drain(&mut self, out: &mut Vec<f32>) -> Result<(), String> {
        let mut used = 0;
        while self.pending.len() - used >= self.fft.input_frames_next() {
            let input = &self.pending[used..];
            let input = SequentialSlice::new(input, 1, input.len()).map_err(|error| error.to_string())?;
            let room = self.output.len();
            let mut output =
                SequentialSlice::new_mut(&mut self.output, 1, room).map_err(|error| error.to_string())?;
            let (taken, given) = self
                .fft
                .process_into_buffer(&input, &mut output, Some(&Indexing::new()))
                .map_err(|error| error.to_string())?;
            used += taken;
            let trimmed = self.to_trim.min(given);
            self.to_trim -= trimmed;
            out.extend_from_slice(&self.output[trimmed..given]);
        }
        self.pending.drain(..used);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;

    fn resample(samples: &[f32], rate_in: u32, rate_out: u32, piece: usize) -> Vec<f32> {
        let mut resampler = MonoResampler::new(rate_in, rate_out).unwrap();
        let mut out = Vec::new();
        for piece in samples.chunks(piece) {
            resampler.push(piece, &mut out).unwrap();
        }
        resampler.finish(&mut out).unwrap();
        out
    }

    fn sine(frequency: f64, rate: u32, frames: usize) -> Vec<f32> {
        let step = std::f64::consts::TAU * frequency / f64::from(rate);
        (0..frames).map(|i| (0.5 * (step * i as f64).sin()) as f32).collect()
    }

    #[test]
    fn the_length_is_exact_for_any_length_and_rate() {
        for (rate_in, rate_out) in
            [(44_100, 48_000), (48_000, 44_100), (8_000, 48_000), (22_050, 48_000), (11_025, 8_000)]
        {
            for frames in [0, 1, 2, 100, 1_023, 1_024, 1_025, 44_100, 50_001] {
                let out = resample(&vec![0.25; frames], rate_in, rate_out, 777);
                let expected = (frames as f64 * f64::from(rate_out) / f64::from(rate_in)).round();
                assert!(
                    (out.len() as f64 - expected).abs() <= 1.0,
                    "{rate_in} {rate_out} {frames} {}",
                    out.len()
                );
                assert_eq!(out.len() as u64, resampled_frames(frames as u64, rate_in, rate_out));
            }
        }
    }

    #[test]
    fn a_tone_keeps_its_place_and_stays_clean() {
        for frequency in [440.0, 1_000.0, 8_000.0, 15_000.0] {
            let out = resample(&sine(frequency, 44_100, 44_100), 44_100, 48_000, 1_152);
            let ideal = sine(frequency, 48_000, 48_000);
            let middle = 4_800..43_200;
            let signal: f64 = ideal[middle.clone()].iter().map(|&s| f64::from(s).powi(2)).sum();
            let noise: f64 = middle.map(|i| f64::from(out[i] - ideal[i]).powi(2)).sum();
            let snr = 10.0 * (signal / noise).log10();
            assert!(snr > 70.0, "{frequency} Hz: {snr:.1} dB");
        }
    }

    #[test]
    fn equal_rates_pass_unchanged() {
        let samples = sine(440.0, 48_000, 1_000);
        assert_eq!(resample(&samples, 48_000, 48_000, 300), samples);
    }
}
