//! Material for the demo and for tests, made here: no recording of anybody is needed.

use std::f64::consts::TAU;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::monotonic;

/// Longest time that speech may take to make.
const SPEAK_WITHIN: Duration = Duration::from_secs(30);

/// A struck tone of a chime: when, what, how loud.
struct Stroke {
    at: f64,
    hertz: f64,
    level: f64,
}

/// Writes a chime of three falling tones, about 2.5 s, as a mono WAV file.
///
/// # Errors
/// When the file cannot be written.
pub fn chime(path: &Path, sample_rate: u32) -> io::Result<()> {
    let strokes = [(0.0, 783.99), (0.45, 659.26), (0.9, 523.25)];
    let strokes: Vec<_> = strokes.map(|(at, hertz)| Stroke { at, hertz, level: 0.3 }).into();
    write_wav(path, sample_rate, 1, &strike(&strokes, sample_rate, 2.5, 2.2))
}

/// Writes a chime of three rising tones, about 2.5 s, as a mono WAV file.
///
/// # Errors
/// When the file cannot be written.
pub fn rising_chime(path: &Path, sample_rate: u32) -> io::Result<()> {
    let strokes = [(0.0, 523.25), (0.45, 659.26), (0.9, 783.99)];
    let strokes: Vec<_> = strokes.map(|(at, hertz)| Stroke { at, hertz, level: 0.3 }).into();
    write_wav(path, sample_rate, 1, &strike(&strokes, sample_rate, 2.5, 2.2))
}

/// Writes a tune of struck tones in a pentatonic scale that lasts `seconds`, as a mono WAV file. Each `variation` is a
/// different tune; the same one is always the same, to the sample.
///
/// # Errors
/// When the file cannot be written.
pub fn melody(path: &Path, sample_rate: u32, seconds: f64, variation: u32) -> io::Result<()> {
    const SCALE: [f64; 8] = [293.66, 329.63, 392.0, 440.0, 523.25, 587.33, 659.26, 783.99];
    let mut dice = Dice(u64::from(variation) + 1);
    let mut strokes = Vec::new();
    let mut note = 3usize;
    let mut at = 0.0;
    while at < seconds - 0.6 {
        strokes.push(Stroke { at, hertz: SCALE[note], level: 0.22 });
        if dice.roll(4) == 0 {
            strokes.push(Stroke { at, hertz: SCALE[note] / 2.0, level: 0.14 });
        }
        note = (note + 7 + dice.roll(3)).saturating_sub(8 - dice.roll(2)).min(SCALE.len() - 1);
        at += [0.25, 0.5, 0.5, 0.75][dice.roll(4)];
    }
    write_wav(path, sample_rate, 1, &strike(&strokes, sample_rate, seconds, 4.0))
}

/// Has `espeak-ng` speak Vietnamese text into a WAV file.
///
/// # Errors
/// `NotFound` when `espeak-ng` is not installed; `TimedOut` after 30 s; `Other` with its message.
pub fn speak(text_vi: &str, path: &Path) -> io::Result<()> {
    let mut child = Command::new("espeak-ng")
        .args(["-v", "vi", "-s", "150", "-a", "70", "-w"])
        .arg(path)
        .arg("--")
        .arg(text_vi)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let deadline = monotonic::now() + SPEAK_WITHIN;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if monotonic::now() >= deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Err(io::Error::new(io::ErrorKind::TimedOut, "espeak-ng did not finish within 30 s"));
        }
        std::thread::park_timeout(Duration::from_millis(20));
    };
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("espeak-ng failed ({status}); install its Vietnamese voice")))
    }
}

/// Writes interleaved samples (full scale is ±1) as a 16-bit WAV file.
///
/// # Errors
/// When the file cannot be written, or is too long for a WAV file.
pub fn write_wav(path: &Path, sample_rate: u32, channels: u16, samples: &[f64]) -> io::Result<()> {
    let too_long = || io::Error::new(io::ErrorKind::FileTooLarge, "a WAV file holds at most 4 GiB");
    let data_bytes = u32::try_from(samples.len() * 2).map_err(|_| too_long())?;
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&wav_header(sample_rate, channels, data_bytes))?;
    for sample in samples {
        file.write_all(&((sample * 32_767.0).round() as i16).to_le_bytes())?;
    }
    file.flush()
}

/// The 44 bytes before the samples of a 16-bit WAV file.
pub(crate) fn wav_header(sample_rate: u32, channels: u16, data_bytes: u32) -> [u8; 44] {
    let frame_bytes = channels * 2;
    let mut header = [0; 44];
    header[0..4].copy_from_slice(b"RIFF");
    header[4..8].copy_from_slice(&data_bytes.saturating_add(36).to_le_bytes());
    header[8..16].copy_from_slice(b"WAVEfmt ");
    header[16..20].copy_from_slice(&16u32.to_le_bytes());
    header[20..22].copy_from_slice(&1u16.to_le_bytes());
    header[22..24].copy_from_slice(&channels.to_le_bytes());
    header[24..28].copy_from_slice(&sample_rate.to_le_bytes());
    header[28..32].copy_from_slice(&(sample_rate * u32::from(frame_bytes)).to_le_bytes());
    header[32..34].copy_from_slice(&frame_bytes.to_le_bytes());
    header[34..36].copy_from_slice(&16u16.to_le_bytes());
    header[36..40].copy_from_slice(b"data");
    header[40..44].copy_from_slice(&data_bytes.to_le_bytes());
    header
}

/// Bell-like tones: two partials with an exponential decay, a soft attack and a fade at the very end.
fn strike(strokes: &[Stroke], sample_rate: u32, seconds: f64, decay: f64) -> Vec<f64> {
    let rate = f64::from(sample_rate);
    let frames = (seconds * rate).round() as usize;
    let mut samples = vec![0.0; frames];
    for stroke in strokes {
        let first = (stroke.at * rate).round() as usize;
        for (i, sample) in samples.iter_mut().enumerate().skip(first) {
            let t = (i - first) as f64 / rate;
            let envelope = (t / 0.005).min(1.0) * (-decay * t).exp();
            let phase = TAU * stroke.hertz * t;
            *sample += stroke.level * envelope * (phase.sin() + 0.3 * (-2.0 * t).exp() * (2.0 * phase).sin());
        }
    }
    let fade = (0.05 * rate) as usize;
    for (i, sample) in samples.iter_mut().rev().take(fade).enumerate() {
        *sample *= i as f64 / fade as f64;
    }
    samples
}

/// A small generator, so that a variation is the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;

    #[test]
    fn material_has_its_length_and_never_clips() {
        for variation in 0..8 {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.wav");
            melody(&path, 48_000, 10.0, variation).unwrap();
            let bytes = std::fs::read(&path).unwrap();
            assert_eq!(bytes.len(), 44 + 480_000 * 2);
            let loudest = bytes[44..]
                .chunks_exact(2)
                .map(|pair| i16::from_le_bytes([pair[0], pair[1]]).unsigned_abs())
                .max()
                .unwrap();
            assert!((6_000..32_000).contains(&loudest), "variation {variation}: {loudest}");
        }
    }
}
