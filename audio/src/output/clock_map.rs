//! Which frame sounds at which instant.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Observations that are kept: some ten seconds of large periods.
const POINTS: usize = 64;
/// A device's first periods are handed over before its clock runs; what they say is only used until it does.
const UNSETTLED: u32 = 2;
/// A slope is only fitted to observations that span this much; before that, the nominal rate is better.
const SPAN_SECONDS: f64 = 2.0;
/// No crystal is further off than this.
const CRYSTAL: f64 = 1_000e-6;

/// A straight line from frames to instants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mapping {
    origin: Instant,
    frame: f64,
    /// Of `frame`, from `origin`; negative before it.
    seconds: f64,
    seconds_per_frame: f64,
}

impl Mapping {
    /// When `frame` sounds.
    pub(crate) fn instant_of(&self, frame: u64) -> Instant {
        let seconds = self.seconds + (frame as f64 - self.frame) * self.seconds_per_frame;
        shift(self.origin, seconds)
    }

    /// The frame, with its fraction, that sounds at `instant`; negative before the stream.
    pub(crate) fn frame_at(&self, instant: Instant) -> f64 {
        (seconds_between(self.origin, instant) - self.seconds) / self.seconds_per_frame + self.frame
    }
}

fn seconds_between(from: Instant, to: Instant) -> f64 {
    match to.checked_duration_since(from) {
        Some(after) => after.as_secs_f64(),
        None => -from.duration_since(to).as_secs_f64(),
    }
}

fn shift(instant: Instant, seconds: f64) -> Instant {
    let by = Duration::try_from_secs_f64(seconds.abs()).unwrap_or_default();
    let moved = if seconds < 0.0 { instant.checked_sub(by) } else { instant.checked_add(by) };
    moved.unwrap_or(instant)
}

/// Fits a [`Mapping`] to what a device says at each period: "the next frame will sound then".
///
/// One observation is late by however long the thread was kept waiting; a regression with the outliers dropped is not.
#[derive(Debug)]
pub(crate) struct ClockMap {
    rate: u32,
    origin: Option<Instant>,
    seen: u32,
    /// Frame, seconds from `origin`.
    points: VecDeque<(f64, f64)>,
    mapping: Option<Mapping>,
}

impl ClockMap {
    pub(crate) fn new(rate: u32) -> Self {
        Self { rate, origin: None, seen: 0, points: VecDeque::with_capacity(POINTS), mapping: None }
    }

    /// Forgets everything: the device ran dry, so that its frames are elsewhere in time now.
    pub(crate) fn reset(&mut self) {
        self.seen = 0;
        self.points.clear();
    }

    /// The best line so far; `None` before the first observation.
    pub(crate) fn mapping(&self) -> Option<Mapping> {
        self.mapping
    }

    /// Takes an observation and returns the best line.
    pub(crate) fn observe(&mut self, frame: u64, sounds_at: Instant) -> Mapping {
        let origin = *self.origin.get_or_insert(sounds_at);
        if self.seen <= UNSETTLED {
            self.points.clear();
            self.seen += 1;
        }
        if self.points.len() == POINTS {
            self.points.pop_front();
        }
        self.points.push_back((frame as f64, seconds_between(origin, sounds_at)));
        let mapping = self.fit(origin);
        self.mapping = Some(mapping);
        mapping
    }

    fn fit(&self, origin: Instant) -> Mapping {
        let nominal = 1.0 / f64::from(self.rate);
        let first = self.line(nominal, |_| true);
        let mut residuals: Vec<f64> = self.points.iter().map(|&point| residual(first, point).abs()).collect();
        residuals.sort_by(f64::total_cmp);
        let usual = residuals.get(residuals.len() / 2).copied().unwrap_or(0.0);
        let limit = 3.0 * usual + 20e-6;
        let (frame, seconds, seconds_per_frame) =
            self.line(nominal, |point| residual(first, point).abs() <= limit);
        Mapping { origin, frame, seconds, seconds_per_frame }
    }

    /// Least squares through the points that `keep` wants: (mean frame, its seconds, seconds per frame).
    fn line(&self, nominal: f64, keep: impl Fn((f64, f64)) -> bool) -> (f64, f64, f64) {
        let kept = || self.points.iter().copied().filter(|&point| keep(point));
        let count = kept().count().max(1) as f64;
        let (frames, seconds) = kept().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        let (frame, second) = (frames / count, seconds / count);
        let (mut square, mut product) = (0.0, 0.0);
        for (x, y) in kept() {
            square += (x - frame) * (x - frame);
            product += (x - frame) * (y - second);
        }
        let span =
            self.points.back().map_or(0.0, |last| last.0) - self.points.front().map_or(0.0, |first| first.0);
        let slope = product / square;
        let plausible = span * nominal >= SPAN_SECONDS && (slope / nominal - 1.0).abs() <= CRYSTAL;
        if plausible { (frame, second, slope) } else { (frame, second, nominal) }
    }
}

fn residual(line: (f64, f64, f64), point: (f64, f64)) -> f64 {
    point.1 - (line.1 + (point.0 - line.0) * line.2)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;
    use crate::monotonic;

    /// A device whose crystal is off by `ppm`; every observation is late by what `late` says (seconds).
    fn error_after(periods: u64, ppm: f64, late: impl Fn(u64) -> f64) -> f64 {
        let start = monotonic::now();
        let true_seconds = |frame: u64| frame as f64 / (48_000.0 * (1.0 + ppm * 1e-6));
        let mut map = ClockMap::new(48_000);
        for period in 0..periods {
            let frame = period * 8_192;
            map.observe(frame, shift(start, true_seconds(frame) + late(period)));
        }
        let mapping = map.mapping().unwrap();
        let ahead = periods * 8_192 + 12_000;
        let told = seconds_between(start, mapping.instant_of(ahead));
        let back = mapping.frame_at(mapping.instant_of(ahead));
        assert!((back - ahead as f64).abs() < 0.1);
        (told - true_seconds(ahead)).abs()
    }

    #[test]
    fn is_exact_to_a_frame_once_settled() {
        let frame = 1.0 / 48_000.0;
        assert!(error_after(4, 0.0, |_| 0.0) < frame);
        assert!(error_after(40, 100.0, |_| 0.0) < frame);
        // Every fifth observation comes from a thread that had to wait.
        assert!(error_after(40, -100.0, |period| if period % 5 == 4 { 0.004 } else { 0.0 }) < frame);
        // What the first periods say, before the device runs, is forgotten.
        assert!(error_after(10, 0.0, |period| if period < 2 { -0.005 } else { 0.0 }) < frame);
    }
}
