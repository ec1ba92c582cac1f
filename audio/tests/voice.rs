//! Whatever the program does that reads a text: the daemon's side returns, in time, with its own word for it, and nothing is
//! left running.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]
#![allow(clippy::print_stderr, reason = "what the kernel lacks is reported")]

mod support;

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use loaxa_audio::child::{ChildLimits, inspect, probe};
use loaxa_audio::voice::{VoiceCommand, VoiceError, read_out};
use support::{example, request};

/// The beginning of a WAV file, in letters.
const WAV: &str = "RIFF----WAVE";
/// None of these tests waits for it.
const LONG: Duration = Duration::from_secs(300);

fn shell(script: &str) -> VoiceCommand {
    VoiceCommand {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        starts: vec!["/bin".into(), "/usr/bin".into()],
        reads: Vec::new(),
        memory_bytes: 256 << 20,
        wall: LONG,
    }
}

/// What came of it, and what was written.
fn read(voice: &VoiceCommand, text: &str) -> (Result<u64, VoiceError>, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("read.wav");
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    let outcome = read_out(&example("inspect"), voice, text, &file, 1 << 20);
    (outcome, std::fs::read(path).unwrap())
}

#[track_caller]
fn reads(script: &str, text: &str) -> String {
    let (outcome, bytes) = read(&shell(script), text);
    assert_eq!(outcome.unwrap(), bytes.len() as u64, "{script}");
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_text_comes_on_standard_input_and_nothing_else_comes() {
    let text = format!("{WAV} Kính thưa bà con; $(rm -rf x) `y` \"z\"\n");
    assert_eq!(reads("cat", &text), text);
    // who does not read all of it is none the worse for it
    assert_eq!(reads(&format!("printf {WAV}"), &"một hai ba ".repeat(100_000)), WAV);
    let environment = reads(&format!("printf {WAV}; env; pwd"), "");
    let names: Vec<&str> =
        environment.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    assert!(
        names
            .iter()
            .all(|name| ["LC_ALL", "PATH", "PWD", "_", "SHLVL", "OLDPWD"]
                .contains(&name.trim_start_matches(WAV))),
        "{environment}"
    );
    assert!(environment.ends_with("\n/\n"), "{environment}");
}

#[test]
fn no_program_can_harm_or_delay_its_parent() {
    let hasty = |script: &str| VoiceCommand { wall: Duration::from_secs(1), ..shell(script) };
    let outcome = |voice: &VoiceCommand| read(voice, "Một hai ba").0;
    let failed = |voice: &VoiceCommand, expect: &str| match outcome(voice) {
        Err(VoiceError::Failed(how, said)) => {
            assert!(format!("{how}: {said}").contains(expect), "{how}: {said}")
        }
        other => panic!("{other:?}"),
    };
    for hangs in ["exec sleep 100000", "sleep 100000", "while :; do :; done", "cat; sleep 100000"] {
        assert!(matches!(outcome(&hasty(hangs)), Err(VoiceError::TimedOut(_))), "{hangs}");
    }
    for floods in ["cat /dev/zero", "while :; do echo RIFF----WAVE; done"] {
        assert!(matches!(outcome(&shell(floods)), Err(VoiceError::TooMuch(_))), "{floods}");
    }
    failed(&shell("echo broken voice >&2; exit 3"), "exit 3: broken voice");
    failed(&shell(&format!("printf {WAV}; exit 1")), "exit 1");
    let greedy =
        VoiceCommand { memory_bytes: 128 << 20, ..shell("dd if=/dev/zero of=/dev/null bs=1G count=1") };
    failed(&greedy, "exit");
    assert!(matches!(outcome(&shell("printf junk")), Err(VoiceError::NoWav(4))));
    assert!(matches!(outcome(&shell("exit 0")), Err(VoiceError::NoWav(0))));
    // what it says of itself is not waited for
    assert_eq!(reads(&format!("head -c 20000000 /dev/zero >&2; printf {WAV}"), ""), WAV);
    let nowhere = VoiceCommand { program: "/nowhere/voice".into(), ..shell("") };
    assert!(matches!(outcome(&nowhere), Err(VoiceError::NotStarted(_))));
    let nobody = read_out(Path::new("/nowhere/loaxa"), &shell(""), "", &tempfile::tempfile().unwrap(), 9);
    assert!(matches!(nobody, Err(VoiceError::NotStarted(_))));
}

#[test]
fn nothing_of_it_goes_on_after_it_was_read() {
    // looked for by an argument that nobody else has
    let mark = format!("9{:07}", std::process::id());
    let script = format!("sleep {mark}1 & setsid sleep {mark}2 & (sleep {mark}3 &) ; printf {WAV}");
    assert_eq!(reads(&script, ""), WAV);
    for _ in 0..1_000 {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let left = processes
            .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
            .filter(|line| String::from_utf8_lossy(line).contains(&mark) && line.starts_with(b"sleep"))
            .count();
        if left == 0 {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
    panic!("something of it is still running");
}

#[test]
fn it_reaches_no_file_of_others_and_no_network() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("secret"), WAV).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let secret = format!("cat {}", path("secret").display());
    let writes = format!("printf x > {}", path("new").display());
    let connects = format!("exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port} && printf {WAV}'");
    // without the fence they would
    for script in [&secret, &writes, &connects] {
        assert!(Command::new("/bin/sh").args(["-c", script]).status().unwrap().success(), "{script}");
    }
    std::fs::remove_file(path("new")).unwrap();
    let confinement = probe(&example("inspect")).unwrap();
    eprintln!("here: {confinement}");
    assert!(matches!(read(&shell(&writes), "").0, Err(VoiceError::Failed(..))), "a file was written");
    assert!(std::fs::read(path("new")).unwrap_or_default().is_empty());
    if confinement.no_network {
        assert!(
            matches!(read(&shell(&connects), "").0, Err(VoiceError::Failed(..))),
            "a connection was made"
        );
    }
    if confinement.landlock.is_some() {
        assert!(matches!(read(&shell(&secret), "").0, Err(VoiceError::Failed(..))), "a file was read");
        let told = VoiceCommand { reads: vec![dir.path().to_owned()], ..shell(&secret) };
        assert_eq!(read(&told, "").0.unwrap(), 12, "what it is told to read is read");
        let alone = VoiceCommand { starts: Vec::new(), ..shell("cat") };
        assert!(matches!(read(&alone, WAV).0, Err(VoiceError::Failed(..))), "another program was started");
    }
}

#[test]
fn espeak_ng_reads_vietnamese_and_the_intake_takes_it() {
    let voice = VoiceCommand {
        program: "/usr/bin/espeak-ng".into(),
        arguments: ["-v", "vi", "-s", "150", "--stdin", "--stdout"].map(str::to_owned).into(),
        starts: Vec::new(),
        memory_bytes: 512 << 20,
        ..shell("")
    };
    let (outcome, bytes) = read(&voice, "Kính thưa bà con, đây là bản tin của đài truyền thanh xã.\n");
    let length =
        outcome.unwrap_or_else(|error| panic!("{error}; the tests need it: apt-get install espeak-ng"));
    assert_eq!(length, bytes.len() as u64);
    let dir = tempfile::tempdir().unwrap();
    let original = dir.path().join("read.wav");
    std::fs::write(&original, bytes).unwrap();
    let report = inspect(&example("inspect"), &request(&original, 48_000), &ChildLimits::default()).unwrap();
    let seconds = report.frames as f64 / 48_000.0;
    assert!((2.0..12.0).contains(&seconds), "{seconds}");
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
}
