//! Peaks for drawing a recording.

/// No more are drawn.
const MOST: u64 = 1_000;

/// Collects evenly spaced peaks of a recording of known length.
#[derive(Debug)]
pub(super) struct Waveform {
    frames: u64,
    columns: u64,
    at: u64,
    highest: u16,
    peaks: Vec<u8>,
}

impl Waveform {
    pub(super) fn new(frames: u64) -> Self {
        Self { frames, columns: frames.min(MOST), at: 0, highest: 0, peaks: Vec::new() }
    }

    pub(super) fn push(&mut self, mut samples: &[i16]) {
        while !samples.is_empty() && self.columns > self.peaks.len() as u64 {
            let end = (self.peaks.len() as u64 + 1) * self.frames / self.columns;
            let room = usize::try_from(end - self.at).unwrap_or(usize::MAX);
            let (now, later) = samples.split_at(room.min(samples.len()));
            self.highest = now.iter().fold(self.highest, |high, sample| high.max(sample.unsigned_abs()));
            self.at += now.len() as u64;
            if self.at == end {
                self.peaks.push((u32::from(self.highest) * 255).div_ceil(32_768) as u8);
                self.highest = 0;
            }
            samples = later;
        }
    }

    /// One for each column, 0 to 255 of full scale, rounded up: what is not silent is seen.
    pub(super) fn finish(self) -> Vec<u8> {
        self.peaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_even_and_hold_the_highest_of_theirs() {
        for frames in [0usize, 1, 999, 1_000, 1_001, 48_017] {
            let mut waveform = Waveform::new(frames as u64);
            let samples: Vec<i16> =
                (0..frames).map(|i| if i == frames - 1 { i16::MIN } else { (i % 2) as i16 }).collect();
            samples.chunks(37).for_each(|piece| waveform.push(piece));
            let peaks = waveform.finish();
            assert_eq!(peaks.len(), frames.min(1_000));
            assert_eq!(peaks.last().copied(), (frames > 0).then_some(255));
            assert!(peaks.iter().rev().skip(1).all(|&peak| peak <= 1));
        }
    }
}
