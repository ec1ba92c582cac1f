//! Peaks for drawing a recording of which the length is not known yet.

/// Columns are joined in pairs before there are more.
const MOST: usize = 1_000;

/// Collects evenly spaced peaks: 500 to 1,000 of them, once there are that many frames.
#[derive(Debug)]
pub(crate) struct Outline {
    /// Frames in a column.
    each: u64,
    /// Frames in the last column so far.
    filled: u64,
    highest: f32,
    columns: Vec<f32>,
}

impl Default for Outline {
    fn default() -> Self {
        Self { each: 1, filled: 0, highest: 0.0, columns: Vec::with_capacity(MOST) }
    }
}

impl Outline {
    pub(crate) fn push(&mut self, mut samples: &[f32]) {
        while !samples.is_empty() {
            let room = usize::try_from(self.each - self.filled).unwrap_or(usize::MAX);
            let (now, later) = samples.split_at(room.min(samples.len()));
            self.highest = now.iter().fold(self.highest, |high, sample| high.max(sample.abs()));
            self.filled += now.len() as u64;
            samples = later;
            if self.filled == self.each {
                if self.columns.len() == MOST {
                    self.halve();
                    // what was just filled is half of a column now
                    continue;
                }
                self.columns.push(self.highest);
                (self.filled, self.highest) = (0, 0.0);
            }
        }
    }

    fn halve(&mut self) {
        self.columns = self.columns.chunks(2).map(|pair| pair.iter().copied().fold(0.0, f32::max)).collect();
        self.each *= 2;
    }

    /// 0 to 255 of full scale, rounded up: what is not silent is seen.
    pub(crate) fn peaks(&self) -> Vec<u8> {
        let last = (self.filled * 2 >= self.each).then_some(self.highest);
        let shown = |peak: f32| (peak.min(1.0) * 255.0).ceil() as u8;
        self.columns.iter().copied().chain(last).take(MOST).map(shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_even_whatever_the_length_and_the_pieces() {
        for frames in [0_usize, 1, 999, 1_000, 1_001, 1_002, 48_017, 480_000] {
            let loud = frames / 3;
            let samples: Vec<f32> = (0..frames).map(|at| if at == loud { -1.0 } else { 0.001 }).collect();
            for piece in [1, 37, 4_096] {
                let mut outline = Outline::default();
                samples.chunks(piece).for_each(|piece| outline.push(piece));
                let peaks = outline.peaks();
                assert!(
                    peaks.len() <= MOST && peaks.len() >= frames.min(MOST / 2),
                    "{frames} {}",
                    peaks.len()
                );
                let highest: Vec<usize> = (0..peaks.len()).filter(|&at| peaks[at] == 255).collect();
                if frames > 0 {
                    let share = highest[0] as f64 / peaks.len() as f64;
                    assert!((share - loud as f64 / frames as f64).abs() < 0.01, "{frames} {share}");
                    assert_eq!(highest.len(), 1);
                    assert!(peaks.iter().all(|&peak| peak == 1 || peak == 255));
                }
            }
        }
    }
}
