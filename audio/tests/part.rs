//! A part of a recording, cut where people said.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod support;

use std::path::Path;

use loaxa_audio::inspect::{InspectReport, InspectRequest, KeptPart, RefusalCode, inspect_file};
use loaxa_audio::loudness::Correction;
use loaxa_audio::prepared::{Prepared, to_hex};
use loaxa_audio::synth::write_wav;
use support::{quantised, read_all, request, sweep, tool};

/// What is prepared of a part, and under which name it lies there.
fn cut(path: &Path, rate: u32, start_ms: u64, end_ms: u64) -> (InspectReport, Vec<i16>) {
    let request = InspectRequest {
        part: Some(KeptPart { start_ms, end_ms }),
        output: path.with_extension(format!("{start_ms}-{end_ms}-{rate}")),
        ..request(path, rate)
    };
    let _ = std::fs::remove_file(&request.output);
    let report = inspect_file(&request).unwrap();
    let prepared = Prepared::open(&request.output, &report.root).unwrap();
    assert_eq!(to_hex(&prepared.info().made_from), request.made_from());
    assert_ne!(request.made_from(), request.original_sha256);
    (report, read_all(&prepared))
}

#[test]
fn a_part_is_cut_to_the_frame_and_the_original_is_seen_whole() {
    let folder = tempfile::tempdir().unwrap();
    let wav = folder.path().join("whole.wav");
    let sound = sweep(48_000, 6.0);
    write_wav(&wav, 48_000, 1, &sound).unwrap();
    let all = quantised(&sound);
    let whole = inspect_file(&request(&wav, 48_000)).unwrap();
    assert_eq!((whole.frames, whole.original_frames), (288_000, 288_000));
    assert!((500..=1_000).contains(&whole.original_waveform.len()));

    let (report, samples) = cut(&wav, 48_000, 1_234, 3_739);
    assert_eq!((report.frames, report.original_frames), (2_505 * 48, 288_000));
    assert_eq!(report.original_waveform, whole.original_waveform);
    let by_hand = &all[1_234 * 48..3_739 * 48];
    assert_eq!(samples[240..samples.len() - 240], by_hand[240..by_hand.len() - 240]);
    let edges = [samples[0], samples[samples.len() - 1]];
    assert!(edges.iter().all(|edge| edge.unsigned_abs() <= 8), "a cut begins and ends at nothing: {edges:?}");
    // the beginning of the recording is no cut
    assert_eq!(cut(&wav, 48_000, 0, 2_000).1[..95_760], all[..95_760]);
    assert_eq!(cut(&wav, 48_000, 1_234, 3_739).0.root, report.root, "the same part is the same sound");
}

#[test]
fn its_length_is_exact_at_every_rate_and_of_every_format() {
    let folder = tempfile::tempdir().unwrap();
    for rate in [16_000, 44_100] {
        let wav = folder.path().join(format!("{rate}.wav"));
        write_wav(&wav, rate, 2, &sweep(rate, 12.0)).unwrap();
        let (report, _) = cut(&wav, 48_000, 1_000, 3_500);
        assert_eq!((report.frames, report.original_frames), (120_000, u64::from(rate) * 6), "{rate}");
        let mp3 = wav.with_extension("mp3");
        tool("lame", &["--quiet", wav.to_str().unwrap(), mp3.to_str().unwrap()]);
        assert_eq!(cut(&mp3, 48_000, 1_000, 3_500).0.frames, 120_000, "{rate}");
    }
    let short = folder.path().join("short.wav");
    write_wav(&short, 48_000, 1, &sweep(48_000, 3.0)).unwrap();
    let request =
        InspectRequest { part: Some(KeptPart { start_ms: 7_000, end_ms: 9_000 }), ..request(&short, 48_000) };
    assert_eq!(inspect_file(&request).unwrap_err().code, RefusalCode::NoSound, "nothing is left");
    assert!(!request.output.exists());
}

/// Four loud seconds, two silent ones, four quiet ones: loudness is brought to the target on what is left, and silence
/// inside the part is cut off as ever.
#[test]
fn what_is_left_is_measured_and_corrected() {
    let folder = tempfile::tempdir().unwrap();
    let wav = folder.path().join("loud-then-quiet.wav");
    let level = |at: usize| match at / 48_000 {
        0..4 => 0.8,
        4 | 5 => 0.0,
        _ => 0.05,
    };
    let sound: Vec<f64> = (0..480_000)
        .map(|at| level(at) * (at as f64 * 997.0 * std::f64::consts::TAU / 48_000.0).sin())
        .collect();
    write_wav(&wav, 48_000, 1, &sound).unwrap();
    let request = InspectRequest {
        part: Some(KeptPart { start_ms: 4_500, end_ms: 10_000 }),
        correction: Correction { trim_silence: true, ..Correction::default() },
        ..request(&wav, 48_000)
    };
    let report = inspect_file(&request).unwrap();
    let heard = &report.loudness;
    assert!(heard.original_lufs.unwrap() < -28.0, "{heard:?}");
    assert!((heard.lufs.unwrap() + 16.0).abs() < 0.2, "{heard:?}");
    assert!((1.2..1.5).contains(&heard.trimmed_start_seconds), "{heard:?}");
    assert!(
        (report.duration().as_secs_f64() - (5.5 - heard.trimmed_start_seconds)).abs() < 0.01,
        "{report:?}"
    );
}
