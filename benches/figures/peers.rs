//! The same MP3 on the same virtual card, played by the players that others use: resident and proportional memory, processor
//! time, and how long until the first sample. The station's own figures are those of the part `air`.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::lab::card::Card;
use crate::lab::{self, monotonic, sound, tool};
use crate::table::Table;

/// So long each of them is watched.
const WATCHED: Duration = Duration::from_secs(30);
/// After the start, until all is loaded.
const SETTLED: Duration = Duration::from_secs(4);
const SECONDS: u32 = 45;

pub(crate) fn measure(table: &mut Table) {
    for name in ["aplay (WAV)", "mpg123", "mpd", "ffmpeg", "liquidsoap"] {
        let folder = lab::folder();
        let played = std::panic::catch_unwind(|| play(name, folder.path()));
        let figures = match played {
            Ok(Some(figures)) => figures.map(Some),
            // not installed here, or it does not play on this card
            _ => [None; 4],
        };
        let units = ["MiB", "MiB", "ms a minute", "ms"];
        let what = ["resident", "proportional", "processor", "first sample"];
        for ((what, unit), figure) in what.into_iter().zip(units).zip(figures) {
            table.add(format!("peer {name}: {what}"), figure, unit);
        }
    }
}

/// Ended with the measurement.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn play(name: &str, folder: &Path) -> Option<[f64; 4]> {
    let card = Card::new(folder);
    let file = sound::mp3(folder, SECONDS);
    let mut command = command(name, folder, &file)?;
    command.env("ALSA_CONFIG_PATH", card.alsa()).env("HOME", folder).stdin(Stdio::null());
    let mut asked = monotonic();
    let child = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?);
    if name == "mpd" {
        asked = ask_mpd(&folder.join("socket"), &file)?;
    }
    std::thread::sleep(SETTLED);
    let (before, begun) = (processor(&child.0)?, Instant::now());
    let (mut resident, mut proportional) = (0.0_f64, 0.0_f64);
    while begun.elapsed() < WATCHED {
        let memory = memory(&child.0)?;
        (resident, proportional) = (resident.max(memory.0), proportional.max(memory.1));
        std::thread::sleep(Duration::from_secs(3));
    }
    let spent = (processor(&child.0)? - before) / begun.elapsed().as_secs_f64() * 60.0;
    drop(child);
    let heard = card.heard();
    let first = heard.samples.iter().position(|&sample| sample != 0)?;
    Some([resident, proportional, spent, (heard.instant(first) - asked) / 1e6])
}

fn command(name: &str, folder: &Path, file: &Path) -> Option<Command> {
    let path = file.to_str()?.to_owned();
    let (program, words): (&str, Vec<String>) = match name {
        "aplay (WAV)" => {
            let wav = folder.join("clip.wav").to_str()?.to_owned();
            tool("ffmpeg", "ffmpeg", &["-v", "error", "-i", path.as_str(), wav.as_str()]);
            ("aplay", vec!["-q".into(), "-D".into(), "card".into(), wav])
        }
        "mpg123" => ("mpg123", ["-q", "-o", "alsa", "-a", "card", &path].map(String::from).to_vec()),
        "ffmpeg" => ("ffmpeg", ["-v", "error", "-i", &path, "-f", "alsa", "card"].map(String::from).to_vec()),
        "liquidsoap" => {
            let script = format!(
                "settings.init.allow_root.set(true)\n\
                 settings.alsa.alsa_buffer.set(8192)\n\
                 output.alsa(device=\"card\", fallible=true, once(single(\"{path}\")))\n"
            );
            std::fs::write(folder.join("play.liq"), script).ok()?;
            ("liquidsoap", vec![folder.join("play.liq").to_str()?.to_owned()])
        }
        "mpd" => {
            let conf = format!(
                "bind_to_address \"{0}/socket\"\nmusic_directory \"{0}\"\npid_file \"{0}/pid\"\n\
                 audio_output {{\n type \"alsa\"\n name \"card\"\n device \"card\"\n mixer_type \"none\"\n}}\n",
                folder.display()
            );
            std::fs::write(folder.join("mpd.conf"), conf).ok()?;
            ("mpd", vec!["--no-daemon".into(), folder.join("mpd.conf").to_str()?.to_owned()])
        }
        _ => return None,
    };
    let mut command = Command::new(program);
    command.args(words);
    Some(command)
}

/// Has it play the file; the instant at which that was asked for.
fn ask_mpd(socket: &PathBuf, file: &Path) -> Option<f64> {
    let begun = Instant::now();
    let mut stream = loop {
        match UnixStream::connect(socket) {
            Ok(stream) => break stream,
            Err(_) if begun.elapsed() < Duration::from_secs(15) => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(_) => return None,
        }
    };
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    lines.next()?.ok()?;
    let mut ask = |words: String| -> Option<bool> {
        writeln!(stream, "{words}").ok()?;
        loop {
            let line = lines.next()?.ok()?;
            if line == "OK" || line.starts_with("ACK") {
                return Some(line == "OK");
            }
        }
    };
    ask(format!("add \"file://{}\"", file.display()))?.then_some(())?;
    let asked = monotonic();
    ask("play".into())?.then_some(asked)
}

/// Milliseconds of processor time, of all its threads.
fn processor(child: &Child) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    // USER_HZ is 100 wherever Linux shows it to programs
    Some((fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?) * 10.0)
}

/// Resident and proportional, in MiB.
fn memory(child: &Child) -> Option<(f64, f64)> {
    let text = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", child.id())).ok()?;
    let mebibytes = |name: &str| -> Option<f64> {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
    };
    Some((mebibytes("Rss:")?, mebibytes("Pss:")?))
}
