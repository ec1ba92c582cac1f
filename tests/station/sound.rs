//! Recordings that are made, and sound that is listened to.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The station's rate in these tests.
pub(crate) const RATE: u32 = 48_000;

/// A WAV file in which every moment sounds different from every other: a rising tone that swells.
pub(crate) fn chirp(rate: u32, channels: u16, seconds: f64) -> Vec<u8> {
    wav(rate, channels, seconds, |t| {
        let swell = 0.6 + 0.4 * (std::f64::consts::TAU * 2.7 * t).sin();
        0.5 * swell * (std::f64::consts::TAU * (250.0 * t + 180.0 * t * t)).sin()
    })
}

/// A WAV file of a tone with silence in its middle, each so many seconds long.
pub(crate) fn silent_between(before: f64, silence: f64, after: f64) -> Vec<u8> {
    wav(RATE, 1, before + silence + after, |t| {
        let sounds = t < before || t >= before + silence;
        if sounds { 0.3 * (std::f64::consts::TAU * 400.0 * t).sin() } else { 0.0 }
    })
}

/// A WAV file with a tone that no other number gives.
pub(crate) fn tone(number: u32, seconds: f64) -> Vec<u8> {
    let hertz = 300.0 + f64::from(number);
    wav(RATE, 1, seconds, |t| 0.3 * (std::f64::consts::TAU * hertz * t).sin())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]
fn wav(rate: u32, channels: u16, seconds: f64, sample: impl Fn(f64) -> f64) -> Vec<u8> {
    let frames = (f64::from(rate) * seconds).round() as u32;
    let block = u32::from(channels) * 2;
    let data = frames * block;
    let mut bytes = Vec::with_capacity(44 + data as usize);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(36 + data).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt ");
    bytes.extend_from_slice(&16_u32.to_le_bytes());
    bytes.extend_from_slice(&1_u16.to_le_bytes());
    bytes.extend_from_slice(&channels.to_le_bytes());
    bytes.extend_from_slice(&rate.to_le_bytes());
    bytes.extend_from_slice(&(rate * block).to_le_bytes());
    bytes.extend_from_slice(&(channels * 2).to_le_bytes());
    bytes.extend_from_slice(&16_u16.to_le_bytes());
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&data.to_le_bytes());
    for frame in 0..frames {
        let value = (sample(f64::from(frame) / f64::from(rate)) * 32_767.0).round() as i16;
        for _ in 0..channels {
            bytes.extend_from_slice(&value.to_le_bytes());
        }
    }
    bytes
}

/// Runs an encoder of this machine over a WAV file.
fn encode(folder: &Path, wav: &[u8], name: &str, program: &str, arguments: &[&str]) -> Vec<u8> {
    let (input, output) = (folder.join(format!("{name}.in.wav")), folder.join(format!("{name}.out")));
    std::fs::write(&input, wav).unwrap();
    let paths: Vec<PathBuf> = vec![input, output.clone()];
    let mut command = Command::new(program);
    for argument in arguments {
        match *argument {
            "IN" => command.arg(&paths[0]),
            "OUT" => command.arg(&paths[1]),
            other => command.arg(other),
        };
    }
    let made = command.output().unwrap_or_else(|error| {
        panic!("{program} is needed for this test ({error}); `make test` installs it")
    });
    assert!(made.status.success(), "{program}: {}", String::from_utf8_lossy(&made.stderr));
    std::fs::read(output).unwrap()
}

/// What `lame` makes of a WAV file.
pub(crate) fn mp3(folder: &Path, wav: &[u8]) -> Vec<u8> {
    encode(folder, wav, "lame", "lame", &["--quiet", "-b", "128", "IN", "OUT"])
}

/// What `flac` makes of a WAV file.
pub(crate) fn flac(folder: &Path, wav: &[u8]) -> Vec<u8> {
    encode(folder, wav, "flac", "flac", &["--silent", "--force", "-o", "OUT", "IN"])
}

/// What `ffmpeg` makes of a WAV file, with these arguments between the two files.
pub(crate) fn ffmpeg(folder: &Path, wav: &[u8], arguments: &[&str]) -> Vec<u8> {
    let mut all = vec!["-nostdin", "-y", "-loglevel", "error", "-i", "IN"];
    all.extend_from_slice(arguments);
    all.push("OUT");
    encode(folder, wav, "ffmpeg", "ffmpeg", &all)
}

/// The samples of a mono 16-bit WAV file at the station's rate.
pub(crate) fn samples(wav: &[u8]) -> Vec<i16> {
    assert_eq!(&wav[..4], b"RIFF");
    assert_eq!(u32::from_le_bytes(wav[24..28].try_into().unwrap()), RATE);
    assert_eq!(u16::from_le_bytes(wav[22..24].try_into().unwrap()), 1);
    wav[44..].as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
}

/// Where `wanted` lies in `heard`, sample for sample.
pub(crate) fn find(heard: &[i16], wanted: &[i16]) -> Vec<usize> {
    if heard.len() < wanted.len() {
        return Vec::new();
    }
    let silent = wanted.iter().take_while(|sample| **sample == 0).count();
    let wanted = &wanted[silent..];
    let first = wanted[0];
    (0..=heard.len().saturating_sub(wanted.len()))
        .filter(|&at| heard[at] == first && heard[at..].starts_with(wanted))
        .map(|at| at - silent.min(at))
        .collect()
}

/// What is in the capture of a recording that was cut: so many seconds from its beginning.
pub(crate) fn heard_of(heard: &[i16], sounds: &[i16]) -> f64 {
    let start = find(heard, &sounds[..4_800])[0];
    let same = heard[start..].iter().zip(sounds).take_while(|(heard, wanted)| heard == wanted).count();
    same as f64 / f64::from(RATE)
}

/// How alike two recordings are, at the best shift of at most `shift` samples: 1 is the same.
pub(crate) fn likeness(a: &[i16], b: &[i16], shift: usize) -> f64 {
    let floats = |samples: &[i16]| samples.iter().map(|sample| f32::from(*sample)).collect::<Vec<_>>();
    let (a, b) = (floats(a), floats(b));
    let power = |samples: &[f32]| samples.iter().map(|s| f64::from(s * s)).sum::<f64>();
    let at = |a: &[f32], b: &[f32]| {
        let dot: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum();
        dot / (power(a) * power(b)).sqrt().max(1.0)
    };
    let step = 2;
    (0..=shift)
        .step_by(step)
        .flat_map(|lag| {
            let length = a.len().min(b.len()) - lag;
            [at(&a[lag..lag + length], &b[..length]), at(&a[..length], &b[lag..lag + length])]
        })
        .fold(-1.0, f64::max)
}
