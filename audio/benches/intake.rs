//! What a recording costs on its way in, beside what others need for less:
//! `cargo bench -p loaxa-audio --bench intake`, with `ffmpeg`, `lame`, `flac`, `espeak-ng`, `loudgain` and `taskset`.
//!
//! Ours is all of it: reading and hashing the original, decoding, mixing down, resampling to 48 kHz, loudness, range, true
//! peak, flags, gain, limiter, hashing, writing and fsync. Each process is pinned to one core and runs several times;
//! the least processor time counts, for a machine that is busy with other things only adds to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench may")]
#![allow(clippy::print_stdout, reason = "it prints its table")]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use loaxa_audio::inspect::inspect_file;
use loaxa_audio::loudness::Correction;
use loaxa_audio::synth::write_wav;
use support::{request_of, sha256_of, tool};

const SECONDS: f64 = 600.0;
const RUNS: usize = 3;
/// The slowest of them runs once: it is far from the others.
const SLOW: &str = "loudnorm";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, original, output, sha256] = arguments.as_slice()
        && mode == "--prepare"
    {
        return prepare(original.as_ref(), output.as_ref(), sha256);
    }
    let dir = tempfile::tempdir().unwrap();
    let files = recordings(dir.path());
    println!(
        "10 minutes, one core; × real time by processor time (least of {RUNS}), in brackets by the clock\n"
    );
    println!("{:<28}{:>22}{:>22}{:>22}{:>22}", "", "ours", "ffmpeg ebur128", "ffmpeg loudnorm", "loudgain");
    for (name, file) in &files {
        let output = dir.path().join("out.pcm");
        let null = |filter: &str| -> Vec<String> {
            [
                "ffmpeg",
                "-nostats",
                "-loglevel",
                "quiet",
                "-threads",
                "1",
                "-i",
                file.to_str().unwrap(),
                "-af",
                filter,
            ]
            .iter()
            .chain(&["-f", "null", "-"])
            .map(|&argument| argument.to_owned())
            .collect()
        };
        let commands = [
            ours(file, &output),
            null("ebur128=peak=true"),
            null("loudnorm"),
            vec!["loudgain".into(), "-q".into(), file.to_str().unwrap().into()],
        ];
        let figures = commands.map(|command| {
            if !installed(&command[0]) {
                return "not installed".to_owned();
            }
            let runs = if command.iter().any(|word| word == SLOW) { 1 } else { RUNS };
            let best = (0..runs).map(|_| run(&command, "1")).min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
            format!("{:.0} ({:.0})", SECONDS / best.1, SECONDS / best.0)
        });
        println!("{name:<28}{:>22}{:>22}{:>22}{:>22}", figures[0], figures[1], figures[2], figures[3]);
    }
    two_at_once(dir.path(), &files[0].1);
    for (name, file) in files.iter().step_by(2) {
        an_hour(dir.path(), name, file);
    }
}

/// The memory does not grow with the recording.
fn an_hour(dir: &Path, name: &str, file: &Path) {
    let (hour, output) = (dir.join("hour").with_extension(file.extension().unwrap()), dir.join("hour.pcm"));
    let (from, to) = (file.to_str().unwrap(), hour.to_str().unwrap());
    let codec = if to.ends_with("mp3") { "copy" } else { "flac" };
    tool("ffmpeg", &["-loglevel", "error", "-y", "-stream_loop", "5", "-i", from, "-c:a", codec, to]);
    for (length, file) in [("10 minutes", file), ("60 minutes", hour.as_path())] {
        let command = ours(file, &output);
        let said = Command::new(&command[0]).args(&command[1..]).output().unwrap();
        assert!(said.status.success(), "{length} of {name}");
        println!("{name}, {length}, resident at most: {}", String::from_utf8_lossy(&said.stdout).trim());
    }
}

fn two_at_once(dir: &Path, file: &Path) {
    let one = run(&ours(file, &dir.join("one.pcm")), "0,1").0;
    let begun = Instant::now();
    let waiting: Vec<_> = ["0", "1"]
        .map(|core| {
            let command = ours(file, &dir.join(format!("{core}.pcm")));
            std::thread::spawn(move || run(&command, core))
        })
        .into_iter()
        .collect();
    for thread in waiting {
        thread.join().unwrap();
    }
    let two = begun.elapsed().as_secs_f64();
    println!(
        "\ntwo files at once on two cores: {two:.2} s, one alone {one:.2} s ({:.2} × as much work)",
        2.0 * one / two
    );
}

fn ours(file: &Path, output: &Path) -> Vec<String> {
    let exe = std::env::current_exe().unwrap();
    let sha256 = sha256_of(file);
    [exe.as_path(), "--prepare".as_ref(), file, output, sha256.as_ref()]
        .map(|part| part.to_str().unwrap().to_owned())
        .to_vec()
}

/// What the child does, without its limits. The hash is known when it begins, as it is to the child.
fn prepare(original: &Path, output: &Path, sha256: &str) {
    let mut request = request_of(original, sha256.to_owned(), 48_000);
    request.output = output.into();
    request.correction = Correction::default();
    // Six times ten minutes are a few frames more than an hour.
    request.max_duration = Duration::from_secs(2 * 3_600);
    inspect_file(&request).unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let highest = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("{}", highest.trim());
}

fn installed(program: &str) -> bool {
    Command::new("sh").args(["-c", "command -v \"$0\" >/dev/null", program]).status().unwrap().success()
}

/// Runs a command on the given cores: seconds by the clock and of processor time.
fn run(command: &[String], cores: &str) -> (f64, f64) {
    let script = "TIMEFORMAT='%3R %3U %3S'; time \"$@\" >/dev/null 2>&1";
    let output = Command::new("taskset")
        .args(["-c", cores, "bash", "-c", script, "bash"])
        .args(command)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {text}");
    let times: Vec<f64> = text.split_whitespace().map(|time| time.parse().unwrap()).collect();
    (times[0], times[1] + times[2])
}

/// Speech, and speech over music as loud as it is made: the one is raised and limited, the other lowered.
fn recordings(dir: &Path) -> Vec<(&'static str, PathBuf)> {
    let speech = dir.join("speech.wav");
    let text = "Kính thưa bà con, đây là đài truyền thanh xã. Sau đây là bản tin thời tiết và lịch tiêm chủng. \
                Ngày mai trời nắng, nhiệt độ cao nhất ba mươi hai độ. Trạm y tế tiêm chủng từ bảy giờ sáng.";
    tool("espeak-ng", &["-v", "vi", "-w", speech.to_str().unwrap(), text]);
    let music = dir.join("music.wav");
    let frames = 44_100 * 20;
    let samples: Vec<f64> = (0..frames)
        .flat_map(|i| {
            let t = f64::from(i) / 44_100.0;
            let note = |frequency: f64| (std::f64::consts::TAU * frequency * t).sin();
            let root = [220.0, 196.0, 174.6, 246.9][(t as usize) % 4];
            let beat = (-(t * 4.0).fract() * 6.0).exp();
            let left = note(root) + note(root * 1.26) + beat * note(55.0) + 0.3 * note(root * 8.0) * beat;
            let right = note(root) + note(root * 1.5) + beat * note(55.0) + 0.3 * note(root * 6.0) * beat;
            [0.3 * left, 0.3 * right]
        })
        .collect();
    write_wav(&music, 44_100, 2, &samples).unwrap();
    let long = |graph: &str, name: &str, volume: &str| {
        let wav = dir.join(name);
        let graph = format!("{graph},volume={volume},alimiter=level=false[out]");
        let (speech, music) = (speech.to_str().unwrap(), music.to_str().unwrap());
        let inputs =
            ["-loglevel", "error", "-stream_loop", "-1", "-i", speech, "-stream_loop", "-1", "-i", music];
        let outputs = ["-filter_complex", &graph, "-map", "[out]", "-t", "600", "-ar", "44100", "-ac", "2"];
        tool("ffmpeg", &[&inputs[..], &outputs, &["-y", wav.to_str().unwrap()]].concat());
        wav
    };
    let spoken = long("[0:a]aresample=44100", "spoken.wav", "-6dB");
    let mixed = long("[0:a]aresample=44100[s];[s][1:a]amix=inputs=2:normalize=0", "mixed.wav", "3dB");
    let encoded = |wav: &Path, name: &str| {
        let path = dir.join(name);
        let (from, to) = (wav.to_str().unwrap(), path.to_str().unwrap());
        if name.ends_with("mp3") {
            tool("lame", &["--quiet", "-b", "128", from, to]);
        } else {
            tool("flac", &["--silent", "-f", "-o", to, from]);
        }
        path
    };
    vec![
        ("speech, MP3 128k stereo", encoded(&spoken, "speech.mp3")),
        ("with music, MP3 128k stereo", encoded(&mixed, "mixed.mp3")),
        ("speech, FLAC stereo", encoded(&spoken, "speech.flac")),
        ("with music, FLAC stereo", encoded(&mixed, "mixed.flac")),
    ]
}
