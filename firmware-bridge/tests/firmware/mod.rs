//! A controller for tests: its real program in a simulated chip, its serial port at a path, the station's hardware to play
//! with. Needs the Debian packages that `make test` installs.
//!
//! Wall time is generous, because the machine may be busy; where a time is promised, tests judge by the chip's own cycles.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]
#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test takes what it needs")]

mod build;
mod line;

use std::{
    fmt,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::Duration,
};

pub use build::{compile_core, firmware_folder};
pub use line::{Line, frame};

/// Cycles of the chip in a millisecond.
pub const CYCLES_PER_MS: u64 = 16_000;

/// How long a test waits for what must come, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// The coil of the amplifier's power as a bit of [`Controller::outputs`].
pub const POWER: u16 = 1 << 8;
/// The coil that lets sound through as a bit of [`Controller::outputs`].
pub const SOUND: u16 = 1 << 9;

/// Something that happened to the controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub what: What,
    /// When, in cycles of the chip since it started.
    pub cycle: u64,
    /// When, in microseconds of the machine's monotonic clock.
    pub wall_us: u64,
}

/// See [`Event`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The output pins now drive these relays, bit = coil.
    Outputs(u16),
    /// The chip started again.
    Reset,
    /// A command took effect.
    Did(String),
}

impl Event {
    /// The outputs, if they are what changed.
    pub fn outputs(&self) -> Option<u16> {
        match self.what {
            What::Outputs(outputs) => Some(outputs),
            What::Reset | What::Did(_) => None,
        }
    }
}

#[derive(Default)]
struct Seen {
    events: Vec<Event>,
    ended: bool,
}

/// A controller that runs until it is dropped.
pub struct Controller {
    child: Child,
    commands: Mutex<ChildStdin>,
    path: String,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

impl fmt::Debug for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Controller").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Controller {
    /// Switches a controller on, whose program was built for `baud` (19200 or 115200).
    pub fn start(baud: u32) -> Self {
        let built = build::built();
        let mut child = Command::new(built.join("simavr_host"))
            .arg(built.join(format!("loaxa-{baud}.elf")))
            .arg(baud.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the simulated station starts");
        let commands = Mutex::new(child.stdin.take().expect("piped"));
        let mut said = BufReader::new(child.stdout.take().expect("piped"));
        let mut first = String::new();
        said.read_line(&mut first).expect("the first line");
        let path = first.trim().strip_prefix("pty ").expect("the first line names the port").to_owned();
        let seen: Arc<(Mutex<Seen>, Condvar)> = Arc::default();
        thread::spawn({
            let seen = Arc::clone(&seen);
            move || {
                for text in said.lines().map_while(Result::ok) {
                    let event = parse(&text);
                    seen.0.lock().unwrap().events.push(event);
                    seen.1.notify_all();
                }
                seen.0.lock().unwrap().ended = true;
                seen.1.notify_all();
            }
        });
        let controller = Self { child, commands, path, seen };
        // Before its program listens, bytes go nowhere.
        controller.let_pass(20);
        controller
    }

    /// The path of its serial port.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Opens its serial port as raw bytes.
    pub fn line(&self) -> Line {
        Line::open(&self.path)
    }

    /// What the output pins drive now, bit = coil.
    pub fn outputs(&self) -> u16 {
        self.events().iter().rev().find_map(Event::outputs).expect("the chip has pins")
    }

    /// Everything that happened so far.
    pub fn events(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    /// Waits until an event at or after the `from`th is as wanted, and answers its place and itself.
    pub fn wait_for(&self, from: usize, what: &str, wanted: impl Fn(&Event) -> bool) -> (usize, Event) {
        let find = |seen: &Seen| (from..seen.events.len()).find(|&i| wanted(&seen.events[i]));
        let (seen, timeout) = self
            .seen
            .1
            .wait_timeout_while(self.lock(), PATIENCE, |seen| find(seen).is_none() && !seen.ended)
            .unwrap();
        let Some(at) = find(&seen) else {
            panic!(
                "no {what}: {}; {:#?}",
                if timeout.timed_out() { "too late" } else { "it ended" },
                seen.events
            )
        };
        (at, seen.events[at].clone())
    }

    /// Waits until the outputs are these, now or later.
    pub fn wait_for_outputs(&self, outputs: u16) -> Event {
        let from = self.events().iter().rposition(|event| event.outputs().is_some()).unwrap_or(0);
        self.wait_for(from, &format!("outputs {outputs:03x}"), |event| event.outputs() == Some(outputs)).1
    }

    /// Gives a command of `simavr_host.c`, and waits until it took effect.
    pub fn tell(&self, command: &str) -> Event {
        let from = self.lock().events.len();
        writeln!(self.commands.lock().unwrap(), "{command}").expect("the simulated station lives");
        let wanted = What::Did(command.replace(' ', "-"));
        self.wait_for(from, command, |event| event.what == wanted).1
    }

    /// Waits until the chip itself has lived so much longer.
    pub fn let_pass(&self, ms: u64) {
        let until = self.tell("now").cycle + ms * CYCLES_PER_MS;
        while self.tell("now").cycle < until {
            thread::yield_now();
        }
    }

    /// Presses the button at the station, and keeps it pressed.
    pub fn press_stop(&self) -> Event {
        self.tell("stop 1")
    }

    /// Lets go of the button.
    pub fn let_go_of_stop(&self) -> Event {
        self.tell("stop 0")
    }

    /// Holds the button for long enough to take its latch back, and lets go.
    pub fn take_stop_back(&self) {
        self.let_pass(100);
        self.press_stop();
        self.let_pass(3_200);
        self.let_go_of_stop();
        self.let_pass(100);
    }

    /// The process that plays the station, for tests that stop it.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap()
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parse(text: &str) -> Event {
    let words: Vec<_> = text.split(' ').collect();
    let (what, times) = match *words.as_slice() {
        ["out", hex, cycle, wall] => {
            (What::Outputs(u16::from_str_radix(hex, 16).expect("hexadecimal outputs")), [cycle, wall])
        }
        ["reset", cycle, wall] => (What::Reset, [cycle, wall]),
        ["did", command, cycle, wall] => (What::Did(command.to_owned()), [cycle, wall]),
        _ => panic!("the simulated station said {text:?}"),
    };
    let [cycle, wall_us] = times.map(|time| time.parse().expect("a number"));
    Event { what, cycle, wall_us }
}
