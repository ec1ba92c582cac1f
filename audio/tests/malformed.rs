//! Whatever is sent: it is refused, or decoded with a remark, within bounds, and the parent lives.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

#[path = "malformed/bombs.rs"]
mod bombs;
mod support;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use loaxa_audio::child::{ChildLimits, inspect};
use loaxa_audio::inspect::{InspectRefusal, InspectReport, InspectRequest, RefusalCode, WarningCode};
use loaxa_audio::prepared::Prepared;
use loaxa_audio::synth::write_wav;
use support::{example, request, sweep, tool};

/// Length of each good file, in seconds.
const SECONDS: f64 = 1.5;

/// The formats, by what makes them.
const FORMATS: [(&str, &[&str]); 17] = [
    ("a.mp3", &["-c:a", "libmp3lame", "-b:a", "96k"]),
    ("a.mp2", &["-c:a", "mp2"]),
    ("a.aac", &["-c:a", "aac"]),
    ("a.m4a", &["-c:a", "aac"]),
    ("front.m4a", &["-c:a", "aac", "-movflags", "+faststart"]),
    ("pieces.mp4", &["-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov", "-frag_duration", "200000"]),
    ("alac.m4a", &["-c:a", "alac"]),
    ("a.flac", &["-c:a", "flac"]),
    ("flac.oga", &["-c:a", "flac"]),
    ("a.ogg", &["-c:a", "libvorbis"]),
    ("a.opus", &["-c:a", "libopus"]),
    ("a.webm", &["-c:a", "libopus"]),
    ("a.wav", &["-c:a", "pcm_s24le"]),
    ("ima.wav", &["-c:a", "adpcm_ima_wav"]),
    ("ms.wav", &["-c:a", "adpcm_ms"]),
    ("a.aiff", &["-c:a", "pcm_s16be"]),
    ("a.caf", &["-c:a", "pcm_s16be"]),
];

/// What has an end that is written down somewhere: less of it cannot pass for whole.
fn knows_its_end(name: &str) -> bool {
    // A stream of frames has none, and a cut between two of them cannot be seen.
    !["a.aac", "a.mp2", "pieces.mp4"].contains(&name)
}

/// Whether whoever approves it is told that something is missing.
fn is_remarked(report: &InspectReport) -> bool {
    let of_the_file = [WarningCode::DamagedPackets, WarningCode::ChecksumMismatch, WarningCode::EndsEarly];
    report.warnings.iter().any(|warning| of_the_file.contains(&warning.code))
}

struct Case {
    name: String,
    bytes: Vec<u8>,
    /// It was cut: to pass without a remark would be a lie.
    is_cut: bool,
}

#[test]
fn cut_and_flipped_files_are_refused_or_remarked() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("source.wav");
    write_wav(&wav, 44_100, 2, &two_sides(&sweep(44_100, SECONDS))).unwrap();
    let mut cases = Vec::new();
    for (name, options) in FORMATS {
        let path = dir.path().join(name);
        let mut arguments = vec!["-nostdin", "-loglevel", "error", "-y", "-i", wav.to_str().unwrap()];
        arguments.extend(["-metadata", "title=Loa"]);
        arguments.extend_from_slice(options);
        arguments.push(path.to_str().unwrap());
        tool("ffmpeg", &arguments);
        let whole = std::fs::read(&path).unwrap();
        for tenths in 0..10 {
            let bytes = whole[..whole.len() * tenths / 10].to_vec();
            cases.push(Case {
                name: format!("{name} cut at {tenths}0 %"),
                bytes,
                is_cut: knows_its_end(name),
            });
        }
        let mut dice = Dice(whole.len() as u64);
        // In the head, where lies cost most, and anywhere.
        for (round, (flips, within)) in
            [(1, 200), (4, 400), (16, 1_000), (40, whole.len()), (400, whole.len())].into_iter().enumerate()
        {
            let mut bytes = whole.clone();
            for _ in 0..flips {
                let at = dice.roll(within.min(whole.len()));
                bytes[at] ^= 1 << dice.roll(8);
            }
            cases.push(Case { name: format!("{name} flipped {round}"), bytes, is_cut: false });
        }
        cases.push(Case {
            name: format!("{name} and zeros"),
            bytes: [whole, vec![0; 50_000]].concat(),
            is_cut: false,
        });
    }
    assert!(cases.len() > 250);
    run(dir.path(), &cases, |case, answer| match answer {
        Ok(report) if case.is_cut && !is_remarked(report) => {
            Err(format!("passed for whole with {:?}", report.duration()))
        }
        // Nothing may grow longer by losing something, or by a flipped bit.
        Ok(report) if report.duration() > Duration::from_secs(4) => {
            Err(format!("lasts {:?}", report.duration()))
        }
        _ => Ok(()),
    });
}

#[test]
fn lies_and_bombs_cost_neither_memory_nor_time() {
    let dir = tempfile::tempdir().unwrap();
    let cases: Vec<Case> = bombs::all(dir.path())
        .into_iter()
        .map(|(name, bytes)| Case { name: name.to_owned(), bytes, is_cut: false })
        .collect();
    run(dir.path(), &cases, |case, answer| match (case.name.as_str(), answer) {
        // A picture of 40 MB is no harm.
        (name, Ok(report)) if name.starts_with("picture") => {
            (report.tags.title.as_deref() == Some("Loa")).then_some(()).ok_or(format!("{:?}", report.tags))
        }
        (name, Err(refusal)) if name.starts_with("picture") => Err(refusal.en.clone()),
        ("hours in a few bytes", Err(refusal)) if refusal.code == RefusalCode::TooLong => Ok(()),
        ("hours in a few bytes", answer) => Err(format!("{answer:?}")),
        (_, Ok(report)) if report.duration() > Duration::from_secs(60) => {
            Err(format!("lasts {:?}", report.duration()))
        }
        _ => Ok(()),
    });
}

/// A decoder that panics ends the child, and nothing else: the recording is refused and leaves nothing.
#[test]
fn what_a_decoder_cannot_survive_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("steep.wav");
    std::fs::write(&path, bombs::steep_adpcm()).unwrap();
    let request = request(&path, 48_000);
    let refusal = inspect(&example("inspect"), &request, &ChildLimits::default()).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::InspectionCrashed, "{refusal:?}");
    assert!(!request.output.exists());
}

/// Inspects each in a child, some at a time, and asks `judge` about the answer.
fn run(
    dir: &Path,
    cases: &[Case],
    judge: impl Fn(&Case, &Result<InspectReport, InspectRefusal>) -> Result<(), String> + Sync,
) {
    let exe = example("inspect");
    let limits = ChildLimits {
        memory_bytes: 256 << 20,
        cpu: Duration::from_secs(60),
        wall: Duration::from_secs(60),
        ..ChildLimits::default()
    };
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for worker in 0..2 {
            let (exe, limits, next, wrong, judge) = (&exe, &limits, &next, &wrong, &judge);
            scope.spawn(move || {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let path = dir.join(format!("case-{worker}"));
                    if let Err(what) =
                        bounded(&path, case, exe, limits).and_then(|answer| judge(case, &answer))
                    {
                        wrong.lock().unwrap().push(format!("{}: {what}", case.name));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {}:\n  {}", wrong.len(), cases.len(), wrong.join("\n  "));
}

/// What holds for all: an answer in time and in both languages, and what is prepared is sound.
fn bounded(
    path: &PathBuf,
    case: &Case,
    exe: &Path,
    limits: &ChildLimits,
) -> Result<Result<InspectReport, InspectRefusal>, String> {
    std::fs::write(path, &case.bytes).unwrap();
    // What is longer is refused when it has got there, however slow this machine is.
    let request = InspectRequest { max_duration: Duration::from_secs(120), ..request(path, 48_000) };
    let answer = inspect(exe, &request, limits);
    match &answer {
        Ok(report) => {
            let prepared =
                Prepared::open(&request.output, &report.root).map_err(|error| error.to_string())?;
            prepared.verify_all().map_err(|error| error.to_string())?;
        }
        Err(refusal) => {
            let bounds = [
                RefusalCode::InspectionCrashed,
                RefusalCode::InspectionTimeout,
                RefusalCode::InspectionOutOfMemory,
                RefusalCode::InspectionFailed,
            ];
            if bounds.contains(&refusal.code) {
                return Err(format!("{:?}: {}", refusal.code, refusal.en));
            }
            if refusal.en.len() < 20 || refusal.vi.len() < 20 || request.output.exists() {
                return Err(format!("{refusal:?}"));
            }
        }
    }
    let _ = std::fs::remove_file(&request.output);
    Ok(answer)
}

fn two_sides(samples: &[f64]) -> Vec<f64> {
    samples.iter().flat_map(|&sample| [sample, 0.8 * sample]).collect()
}

/// The same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}
