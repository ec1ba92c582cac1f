//! The sound card's form of the output, on a virtual card that is paced by the clock and knows when each frame was heard,
//! and on PulseAudio. Real time is measured and reported; only generous bounds are asserted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]
#![allow(clippy::print_stderr, reason = "a measurement is reported")]
#![allow(clippy::disallowed_methods, reason = "real time is what is tested here")]

mod support;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use loaxa_audio::synth::write_wav;
use support::{example, tool};

/// A folder with a virtual card and ALSA's configuration for it.
struct Card {
    dir: tempfile::TempDir,
}

impl Card {
    fn new(options: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/virtual_card.c");
        let library = dir.path().join("libasound_module_pcm_virtual_card.so");
        let arguments = ["-O2", "-fPIC", "-shared", "-DPIC", "-o", library.to_str().unwrap()];
        let mut arguments = arguments.to_vec();
        arguments.extend([source.to_str().unwrap(), "-lasound"]);
        tool("cc", &arguments);
        let conf = format!(
            "pcm_type.virtual_card {{ lib \"{}\" }}\n\
             pcm.card {{ type virtual_card file \"{}\" {options} hint {{ show on description \"Virtual card\" }} }}\n\
             pcm.nothing {{ type null hint {{ show on description \"Nothing\" }} }}\n\
             pcm.default {{ type plug slave.pcm \"card\" }}\n",
            library.display(),
            dir.path().join("heard.raw").display()
        );
        std::fs::write(dir.path().join("alsa.conf"), conf).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn play(&self, arguments: &[&str], file: &Path) -> Player {
        Player::start(&self.path("alsa.conf"), &[], arguments, file)
    }

    /// What was heard (left channel) and when its first frame was (monotonic nanoseconds), for a single run.
    fn heard(&self) -> (Vec<i16>, f64) {
        let bytes = std::fs::read(self.path("heard.raw")).unwrap();
        let samples = bytes.chunks_exact(4).map(|frame| i16::from_le_bytes([frame[0], frame[1]])).collect();
        let log = std::fs::read_to_string(self.path("heard.raw.log")).unwrap();
        let starts: Vec<&str> = log.lines().filter(|line| line.starts_with("start ")).collect();
        assert_eq!(starts.len(), 1, "the card was started once and never ran dry:\n{log}");
        (samples, field(starts[0], "mono"))
    }
}

/// The value of `key=…` in a line.
fn field(line: &str, key: &str) -> f64 {
    let value = line.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {key} in {line:?}"))
}

/// The example `play`, running; its lines come through a channel.
struct Player {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Player {
    fn start(conf: &Path, environment: &[(&str, &str)], arguments: &[&str], file: &Path) -> Self {
        let mut child = Command::new(example("play"))
            .args(arguments)
            .arg(file)
            .env("ALSA_CONFIG_PATH", conf)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        Self { child, lines, seen: Vec::new() }
    }

    fn wait_for(&mut self, start: &str, within: Duration) -> String {
        let deadline = Instant::now() + within;
        loop {
            let rest = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(rest);
            let line = line.unwrap_or_else(|_| panic!("no {start:?} within {within:?}: {:?}", self.seen));
            self.seen.push(line.clone());
            if line.starts_with(start) {
                return line;
            }
        }
    }

    fn all(mut self, within: Duration) -> Vec<String> {
        self.wait_for("closed", within);
        assert!(self.child.wait().unwrap().success());
        std::mem::take(&mut self.seen)
    }

    fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn constant(dir: &Path, seconds: f64, rate: u32) -> PathBuf {
    let path = dir.join("constant.wav");
    write_wav(&path, rate, 1, &vec![0.5; (f64::from(rate) * seconds).round() as usize]).unwrap();
    path
}

/// Frames at which sound begins after silence.
fn onsets(heard: &[i16]) -> Vec<usize> {
    let mut quiet = 1_000;
    let mut onsets = Vec::new();
    for (frame, &sample) in heard.iter().enumerate() {
        if sample == 0 {
            quiet += 1;
        } else {
            if quiet >= 1_000 {
                onsets.push(frame);
            }
            quiet = 0;
        }
    }
    onsets
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Twenty starts at odd instants: heard minus planned, in milliseconds.
fn start_errors(options: &str, rate: f64) -> Vec<f64> {
    let card = Card::new(options);
    let file = constant(card.dir.path(), 0.1, 48_000);
    let player = card.play(&["--repeat", "20", "--every", "0.3137", "--in", "1.0"], &file);
    let lines = player.all(Duration::from_secs(30));
    assert_eq!(lines.iter().filter(|line| line.starts_with("ended")).count(), 20, "{lines:?}");
    assert!(
        lines.iter().filter(|line| line.starts_with("ended")).all(|line| field(line, "frames") == 4_800.0)
    );
    let (heard, first) = card.heard();
    let onsets = onsets(&heard);
    let planned: Vec<f64> =
        lines.iter().filter(|line| line.starts_with("planned")).map(|line| field(line, "mono")).collect();
    let told: Vec<f64> =
        lines.iter().filter(|line| line.starts_with("started")).map(|line| field(line, "mono")).collect();
    assert_eq!((onsets.len(), told.len()), (20, 20));
    let when = |frame: usize| first + frame as f64 / rate * 1e9;
    for (&onset, &told) in onsets.iter().zip(&told) {
        assert!((when(onset) - told).abs() < 20e6, "what is told is what was heard");
    }
    onsets.iter().zip(&planned).map(|(&onset, planned)| (when(onset) - planned) / 1e6).collect()
}

#[test]
fn starts_are_heard_when_they_are_planned() {
    for (options, rate) in [("", 48_000.0), ("ppm 150", 48_000.0 * 1.000_150)] {
        let errors = start_errors(options, rate);
        let mut sizes: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
        let middle = median(&mut sizes);
        let worst = sizes[sizes.len() - 1];
        eprintln!("starts on the virtual card ({options:?}): median {middle:.3} ms, worst {worst:.3} ms off");
        assert!(worst < 100.0, "{errors:?}");
    }
}

#[test]
fn a_join_on_the_card_leaves_no_frame_out() {
    let card = Card::new("");
    let file = constant(card.dir.path(), 0.5, 48_000);
    card.play(&["--repeat", "3", "--every", "0.5"], &file).all(Duration::from_secs(20));
    let (heard, _) = card.heard();
    let first = heard.iter().position(|&sample| sample != 0).unwrap();
    assert!(heard[first..first + 72_000].iter().all(|&sample| sample == 16_384), "bit for bit, and no gap");
    assert!(heard[first + 72_000..].iter().all(|&sample| sample == 0));
}

#[test]
fn a_card_without_the_stations_rate_is_fed_resampled() {
    let card = Card::new("rate 44100");
    let file = constant(card.dir.path(), 1.0, 48_000);
    let lines = card.play(&["--device", "card"], &file).all(Duration::from_secs(20));
    assert!(lines[0].contains("rate: 44100") && lines[0].contains("does not offer 48000 Hz"), "{}", lines[0]);
    let ended = lines.iter().find(|line| line.starts_with("ended")).unwrap();
    assert_eq!(field(ended, "frames"), 48_000.0);
    assert!((field(ended, "last") - field(ended, "first") - 1e9).abs() < 2e6);
    let (heard, _) = card.heard();
    let sounding = heard.iter().filter(|&&sample| sample != 0).count();
    assert!(sounding.abs_diff(44_100) <= 20, "{sounding}");
}

#[test]
fn only_the_named_device_will_do() {
    let card = Card::new("");
    let file = constant(card.dir.path(), 0.1, 48_000);
    let says = |device: &str| {
        let player = card.play(&["--device", device], &file);
        let mut player = std::mem::ManuallyDrop::new(player);
        let status = player.child.wait().unwrap();
        assert!(!status.success());
        std::io::read_to_string(player.child.stderr.take().unwrap()).unwrap()
    };
    let error = says("Another");
    assert!(error.contains("no such device") && error.contains("card"), "{error}");
    let error = says("nothing");
    assert!(error.contains("does not keep time"), "{error}");
    std::fs::write(card.path("heard.raw.lost"), "").unwrap();
    let error = says("card");
    assert!(error.contains("plugged in"), "{error}");
}

/// A fault in the middle of a clip: exactly one loss, soon, with what was heard until then, and no busy processor.
fn loses(player: &mut Player, heard_before: impl Fn() -> f64) {
    player.wait_for("started", Duration::from_secs(10));
    let cpu = player.cpu();
    let fault = heard_before();
    let lost = player.wait_for("lost", Duration::from_secs(5));
    let after = (field(&lost, "mono") - fault) / 1e9;
    eprintln!("lost after {after:.2} s: {lost}");
    assert!(after < 2.5, "{after}");
    player.wait_for("closed", Duration::from_secs(5));
    assert!(!player.seen.iter().any(|line| line.starts_with("extra")), "{:?}", player.seen);
    assert_eq!(player.seen.iter().filter(|line| line.starts_with("lost")).count(), 1);
    assert!(!player.seen.iter().any(|line| line.starts_with("ended")), "{:?}", player.seen);
    let spent = player.cpu().saturating_sub(cpu);
    assert!(spent < Duration::from_millis(700), "{spent:?}");
}

fn monotonic() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

#[test]
fn an_unplugged_card_is_lost_once() {
    let card = Card::new("");
    let file = constant(card.dir.path(), 30.0, 48_000);
    let mut player = card.play(&["--in", "0.3"], &file);
    loses(&mut player, || {
        std::thread::sleep(Duration::from_millis(800));
        std::fs::write(card.path("heard.raw.lost"), "").unwrap();
        monotonic()
    });
}

#[test]
fn a_card_that_stands_still_is_lost_once() {
    let card = Card::new("");
    let file = constant(card.dir.path(), 30.0, 48_000);
    let mut player = card.play(&["--in", "0.3"], &file);
    loses(&mut player, || {
        std::thread::sleep(Duration::from_millis(800));
        std::fs::write(card.path("heard.raw.frozen"), "").unwrap();
        monotonic()
    });
}

#[test]
fn a_process_that_was_stopped_goes_on_after_a_gap() {
    let card = Card::new("");
    let file = constant(card.dir.path(), 3.0, 48_000);
    let mut player = card.play(&["--in", "0.3"], &file);
    player.wait_for("started", Duration::from_secs(10));
    let id = player.child.id().to_string();
    tool("kill", &["-STOP", &id]);
    std::thread::sleep(Duration::from_millis(1_500));
    tool("kill", &["-CONT", &id]);
    let lines = player.all(Duration::from_secs(15));
    assert!(lines.iter().any(|line| line.starts_with("Underrun")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with("lost")), "{lines:?}");
    let ended = lines.iter().find(|line| line.starts_with("ended")).unwrap();
    let bytes = std::fs::read(card.path("heard.raw")).unwrap();
    let sounding = bytes.chunks_exact(4).filter(|frame| frame[..2] != [0, 0]).count();
    assert!(field(ended, "frames") <= sounding as f64, "never more than was heard: {ended} {sounding}");
    assert!(field(ended, "frames") >= 144_000.0 - 16_384.0, "{ended}");
    assert!(field(ended, "last") - field(ended, "first") > 3.5e9, "the gap is in the times: {ended}");
    // What was heard and the gaps add up to the time that passed.
    let evidence = lines.iter().rfind(|line| line.starts_with("evidence")).unwrap();
    let (gaps, gap_seconds) = (field(evidence, "gaps"), field(evidence, "gap_seconds"));
    let passed = (field(ended, "last") - field(ended, "first")) / 1e9;
    let off = passed - (field(ended, "frames") / 48_000.0 + gap_seconds);
    eprintln!("{gaps} gaps of {gap_seconds:.3} s together, {:.1} ms unexplained", off * 1e3);
    assert!(gaps >= 1.0 && off.abs() < 0.1, "{evidence}\n{ended}");
}

/// A private PulseAudio with one sink that is heard by nobody.
struct Pulse {
    child: Child,
    dir: tempfile::TempDir,
}

impl Pulse {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path();
        let home = path.to_str().unwrap();
        let mut command = Command::new("pulseaudio");
        for name in ["HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH"] {
            command.env(name, home);
        }
        let child = command
            .env_remove("PULSE_SERVER")
            .args(["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes"])
            .args(["--high-priority=no", "--realtime=no"])
            .args(["-L", &format!("module-native-protocol-unix auth-anonymous=1 socket={home}/native")])
            .args(["-L", "module-null-sink norewinds=1 sink_name=amp format=s16le rate=48000 channels=2"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tests need it: apt-get install pulseaudio libasound2-plugins");
        let socket = path.join("native");
        let deadline = Instant::now() + Duration::from_secs(10);
        while !socket.exists() {
            assert!(Instant::now() < deadline, "PulseAudio did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        let conf = format!("pcm.default {{ type pulse server \"unix:{}\" }}\n", socket.display());
        std::fs::write(path.join("alsa.conf"), conf).unwrap();
        Self { child, dir }
    }

    fn play(&self, arguments: &[&str], file: &Path) -> Player {
        Player::start(&self.dir.path().join("alsa.conf"), &[], arguments, file)
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_sound_server_plays_and_its_death_is_one_loss() {
    let mut pulse = Pulse::new();
    let short = constant(pulse.dir.path(), 0.5, 48_000);
    let lines = pulse.play(&[], &short).all(Duration::from_secs(20));
    let ended = lines.iter().find(|line| line.starts_with("ended")).unwrap();
    assert_eq!(field(ended, "frames"), 24_000.0);
    let long = constant(pulse.dir.path(), 30.0, 48_000);
    let mut player = pulse.play(&["--in", "0.3"], &long);
    player.wait_for("started", Duration::from_secs(10));
    let cpu = player.cpu();
    std::thread::sleep(Duration::from_millis(800));
    pulse.child.kill().unwrap();
    let fault = monotonic();
    let lost = player.wait_for("lost", Duration::from_secs(5));
    eprintln!("lost {:.2} s after the server's death: {lost}", (field(&lost, "mono") - fault) / 1e9);
    player.wait_for("closed", Duration::from_secs(5));
    assert_eq!(
        player.seen.iter().filter(|line| line.starts_with("lost") || line.starts_with("extra")).count(),
        1
    );
    let spent = player.cpu().saturating_sub(cpu);
    assert!(spent < Duration::from_millis(700), "{spent:?}");
}
