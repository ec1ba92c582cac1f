//! Each remark on the sound: where it must be made, and where it must not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod loudness_lab;
mod support;

use loaxa_audio::inspect::WarningCode;
use loaxa_audio::loudness::Correction;
use loudness_lab::{
    RATE, codes, ebur128_says, gained, mixed, noise, prepared, prepared_file, silence, speech, tone,
};
use support::tool;

fn remarks(samples: &[f64]) -> Vec<WarningCode> {
    codes(&prepared(1, samples, &Correction::default()).0)
}

fn remarks_stereo(left: &[f64], right: &[f64]) -> (Vec<WarningCode>, f64) {
    let samples: Vec<f64> = left.iter().zip(right).flat_map(|(&left, &right)| [left, right]).collect();
    let (report, heard) = prepared(2, &samples, &Correction::default());
    (codes(&report), ebur128_says(&heard).lufs)
}

/// Speech at a usual level, with which nothing is wrong.
fn good() -> Vec<f64> {
    let speech = speech();
    gained(&speech, -20.0 - ebur128_says(&speech).lufs)
}

#[test]
fn a_good_recording_has_no_remarks() {
    assert_eq!(remarks(&good()), []);
    assert_eq!(remarks(&mixed(&good(), &noise(-60.0, 20.0))), []);
}

#[test]
fn very_quiet_and_very_loud_recordings() {
    assert_eq!(remarks(&gained(&good(), -12.0)), [WarningCode::TooQuiet]);
    assert_eq!(remarks(&gained(&good(), -2.0)), []);
    let loud: Vec<f64> = noise(-5.0, 10.0);
    assert_eq!(remarks(&loud), [WarningCode::TooLoud]);
    assert_eq!(remarks(&gained(&loud, -5.0)), []);
    // Where nothing is raised, nothing is said to have been.
    let as_is = Correction { target_lufs: None, ..Correction::default() };
    assert_eq!(codes(&prepared(1, &gained(&good(), -25.0), &as_is).0), []);
}

#[test]
fn what_cannot_be_raised_enough() {
    let found = remarks(&gained(&good(), -25.0));
    assert_eq!(found, [WarningCode::TooQuiet, WarningCode::StaysQuiet]);
}

#[test]
fn silent_recordings() {
    assert_eq!(remarks(&silence(2.0)), [WarningCode::Silent]);
    assert_eq!(remarks(&noise(-75.0, 2.0)), [WarningCode::Silent]);
    assert!(!remarks(&noise(-50.0, 2.0)).contains(&WarningCode::Silent));
}

#[test]
fn peaks_that_are_cut_off() {
    let limit = |samples: Vec<f64>, limit: f64| -> Vec<f64> {
        samples.iter().map(|sample| sample.clamp(-limit, limit)).collect()
    };
    let loud = gained(&good(), 22.0);
    assert!(remarks(&limit(loud.clone(), 1.0)).contains(&WarningCode::Clipped));
    // As loud as can be, but whole.
    let highest = good().iter().fold(0.0f64, |high, sample| high.max(sample.abs()));
    let whole: Vec<f64> = good().iter().map(|sample| sample / highest).collect();
    assert!(!remarks(&whole).contains(&WarningCode::Clipped));
    assert!(!remarks(&tone(100.0, 0.0, 5.0)).contains(&WarningCode::Clipped));
    // On the other channel only.
    let (found, _) = remarks_stereo(&good(), &limit(loud, 1.0));
    assert!(found.contains(&WarningCode::Clipped), "{found:?}");
}

#[test]
fn a_large_loudness_range() {
    let wide = [gained(&good(), 0.0), gained(&good(), -19.0)].concat();
    assert_eq!(remarks(&wide), [WarningCode::LargeRange]);
    let narrow = [gained(&good(), 2.0), gained(&good(), -6.0)].concat();
    assert_eq!(remarks(&narrow), []);
}

#[test]
fn a_constant_offset() {
    let lifted: Vec<f64> = good().iter().map(|sample| sample + 0.03).collect();
    let (report, heard) = prepared(1, &lifted, &Correction::default());
    assert_eq!(codes(&report), [WarningCode::DcOffset]);
    let mean = heard.iter().sum::<f64>() / heard.len() as f64;
    assert!(mean.abs() < 1e-4, "it is removed: {mean}");
    let little: Vec<f64> = good().iter().map(|sample| sample - 0.004).collect();
    assert_eq!(remarks(&little), []);
}

#[test]
fn silence_before_after_and_within() {
    let around =
        |before, within, after| [silence(before), good(), silence(within), good(), silence(after)].concat();
    assert_eq!(remarks(&around(1.0, 3.0, 1.0)), []);
    assert_eq!(remarks(&around(2.5, 3.0, 1.0)), [WarningCode::LeadingSilence]);
    assert_eq!(remarks(&around(1.0, 3.0, 2.5)), [WarningCode::TrailingSilence]);
    assert_eq!(remarks(&around(1.0, 5.5, 1.0)), [WarningCode::InnerSilence]);
    // It is silence, too, if it is not quite empty, or has an offset.
    let hissing = mixed(&around(2.5, 5.5, 2.5), &noise(-65.0, 20.0));
    let all = [WarningCode::LeadingSilence, WarningCode::TrailingSilence, WarningCode::InnerSilence];
    assert_eq!(remarks(&hissing), all);
    // What is cut off is not complained of, and times are those of what is heard.
    let trim = Correction { trim_silence: true, ..Correction::default() };
    let (report, _) = prepared(1, &around(10.0, 5.5, 10.0), &trim);
    assert_eq!(codes(&report), [WarningCode::InnerSilence]);
    let seconds = good().len() / RATE as usize;
    let early = format!("0:{:02}", seconds - 1);
    let sentence = &report.warnings[0].en;
    assert!(sentence.contains(&format!("0:{seconds:02}")) || sentence.contains(&early), "{sentence}");
}

#[test]
fn a_dropped_channel_is_as_loud_as_the_others_in_the_end() {
    let (found, lufs) = remarks_stereo(&good(), &silence(60.0));
    assert_eq!(found, [WarningCode::DroppedChannel]);
    assert!((lufs + 16.0).abs() < 0.2, "{lufs}");
    let faint = gained(&good(), -12.0);
    let (found, lufs) = remarks_stereo(&silence(60.0), &faint);
    assert!((lufs + 16.0).abs() < 0.2, "half the channels is no reason to stay quiet: {lufs} {found:?}");
    let (found, _) = remarks_stereo(&good(), &gained(&good(), -20.0));
    assert!(!found.contains(&WarningCode::DroppedChannel), "quieter is not empty: {found:?}");
}

#[test]
fn opposite_channels_do_not_cancel_each_other() {
    let (found, lufs) =
        remarks_stereo(&good(), &gained(&good(), -1.0).iter().map(|s| -s).collect::<Vec<_>>());
    assert_eq!(found, [WarningCode::OppositePhase]);
    assert!((lufs + 16.0).abs() < 0.2, "{lufs}");
    let (found, _) = remarks_stereo(&good(), &good());
    assert_eq!(found, []);
    let (found, _) = remarks_stereo(&noise(-23.0, 5.0), &tone(440.0, -20.0, 5.0));
    assert_eq!(found, [], "different channels are no opposite ones");
}

#[test]
fn the_bass_channel_is_left_out_and_the_voice_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.flac");
    // FL FR FC LFE BL BR: a voice in the centre, thunder in the bass.
    let voice = "sine=frequency=1000:sample_rate=48000:duration=5,volume=0.5[c]";
    let bass = "sine=frequency=45:sample_rate=48000:duration=5,volume=4[l]";
    let empty = |name: &str| format!("anullsrc=r=48000:cl=mono:d=5[{name}]");
    let graph = format!(
        "{voice};{bass};{};{};{};{};[f][r][c][l][b][s]join=inputs=6:channel_layout=5.1",
        empty("f"),
        empty("r"),
        empty("b"),
        empty("s")
    );
    tool("ffmpeg", &["-loglevel", "error", "-y", "-filter_complex", &graph, path.to_str().unwrap()]);
    let (report, heard) = prepared_file(&path, &Correction::default());
    assert_eq!(report.channels, 6);
    let part = |frequency: f64| {
        let (mut re, mut im) = (0.0, 0.0);
        for (i, sample) in heard[..RATE as usize].iter().enumerate() {
            let angle = std::f64::consts::TAU * frequency * i as f64 / f64::from(RATE);
            re += sample * angle.cos();
            im += sample * angle.sin();
        }
        2.0 * re.hypot(im) / f64::from(RATE)
    };
    assert!(part(1_000.0) > 0.1, "{}", part(1_000.0));
    assert!(part(45.0) < 0.001, "{}", part(45.0));
}

fn hum(mains: f64, dbfs: f64) -> Vec<f64> {
    // The second harmonic is the highest, as behind a rectifier; the mains is never quite exact.
    [(1.0, -6.0), (2.0, -1.5), (3.0, -10.0), (4.0, -14.0)]
        .iter()
        .map(|&(multiple, below)| tone(mains * multiple * 1.001, dbfs + below + 3.01, 60.0))
        .reduce(|a, b| mixed(&a, &b))
        .unwrap()
}

#[test]
fn mains_hum_is_heard_at_both_mains_and_at_several_levels() {
    let speech = good();
    for mains in [50.0, 60.0] {
        for below in [6.0, 12.0, 18.0] {
            let (report, _) =
                prepared(1, &mixed(&speech, &hum(mains, -20.0 - below)), &Correction::default());
            assert!(codes(&report).contains(&WarningCode::MainsHum), "{mains} Hz, {below} dB");
            let warning =
                report.warnings.iter().find(|warning| warning.code == WarningCode::MainsHum).unwrap();
            assert!(warning.en.contains(&format!("{mains} Hz")), "{}", warning.en);
        }
        let faint = mixed(&speech, &hum(mains, -20.0 - 45.0));
        assert!(!remarks(&faint).contains(&WarningCode::MainsHum), "{mains} Hz, hardly there");
    }
    // A small microphone hears nothing of the mains but its multiples.
    let thin = mixed(&speech, &tone(100.0, -30.0, 30.0));
    assert!(remarks(&thin).contains(&WarningCode::MainsHum));
}

#[test]
fn what_is_no_hum_is_not_called_hum() {
    let chord = |notes: &[f64]| {
        notes
            .iter()
            .map(|&note| mixed(&tone(note, -26.0, 20.0), &tone(2.0 * note, -32.0, 20.0)))
            .reduce(|a, b| mixed(&a, &b))
            .unwrap()
    };
    // Bass notes next to the mains and its multiples, held for long: G1, B1, A1, G2 B2 D3, F#3.
    let melody: Vec<f64> = [98.0, 110.0, 123.5, 130.8, 146.8, 98.0, 123.5, 110.0]
        .iter()
        .flat_map(|&note| chord(&[note])[..RATE as usize * 2].to_vec())
        .collect();
    let deep: Vec<f64> = {
        let dir = tempfile::tempdir().unwrap();
        let wav = dir.path().join("deep.wav");
        let text =
            "Thông báo của ủy ban nhân dân xã về việc phòng chống bão. Đề nghị bà con chằng chống nhà cửa.";
        tool("espeak-ng", &["-v", "vi", "-p", "10", "-s", "110", "-w", wav.to_str().unwrap(), text]);
        prepared_file(&wav, &Correction::default()).1
    };
    for (name, samples) in [
        ("speech", good()),
        ("a deep voice", deep),
        ("white noise", noise(-20.0, 20.0)),
        ("G1", chord(&[49.0, 98.0])),
        ("B1", chord(&[61.74, 123.47])),
        ("G major", chord(&[98.0, 123.47, 146.83])),
        ("F sharp", chord(&[92.5, 116.54, 138.59, 185.0])),
        ("A and E", chord(&[55.0, 82.41, 110.0])),
        ("a measuring tone", tone(1_000.0, -20.0, 20.0)),
        ("a melody", melody),
        ("speech over a chord", mixed(&good(), &gained(&chord(&[98.0, 146.83]), -10.0))),
    ] {
        let found = remarks(&samples);
        assert!(!found.contains(&WarningCode::MainsHum), "{name}: {found:?}");
    }
}
