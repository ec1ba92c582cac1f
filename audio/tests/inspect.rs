//! Recordings in, prepared PCM or a refusal out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod support;

use std::path::Path;
use std::time::Duration;

use loaxa_audio::inspect::{InspectReport, RefusalCode, WarningCode, inspect_file};
use loaxa_audio::prepared::Prepared;
use loaxa_audio::synth::write_wav;
use support::{correlation, quantised, read_all, request, sweep, tool};

fn inspected(path: &Path, rate: u32) -> (InspectReport, Vec<i16>) {
    let request = request(path, rate);
    let report = inspect_file(&request).unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display()));
    let prepared = Prepared::open(&request.output, &report.root).unwrap();
    assert_eq!(prepared.info().frames, report.frames);
    assert_eq!(prepared.info().bytes, report.bytes);
    (report, read_all(&prepared))
}

fn refused(path: &Path) -> RefusalCode {
    let request = request(path, 48_000);
    let refusal = inspect_file(&request).expect_err(&path.display().to_string());
    assert!(!request.output.exists(), "nothing may be left after a refusal");
    assert!(refusal.en.len() > 20 && refusal.vi.len() > 20);
    refusal.code
}

fn ffmpeg(from: &Path, options: &[&str], to: &Path) {
    let mut arguments = vec!["-loglevel", "error", "-y", "-i", from.to_str().unwrap()];
    arguments.extend_from_slice(options);
    arguments.push(to.to_str().unwrap());
    tool("ffmpeg", &arguments);
}

#[test]
fn wav_and_flac_are_exact_to_the_frame_and_the_bit() {
    let dir = tempfile::tempdir().unwrap();
    let samples = sweep(48_000, 3.21);
    let wav = dir.path().join("a.wav");
    write_wav(&wav, 48_000, 1, &samples).unwrap();
    let (report, heard) = inspected(&wav, 48_000);
    assert_eq!(heard, quantised(&samples));
    assert_eq!((report.container.as_str(), report.channels, report.original_rate), ("wave", 1, 48_000));
    assert!(report.codec.starts_with("pcm_s16le"), "{}", report.codec);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);

    let flac = dir.path().join("a.flac");
    tool("flac", &["--silent", "-f", "-o", flac.to_str().unwrap(), wav.to_str().unwrap()]);
    let (report, heard) = inspected(&flac, 48_000);
    assert_eq!(heard, quantised(&samples));
    assert_eq!((report.codec.as_str(), report.container.as_str()), ("flac", "flac"));
}

/// In every width that FLAC pads to whole bytes or not, and in more channels than two.
#[test]
fn a_flac_whose_checksum_is_another_is_remarked() {
    let dir = tempfile::tempdir().unwrap();
    let samples: Vec<f64> =
        sweep(48_000, 1.5).into_iter().flat_map(|sample| [sample, -0.7 * sample]).collect();
    let wav = dir.path().join("a.wav");
    write_wav(&wav, 48_000, 2, &samples).unwrap();
    let formats: [(&str, &[&str]); 5] = [
        ("8.wav", &["-c:a", "pcm_u8"]),
        ("16.wav", &["-c:a", "pcm_s16le"]),
        ("24.wav", &["-c:a", "pcm_s24le"]),
        ("mono.wav", &["-c:a", "pcm_s16le", "-ac", "1"]),
        ("three.wav", &["-c:a", "pcm_s16le", "-ac", "3"]),
    ];
    for (name, options) in formats {
        let (from, flac) = (dir.path().join(name), dir.path().join(name).with_extension("flac"));
        ffmpeg(&wav, options, &from);
        let (input, output) = (from.to_str().unwrap(), flac.to_str().unwrap());
        tool("flac", &["--silent", "-f", "--channel-map=none", "-o", output, input]);
        let remarked = |path: &Path| {
            let (report, _) = inspected(path, 48_000);
            report.warnings.iter().any(|warning| warning.code == WarningCode::ChecksumMismatch)
        };
        assert!(!remarked(&flac), "{name}");
        // The checksum is the end of the stream's information, behind eight bytes of marks.
        let mut bytes = std::fs::read(&flac).unwrap();
        bytes[8 + 33] ^= 1;
        std::fs::write(&flac, &bytes).unwrap();
        assert!(remarked(&flac), "{name}");
        // One that the encoder left out says nothing.
        bytes[8 + 18..8 + 34].fill(0);
        std::fs::write(&flac, &bytes).unwrap();
        assert!(!remarked(&flac), "{name}");
    }
}

#[test]
fn stereo_is_mixed_down() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wav");
    let stereo: Vec<f64> = (0..48_000).flat_map(|_| [0.5, 0.25]).collect();
    write_wav(&path, 48_000, 2, &stereo).unwrap();
    let (report, heard) = inspected(&path, 48_000);
    assert_eq!(report.channels, 2);
    let expected = (0.375f64 * 32_767.0).round() as i16;
    assert!(heard.iter().all(|&sample| (sample - expected).abs() <= 1));
    let peak = report.peak_dbfs.unwrap();
    assert!((peak - 20.0 * 0.375f64.log10()).abs() < 0.01, "{peak}");
}

#[test]
fn every_usual_sample_format_of_wav_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let samples = sweep(48_000, 1.0);
    let wav = dir.path().join("a.wav");
    write_wav(&wav, 48_000, 1, &samples).unwrap();
    for format in
        ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw"]
    {
        let path = dir.path().join(format!("{format}.wav"));
        ffmpeg(&wav, &["-c:a", format], &path);
        let (report, heard) = inspected(&path, 48_000);
        assert_eq!(report.frames, 48_000, "{format}");
        let heard: Vec<f64> = heard.iter().map(|&sample| f64::from(sample)).collect();
        assert!(correlation(&heard, &samples) > 0.995, "{format}");
    }
}

#[test]
fn mp3_keeps_its_place_and_its_sound() {
    let dir = tempfile::tempdir().unwrap();
    let samples = sweep(44_100, 5.0);
    let wav = dir.path().join("a.wav");
    write_wav(&wav, 44_100, 1, &samples).unwrap();
    for options in [&["-b", "128"][..], &["-V", "4"], &["-b", "64"]] {
        let mp3 = dir.path().join("a.mp3");
        let mut arguments = vec!["--quiet"];
        arguments.extend_from_slice(options);
        arguments.extend([wav.to_str().unwrap(), mp3.to_str().unwrap()]);
        tool("lame", &arguments);
        let (report, heard) = inspected(&mp3, 44_100);
        assert_eq!((report.codec.as_str(), report.frames), ("mp3", samples.len() as u64), "{options:?}");
        let heard: Vec<f64> = heard.iter().map(|&sample| f64::from(sample)).collect();
        assert!(correlation(&heard, &samples) > 0.99, "{options:?}: {}", correlation(&heard, &samples));
    }
}

#[test]
fn resampling_is_clean_and_keeps_the_length() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("a.wav");
    let tone = |rate: u32, frames: usize| -> Vec<f64> {
        (0..frames)
            .map(|i| 0.5 * (std::f64::consts::TAU * 1_000.0 * i as f64 / f64::from(rate)).sin())
            .collect()
    };
    write_wav(&wav, 44_100, 1, &tone(44_100, 100_001)).unwrap();
    let (report, heard) = inspected(&wav, 48_000);
    let expected = (100_001.0f64 * 48_000.0 / 44_100.0).round() as u64;
    assert!(report.frames.abs_diff(expected) <= 1);
    let ideal = tone(48_000, heard.len());
    let (mut signal, mut noise) = (0.0, 0.0);
    for i in 5_000..heard.len() - 5_000 {
        signal += (ideal[i] * 32_767.0).powi(2);
        noise += (f64::from(heard[i]) - ideal[i] * 32_767.0).powi(2);
    }
    let snr = 10.0 * (signal / noise).log10();
    assert!(snr > 70.0, "{snr:.1} dB");
}

#[test]
fn headers_that_cannot_know_their_length_are_believed_by_what_follows() {
    let dir = tempfile::tempdir().unwrap();
    let samples = sweep(48_000, 2.0);
    let wav = dir.path().join("a.wav");
    write_wav(&wav, 48_000, 1, &samples).unwrap();
    let bytes = std::fs::read(&wav).unwrap();
    for (riff, data) in [(u32::MAX, u32::MAX), (0, 0), (0x7fff_f024, 0x7fff_f000), (u32::MAX, 0)] {
        let mut streamed = bytes.clone();
        streamed[4..8].copy_from_slice(&riff.to_le_bytes());
        streamed[40..44].copy_from_slice(&data.to_le_bytes());
        std::fs::write(&wav, &streamed).unwrap();
        let (_, heard) = inspected(&wav, 48_000);
        assert_eq!(heard, quantised(&samples), "{riff:x} {data:x}");
    }
}

#[test]
fn a_constant_mp3_without_a_header_is_what_is_there_wherever_it_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("a.wav");
    write_wav(&wav, 44_100, 1, &sweep(44_100, 10.0)).unwrap();
    let mp3 = dir.path().join("a.mp3");
    ffmpeg(&wav, &["-c:a", "libmp3lame", "-b:a", "64k", "-write_xing", "0", "-id3v2_version", "0"], &mp3);
    let bytes = std::fs::read(&mp3).unwrap();
    for (from, to) in
        [(0, bytes.len()), (0, bytes.len() / 2), (0, 12_345), (1_000, bytes.len()), (33_333, 60_001)]
    {
        let cut = dir.path().join("cut.mp3");
        std::fs::write(&cut, &bytes[from..to]).unwrap();
        let (report, _) = inspected(&cut, 44_100);
        let expected = (to - from) as f64 * 8.0 / 64_000.0;
        let found = report.duration().as_secs_f64();
        assert!((found - expected).abs() < 0.2, "{from}..{to}: {found} s of {expected} s");
    }
}

#[test]
fn what_is_cut_off_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("a.wav");
    write_wav(&wav, 44_100, 1, &sweep(44_100, 10.0)).unwrap();
    let flac = dir.path().join("a.flac");
    tool("flac", &["--silent", "-f", "-o", flac.to_str().unwrap(), wav.to_str().unwrap()]);
    let mp3 = dir.path().join("a.mp3");
    tool("lame", &["--quiet", "-b", "128", wav.to_str().unwrap(), mp3.to_str().unwrap()]);
    let vbr = dir.path().join("v.mp3");
    tool("lame", &["--quiet", "-V", "5", wav.to_str().unwrap(), vbr.to_str().unwrap()]);
    for path in [&wav, &flac, &mp3, &vbr] {
        let bytes = std::fs::read(path).unwrap();
        for keep in [0.5, 0.8] {
            let cut = dir.path().join("cut");
            std::fs::write(&cut, &bytes[..(bytes.len() as f64 * keep) as usize]).unwrap();
            assert_eq!(refused(&cut), RefusalCode::TruncatedAudio, "{} {keep}", path.display());
        }
        // A whole one passes, and one that misses a tenth of a second passes with a remark.
        let (report, _) = inspected(path, 44_100);
        assert_eq!(report.frames, 441_000);
    }
    let bytes = std::fs::read(&wav).unwrap();
    let cut = dir.path().join("cut");
    std::fs::write(&cut, &bytes[..bytes.len() - 44_100]).unwrap();
    let (report, _) = inspected(&cut, 44_100);
    assert_eq!(
        report.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(),
        [WarningCode::EndsEarly]
    );
}

#[test]
fn what_is_no_recording_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: &[u8], code: RefusalCode| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(refused(&path), code, "{name}");
    };
    let mut random = vec![0u8; 300_000];
    let mut state = 1u64;
    for byte in &mut random {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        *byte = (state >> 56) as u8;
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend_from_slice(&random[..100_000]);
    check("empty.mp3", b"", RefusalCode::EmptyFile);
    check("text.mp3", "Kính gửi đồng bào, ".repeat(2_000).as_bytes(), RefusalCode::NotAudio);
    check("zeros.wav", &[0; 100_000], RefusalCode::NotAudio);
    check("one.mp3", b"\xff", RefusalCode::NotAudio);
    check("picture.mp3", &png, RefusalCode::NotAudio);
    check("random.wav", &random, RefusalCode::NotAudio);
    check("song.m4a", b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom\0\0\0\0", RefusalCode::TruncatedAudio);
    check("header.wav", b"RIFF\x24\0\0\0WAVE", RefusalCode::UnsupportedCodec);
    check("header.flac", b"fLaC\x80\0\0\x22", RefusalCode::NotAudio);
    let mut bytes = Vec::new();
    let wav = dir.path().join("nothing.wav");
    write_wav(&wav, 48_000, 1, &[]).unwrap();
    bytes.extend(std::fs::read(&wav).unwrap());
    check("nothing.wav", &bytes, RefusalCode::NoSound);
    // A header that promises ten minutes and has a second.
    write_wav(&wav, 48_000, 1, &sweep(48_000, 1.0)).unwrap();
    let mut bytes = std::fs::read(&wav).unwrap();
    bytes[40..44].copy_from_slice(&57_600_000u32.to_le_bytes());
    check("lying.wav", &bytes, RefusalCode::TruncatedAudio);
}

#[test]
fn what_is_not_read_is_refused_by_name_with_its_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("a.wav");
    write_wav(&wav, 44_100, 2, &sweep(44_100, 2.0)).unwrap();
    let check = |path: &Path, code: RefusalCode, en: &str, vi: &str| {
        let refusal = inspect_file(&request(path, 48_000)).expect_err(&path.display().to_string());
        assert_eq!(refusal.code, code, "{}: {}", path.display(), refusal.en);
        assert!(refusal.en.contains(en), "{}: {}", path.display(), refusal.en);
        assert!(refusal.vi.contains(vi), "{}: {}", path.display(), refusal.vi);
        assert!(refusal.en.contains("MP3, M4A") && refusal.vi.contains("MP3, M4A"), "{}", refusal.en);
    };
    let unsupported = RefusalCode::UnsupportedCodec;
    for (name, options, en, vi) in [
        ("a.wma", &["-c:a", "wmav2"][..], "WMA", "WMA"),
        ("a.wv", &["-c:a", "wavpack"], "WavPack", "WavPack"),
        ("a.spx", &["-c:a", "libspeex", "-ar", "16000"], "Speex", "Speex"),
        ("a.tta", &["-c:a", "tta"], "True Audio", "True Audio"),
        ("a.ac3", &["-c:a", "ac3"], "AC-3", "AC-3"),
        ("a.au", &[], "AU", "AU"),
        ("a.avi", &[], "AVI", "AVI"),
        ("gsm.wav", &["-c:a", "adpcm_yamaha"], "WAV with a compressed", "WAV nén"),
        ("surround.m4a", &["-c:a", "aac", "-ac", "6"], "AAC with more than two", "AAC nhiều hơn hai"),
        ("surround.opus", &["-c:a", "libopus", "-ac", "6"], "Opus with more than two", "Opus nhiều hơn hai"),
        ("ac3.mp4", &["-c:a", "ac3"], "Dolby Digital", "Dolby Digital"),
        ("ac3.mka", &["-c:a", "ac3"], "Dolby Digital", "Dolby Digital"),
    ] {
        let path = dir.path().join(name);
        ffmpeg(&wav, options, &path);
        check(&path, unsupported, en, vi);
    }
    // A picture that moves, without sound.
    for (name, options) in [
        ("mute.mp4", &["-c:v", "mpeg4"][..]),
        ("mute.mov", &["-c:v", "mpeg4"]),
        ("mute.webm", &["-c:v", "libvpx"]),
    ] {
        let path = dir.path().join(name);
        let mut arguments =
            vec!["-loglevel", "error", "-y", "-f", "lavfi", "-i", "testsrc=d=0.4:s=64x64:r=10"];
        arguments.extend_from_slice(options);
        arguments.push(path.to_str().unwrap());
        tool("ffmpeg", &arguments);
        check(&path, RefusalCode::NoSound, "a video without sound", "video không có tiếng");
    }
    // No public tool here writes AMR or locks a file: the name of the format is put into one that has another.
    let m4a = dir.path().join("a.m4a");
    ffmpeg(&wav, &["-c:a", "aac"], &m4a);
    let bytes = std::fs::read(&m4a).unwrap();
    let at = bytes.windows(4).position(|name| name == b"mp4a").unwrap();
    for (name, en, vi) in
        [(b"drms", "locked to its buyer", "khóa bản quyền"), (b"enca", "DRM", "DRM"), (b"samr", "AMR", "AMR")]
    {
        let mut other = bytes.clone();
        other[at..at + 4].copy_from_slice(name);
        let path = dir.path().join("other.m4a");
        std::fs::write(&path, &other).unwrap();
        check(&path, unsupported, en, vi);
    }
    let amr = dir.path().join("a.mp3");
    std::fs::write(&amr, [&b"#!AMR\n"[..], &[0x3c; 4_000]].concat()).unwrap();
    check(&amr, unsupported, "AMR", "AMR");
    std::fs::write(&amr, b"MThd\0\0\0\x06\0\x01\0\x02\x01\xe0MTrk").unwrap();
    check(&amr, unsupported, "notes, not sound", "nốt nhạc");
}

#[test]
fn he_aac_is_heard_as_its_core_with_a_remark() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("a.wav");
    let samples = sweep(22_050, 3.0);
    write_wav(&wav, 22_050, 1, &samples).unwrap();
    let m4a = dir.path().join("a.m4a");
    ffmpeg(&wav, &["-c:a", "aac", "-b:a", "64k"], &m4a);
    let (plain, core) = inspected(&m4a, 22_050);
    // No public tool here writes HE-AAC. The recipe for the upper tones is announced in a place of its own behind the
    // core's configuration, where "none" becomes "44.1 kHz".
    let mut bytes = std::fs::read(&m4a).unwrap();
    let config = [0x13, 0x88, 0x56, 0xe5, 0x00];
    let at = bytes.windows(5).position(|found| found == config).unwrap();
    bytes[at + 4] = 0xa0;
    std::fs::write(&m4a, &bytes).unwrap();
    let (report, heard) = inspected(&m4a, 22_050);
    assert_eq!((report.frames, heard), (plain.frames, core));
    assert_eq!(report.frames, samples.len() as u64);
    let is_remarked = |report: &InspectReport| {
        report.warnings.iter().any(|warning| warning.code == WarningCode::UpperTonesMissing)
    };
    assert!(is_remarked(&report) && !is_remarked(&plain));
}

#[test]
fn titles_in_old_encodings_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("a.wav");
    write_wav(&wav, 44_100, 1, &sweep(44_100, 1.5)).unwrap();
    let mp3 = dir.path().join("a.mp3");
    tool("lame", &["--quiet", "-b", "64", wav.to_str().unwrap(), mp3.to_str().unwrap()]);
    let sound = std::fs::read(&mp3).unwrap();
    // TCVN3 in a tag that says Latin-1, and at the end of the file.
    let title = b"\0B\xb6n tin s\xb8ng x\xb7 H\xdfa B\xd7nh";
    let mut tagged = b"ID3\x03\0\0\0\0\0".to_vec();
    tagged.push(10 + title.len() as u8);
    tagged.extend_from_slice(b"TIT2\0\0\0");
    tagged.push(title.len() as u8);
    tagged.extend_from_slice(b"\0\0");
    tagged.extend_from_slice(title);
    tagged.extend_from_slice(&sound);
    let mut end = b"TAG".to_vec();
    end.extend_from_slice(&title[1..]);
    end.resize(33, 0);
    end.extend_from_slice(b"\xa7\xb5i truy\xd2n thanh x\xb7");
    end.resize(128, 0);
    tagged.extend(end);
    std::fs::write(&mp3, &tagged).unwrap();
    let (report, _) = inspected(&mp3, 44_100);
    assert_eq!(report.tags.title.as_deref(), Some("Bản tin sáng xã Hòa Bình"));
    assert_eq!(report.tags.artist.as_deref(), Some("Đài truyền thanh xã"));
}

#[test]
fn damage_is_left_out_and_counted_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("a.wav");
    write_wav(&wav, 44_100, 1, &sweep(44_100, 20.0)).unwrap();
    let mp3 = dir.path().join("a.mp3");
    tool("lame", &["--quiet", "-b", "128", wav.to_str().unwrap(), mp3.to_str().unwrap()]);
    let bytes = std::fs::read(&mp3).unwrap();
    let third = bytes.len() / 3;
    let damaged = dir.path().join("damaged.mp3");
    let mut holed = bytes.clone();
    holed[third..2 * third].fill(0);
    std::fs::write(&damaged, &holed).unwrap();
    assert_eq!(refused(&damaged), RefusalCode::DamagedAudio);
    let mut scratched = bytes.clone();
    scratched[third..third + 500].fill(0x55);
    std::fs::write(&damaged, &scratched).unwrap();
    let (report, _) = inspected(&damaged, 44_100);
    assert!(report.duration() > Duration::from_millis(19_800));
    // In AAC a packet that fails is one that fails: all that follow are heard.
    let m4a = dir.path().join("a.m4a");
    ffmpeg(&wav, &["-c:a", "aac", "-b:a", "128k"], &m4a);
    let mut scratched = std::fs::read(&m4a).unwrap();
    let third = scratched.len() / 3;
    scratched[third..third + 3_000].fill(0xa5);
    std::fs::write(&m4a, &scratched).unwrap();
    let (report, _) = inspected(&m4a, 44_100);
    assert!(report.duration() > Duration::from_millis(19_500), "{:?}", report.duration());
    assert!((1..20).contains(&report.damaged_packets), "{}", report.damaged_packets);
}

#[test]
fn limits_and_a_changed_original_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("a.wav");
    write_wav(&wav, 48_000, 1, &sweep(48_000, 3.0)).unwrap();
    let refusal = |change: &dyn Fn(&mut loaxa_audio::inspect::InspectRequest)| {
        let mut request = request(&wav, 48_000);
        change(&mut request);
        inspect_file(&request).expect_err("must be refused").code
    };
    assert_eq!(refusal(&|request| request.max_duration = Duration::from_secs(2)), RefusalCode::TooLong);
    assert_eq!(refusal(&|request| request.max_output_bytes = 100_000), RefusalCode::TooBigToPrepare);
    assert_eq!(refusal(&|request| request.original_sha256 = "0".repeat(64)), RefusalCode::OriginalChanged);
    assert_eq!(refusal(&|request| request.original_sha256 = "x".into()), RefusalCode::InspectionFailed);
    assert_eq!(refusal(&|request| request.original = "/nowhere".into()), RefusalCode::InspectionFailed);
}

#[test]
fn silence_and_loudness_are_remarked() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("a.wav");
    write_wav(&wav, 48_000, 1, &vec![0.0; 24_000]).unwrap();
    let (report, _) = inspected(&wav, 48_000);
    let codes: Vec<_> = report.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, [WarningCode::Silent, WarningCode::VeryShort]);
    assert_eq!(report.peak_dbfs, None);
    // A square wave at full scale overshoots when it is resampled.
    let square: Vec<f64> = (0..88_200).map(|i| if i / 50 % 2 == 0 { 1.0 } else { -1.0 }).collect();
    write_wav(&wav, 44_100, 1, &square).unwrap();
    let (report, _) = inspected(&wav, 48_000);
    assert_eq!(
        report.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(),
        [WarningCode::Clipped]
    );
}
