//! The K-weighting of ITU-R BS.1770: a shelf for the head, and a high-pass.

use std::f64::consts::PI;

/// States below this are zero: without it silence would be computed in denormal numbers, which is slow.
const NOTHING: f64 = 1e-30;

/// One filter of second order, in the transposed direct form.
#[derive(Clone, Copy, Debug)]
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    state: [f64; 2],
}

impl Biquad {
    fn step(&mut self, input: f64) -> f64 {
        let output = self.b[0] * input + self.state[0];
        self.state[0] = self.b[1] * input - self.a[0] * output + self.state[1];
        self.state[1] = self.b[2] * input - self.a[1] * output;
        output
    }
}

/// The two filters for one channel at one rate. The recommendation gives coefficients for 48 kHz; those of other rates
/// come from the analogue filters behind them.
#[derive(Clone, Debug)]
pub(super) struct KWeighting {
    shelf: Biquad,
    high_pass: Biquad,
}

impl KWeighting {
    pub(super) fn new(rate: u32) -> Self {
        let rate = f64::from(rate);
        let (frequency, gain_db, q) = (1_681.974_450_955_533, 3.999_843_853_973_347, 0.707_175_236_955_419_6);
        let k = (PI * frequency / rate).tan();
        let high = 10f64.powf(gain_db / 20.0);
        let band = high.powf(0.499_666_774_154_541_6);
        let a0 = 1.0 + k / q + k * k;
        let shelf = Biquad {
            b: [
                (high + band * k / q + k * k) / a0,
                2.0 * (k * k - high) / a0,
                (high - band * k / q + k * k) / a0,
            ],
            a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
            state: [0.0; 2],
        };
        let (frequency, q) = (38.135_470_876_024_44, 0.500_327_037_323_877_3);
        let k = (PI * frequency / rate).tan();
        let a0 = 1.0 + k / q + k * k;
        let high_pass = Biquad {
            b: [1.0, -2.0, 1.0],
            a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
            state: [0.0; 2],
        };
        Self { shelf, high_pass }
    }

    /// Forgets what was heard.
    pub(super) fn reset(&mut self) {
        self.shelf.state = [0.0; 2];
        self.high_pass.state = [0.0; 2];
    }

    /// The sum of the squares of the weighted `samples`, which follow those of the call before.
    pub(super) fn energy(&mut self, samples: &[f32]) -> f64 {
        let (mut shelf, mut high_pass) = (self.shelf, self.high_pass);
        let mut sum = 0.0;
        for &sample in samples {
            let weighted = high_pass.step(shelf.step(f64::from(sample)));
            sum += weighted * weighted;
        }
        for state in shelf.state.iter_mut().chain(&mut high_pass.state) {
            if state.abs() < NOTHING {
                *state = 0.0;
            }
        }
        (self.shelf, self.high_pass) = (shelf, high_pass);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ITU-R BS.1770-4, tables 1 and 2.
    #[test]
    fn at_48_khz_the_coefficients_are_those_of_the_recommendation() {
        let filter = KWeighting::new(48_000);
        let close = |found: f64, table: f64| assert!((found - table).abs() < 1e-10, "{found} {table}");
        close(filter.shelf.b[0], 1.535_124_859_586_97);
        close(filter.shelf.b[1], -2.691_696_189_406_38);
        close(filter.shelf.b[2], 1.198_392_810_852_85);
        close(filter.shelf.a[0], -1.690_659_293_182_41);
        close(filter.shelf.a[1], 0.732_480_774_215_85);
        close(filter.high_pass.a[0], -1.990_047_454_833_98);
        close(filter.high_pass.a[1], 0.990_072_250_366_21);
    }
}
