//! Where nothing is heard.

/// Windows a second.
pub(super) const WINDOWS: u32 = 100;
/// Levels are kept in steps of half a dB.
const STEP_DB: f64 = 0.5;

/// The level of each hundredth of a second: one byte each, so that hours need little memory.
#[derive(Debug, Default)]
pub(super) struct Levels(Vec<u8>);

/// A stretch of silence, in hundredths of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Silence {
    pub(super) from: usize,
    pub(super) length: usize,
}

/// Silence before, after, and the longest one in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Silences {
    pub(super) leading: usize,
    pub(super) trailing: usize,
    pub(super) longest_inner: Option<Silence>,
}

impl Levels {
    /// Adds one window by its mean square, without its constant part.
    pub(super) fn push(&mut self, mean_square: f64) {
        let below = -10.0 * mean_square.max(1e-15).log10() / STEP_DB;
        self.0.push(below.clamp(0.0, 255.0) as u8);
    }

    /// What is below `threshold` dBFS; `None` if everything is.
    pub(super) fn silences(&self, threshold: f64) -> Option<Silences> {
        let quiet = (-threshold / STEP_DB).clamp(0.0, 255.0) as u8;
        let heard = |level: &u8| *level < quiet;
        let leading = self.0.iter().position(heard)?;
        let end = self.0.iter().rposition(heard)? + 1;
        let mut longest: Option<Silence> = None;
        let mut from = leading;
        for (at, level) in self.0[..end].iter().enumerate().skip(leading) {
            if heard(level) {
                if at > from && longest.is_none_or(|longest| at - from > longest.length) {
                    longest = Some(Silence { from, length: at - from });
                }
                from = at + 1;
            }
        }
        Some(Silences { leading, trailing: self.0.len() - end, longest_inner: longest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(stretches: &[(f64, usize)]) -> Levels {
        let mut levels = Levels::default();
        for &(dbfs, count) in stretches {
            (0..count).for_each(|_| levels.push(10f64.powf(dbfs / 10.0)));
        }
        levels
    }

    #[test]
    fn silences_are_where_they_are() {
        let levels = levels(&[
            (-90.0, 30),
            (-20.0, 50),
            (-70.0, 5),
            (-20.0, 1),
            (-70.0, 9),
            (-59.0, 3),
            (-20.0, 1),
            (-150.0, 7),
        ]);
        let expect = |leading, from, length, trailing| {
            Some(Silences { leading, trailing, longest_inner: Some(Silence { from, length }) })
        };
        assert_eq!(levels.silences(-60.0), expect(30, 86, 9, 7));
        assert_eq!(levels.silences(-50.0), expect(30, 86, 12, 7));
        assert_eq!(levels.silences(-10.0), None);
        assert_eq!(Levels::default().silences(-60.0), None);
    }
}
