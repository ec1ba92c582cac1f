//! Which frame sounds at which instant.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Observations that are kept.
const POINTS: usize = 64;
/// They shall span so much: a device of small periods would otherwise be known for a second only.
const WANTED_SECONDS: f64 = 8.0;
/// A device's first periods are handed over before its clock runs; what they say is only used until it does.
const UNSETTLED: u32 = 2;
/// How far off crystals usually are. A slope is believed as far as the observations outweigh this.
const USUAL_CRYSTAL: f64 = 100e-6;
/// No crystal is further off than this.
const CRYSTAL: f64 = 1_000e-6;
/// No observation is better than this, in seconds.
const NOISE: f64 = 20e-6;

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
    /// Seconds per frame where nothing was observed: the nominal ones, or what the run before came to.
    believed: f64,
    mapping: Option<Mapping>,
}

impl ClockMap {
    pub(crate) fn new(rate: u32) -> Self {
        let points = VecDeque::with_capacity(POINTS);
        Self { rate, origin: None, seen: 0, points, believed: 1.0 / f64::from(rate), mapping: None }
    }

    /// Forgets where frames are: the device ran dry, so that they are elsewhere in time now. Its crystal is the same.
    pub(crate) fn reset(&mut self) {
        if let Some(mapping) = self.mapping {
            self.believed = mapping.seconds_per_frame;
        }
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
            self.make_room();
        }
        self.points.push_back((frame as f64, seconds_between(origin, sounds_at)));
        let mapping = self.fit(origin);
        self.mapping = Some(mapping);
        mapping
    }

    /// Every second observation goes while they span too little, then the oldest.
    fn make_room(&mut self) {
        let frames = |point: Option<&(f64, f64)>| point.map_or(0.0, |point| point.0);
        let span = frames(self.points.back()) - frames(self.points.front());
        if span < WANTED_SECONDS * f64::from(self.rate) {
            let mut nth = 0_u32;
            self.points.retain(|_| {
                nth += 1;
                nth % 2 == 1
            });
        } else {
            self.points.pop_front();
        }
    }

    fn fit(&self, origin: Instant) -> Mapping {
        // Late observations pull the first line towards them; the second is free of them, and tells how good the rest is.
        let first = self.line(NOISE, |_| true);
        let limit = 3.0 * self.usual_residual(first) + NOISE;
        let second = self.line(NOISE, |point| residual(first, point).abs() <= limit);
        let usual = self.usual_residual(second);
        let limit = 3.0 * usual + NOISE;
        let (frame, seconds, seconds_per_frame) =
            self.line(usual.max(NOISE), |point| residual(second, point).abs() <= limit);
        Mapping { origin, frame, seconds, seconds_per_frame }
    }

    /// Half of the observations are nearer to the line than this, in seconds.
    fn usual_residual(&self, line: (f64, f64, f64)) -> f64 {
        // On the stack: the thread that feeds the device must not wait for memory.
        let mut residuals = [0.0; POINTS];
        let count = self.points.len().min(POINTS);
        for (kept, &point) in residuals.iter_mut().zip(&self.points) {
            *kept = residual(line, point).abs();
        }
        let residuals = &mut residuals[..count];
        residuals.sort_unstable_by(f64::total_cmp);
        residuals.get(count / 2).copied().unwrap_or(0.0)
    }

    /// Least squares through the points that `keep` wants, each good to `noise` seconds, with what is believed of the
    /// slope as one observation more: (mean frame, its seconds, seconds per frame).
    fn line(&self, noise: f64, keep: impl Fn((f64, f64)) -> bool) -> (f64, f64, f64) {
        let kept = || self.points.iter().copied().filter(|&point| keep(point));
        let count = kept().count().max(1) as f64;
        let (frames, seconds) = kept().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        let (frame, second) = (frames / count, seconds / count);
        let (mut square, mut product) = (0.0, 0.0);
        for (x, y) in kept() {
            square += (x - frame) * (x - frame);
            product += (x - frame) * (y - second - (x - frame) * self.believed);
        }
        let nominal = 1.0 / f64::from(self.rate);
        let belief = (noise / (USUAL_CRYSTAL * nominal)).powi(2);
        let slope = self.believed + product / (square + belief);
        let slope = slope.clamp(nominal * (1.0 - CRYSTAL), nominal * (1.0 + CRYSTAL));
        (frame, second, slope)
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

    /// A device of a period whose crystal is off by `ppm`; every observation is late by what `late` says (seconds). The
    /// error of what is asked for a quarter of a second and a period ahead.
    fn error_of(frames: u64, periods: u64, ppm: f64, late: impl Fn(u64) -> f64) -> f64 {
        let start = monotonic::now();
        let true_seconds = |frame: u64| frame as f64 / (48_000.0 * (1.0 + ppm * 1e-6));
        let mut map = ClockMap::new(48_000);
        for period in 0..periods {
            let frame = period * frames;
            map.observe(frame, shift(start, true_seconds(frame) + late(period)));
        }
        let mapping = map.mapping().unwrap();
        let ahead = periods * frames + 12_000;
        let told = seconds_between(start, mapping.instant_of(ahead));
        let back = mapping.frame_at(mapping.instant_of(ahead));
        assert!((back - ahead as f64).abs() < 0.1);
        (told - true_seconds(ahead)).abs()
    }

    fn error_after(periods: u64, ppm: f64, late: impl Fn(u64) -> f64) -> f64 {
        error_of(8_192, periods, ppm, late)
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

    #[test]
    fn a_crystal_is_known_soon_whatever_the_period() {
        for frames in [1_024, 2_048, 4_096, 8_192] {
            for ppm in [100.0, -100.0] {
                for seconds in [1, 2, 5, 20, 60] {
                    // a tenth of a millisecond that each observation wanders
                    let wander = |period: u64| (period * 7 % 11) as f64 * 1e-5 - 5e-5;
                    let periods = seconds * 48_000 / frames + 3;
                    let error = error_of(frames, periods, ppm, wander);
                    assert!(error < 60e-6, "{frames} frames, {ppm} ppm, after {seconds} s: {error}");
                }
            }
        }
    }

    #[test]
    fn a_crystal_is_not_forgotten_when_the_device_ran_dry() {
        let start = monotonic::now();
        let true_seconds = |frame: u64| frame as f64 / (48_000.0 * (1.0 + 100e-6));
        let mut map = ClockMap::new(48_000);
        (0..60).for_each(|period| {
            map.observe(period * 8_192, shift(start, true_seconds(period * 8_192)));
        });
        map.reset();
        // half a second was lost
        let later = |frame: u64| true_seconds(frame) + 0.5;
        (60..64).for_each(|period| {
            map.observe(period * 8_192, shift(start, later(period * 8_192)));
        });
        let ahead = 64 * 8_192 + 48_000;
        let error = seconds_between(start, map.mapping().unwrap().instant_of(ahead)) - later(ahead);
        assert!(error.abs() < 5e-6, "{error}");
    }
}
