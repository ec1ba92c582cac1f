//! A device made of a clock: consumes frames in real time and gives them to a file, or to nobody.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::capture_file::CaptureFile;
use super::monitor::Shared;
use super::renderer::Renderer;
use super::types::OutputError;
use crate::monotonic;
use crate::sample::to_i16;

/// One period, in milliseconds.
const PERIOD_MS: u32 = 20;
/// Periods that are handed over ahead of time.
const AHEAD: u64 = 3;

/// Frames of one period at `rate`.
pub(crate) fn period_frames(rate: u32) -> u32 {
    (rate * PERIOD_MS / 1_000).max(1)
}

/// The instant of the stream's first frame: far enough ahead to be prepared in time.
pub(crate) fn first_frame_at(rate: u32, now: Instant) -> Instant {
    now + Duration::from_secs_f64(f64::from(period_frames(rate)) * AHEAD as f64 / f64::from(rate))
}

/// Opens the capture file.
pub(crate) fn open_capture(path: &Path, rate: u32) -> Result<CaptureFile, OutputError> {
    CaptureFile::open(path, rate).map_err(|error| OutputError::Capture {
        path: path.into(),
        what: format!("it cannot be written: {error}; choose another place or make room"),
    })
}

/// The pacing loop; runs in its own thread until `stop`.
pub(crate) fn run(
    mut renderer: Renderer,
    mut capture: Option<CaptureFile>,
    shared: &Arc<Shared>,
    first_frame_at: Instant,
    stop: &AtomicBool,
) {
    let rate = shared.rate;
    let period = u64::from(period_frames(rate));
    let sounds_at = |frame: u64| first_frame_at + Duration::from_secs_f64(frame as f64 / f64::from(rate));
    let mut mono = vec![0.0; period as usize];
    let mut samples = Vec::with_capacity(period as usize);
    let mut position = 0;
    while !stop.load(Ordering::Acquire) {
        let now = monotonic::now();
        shared.health.called(now);
        renderer.render(&mut mono, now, sounds_at(position));
        position += period;
        if let Some(capture) = &mut capture {
            samples.clear();
            samples.extend(mono.iter().map(|&sample| to_i16(sample)));
            if let Err(error) = capture.append(&samples) {
                let path = capture.path().display();
                shared.health.lose(format!("the capture file {path} cannot be written: {error}; make room"));
                return;
            }
        }
        let due = sounds_at(position.saturating_sub(period * (AHEAD - 1)));
        while let Some(wait) = due.checked_duration_since(monotonic::now())
            && !stop.load(Ordering::Acquire)
        {
            std::thread::park_timeout(wait);
        }
    }
    if let Some(capture) = &mut capture {
        let heard =
            monotonic::now().saturating_duration_since(first_frame_at).as_secs_f64() * f64::from(rate);
        let _ = capture.take_back(position.saturating_sub(heard as u64));
    }
}
