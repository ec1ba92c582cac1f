//! The virtual sound card of the audio crate's tests as a witness: it knows the instant of each frame that it took.

use std::path::{Path, PathBuf};

use super::compare::Recording;
use super::tool;

/// The configuration of a station that plays on it.
pub(crate) const AUDIO: &str = "output = \"device\"\ndevice = \"card\"";

/// A folder with the card and ALSA's configuration for it.
pub(crate) struct Card {
    folder: PathBuf,
}

impl Card {
    /// Builds the card in a folder.
    pub(crate) fn new(folder: &Path) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("audio/tests/lab/virtual_card.c");
        let library = folder.join("libasound_module_pcm_virtual_card.so");
        let arguments = [
            "-O2".as_ref(),
            "-fPIC".as_ref(),
            "-shared".as_ref(),
            "-DPIC".as_ref(),
            "-o".as_ref(),
            library.as_os_str(),
            source.as_os_str(),
            "-lasound".as_ref(),
        ];
        tool("cc", "gcc libasound2-dev", &arguments);
        let conf = format!(
            "pcm_type.virtual_card {{ lib \"{}\" }}\n\
             pcm.card {{ type virtual_card file \"{}\" hint {{ show on description \"Virtual card\" }} }}\n",
            library.display(),
            folder.join("heard.raw").display()
        );
        std::fs::write(folder.join("alsa.conf"), conf).unwrap();
        Self { folder: folder.to_owned() }
    }

    /// ALSA's configuration file.
    pub(crate) fn alsa(&self) -> PathBuf {
        self.folder.join("alsa.conf")
    }

    /// Everything that it has heard until now; ask when the station has closed it.
    pub(crate) fn heard(&self) -> Recording {
        let bytes = std::fs::read(self.folder.join("heard.raw")).expect("the card was opened");
        let samples = bytes.chunks_exact(4).map(|frame| i16::from_le_bytes([frame[0], frame[1]])).collect();
        let log = std::fs::read_to_string(self.folder.join("heard.raw.log")).unwrap();
        // each opening counts its frames from nought; the file goes on
        let (mut before, mut runs) = (0, Vec::new());
        for line in log.lines() {
            match line.split_once(' ') {
                Some(("start", rest)) => {
                    runs.push((before + number(rest, "frame=") as usize, number(rest, "mono=")))
                }
                Some(("close", rest)) => before += number(rest, "frame=") as usize,
                _ => {}
            }
        }
        assert!(!runs.is_empty(), "the card was never started: {log}");
        Recording { samples, breaks: runs.iter().map(|run| run.0).collect(), runs, doubt_ms: 0.02 }
    }
}

fn number(line: &str, key: &str) -> f64 {
    let word = line.split_whitespace().find_map(|word| word.strip_prefix(key));
    word.and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no {key} in {line:?}"))
}
