//! A private PulseAudio with a sink that plays to nobody, and a recording of it, as a witness that shares no code with
//! the station.
//!
//! With `norewinds=1` the sink works in blocks of 50 ms: it wakes at the instant at which a block begins to sound, mixes
//! it, and hands a copy to the monitor. A block can thus never reach us before its first sample sounds, and the quickest
//! of many does so within some hundredths of a millisecond. The sink's clock is the machine's own, so one number maps the
//! samples to instants: the least of "when the block arrived, less the time that the samples before it take".

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::compare::{RATE, Recording};
use super::monotonic;

/// The configuration of a station that plays on it.
pub(crate) const AUDIO: &str = "output = \"device\"\ndevice = \"heard\"";
/// Two channels of 16 bits.
const FRAME_BYTES: usize = 4;
const PER_FRAME: f64 = 1e9 / RATE as f64;
/// Nanoseconds without a read: what comes after them is a new block, not the rest of one that was mixed in pieces.
const PAUSE: f64 = 10e6;
/// Frames over which one map is used.
const STRETCH: usize = RATE as usize * 10;

/// The server.
pub(crate) struct Pulse {
    child: Child,
    folder: tempfile::TempDir,
}

fn private(name: &str, package: &str, folder: &Path) -> Command {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|it| it.join(name).exists()));
    assert!(found, "{name} is missing; apt-get install {package}");
    let mut command = Command::new(name);
    let homes = ["HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH"];
    command.envs(homes.map(|home| (home, folder)));
    command
        .env("PULSE_COOKIE", folder.join("cookie"))
        .env("PULSE_SERVER", format!("unix:{}", folder.join("native").display()))
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// A server with its socket in the folder, once it answers.
fn serve(folder: &Path) -> Child {
    let socket = folder.join("native");
    let protocol = format!("module-native-protocol-unix auth-anonymous=1 socket={}", socket.display());
    let sink = format!("module-null-sink norewinds=1 sink_name=amp format=s16le rate={RATE} channels=2");
    let child = private("pulseaudio", "pulseaudio", folder)
        .env_remove("PULSE_SERVER")
        .args(["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"])
        .args(["--disable-shm=yes", "--high-priority=no", "--realtime=no"])
        .args(["-L", &protocol, "-L", &sink])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !socket.exists() {
        assert!(begun.elapsed() < Duration::from_secs(15), "PulseAudio did not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

impl Pulse {
    /// Starts the server with its socket and ALSA's configuration in a folder of its own, with a name short enough for
    /// a socket.
    pub(crate) fn start() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        let conf = format!(
            "pcm.heard {{ type pulse server \"unix:{}\" hint {{ show on description \"A sound server\" }} }}\n",
            folder.join("native").display()
        );
        std::fs::write(folder.join("alsa.conf"), conf).unwrap();
        let child = serve(folder);
        Self { child, folder: temporary }
    }

    /// Kills it in mid-word, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again after [`kill`](Self::kill), under the same name.
    pub(crate) fn start_again(&mut self) {
        let _ = std::fs::remove_file(self.folder.path().join("native"));
        self.child = serve(self.folder.path());
    }

    /// ALSA's configuration file.
    pub(crate) fn alsa(&self) -> PathBuf {
        self.folder.path().join("alsa.conf")
    }

    /// Begins to record what the sink plays.
    pub(crate) fn listen(&self) -> Listener {
        let rate = format!("--rate={RATE}");
        let mut child = private("parec", "pulseaudio-utils", self.folder.path())
            .args(["-d", "amp.monitor", "--raw", "--format=s16le", "--channels=2", &rate])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdout.take().unwrap();
        let taken = Arc::new(Mutex::new(Taken::default()));
        let shared = Arc::clone(&taken);
        let thread = std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(length) = pipe.read(&mut buffer) {
                let at = monotonic();
                if length == 0 {
                    return;
                }
                let mut taken = shared.lock().unwrap();
                let first = taken.bytes.len();
                taken.reads.push((first, at));
                taken.bytes.extend(&buffer[..length]);
            }
        });
        let listener = Listener { child, taken, thread: Some(thread) };
        let begun = Instant::now();
        while listener.taken.lock().unwrap().reads.len() < 5 {
            assert!(begun.elapsed() < Duration::from_secs(15), "parec records nothing");
            std::thread::sleep(Duration::from_millis(20));
        }
        listener
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Default)]
struct Taken {
    bytes: Vec<u8>,
    /// First byte of a read, and when it came.
    reads: Vec<(usize, f64)>,
}

/// A recording that runs.
pub(crate) struct Listener {
    child: Child,
    taken: Arc<Mutex<Taken>>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Ends the recording.
    pub(crate) fn heard(mut self) -> Recording {
        let _ = self.child.kill();
        self.thread.take().unwrap().join().unwrap();
        let taken = self.taken.lock().unwrap();
        // only a read after a pause tells when its first sample began to sound
        let pauses = taken.reads.windows(2).filter(|pair| pair[1].1 - pair[0].1 > PAUSE);
        let origins: Vec<(usize, f64)> = pauses
            .map(|pair| (pair[1].0 / FRAME_BYTES, pair[1].1))
            .map(|(first, at)| (first, at - first as f64 * PER_FRAME))
            .collect();
        // the sink rounds its time to microseconds at each block, so the map is made anew every ten seconds
        let mut runs = Vec::new();
        for stretch in origins.chunk_by(|a, b| a.0 / STRETCH == b.0 / STRETCH) {
            let least = stretch.iter().map(|origin| origin.1).fold(f64::INFINITY, f64::min);
            let first = stretch[0].0;
            runs.push((first, least + first as f64 * PER_FRAME));
        }
        let origin = |run: &(usize, f64)| run.1 - run.0 as f64 * PER_FRAME;
        let doubts = runs.windows(2).map(|pair| (origin(&pair[0]) - origin(&pair[1])).abs());
        let doubt_ms = doubts.fold(0.0, f64::max) / 1e6;
        let samples = taken
            .bytes
            .chunks_exact(FRAME_BYTES)
            .map(|frame| i16::from_le_bytes([frame[0], frame[1]]))
            .collect();
        Recording { samples, runs, breaks: Vec::new(), doubt_ms }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
