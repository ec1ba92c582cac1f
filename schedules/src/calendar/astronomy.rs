//! When the moon is new and where the sun stands, to within a few seconds of time.
//!
//! Sources: new moons after J. Meeus, *Astronomical Algorithms*, 2nd edition (1998), chapter 49; the sun's
//! apparent longitude after P. Bretagnon and J.-L. Simon, *Planetary Programs and Tables from -4000 to +2800*
//! (1986), with aberration and nutation as in Meeus, chapter 25; TT - UT from the *Astronomical Almanac* up to
//! 2020, and the long-term parabola of F. Espenak and J. Meeus (2006) after 2050.

/// Days from 2000-01-01 00:00 of civil time to an instant; the whole part is the day.
pub(super) type CivilDays = f64;

/// The mean length of a lunar month, in days.
const SYNODIC_MONTH: f64 = 29.530_588_861;
/// The Julian day of 2000-01-01 00:00.
const MIDNIGHT_2000: f64 = 2_451_544.5;
/// The Julian day of 2000-01-01 12:00, from which centuries are counted.
const J2000: f64 = 2_451_545.0;

/// The number of a new moon that is at most one before the last that falls on or before `day`.
pub(super) fn lunation_near(day: i32) -> i32 {
    (f64::from(day) / SYNODIC_MONTH).floor() as i32 - 1
}

/// The instant of the new moon number `lunation` (0 is that of 6 January 2000), in the civil time that is
/// `utc_offset` hours ahead of UTC.
pub(super) fn new_moon(lunation: i32, utc_offset: f64) -> CivilDays {
    let terrestrial = new_moon_terrestrial(f64::from(lunation));
    terrestrial - delta_t_days(terrestrial) - MIDNIGHT_2000 + utc_offset / 24.0
}

/// Which twelfth of the ecliptic the sun is in at an instant: 0 begins at the March equinox, 9 at the December
/// solstice. Each begins with a principal term (*trung khí*).
pub(super) fn sun_sector(at: CivilDays, utc_offset: f64) -> i32 {
    let universal = at + MIDNIGHT_2000 - utc_offset / 24.0;
    let longitude = sun_longitude(universal + delta_t_days(universal));
    (longitude / 30.0).floor() as i32
}

fn sin(degrees: f64) -> f64 {
    degrees.to_radians().sin()
}

/// Terms of the new moon: days, power of the eccentricity, and multiples of M (the sun's mean anomaly),
/// M' (the moon's) and F (the moon's argument of latitude).
const NEW_MOON_TERMS: [(f64, i32, f64, f64, f64); 24] = [
    (-0.40720, 0, 0.0, 1.0, 0.0),
    (0.17241, 1, 1.0, 0.0, 0.0),
    (0.01608, 0, 0.0, 2.0, 0.0),
    (0.01039, 0, 0.0, 0.0, 2.0),
    (0.00739, 1, -1.0, 1.0, 0.0),
    (-0.00514, 1, 1.0, 1.0, 0.0),
    (0.00208, 2, 2.0, 0.0, 0.0),
    (-0.00111, 0, 0.0, 1.0, -2.0),
    (-0.00057, 0, 0.0, 1.0, 2.0),
    (0.00056, 1, 1.0, 2.0, 0.0),
    (-0.00042, 0, 0.0, 3.0, 0.0),
    (0.00042, 1, 1.0, 0.0, 2.0),
    (0.00038, 1, 1.0, 0.0, -2.0),
    (-0.00024, 1, -1.0, 2.0, 0.0),
    (-0.00007, 0, 2.0, 1.0, 0.0),
    (0.00004, 0, 0.0, 2.0, -2.0),
    (0.00004, 0, 3.0, 0.0, 0.0),
    (0.00003, 0, 1.0, 1.0, -2.0),
    (0.00003, 0, 0.0, 2.0, 2.0),
    (-0.00003, 0, 1.0, 1.0, 2.0),
    (0.00003, 0, -1.0, 1.0, 2.0),
    (-0.00002, 0, -1.0, 1.0, -2.0),
    (-0.00002, 0, 1.0, 3.0, 0.0),
    (0.00002, 0, 0.0, 4.0, 0.0),
];

/// What the planets do to it: days, degrees at lunation 0, degrees per lunation.
const PLANETARY_TERMS: [(f64, f64, f64); 14] = [
    (0.000_325, 299.77, 0.107_408),
    (0.000_165, 251.88, 0.016_321),
    (0.000_164, 251.83, 26.651_886),
    (0.000_126, 349.42, 36.412_478),
    (0.000_110, 84.66, 18.206_239),
    (0.000_062, 141.74, 53.303_771),
    (0.000_060, 207.14, 2.453_732),
    (0.000_056, 154.84, 7.306_860),
    (0.000_047, 34.52, 27.261_239),
    (0.000_042, 207.19, 0.121_824),
    (0.000_040, 291.34, 1.844_379),
    (0.000_037, 161.72, 24.198_154),
    (0.000_035, 239.56, 25.513_099),
    (0.000_023, 331.55, 3.592_518),
];

/// The Julian day of a new moon in terrestrial time.
fn new_moon_terrestrial(k: f64) -> f64 {
    let t = k / 1236.85;
    let (t2, t3, t4) = (t * t, t * t * t, t * t * t * t);
    let mean =
        2_451_550.097_66 + SYNODIC_MONTH * k + 0.000_154_37 * t2 - 0.000_000_150 * t3 + 0.000_000_000_73 * t4;
    let eccentricity = 1.0 - 0.002_516 * t - 0.000_007_4 * t2;
    let sun = 2.5534 + 29.105_356_70 * k - 0.000_001_4 * t2 - 0.000_000_11 * t3;
    let moon = 201.5643 + 385.816_935_28 * k + 0.010_758_2 * t2 + 0.000_012_38 * t3 - 0.000_000_058 * t4;
    let latitude = 160.7108 + 390.670_502_84 * k - 0.001_611_8 * t2 - 0.000_002_27 * t3 + 0.000_000_011 * t4;
    let node = 124.7746 - 1.563_755_88 * k + 0.002_067_2 * t2 + 0.000_002_15 * t3;
    let mut correction = -0.000_17 * sin(node);
    for (days, power, m, m_moon, f) in NEW_MOON_TERMS {
        correction += days * eccentricity.powi(power) * sin(m * sun + m_moon * moon + f * latitude);
    }
    for (index, (days, at_zero, per_lunation)) in PLANETARY_TERMS.into_iter().enumerate() {
        let square = if index == 0 { -0.009_173 * t2 } else { 0.0 };
        correction += days * sin(at_zero + per_lunation * k + square);
    }
    mean + correction
}

/// Terms of the sun's longitude: units of 1e-7 radian, degrees at 2000-01-01 12:00, degrees per century.
const SUN_TERMS: [(f64, f64, f64); 49] = [
    (403_406.0, 270.548_61, 0.928_789_2),
    (195_207.0, 340.191_28, 35_999.137_695_8),
    (119_433.0, 63.918_54, 35_999.408_966_6),
    (112_392.0, 331.262_20, 35_998.728_738_5),
    (3_891.0, 317.843, 71_998.202_61),
    (2_819.0, 86.631, 71_998.440_3),
    (1_721.0, 240.052, 36_000.357_26),
    (660.0, 310.26, 71_997.481_2),
    (350.0, 247.23, 32_964.467_8),
    (334.0, 260.87, -19.441_0),
    (314.0, 297.82, 445_267.111_7),
    (268.0, 343.14, 45_036.884_0),
    (242.0, 166.79, 3.100_8),
    (234.0, 81.53, 22_518.443_4),
    (158.0, 3.50, -19.973_9),
    (132.0, 132.75, 65_928.934_5),
    (129.0, 182.95, 9_038.029_3),
    (114.0, 162.03, 3_034.768_4),
    (99.0, 29.8, 33_718.148),
    (93.0, 266.4, 3_034.448),
    (86.0, 249.2, -2_280.773),
    (78.0, 157.6, 29_929.992),
    (72.0, 257.8, 31_556.493),
    (68.0, 185.1, 149.588),
    (64.0, 69.9, 9_037.750),
    (46.0, 8.0, 107_997.405),
    (38.0, 197.1, -4_444.176),
    (37.0, 250.4, 151.771),
    (32.0, 65.3, 67_555.316),
    (29.0, 162.7, 31_556.080),
    (28.0, 341.5, -4_561.540),
    (27.0, 291.6, 107_996.706),
    (27.0, 98.5, 1_221.655),
    (25.0, 146.7, 62_894.167),
    (24.0, 110.0, 31_437.369),
    (21.0, 5.2, 14_578.298),
    (21.0, 342.6, -31_931.757),
    (20.0, 230.9, 34_777.243),
    (18.0, 256.1, 1_221.999),
    (17.0, 45.3, 62_894.511),
    (14.0, 242.9, -4_442.039),
    (13.0, 115.2, 107_997.909),
    (13.0, 151.8, 119.066),
    (13.0, 285.3, 16_859.071),
    (12.0, 53.3, -4.578),
    (10.0, 126.6, 26_895.292),
    (10.0, 205.7, -39.127),
    (10.0, 85.9, 12_297.536),
    (10.0, 146.1, 90_073.778),
];

/// The sun's apparent longitude in degrees, 0 to 360, at a Julian day of terrestrial time.
fn sun_longitude(julian_day: f64) -> f64 {
    let t = (julian_day - J2000) / 36_525.0;
    let periodic: f64 =
        SUN_TERMS.iter().map(|(size, at_zero, per_century)| size * sin(at_zero + per_century * t)).sum();
    let geometric = 282.777_183_4 + 36_000.769_537_44 * t + (periodic * 1e-7).to_degrees();
    let aberration = 0.000_097_4 * sin(177.63 + 35_999.018_48 * t + 90.0) - 0.005_575;
    let nutation = -0.004_778 * sin(124.90 - 1_934.134 * t + 0.002_063 * t * t)
        - 0.000_366_7 * sin(201.11 + 72_001.537_7 * t + 0.000_57 * t * t);
    (geometric + aberration + nutation).rem_euclid(360.0)
}

/// Seconds by which terrestrial time is ahead of universal time in a year; between them a straight line.
const DELTA_T: [(f64, f64); 19] = [
    (1890.0, -6.0),
    (1900.0, -2.8),
    (1910.0, 10.4),
    (1920.0, 21.2),
    (1930.0, 24.0),
    (1940.0, 24.3),
    (1950.0, 29.1),
    (1960.0, 33.2),
    (1970.0, 40.2),
    (1980.0, 50.5),
    (1990.0, 56.9),
    (2000.0, 63.8),
    (2010.0, 66.1),
    (2020.0, 69.4),
    (2050.0, 93.0),
    (2100.0, 203.0),
    (2150.0, 328.0),
    (2200.0, 442.0),
    (2210.0, 466.0),
];

fn delta_t_days(julian_day: f64) -> f64 {
    let year = 2000.0 + (julian_day - J2000) / 365.25;
    let after = DELTA_T.iter().position(|(at, _)| year <= *at).unwrap_or(DELTA_T.len() - 1).max(1);
    let ((from, low), (to, high)) = (DELTA_T[after - 1], DELTA_T[after]);
    (low + (high - low) * (year - from) / (to - from)) / 86_400.0
}
