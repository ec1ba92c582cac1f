//! The virtual card and what it heard.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Frames of silence after which sound is a new start.
const QUIET: usize = 480;

/// A folder with a virtual card and ALSA's configuration for it.
pub(crate) struct Card {
    folder: tempfile::TempDir,
    /// Frames a second by the clock, the crystal's error included.
    rate: f64,
}

impl Card {
    pub(crate) fn new(options: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/virtual_card.c");
        let library = folder.path().join("libasound_module_pcm_virtual_card.so");
        let built = Command::new("cc")
            .args(["-O2", "-fPIC", "-shared", "-DPIC", "-o"])
            .args([&library, &source])
            .arg("-lasound")
            .status();
        assert!(built.is_ok_and(|built| built.success()), "apt-get install gcc libasound2-dev");
        let conf = format!(
            "pcm_type.virtual_card {{ lib \"{}\" }}\n\
             pcm.card {{ type virtual_card file \"{}\" {options} hint {{ show on description \"Virtual card\" }} }}\n",
            library.display(),
            folder.path().join("heard.raw").display()
        );
        std::fs::write(folder.path().join("alsa.conf"), conf).unwrap();
        let ppm: f64 = options.strip_prefix("ppm ").map_or(0.0, |ppm| ppm.parse().unwrap());
        Self { folder, rate: 48_000.0 * (1.0 + ppm * 1e-6) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn heard(&self) -> Heard {
        let bytes = std::fs::read(self.path("heard.raw")).unwrap();
        let log = std::fs::read_to_string(self.path("heard.raw.log")).unwrap();
        let runs: Vec<(usize, f64)> = log
            .lines()
            .filter(|line| line.starts_with("start "))
            .map(|line| (field(line, "frame=") as usize, field(line, "mono=")))
            .collect();
        let mut heard = Heard { starts: Vec::new(), runs, rate: self.rate };
        let mut quiet = QUIET;
        for (frame, sample) in bytes.chunks_exact(4).enumerate() {
            if sample[..2] == [0, 0] {
                quiet += 1;
                continue;
            }
            if quiet >= QUIET {
                heard.starts.push(heard.instant(frame));
            }
            quiet = 0;
        }
        heard
    }
}

/// Starts of sound and of the card's runs, in nanoseconds of the monotonic clock.
pub(crate) struct Heard {
    starts: Vec<f64>,
    /// The first frame of each run, and its instant; all but the first follow an under-run.
    runs: Vec<(usize, f64)>,
    rate: f64,
}

impl Heard {
    fn instant(&self, frame: usize) -> f64 {
        let run = self.runs.iter().rev().find(|run| run.0 <= frame).expect("the card was started");
        run.1 + (frame - run.0) as f64 / self.rate * 1e9
    }

    /// The start that belongs to a planned instant, if one is so near that it can be no other's.
    pub(crate) fn start_near(&self, planned: f64) -> Option<f64> {
        let near =
            self.starts.iter().copied().min_by(|a, b| (a - planned).abs().total_cmp(&(b - planned).abs()));
        near.filter(|at| (at - planned).abs() < 30e6)
    }

    pub(crate) fn under_runs(&self) -> usize {
        self.runs.len() - 1
    }

    /// Nanoseconds from the end of the last under-run until `at`.
    pub(crate) fn under_run_before(&self, at: f64) -> Option<f64> {
        self.runs.iter().skip(1).map(|run| at - run.1).filter(|since| *since >= 0.0).min_by(f64::total_cmp)
    }
}

fn field(line: &str, key: &str) -> f64 {
    let word = line.split_whitespace().find_map(|word| word.strip_prefix(key));
    word.and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no {key} in {line:?}"))
}
