//! What a witness heard, against what should have been heard.

/// What a witness heard, and when.
pub(crate) struct Recording {
    /// 48 kHz, one channel.
    pub(crate) samples: Vec<i16>,
    /// First sample of a stretch, and the monotonic nanosecond at which that sample sounded.
    pub(crate) runs: Vec<(usize, f64)>,
    /// Samples before which the device had stopped, for a witness that does not hear that as silence.
    pub(crate) breaks: Vec<usize>,
    /// The witness's own doubt about its instants, in milliseconds.
    pub(crate) doubt_ms: f64,
}

/// Samples a second of every witness and of the station.
pub(crate) const RATE: u32 = 48_000;
const PER_SAMPLE: f64 = 1e9 / RATE as f64;

/// How a recording was heard.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Monotonic nanosecond of the first frame.
    pub(crate) began: f64,
    /// The first sample of it.
    pub(crate) first: usize,
    /// Frames from the first to the last that was heard.
    pub(crate) frames: usize,
    /// Frames that the recording has.
    pub(crate) wanted: usize,
    /// Lowest correlation of any 20 ms with what should have sounded then.
    pub(crate) likeness: f64,
    /// Difference from the reference over the whole, in dB of the reference.
    pub(crate) residual_db: f64,
    /// Seconds into the recording at which 20 ms were not what they should be.
    pub(crate) wrong_at: Vec<f64>,
    /// The device ran dry in the middle of it.
    pub(crate) broken: bool,
}

impl Recording {
    /// The monotonic nanosecond at which a sample sounded.
    pub(crate) fn instant(&self, sample: usize) -> f64 {
        let run = self.runs.iter().rev().find(|run| run.0 <= sample);
        let (first, at) = run.unwrap_or(&self.runs[0]);
        at + (sample as f64 - *first as f64) * PER_SAMPLE
    }

    /// The sample that sounded at a monotonic nanosecond.
    fn sample(&self, instant: f64) -> usize {
        let run = self.runs.iter().rev().find(|run| run.1 <= instant);
        let (first, at) = run.unwrap_or(&self.runs[0]);
        (*first as f64 + ((instant - at) / PER_SAMPLE).max(0.0)) as usize
    }

    /// Finds `wanted` near a monotonic nanosecond and compares it, 20 ms by 20 ms.
    pub(crate) fn compare(&self, wanted: &[f64], planned: f64) -> Verdict {
        const TEMPLATE: usize = RATE as usize / 4;
        const BLOCK: usize = RATE as usize / 50;
        const REACH: usize = RATE as usize / 20;
        let heard: Vec<f64> = self.samples.iter().map(|&sample| f64::from(sample)).collect();
        let from = self.sample(planned - 3e9);
        let until = self.sample(planned + 5e9).min(heard.len());
        // the output is digitally silent between clips, so the first sound is near the first frame
        let loud = heard[from..until].iter().position(|sample| sample.abs() > 1.0);
        let loud = from
            + loud.unwrap_or_else(|| panic!("nothing was heard from 3 s before until 5 s after the plan"));
        let template = &wanted[..TEMPLATE.min(wanted.len())];
        let padded = |at: usize, length: usize| {
            (at..at + length).map(|at| heard.get(at).copied().unwrap_or(0.0)).collect::<Vec<f64>>()
        };
        let best = (loud.saturating_sub(REACH)..loud + REACH)
            .map(|at| (correlation(&padded(at, template.len()), template), at))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap();
        let first = best.1;
        let sounding = padded(first, wanted.len());
        let (mut likeness, mut wrong_at) = (1.0_f64, Vec::new());
        for (index, (heard, wanted)) in sounding.chunks(BLOCK).zip(wanted.chunks(BLOCK)).enumerate() {
            let alike = if heard.len() < BLOCK { 1.0 } else { correlation(heard, wanted) };
            likeness = likeness.min(alike);
            if alike < 0.9 {
                wrong_at.push(index as f64 * BLOCK as f64 / f64::from(RATE));
            }
        }
        let energy = |samples: &mut dyn Iterator<Item = f64>| samples.map(|it| it * it).sum::<f64>();
        let difference = energy(&mut sounding.iter().zip(wanted).map(|(a, b)| a - b));
        // the end of the sound: the last sample before half a second of silence
        let mut last = first;
        for (at, sample) in heard.iter().enumerate().skip(first) {
            if *sample != 0.0 {
                last = at;
            } else if at > last + RATE as usize / 2 {
                break;
            }
        }
        Verdict {
            began: self.instant(first),
            first,
            frames: last + 1 - first,
            wanted: wanted.len(),
            likeness,
            residual_db: 10.0 * (difference / energy(&mut wanted.iter().copied())).log10(),
            wrong_at,
            broken: self.breaks.iter().any(|&at| at > first && at < first + wanted.len()),
        }
    }
}

/// Correlation of two equally long pieces, -1 to 1; 0 when one of them is silent.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let both = dot(a, a) * dot(b, b);
    if both > 0.0 { dot(a, b) / both.sqrt() } else { 0.0 }
}
