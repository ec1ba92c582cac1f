//! Loops over many samples, with the widest vectors that the processor has.
//!
//! The program runs on any board of its architecture, so the compiler may only count on what all of them have. What there is
//! beyond that is looked at when the program runs. The results are the same everywhere: values are always summed in as
//! many lanes, however many of them one instruction takes, and nothing is fused.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, f32x8, f32x16};

/// Lanes of a sum.
const LANES: usize = 8;
/// Lanes of what comes out the same in any order.
const WIDE: usize = 16;

/// The highest absolute sample.
pub(crate) fn highest(samples: &[f32]) -> f32 {
    dispatch!(Level::new(), simd => highest_here(simd, samples))
}

/// As [`highest`], within what is dispatched already.
#[inline(always)]
pub(crate) fn highest_here<S: Simd>(simd: S, samples: &[f32]) -> f32 {
    let (lanes, rest) = samples.as_chunks::<WIDE>();
    let mut high = f32x16::splat(simd, 0.0);
    for lanes in lanes {
        high = high.max(f32x16::load_array_ref(simd, lanes).abs());
    }
    rest.iter().fold(high.reduce_max(), |high, sample| high.max(sample.abs()))
}

/// Puts silence in the place of what is no number, and keeps the others between `-most` and `most`.
pub(crate) fn tidy(samples: &mut [f32], most: f32) {
    dispatch!(Level::new(), _ => for sample in samples {
        *sample = if sample.is_nan() { 0.0 } else { sample.clamp(-most, most) };
    });
}

/// The sum and the sum of squares, in single precision.
pub(crate) fn sum_and_squares(samples: &[f32]) -> (f64, f64) {
    dispatch!(Level::new(), simd => {
        let (lanes, rest) = samples.as_chunks::<LANES>();
        let [mut sums, mut squares] = [f32x8::splat(simd, 0.0); 2];
        for lanes in lanes.iter().copied().chain(padded(rest)) {
            let lanes = f32x8::load_array(simd, lanes);
            sums += lanes;
            squares += lanes * lanes;
        }
        (in_double(sums), in_double(squares))
    })
}

/// The sums of `left` and of `right`, of their squares and of their product, in single precision.
pub(crate) fn sums_of_two(left: &[f32], right: &[f32]) -> [f64; 5] {
    dispatch!(Level::new(), simd => {
        let mut sums = [f32x8::splat(simd, 0.0); 5];
        let (left, left_rest) = left.as_chunks::<LANES>();
        let (right, right_rest) = right.as_chunks::<LANES>();
        let rest = padded(left_rest).zip(padded(right_rest));
        for (left, right) in left.iter().copied().zip(right.iter().copied()).chain(rest) {
            let (left, right) = (f32x8::load_array(simd, left), f32x8::load_array(simd, right));
            for (sum, value) in sums.iter_mut().zip([left, right, left * left, right * right, left * right]) {
                *sum += value;
            }
        }
        sums.map(|sum| f64::from(sum.as_slice().iter().sum::<f32>()))
    })
}

/// The last lanes, with silence behind them.
#[inline(always)]
fn padded(rest: &[f32]) -> impl Iterator<Item = [f32; LANES]> {
    let mut lanes = [0.0; LANES];
    lanes[..rest.len()].copy_from_slice(rest);
    (!rest.is_empty()).then_some(lanes).into_iter()
}

#[inline(always)]
fn in_double<S: Simd>(lanes: f32x8<S>) -> f64 {
    lanes.as_slice().iter().map(|&lane| f64::from(lane)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths around those of the lanes, with the outlier in each place.
    #[test]
    fn nothing_is_left_out_at_the_edges() {
        for length in 0..70usize {
            let samples: Vec<f32> = (0..length).map(|i| (i as f32 * 0.7).sin() * 0.5).collect();
            for at in 0..length {
                let mut samples = samples.clone();
                samples[at] = -2.0;
                assert_eq!(highest(&samples), 2.0, "{at} of {length}");
            }
            let other: Vec<f32> = samples.iter().map(|sample| 0.25 - sample).collect();
            let (sum, squares) = sum_and_squares(&samples);
            let [left, right, left_squared, right_squared, product] = sums_of_two(&samples, &other);
            let exact = |value: &dyn Fn(f64, f64) -> f64| -> f64 {
                samples.iter().zip(&other).map(|(&one, &two)| value(f64::from(one), f64::from(two))).sum()
            };
            for (found, exact) in [
                (sum, exact(&|one, _| one)),
                (squares, exact(&|one, _| one * one)),
                (left, exact(&|one, _| one)),
                (right, exact(&|_, two| two)),
                (left_squared, exact(&|one, _| one * one)),
                (right_squared, exact(&|_, two| two * two)),
                (product, exact(&|one, two| one * two)),
            ] {
                assert!((found - exact).abs() < 1e-4, "{found} {exact} of {length}");
            }
        }
    }

    #[test]
    fn what_is_no_sound_is_tidied() {
        let mut samples = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.5, -3.0, -f32::NAN].repeat(7);
        tidy(&mut samples, 2.0);
        assert_eq!(samples, [0.0, 2.0, -2.0, 0.5, -2.0, 0.0].repeat(7));
    }
}
