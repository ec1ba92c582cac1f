//! From a sample as a number to a sample of 16 bits: in one place, for it must be the same everywhere.

/// Full scale of 16 bits.
const SCALE: f32 = 32_768.0;

/// The nearest of 16 bits to a sample (full scale ±1); what is beyond full scale becomes full scale.
///
/// Adding 1.5 × 2²³ leaves the rounded number in the low bits, in a form that the compiler turns into vectors.
pub(crate) fn to_i16(sample: f32) -> i16 {
    const MAGIC: f32 = 12_582_912.0;
    let scaled = (sample * SCALE).clamp(-SCALE, SCALE - 1.0) + MAGIC;
    (scaled.to_bits() as i32 - MAGIC.to_bits() as i32) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_to_the_nearest_and_never_wraps() {
        for sample in i16::MIN..=i16::MAX {
            assert_eq!(to_i16(f32::from(sample) / SCALE), sample);
            assert_eq!(to_i16((f32::from(sample) + 0.4) / SCALE), sample);
        }
        assert_eq!(
            (to_i16(1.0), to_i16(-1.0), to_i16(1e9), to_i16(-1e9)),
            (32_767, -32_768, 32_767, -32_768)
        );
        assert_eq!(to_i16(0.4 / SCALE), 0);
    }
}
