//! Loudness after ITU-R BS.1770 and EBU Tech 3342: the well-kept `ebur128`, behind the few words that are needed here.

use ebur128::{EbuR128, Mode};

/// Measures one channel.
#[derive(Debug)]
pub(super) struct Bs1770(EbuR128);

impl Bs1770 {
    /// Integrated loudness and range. `Err` is the library's own message.
    pub(super) fn of_recording(rate: u32) -> Result<Self, String> {
        Self::new(rate, Mode::I | Mode::LRA)
    }

    /// The integrated loudness alone.
    pub(super) fn loudness_only(rate: u32) -> Result<Self, String> {
        Self::new(rate, Mode::I)
    }

    fn new(rate: u32, mode: Mode) -> Result<Self, String> {
        EbuR128::new(1, rate, mode)
            .map(Self)
            .map_err(|error| format!("loudness cannot be measured at {rate} Hz: {error}"))
    }

    /// Takes samples that follow those of the call before.
    pub(super) fn push(&mut self, samples: &[f32]) {
        // It fails only where the channels do not divide the samples, and there is one.
        let taken = self.0.add_frames_f32(samples);
        debug_assert!(taken.is_ok());
    }

    /// Integrated loudness in LUFS; `None` for what has none.
    pub(super) fn lufs(&self) -> Option<f64> {
        self.0.loudness_global().ok().filter(|lufs| lufs.is_finite())
    }

    /// Loudness range in LU; `None` where nothing was long and loud enough to have one.
    pub(super) fn range_lu(&self) -> Option<f64> {
        self.lufs()?;
        self.0.loudness_range().ok().filter(|range| range.is_finite())
    }
}
