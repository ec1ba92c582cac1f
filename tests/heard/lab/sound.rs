//! Recordings to be heard: made here, encoded by LAME, decoded by ffmpeg as the reference.

use std::path::{Path, PathBuf};

use loaxa_audio::synth::write_wav;

use super::compare::RATE;
use super::tool;

/// A stereo MP3 of 44.1 kHz and 128 kbit/s, as newsrooms send them: drifting tones, different on both sides, over a
/// little noise. It is nowhere silent and nowhere the same, so that any shift, gap or repetition shows.
pub(crate) fn mp3(folder: &Path, seconds: u32) -> PathBuf {
    mp3_at(folder, seconds, 0.0)
}

/// The same, louder by so many dB.
pub(crate) fn mp3_at(folder: &Path, seconds: u32, decibels: f64) -> PathBuf {
    let level = 10f64.powf(decibels / 20.0);
    const SOURCE_RATE: u32 = 44_100;
    let wav = folder.join(format!("clip-{seconds}.wav"));
    let mut dice = 7_u64;
    let mut noise = || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 40) as f64 / f64::from(1_u32 << 23) - 1.0
    };
    let tone = |t: f64, low: f64, high: f64, turn: f64| {
        let middle = f64::midpoint(low, high);
        let swing = (high - low) / 2.0;
        let phase =
            middle * t - swing * turn / std::f64::consts::TAU * (std::f64::consts::TAU * t / turn).cos();
        (std::f64::consts::TAU * phase).sin()
    };
    let samples: Vec<f64> = (0..SOURCE_RATE * seconds)
        .flat_map(|frame| {
            let t = f64::from(frame) / f64::from(SOURCE_RATE);
            let both = 0.2 * tone(t, 180.0, 900.0, 7.3) + 0.02 * noise();
            let sides = [tone(t, 1_000.0, 2_600.0, 5.1), tone(t, 600.0, 3_100.0, 11.9)];
            sides.map(|side| level * (both + 0.15 * side))
        })
        .collect();
    write_wav(&wav, SOURCE_RATE, 2, &samples).unwrap();
    let mp3 = wav.with_extension("mp3");
    let (from, to) = (wav.to_str().unwrap(), mp3.to_str().unwrap());
    tool("lame", "lame", &["--quiet", "-b", "128", from, to]);
    std::fs::remove_file(&wav).unwrap();
    mp3
}

/// A WAV at the station's own rate, which is not resampled: a warbling tone that is loud at its very beginning and end.
/// Different pitches tell pieces of a running order apart.
pub(crate) fn wav(folder: &Path, name: &str, seconds: f64, pitch: f64) -> PathBuf {
    let file = folder.join(format!("{name}.wav"));
    let samples: Vec<f64> = (0..(seconds * f64::from(RATE)).round() as u32)
        .map(|frame| {
            let t = f64::from(frame) / f64::from(RATE);
            let phase = std::f64::consts::TAU * (pitch * t - 30.0 * (t * 3.0).cos());
            0.25 * (phase + 1.0).sin() + 0.1 * (2.7 * phase).sin()
        })
        .collect();
    write_wav(&file, RATE, 1, &samples).unwrap();
    file
}

/// How loud ffmpeg finds what a witness heard: integrated loudness in LUFS and true peak in dBTP.
pub(crate) fn loudness(folder: &Path, heard: &[i16]) -> (f64, f64) {
    let wav = folder.join("heard.wav");
    let samples: Vec<f64> = heard.iter().map(|&sample| f64::from(sample) / 32_768.0).collect();
    write_wav(&wav, RATE, 1, &samples).unwrap();
    let filter = "ebur128=peak=true:metadata=1,ametadata=print:file=-";
    let arguments = ["-v", "error", "-i", wav.to_str().unwrap(), "-af", filter, "-f", "null", "-"];
    let lines = String::from_utf8(tool("ffmpeg", "ffmpeg", &arguments)).unwrap();
    // it says after each tenth of a second what it found so far
    let last = |key: &str| {
        let value = lines.lines().rev().find_map(|line| line.strip_prefix(key)).unwrap();
        value.parse::<f64>().unwrap()
    };
    (last("lavfi.r128.I="), 20.0 * last("lavfi.r128.true_peak=").log10())
}

/// What ffmpeg hears in a file: one channel at the station's rate, in 16-bit steps.
pub(crate) fn reference(file: &Path) -> Vec<f64> {
    let rate = RATE.to_string();
    let file = file.to_str().unwrap();
    let arguments = ["-v", "error", "-i", file, "-ac", "1", "-ar", &rate, "-f", "s16le", "-"];
    tool("ffmpeg", "ffmpeg", &arguments)
        .chunks_exact(2)
        .map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])))
        .collect()
}
