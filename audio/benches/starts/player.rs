//! The output in a process of its own: it has its own configuration of ALSA, and can be stopped.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use loaxa_audio::output::{Clip, Output, OutputEvent, OutputKind, OutputSettings};
use loaxa_audio::prepared::{Prepared, PreparedWriter};
use rustix::process::{Pid, Signal, kill_process};

use crate::card::Card;

/// Of one clip: short enough for silence between those that start every 60 ms.
const CLIP_FRAMES: usize = 960;
/// From the start of the player to the first start: opening and the clock's map.
const LEAD: Duration = Duration::from_millis(1_500);
/// So many clips are queued at a time; the output holds 64.
const QUEUED: u32 = 32;

pub(crate) struct Player(Child);

impl Player {
    pub(crate) fn start(card: &Card, buffer: u32, count: u32, every: f64) -> Self {
        let path = card.path("clip.pcm");
        let child = Command::new(std::env::current_exe().unwrap())
            .arg("play")
            .arg(path)
            .args([buffer.to_string(), count.to_string(), every.to_string()])
            .env("ALSA_CONFIG_PATH", card.path("alsa.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        Self(child.unwrap())
    }

    /// Stands still, as on a machine that is too busy.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// The planned instants, when it has ended.
    pub(crate) fn wait(mut self) -> Vec<f64> {
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(self.0.wait().unwrap().success(), "{text}");
        text.lines().map(|line| line.parse().unwrap()).collect()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `play FILE BUFFER COUNT EVERY`: prints the planned instants, one a line, as nanoseconds of the monotonic clock.
pub(crate) fn play(words: &[String]) {
    let file = Path::new(&words[0]);
    let (buffer, count) = (words[1].parse().unwrap(), words[2].parse::<u32>().unwrap());
    let every = Duration::from_secs_f64(words[3].parse().unwrap());
    let mut writer = PreparedWriter::create(file, 48_000, [7; 32]).unwrap();
    writer.push(&[16_384; CLIP_FRAMES]).unwrap();
    let root = writer.finish().unwrap().root;
    let settings = OutputSettings {
        buffer_frames: buffer,
        ..OutputSettings::new(OutputKind::Device { name: Some("card".into()) }, 48_000)
    };
    let (sender, events) = channel();
    let output = Output::open(&settings, Box::new(move |event| drop(sender.send(event)))).unwrap();
    let here = Instant::now();
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let raw = now.tv_sec as f64 * 1e9 + now.tv_nsec as f64;
    let first = here + LEAD;
    let (mut queued, mut done) = (0, 0);
    while done < count {
        while queued < count && queued - done < QUEUED {
            let start_at = first + every * queued;
            println!("{}", raw + (start_at - here).as_nanos() as f64);
            let pcm = Prepared::open(file, &root).unwrap();
            let clip = Clip { id: u64::from(queued), pcm, start_at, gain: 1.0, from_frame: 0, frames: None };
            output.play(clip).unwrap();
            queued += 1;
        }
        match events.recv().unwrap() {
            OutputEvent::Ended { .. } | OutputEvent::Cut { .. } | OutputEvent::Refused { .. } => done += 1,
            OutputEvent::Lost { why, .. } => panic!("the output was lost: {why}"),
            _ => {}
        }
    }
    output.close();
}
