//! Makes the sounds and the files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use loaxa_audio::synth::{speak, write_wav};

use crate::ffmpeg_decode;
use crate::support::{sweep, tool};
use crate::table::Entry;

pub(crate) const TITLE: &str = "Bản tin sáng thứ Hai";
pub(crate) const ARTIST: &str = "Đài xã Hòa Bình";

/// How long the sound is. No whole number of any codec's frames.
const SECONDS: f64 = 2.777;

/// A sound as a WAV file.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) samples: Vec<f64>,
}

/// Speech over drifting tones, at each rate and number of channels that is asked for: nothing in it comes twice, so that
/// it correlates at one place only.
pub(crate) struct Sources {
    dir: PathBuf,
    speech: PathBuf,
    made: Mutex<HashMap<(u32, u16), Arc<Source>>>,
}

impl Sources {
    pub(crate) fn new(dir: &Path) -> Self {
        let speech = dir.join("speech.wav");
        speak("Kính mời bà con nghe bản tin buổi sáng của đài truyền thanh xã Hòa Bình", &speech).unwrap();
        Self { dir: dir.into(), speech, made: Mutex::default() }
    }

    pub(crate) fn get(&self, rate: u32, channels: u16) -> Arc<Source> {
        let mut made = self.made.lock().unwrap();
        let source = made.entry((rate, channels)).or_insert_with(|| {
            let speech = ffmpeg_decode(&self.speech, rate, None);
            let samples: Vec<f64> = sweep(rate, SECONDS)
                .iter()
                .enumerate()
                .map(|(i, tone)| 0.7 * tone + 0.5 * speech.get(i).copied().unwrap_or(0.0))
                .collect();
            let path = self.dir.join(format!("source-{rate}-{channels}.wav"));
            let interleaved: Vec<f64> =
                samples.iter().flat_map(|&sample| (0..channels).map(move |_| sample)).collect();
            write_wav(&path, rate, channels, &interleaved).unwrap();
            Arc::new(Source { path, samples })
        });
        Arc::clone(source)
    }
}

/// Makes the file of an entry from a WAV file, with the tool that its recipe names.
pub(crate) fn make(entry: &Entry, source: &Path, file: &Path) {
    let (source, file) = (source.to_str().unwrap(), file.to_str().unwrap());
    let mut words = entry.recipe.split_whitespace();
    let name = words.next().unwrap();
    let options: Vec<&str> = words.collect();
    let tags = |pairs: &[(&str, &str)]| -> Vec<String> {
        let marks = if entry.tagged() { pairs } else { &[] };
        marks.iter().flat_map(|(option, text)| [(*option).to_owned(), (*text).to_owned()]).collect()
    };
    let own = |words: &[&str]| -> Vec<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    let title = format!("title={TITLE}");
    let artist = format!("artist={ARTIST}");
    let (name, arguments) = match name {
        "ffmpeg" => (
            "ffmpeg",
            [
                own(&["-nostdin", "-loglevel", "error", "-y", "-i", source]),
                tags(&[("-metadata", &title), ("-metadata", &artist)]),
                own(&options),
                own(&[file]),
            ],
        ),
        // With a picture that moves and ends a little after the sound.
        "video" => (
            "ffmpeg",
            [
                own(&[
                    "-nostdin",
                    "-loglevel",
                    "error",
                    "-y",
                    "-f",
                    "lavfi",
                    "-i",
                    "testsrc=d=3:s=64x64:r=10",
                    "-i",
                    source,
                ]),
                tags(&[("-metadata", &title), ("-metadata", &artist)]),
                own(&options),
                own(&[file]),
            ],
        ),
        "lame" => (
            "lame",
            [
                own(&["--quiet"]),
                tags(&[("--tt", TITLE), ("--ta", ARTIST)]),
                own(&options),
                own(&[source, file]),
            ],
        ),
        "flac" => (
            "flac",
            [
                own(&["--silent", "-f"]),
                tags(&[("-T", &title), ("-T", &artist)]),
                own(&options),
                own(&["-o", file, source]),
            ],
        ),
        "oggenc" => (
            "oggenc",
            [
                own(&["--quiet"]),
                tags(&[("-t", TITLE), ("-a", ARTIST)]),
                own(&options),
                own(&["-o", file, source]),
            ],
        ),
        "opusenc" => (
            "opusenc",
            [
                own(&["--quiet"]),
                tags(&[("--title", TITLE), ("--artist", ARTIST)]),
                own(&options),
                own(&[source, file]),
            ],
        ),
        "sox" => ("sox", [own(&["-D", source]), own(&options), own(&[file]), Vec::new()]),
        other => panic!("{other}"),
    };
    tool(name, &arguments.concat());
}
