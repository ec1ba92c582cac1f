//! Loudness as others measure it, before and after the correction.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod loudness_lab;
mod support;

use loaxa_audio::inspect::WarningCode;
use loaxa_audio::loudness::Correction;
use loudness_lab::{
    AS_IS, RATE, codes, ebur128_says, ffmpeg_says, gained, linear, mixed, noise, prepared, prepared_file,
    silence, speech, tone,
};
use support::tool;

fn joined(pieces: &[(f64, f64)]) -> Vec<f64> {
    pieces.iter().flat_map(|&(dbfs, seconds)| tone(1_000.0, dbfs, seconds)).collect()
}

/// EBU Tech 3341, table 1, cases 1 to 5. They are of two channels; what is heard here is one, which has half the power:
/// 3.01 LU less than published. (Case 6 is about the weights of five channels, of which one is left here.)
#[test]
fn the_published_cases_of_integrated_loudness_come_out_as_published() {
    for (case, pieces, published) in [
        (1, &[(-23.0, 20.0)][..], -23.0),
        (2, &[(-33.0, 20.0)], -33.0),
        (3, &[(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
        (4, &[(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0),
        (5, &[(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
    ] {
        let stereo: Vec<f64> = joined(pieces).iter().flat_map(|&sample| [sample, sample]).collect();
        let found = prepared(2, &stereo, &AS_IS).0.loudness.original_lufs.unwrap();
        assert!((found + 3.01 - published).abs() < 0.1, "case {case}: {found:.2}");
    }
}

/// EBU Tech 3342, table 1, cases 1 to 4.
#[test]
fn the_published_cases_of_loudness_range_come_out_as_published() {
    for (case, pieces, published) in [
        (1, &[(-20.0, 20.0), (-30.0, 20.0)][..], 10.0),
        (2, &[(-20.0, 20.0), (-15.0, 20.0)], 5.0),
        (3, &[(-40.0, 20.0), (-20.0, 20.0)], 20.0),
        (4, &[(-50.0, 20.0), (-35.0, 20.0), (-20.0, 20.0), (-35.0, 20.0), (-50.0, 20.0)], 15.0),
    ] {
        let found = prepared(1, &joined(pieces), &AS_IS).0.loudness.range_lu.unwrap();
        assert!((found - published).abs() < 1.0, "case {case}: {found:.2}");
    }
}

/// ffmpeg's oversampling puts a mirror image before the first sample and after the last, which is not in the sound.
fn eased(mut samples: Vec<f64>) -> Vec<f64> {
    let (fade, frames) = (480, samples.len());
    for i in 0..fade {
        let gain = i as f64 / fade as f64;
        samples[i] *= gain;
        samples[frames - 1 - i] *= gain;
    }
    samples
}

fn dozen() -> Vec<(&'static str, Vec<f64>)> {
    let speech = speech();
    let chord = [(220.0, -22.0), (277.2, -22.0), (329.6, -22.0)]
        .iter()
        .map(|&(frequency, dbfs)| tone(frequency, dbfs, 15.0))
        .reduce(|a, b| mixed(&a, &b))
        .unwrap();
    // Clicks over speech: a true peak far above the loudness.
    let clicks: Vec<f64> = (0..RATE as usize).map(|i| if i == 777 { 0.6 } else { 0.0 }).collect();
    let square: Vec<f64> = tone(311.0, 0.0, 12.0).iter().map(|sample| 0.35 * sample.signum()).collect();
    let swelling: Vec<f64> = noise(-12.0, 30.0)
        .iter()
        .enumerate()
        .map(|(i, sample)| sample * (i as f64 / (30.0 * f64::from(RATE))).powi(3))
        .collect();
    vec![
        ("speech", speech.clone()),
        ("quiet speech", gained(&speech, -14.0)),
        ("speech in noise", mixed(&gained(&speech, -6.0), &noise(-45.0, 30.0))),
        ("speech with clicks", mixed(&gained(&speech, -12.0), &clicks)),
        ("speech and pause", [gained(&speech, -2.0), silence(8.0), gained(&speech, -12.0)].concat()),
        ("chord", chord),
        ("tone between samples", tone(12_000.0, -3.0, 10.0)),
        ("low tone", tone(60.0, -6.0, 10.0)),
        ("white noise", noise(-20.0, 20.0)),
        ("swelling noise", swelling),
        ("square", square),
        ("steps", joined(&[(-30.0, 10.0), (-20.0, 10.0), (-12.0, 5.0), (-40.0, 10.0)])),
    ]
}

#[test]
fn two_other_instruments_agree_before_and_after_the_correction() {
    for (name, samples) in dozen() {
        let samples = eased(samples);
        let (report, heard) = prepared(1, &samples, &Correction::default());
        let loudness = &report.loudness;
        assert_eq!(heard.len(), samples.len(), "{name}");
        let said = ffmpeg_says(&samples);
        let lufs = loudness.original_lufs.unwrap();
        assert!((lufs - said.lufs).abs() < 0.1, "{name}: {lufs} {said:?}");
        let peak = loudness.original_true_peak_dbtp.unwrap();
        assert!((peak - said.true_peak).abs() < 0.2, "{name}: {peak} {said:?}");
        // ffmpeg takes a block of three seconds ten times a second, ebur128 once a second; EBU Tech 3342 allows both, and
        // where the level runs through half a minute without staying anywhere they differ.
        let range = loudness.range_lu.unwrap();
        let steady = name != "swelling noise";
        assert!(!steady || (range - said.range).abs() < 0.5, "{name}: {range} {said:?}");
        for said in [ffmpeg_says(&heard), ebur128_says(&heard)] {
            assert!((loudness.lufs.unwrap() - said.lufs).abs() < 0.1, "{name}: {loudness:?} {said:?}");
            assert!((said.lufs + 16.0).abs() < 0.2 + 0.01, "{name}: {loudness:?} {said:?}");
            assert!(said.true_peak < -1.0 + 0.1, "{name}: {loudness:?} {said:?}");
            assert!(loudness.true_peak_dbtp.unwrap() < -1.0 + 0.1, "{name}: {loudness:?}");
        }
        // Every sample is in its place, and has the gain, or what the limiter left of it.
        let (most, least) = (linear(loudness.gain_db), linear(loudness.gain_db - loudness.limited_db));
        for (heard, sample) in heard.iter().zip(&samples).filter(|(_, sample)| sample.abs() > 0.01) {
            let gain = heard / sample;
            assert!((least * 0.99..most * 1.01).contains(&gain), "{name}: {gain} {loudness:?}");
        }
    }
}

#[test]
fn every_target_is_met_whatever_the_level_and_the_format() {
    let dir = tempfile::tempdir().unwrap();
    let speech = speech();
    let wav = dir.path().join("a.wav");
    for (name, options, gain) in [
        ("a.mp3", &["-ar", "44100", "-ac", "2", "-b:a", "128k"][..], -3.0),
        ("b.mp3", &["-ar", "22050", "-b:a", "48k"], -10.0),
        ("c.flac", &["-ar", "44100", "-ac", "2"], -12.0),
        ("d.wav", &["-ar", "8000"], -9.0),
        ("e.wav", &["-ar", "96000", "-c:a", "pcm_s24le"], 0.0),
    ] {
        loaxa_audio::synth::write_wav(&wav, RATE, 1, &gained(&speech, gain)).unwrap();
        let path = dir.path().join(name);
        let mut arguments = vec!["-loglevel", "error", "-y", "-i", wav.to_str().unwrap()];
        arguments.extend_from_slice(options);
        arguments.push(path.to_str().unwrap());
        tool("ffmpeg", &arguments);
        for target in [-16.0, -23.0] {
            let correction = Correction { target_lufs: Some(target), ..Correction::default() };
            let (report, heard) = prepared_file(&path, &correction);
            let said = ebur128_says(&heard);
            assert!((said.lufs - target).abs() < 0.2, "{name}: {said:?} {:?}", report.loudness);
            assert!(said.true_peak < -0.9, "{name}: {said:?}");
        }
    }
}

/// Of a long recording only excerpts are tried before it is written: what they do not show must not go wrong.
#[test]
fn long_recordings_meet_their_target_too() {
    let speech = speech();
    let hits: Vec<f64> = (0..48_000)
        .map(|i| {
            let t = f64::from(i) / f64::from(RATE);
            (-(t * 3.0).fract() * 7.0).exp() * (std::f64::consts::TAU * 180.0 * t).sin()
        })
        .collect();
    let long = |piece: &dyn Fn(usize) -> Vec<f64>| {
        let mut samples = Vec::new();
        for number in 0.. {
            samples.extend(piece(number));
            if samples.len() >= 150 * RATE as usize {
                return samples;
            }
        }
        unreachable!()
    };
    let cases: [(&str, f64, Vec<f64>); 5] = [
        ("speech", 0.2, long(&|_| gained(&speech, -9.0))),
        ("drums", 0.2, long(&|_| gained(&hits, -3.0))),
        (
            "drums, then speech",
            0.2,
            long(&|i| if i < 60 { gained(&hits, -3.0) } else { gained(&speech, -4.0) }),
        ),
        ("loud at the very end", 0.2, long(&|i| gained(&speech, if i < 5 { -14.0 } else { -6.0 }))),
        // As often as the excerpts are: were they at fixed distances, they would all meet it or all miss it.
        (
            "a drum every 7.5 s",
            0.3,
            long(&|i| if i.is_multiple_of(8) { gained(&hits, -3.0) } else { noise(-24.0, 0.93) }),
        ),
    ];
    for (name, within, samples) in cases {
        let (report, heard) = prepared(1, &samples, &Correction::default());
        let said = ebur128_says(&heard);
        assert!(report.loudness.limited_db > 1.0, "{name}: {:?}", report.loudness);
        let made_up = report.loudness.gain_db - (-16.0 - report.loudness.original_lufs.unwrap());
        assert!((said.lufs + 16.0).abs() < within && made_up < 5.9, "{name}: {said:?} {:?}", report.loudness);
        assert!((report.loudness.lufs.unwrap() - said.lufs).abs() < 0.1, "{name}: {said:?}");
        assert!(said.true_peak < -0.9, "{name}: {said:?}");
    }
}

#[test]
fn the_same_recording_becomes_the_same_bytes() {
    let samples = gained(&speech(), -3.0);
    let (first, _) = prepared(1, &samples, &Correction::default());
    let (second, _) = prepared(1, &samples, &Correction::default());
    assert_eq!(first, second);
    assert!(first.loudness.limited_db > 0.5, "the limiter had work: {:?}", first.loudness);
}

#[test]
fn without_a_target_only_the_true_peak_is_held() {
    let quiet = gained(&speech(), -30.0);
    let (report, heard) = prepared(1, &quiet, &AS_IS);
    assert_eq!(report.loudness.gain_db, 0.0);
    assert!(heard.iter().zip(&quiet).all(|(heard, sample)| (heard - sample).abs() < 1.0 / 32_768.0));
    let (report, heard) = prepared(1, &tone(997.0, -0.2, 3.0), &AS_IS);
    assert!(report.loudness.limited_db > 0.7, "{:?}", report.loudness);
    let said = (ebur128_says(&heard), ffmpeg_says(&heard));
    assert!(said.0.true_peak < -0.9 && said.1.true_peak < -0.9, "{said:?}");
}

#[test]
fn what_has_no_loudness_is_left_alone() {
    for samples in [tone(1_000.0, -40.0, 0.3), silence(3.0), gained(&noise(-85.0, 3.0), 0.0)] {
        let (report, heard) = prepared(1, &samples, &Correction::default());
        assert_eq!(report.loudness.gain_db, 0.0, "{:?}", report.loudness);
        assert!(heard.iter().zip(&samples).all(|(heard, sample)| (heard - sample).abs() < 1.0 / 32_768.0));
    }
}

#[test]
fn noise_is_not_raised_without_end() {
    let (report, heard) = prepared(1, &gained(&speech(), -45.0), &Correction::default());
    assert_eq!(report.loudness.gain_db, 20.0);
    assert!(codes(&report).contains(&WarningCode::StaysQuiet), "{:?}", report.warnings);
    assert!((report.loudness.lufs.unwrap() - ebur128_says(&heard).lufs).abs() < 0.1);
}

/// Faded speech: what is cut off is not heard, and no consonant is.
#[test]
fn trimming_takes_silence_and_nothing_else() {
    let trim = Correction { trim_silence: true, ..Correction::default() };
    let mut faded = gained(&speech(), -6.0);
    let frames = faded.len();
    let fade = (1.5 * f64::from(RATE)) as usize;
    for i in 0..fade {
        let gain = (i as f64 / fade as f64).powi(2);
        faded[i] *= gain;
        faded[frames - 1 - i] *= gain;
    }
    let around = |before: f64, after: f64| [silence(before), faded.clone(), silence(after)].concat();
    let kept = prepared(1, &around(3.0, 4.0), &Correction::default());
    let (report, heard) = prepared(1, &around(3.0, 4.0), &trim);
    let (start, end) = (report.loudness.trimmed_start_seconds, report.loudness.trimmed_end_seconds);
    assert!((2.8..3.3).contains(&start) && (3.6..4.5).contains(&end), "{start} {end}");
    assert_eq!(heard.len() as f64, kept.1.len() as f64 - ((start + end) * f64::from(RATE)).round());
    assert_eq!(report.frames, heard.len() as u64);
    assert!((report.loudness.lufs.unwrap() + 16.0).abs() < 0.2);
    // What went is below -60 dBFS in the prepared form, so no part of a word.
    let first = (start * f64::from(RATE)).round() as usize;
    let gone = kept.1[..first].iter().chain(&kept.1[first + heard.len()..]);
    let loudest = gone.fold(0.0f64, |high, sample| high.max(sample.abs()));
    assert!(loudest < 10f64.powf(-54.0 / 20.0), "{loudest}");
    // The quarter of a second around the edge of what is kept is quiet: there is a lead.
    let lead = &heard[..RATE as usize / 20];
    assert!(lead.iter().all(|sample| sample.abs() < 0.002), "50 ms before the sound are kept");
    // Nothing around it, or nothing but sound: nothing is cut.
    for samples in [tone(500.0, -20.0, 2.0), silence(2.0), noise(-70.0, 2.0)] {
        let (report, heard) = prepared(1, &samples, &trim);
        assert_eq!(report.loudness.trimmed_start_seconds + report.loudness.trimmed_end_seconds, 0.0);
        assert_eq!(heard.len(), samples.len());
    }
}

#[test]
fn the_waveform_shows_what_is_prepared() {
    let samples = [silence(2.0), tone(500.0, -20.0, 2.0), silence(1.0)].concat();
    let (report, heard) = prepared(1, &samples, &Correction::default());
    assert_eq!(report.waveform.len(), 1_000);
    let at = |seconds: f64| f64::from(report.waveform[(seconds * 200.0) as usize]) / 255.0;
    let peak = heard.iter().fold(0.0f64, |high, sample| high.max(sample.abs()));
    assert_eq!((at(1.0), at(4.5)), (0.0, 0.0));
    assert!((at(3.0) - peak).abs() < 0.01, "{} {peak}", at(3.0));
}
