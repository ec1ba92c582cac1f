//! Whatever the child does, the parent gets an answer and stays as it was.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use loaxa_audio::child::{ChildLimits, inspect, probe};
use loaxa_audio::inspect::{InspectRequest, RefusalCode};
use loaxa_audio::prepared::Prepared;
use loaxa_audio::synth::write_wav;
use support::{example, request, sweep};

fn sound(dir: &Path, seconds: f64) -> InspectRequest {
    let wav = dir.join("a.wav");
    write_wav(&wav, 48_000, 1, &sweep(48_000, seconds)).unwrap();
    request(&wav, 48_000)
}

fn script(dir: &Path, body: &str) -> PathBuf {
    let path = dir.join("child.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn a_good_recording_comes_back_as_a_report() {
    let dir = tempfile::tempdir().unwrap();
    let request = sound(dir.path(), 2.0);
    let report = inspect(&example("inspect"), &request, &ChildLimits::default()).unwrap();
    assert_eq!(report.frames, 96_000);
    Prepared::open(&request.output, &report.root).unwrap().verify_all().unwrap();
    assert!(report.confinement.limits, "{}", report.confinement);
    assert_eq!(probe(&example("inspect")).unwrap(), report.confinement);
    // A relative name means what it means to the parent.
    let here = std::env::current_dir().unwrap();
    let up: std::path::PathBuf = here.components().skip(1).map(|_| "..").collect();
    let mut relative = request.clone();
    relative.original = up.join(request.original.strip_prefix("/").unwrap());
    relative.output = up.join(request.output.strip_prefix("/").unwrap());
    let again = inspect(&example("inspect"), &relative, &ChildLimits::default()).unwrap();
    assert_eq!(again, report);
    // The child's words cross the pipe unharmed.
    std::fs::write(&request.original, "no sound").unwrap();
    let mut request = request;
    request.original_sha256 = support::request(&request.original, 48_000).original_sha256;
    let refusal = inspect(&example("inspect"), &request, &ChildLimits::default()).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::NotAudio);
    assert!(refusal.vi.contains("không phải"), "{}", refusal.vi);
    assert!(!request.output.exists());
}

#[test]
#[allow(clippy::disallowed_methods, reason = "measures that waiting is bounded")]
fn no_child_can_harm_or_delay_its_parent() {
    let dir = tempfile::tempdir().unwrap();
    let request = sound(dir.path(), 0.5);
    let output = request.output.display().to_string();
    let limits = ChildLimits { wall: Duration::from_millis(800), ..ChildLimits::default() };
    let report = inspect(&example("inspect"), &request, &ChildLimits::default()).unwrap();
    let lie = format!("echo '{{\"report\":{}}}'", serde_json::to_string(&report).unwrap());
    for (body, code) in [
        ("exit 0", RefusalCode::InspectionFailed),
        ("echo hello", RefusalCode::InspectionFailed),
        ("echo '{\"report\":{}}'", RefusalCode::InspectionFailed),
        ("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done", RefusalCode::InspectionCrashed),
        ("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa >&2; done", RefusalCode::InspectionCrashed),
        ("while :; do :; done", RefusalCode::InspectionTimeout),
        ("kill -9 $$", RefusalCode::InspectionOutOfMemory),
        ("kill -11 $$", RefusalCode::InspectionCrashed),
        ("kill -6 $$", RefusalCode::InspectionCrashed),
        ("kill -24 $$", RefusalCode::InspectionTimeout),
        ("kill -25 $$", RefusalCode::TooBigToPrepare),
        ("echo 'memory allocation of 9 bytes failed' >&2; kill -6 $$", RefusalCode::InspectionOutOfMemory),
        ("exit 101", RefusalCode::InspectionCrashed),
        ("exit 2", RefusalCode::InspectionFailed),
        ("kill -31 $$", RefusalCode::InspectionCrashed),
        (
            "echo '{\"confined\":{\"landlock\":null,\"system_calls\":true,\"no_network\":true,\"limits\":true}}'",
            RefusalCode::InspectionFailed,
        ),
        // A child that lies about having prepared the recording.
        (lie.as_str(), RefusalCode::InspectionFailed),
    ] {
        let exe = script(dir.path(), &format!(": > {output}\n{body}"));
        let before = Instant::now();
        let refusal = inspect(&exe, &request, &limits).expect_err(body);
        assert_eq!(refusal.code, code, "{body}: {}", refusal.en);
        assert!(before.elapsed() < Duration::from_secs(5), "{body}");
        assert!(!request.output.exists(), "{body} left its output");
    }
    let refusal = inspect(Path::new("/nowhere"), &request, &limits).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::InspectionFailed);
}

#[test]
fn the_child_sees_no_environment_and_no_input() {
    let dir = tempfile::tempdir().unwrap();
    let request = sound(dir.path(), 0.5);
    let seen = dir.path().join("seen");
    let exe = script(dir.path(), &format!("/usr/bin/env > {0}; /bin/cat >> {0}", seen.display()));
    inspect(&exe, &request, &ChildLimits::default()).unwrap_err();
    let seen = std::fs::read_to_string(seen).unwrap();
    // What the shell sets by itself.
    let own = ["PWD=", "_=", "SHLVL=", "OLDPWD="];
    assert!(seen.lines().all(|line| own.iter().any(|own| line.starts_with(own))), "{seen}");
}

#[test]
fn the_limits_bite() {
    let dir = tempfile::tempdir().unwrap();
    let exe = example("inspect");
    let good = ChildLimits::default();
    let request = sound(dir.path(), 60.0);
    inspect(&exe, &request, &good).unwrap();
    // Not even enough to start with: whatever it dies of, the parent lives.
    let small = ChildLimits { memory_bytes: 1 << 20, ..good.clone() };
    let refusal = inspect(&exe, &request, &small).unwrap_err();
    let of_memory = [RefusalCode::InspectionOutOfMemory, RefusalCode::InspectionCrashed];
    assert!(of_memory.contains(&refusal.code), "{}", refusal.en);
    let small = ChildLimits { file_bytes: 100_000, ..good.clone() };
    assert_eq!(inspect(&exe, &request, &small).unwrap_err().code, RefusalCode::TooBigToPrepare);
}

/// Headers that promise the sky: they must cost neither memory nor time, and never a crash.
#[test]
fn bombs_do_not_go_off() {
    let dir = tempfile::tempdir().unwrap();
    let exe = example("inspect");
    let limits =
        ChildLimits { memory_bytes: 64 << 20, wall: Duration::from_secs(20), ..ChildLimits::default() };
    let flac = |blocks: &[u8]| [b"fLaC", blocks].concat();
    let mut info = vec![0x80, 0, 0, 34];
    // Blocks of 65,535 frames, 655,350 Hz, 8 channels, 32 bits, 2^36 - 1 frames.
    info.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, 0xff, 0x9f, 0xff, 0xff, 0xff]);
    info.extend_from_slice(&[0xff; 20]);
    let mut wav =
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x20\0"
            .to_vec();
    wav.extend_from_slice(b"data\xff\xff\xff\x7f");
    wav.resize(4_096, 0);
    let mut list = b"RIFF\xff\xff\xff\xffWAVELIST\xf0\xff\xff\xffINFOINAM\xe0\xff\xff\xff".to_vec();
    list.resize(4_096, b'a');
    let mut id3 = b"ID3\x04\0\0\x7f\x7f\x7f\x7fTIT2\x7f\x7f\x7f\x7f\0\0".to_vec();
    id3.resize(4_096, b'a');
    for (name, bytes) in [
        ("info", flac(&info)),
        ("comment", flac(&[0x84, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff])),
        ("picture", flac(&[0x86, 0xff, 0xff, 0xff, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff])),
        ("seek table", flac(&[0x83, 0xff, 0xff, 0xff])),
        ("wav", wav),
        ("list", list),
        ("id3", id3),
    ] {
        let path = dir.path().join("bomb");
        std::fs::write(&path, &bytes).unwrap();
        let refusal = inspect(&exe, &request(&path, 48_000), &limits).expect_err(name);
        // An overflow that only a checked build notices kills the child, as it should.
        let harmless = [
            RefusalCode::InspectionCrashed,
            RefusalCode::NotAudio,
            RefusalCode::UnsupportedCodec,
            RefusalCode::NoSound,
            RefusalCode::DamagedAudio,
            RefusalCode::TruncatedAudio,
            RefusalCode::InspectionOutOfMemory,
        ];
        assert!(harmless.contains(&refusal.code), "{name}: {:?} {}", refusal.code, refusal.en);
    }
}
