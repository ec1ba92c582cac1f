//! A disk that refuses one call, or every call from one on (`failing_disk.c`, loaded before the program).

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What a disk says that refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Full,
    Failing,
    ReadOnly,
}

impl Refusal {
    /// As the kernel's number.
    fn number(self) -> u64 {
        let errno = match self {
            Self::Full => rustix::io::Errno::NOSPC,
            Self::Failing => rustix::io::Errno::IO,
            Self::ReadOnly => rustix::io::Errno::ROFS,
        };
        u64::from(errno.raw_os_error().unsigned_abs())
    }
}

/// The library that stands between the program and its disk.
pub(crate) struct Library {
    folder: TempDir,
}

impl Library {
    pub(crate) fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/station/faults/failing_disk.c");
        let made = Command::new("cc")
            .args(["-O2", "-fPIC", "-shared", "-o"])
            .arg(folder.path().join("failing_disk.so"))
            .arg(source)
            .arg("-ldl")
            .output()
            .unwrap_or_else(|error| panic!("cc is needed for this test ({error}); `make test` installs it"));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("failing_disk.so")
    }
}

/// What a disk refuses, and how often it was asked.
pub(crate) struct Disk<'a> {
    library: &'a Library,
    plan: File,
    file: PathBuf,
    below: PathBuf,
}

impl<'a> Disk<'a> {
    /// One that refuses nothing yet; its plan lies in `home`.
    pub(crate) fn new(library: &'a Library, home: &Path, below: PathBuf) -> Self {
        let file = home.join("failing-disk.plan");
        let plan = File::options().read(true).write(true).create(true).truncate(true).open(&file).unwrap();
        plan.set_len(256).unwrap();
        Self { library, plan, file, below }
    }

    /// The command's disk is this one.
    pub(crate) fn under(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", self.library.file())
            .env("FAILING_DISK_PLAN", &self.file)
            .env("FAILING_DISK_FOLDER", &self.below);
    }

    /// Refuses the calls from number `from` on (from 1), up to `to` and without it.
    pub(crate) fn refuse(&self, from: u64, to: u64, refusal: Refusal) {
        for (place, value) in [(3, refusal.number()), (2, to), (1, from)] {
            self.plan.write_all_at(&value.to_ne_bytes(), place * 8).unwrap();
        }
    }

    /// Refuses nothing any more.
    pub(crate) fn heal(&self) {
        self.plan.write_all_at(&[0; 8], 8).unwrap();
    }

    fn number(&self, place: u64) -> u64 {
        let mut bytes = [0; 8];
        self.plan.read_exact_at(&mut bytes, place * 8).unwrap();
        u64::from_ne_bytes(bytes)
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> u64 {
        self.number(0)
    }

    /// How often it refused, and what first.
    pub(crate) fn refused(&self) -> (u64, String) {
        let mut bytes = [0; 216];
        self.plan.read_exact_at(&mut bytes, 40).unwrap();
        let first = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        (self.number(4), String::from_utf8_lossy(first).into_owned())
    }
}
