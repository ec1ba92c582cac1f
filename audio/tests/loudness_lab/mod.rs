//! Sounds and measuring instruments of the loudness tests.
#![allow(dead_code, reason = "each test uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::f64::consts::TAU;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use loaxa_audio::inspect::{InspectReport, WarningCode, inspect_file};
use loaxa_audio::loudness::Correction;
use loaxa_audio::prepared::Prepared;
use loaxa_audio::synth::write_wav;

use crate::support::{read_all, request, tool};

pub(crate) const RATE: u32 = 48_000;
pub(crate) const AS_IS: Correction =
    Correction { target_lufs: None, max_true_peak_dbtp: -1.0, trim_silence: false };

/// Prepares `samples` (of `channels` channels, interleaved) and gives back the report and what will be heard.
pub(crate) fn prepared(channels: u16, samples: &[f64], correction: &Correction) -> (InspectReport, Vec<f64>) {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("a.wav");
    write_wav(&wav, RATE, channels, samples).unwrap();
    prepared_file(&wav, correction)
}

pub(crate) fn prepared_file(path: &Path, correction: &Correction) -> (InspectReport, Vec<f64>) {
    let mut request = request(path, RATE);
    request.correction = correction.clone();
    let report = inspect_file(&request).unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display()));
    let prepared = Prepared::open(&request.output, &report.root).unwrap();
    assert_eq!(
        std::fs::metadata(&request.output).unwrap().len(),
        report.bytes,
        "nothing of the working form stays"
    );
    let heard = read_all(&prepared).iter().map(|&sample| f64::from(sample) / 32_768.0).collect();
    (report, heard)
}

pub(crate) fn codes(report: &InspectReport) -> Vec<WarningCode> {
    for warning in &report.warnings {
        assert!(warning.en.len() > 20 && warning.vi.len() > 20 && warning.en != warning.vi);
    }
    report.warnings.iter().map(|warning| warning.code).collect()
}

/// The level of a sine's crest, in dBFS.
pub(crate) fn tone(frequency: f64, dbfs: f64, seconds: f64) -> Vec<f64> {
    let amplitude = linear(dbfs);
    let frames = (seconds * f64::from(RATE)).round() as usize;
    (0..frames).map(|i| amplitude * (TAU * frequency * i as f64 / f64::from(RATE)).sin()).collect()
}

pub(crate) fn silence(seconds: f64) -> Vec<f64> {
    vec![0.0; (seconds * f64::from(RATE)).round() as usize]
}

/// White noise of that root mean square, the same each time.
pub(crate) fn noise(dbfs: f64, seconds: f64) -> Vec<f64> {
    let mut state = 7u32;
    let scale = linear(dbfs) * 3f64.sqrt();
    silence(seconds)
        .iter()
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (f64::from(state >> 8) / f64::from(1 << 23) - 1.0) * scale
        })
        .collect()
}

/// Vietnamese speech with its natural pauses, at most full scale, about half a minute.
pub(crate) fn speech() -> Vec<f64> {
    static SPEECH: OnceLock<Vec<f64>> = OnceLock::new();
    SPEECH.get_or_init(spoken).clone()
}

fn spoken() -> Vec<f64> {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("speech.wav");
    let text = "Kính thưa bà con, đây là đài truyền thanh xã. Sau đây là bản tin thời tiết và lịch tiêm chủng. \
                Ngày mai trời nắng, nhiệt độ cao nhất ba mươi hai độ. Trạm y tế tiêm chủng từ bảy giờ sáng. \
                Mời bà con đưa trẻ em đến đúng giờ, mang theo sổ tiêm. Xin cảm ơn bà con đã lắng nghe.";
    tool("espeak-ng", &["-v", "vi", "-s", "130", "-w", wav.to_str().unwrap(), text]);
    prepared_file(&wav, &AS_IS).1
}

pub(crate) fn gained(samples: &[f64], db: f64) -> Vec<f64> {
    samples.iter().map(|sample| sample * linear(db)).collect()
}

pub(crate) fn mixed(a: &[f64], b: &[f64]) -> Vec<f64> {
    let other = b.iter().cycle();
    a.iter().zip(other).map(|(a, b)| a + b).collect()
}

pub(crate) fn linear(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}

/// What two other instruments say of mono sound at 48 kHz.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) lufs: f64,
    pub(crate) range: f64,
    pub(crate) true_peak: f64,
}

pub(crate) fn ffmpeg_says(samples: &[f64]) -> Said {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("a.wav");
    write_wav(&wav, RATE, 1, samples).unwrap();
    let filter = "ebur128=peak=true:metadata=1,ametadata=print:file=-";
    let arguments =
        ["-hide_banner", "-nostats", "-i", wav.to_str().unwrap(), "-af", filter, "-f", "null", "-"];
    let output = Command::new("ffmpeg").args(arguments).output().expect("the tests need ffmpeg");
    let (lines, summary) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr).into_owned());
    let last = |key: &str| {
        let line = lines.lines().rev().find_map(|line| line.strip_prefix(key)).expect(key);
        line.parse::<f64>().unwrap()
    };
    let peak = summary.lines().rev().find_map(|line| line.trim().strip_prefix("Peak:")).expect("a true peak");
    let true_peak = peak.trim().trim_end_matches("dBFS").trim().parse().unwrap();
    Said { lufs: last("lavfi.r128.I="), range: last("lavfi.r128.LRA="), true_peak }
}

pub(crate) fn ebur128_says(samples: &[f64]) -> Said {
    use ebur128::{EbuR128, Mode};
    let mut meter = EbuR128::new(1, RATE, Mode::I | Mode::LRA | Mode::TRUE_PEAK).unwrap();
    meter.add_frames_f64(samples).unwrap();
    // The peak may lie after the last sample.
    meter.add_frames_f64(&[0.0; 64]).unwrap();
    Said {
        lufs: meter.loudness_global().unwrap(),
        range: meter.loudness_range().unwrap(),
        true_peak: 20.0 * meter.true_peak(0).unwrap().log10(),
    }
}
