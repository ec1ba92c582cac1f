//! Builds the controller's program and what it runs in, once, into the build's folder for tests.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};

/// The folder of the controller's sources, also for the tests of the root package.
pub fn firmware_folder() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    [here.join("firmware"), here.join("firmware-bridge/firmware")]
        .into_iter()
        .find(|folder| folder.join("core.c").is_file())
        .expect("firmware-bridge/firmware is in the workspace")
}

/// The folder with `loaxa-19200.elf`, `loaxa-115200.elf` and `simavr_host`.
pub fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build)
}

fn build() -> PathBuf {
    let sources = firmware_folder();
    let host = sources.with_file_name("tests").join("firmware/simavr_host.c");
    let into = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware");
    let made = ["loaxa-19200.elf", "loaxa-115200.elf", "simavr_host"];
    let newest = fs::read_dir(&sources)
        .expect("the sources")
        .map(|entry| entry.expect("an entry").path())
        .chain([host.clone()])
        .filter(|path| path.is_file())
        .map(|path| changed(&path).expect("a source has a time"))
        .max();
    if made.iter().all(|name| changed(&into.join(name)) > newest) {
        return into;
    }
    // Tests may run side by side: each builds apart, and puts what is complete in its place.
    let apart = into.join(std::process::id().to_string());
    fs::create_dir_all(&apart).expect("a folder to build in");
    run(Command::new("make")
        .arg("-C")
        .arg(&sources)
        .arg(format!("OUT={}", apart.display()))
        .env_remove("MAKEFLAGS"));
    run(Command::new("cc")
        .args(["-O2", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(apart.join("simavr_host"))
        .arg(&host)
        .args(["-lsimavr", "-lelf", "-lutil", "-lm"]));
    for name in made {
        fs::rename(apart.join(name), into.join(name)).expect("what was built is put in its place");
    }
    let _ = fs::remove_dir_all(&apart);
    into
}

/// Compiles the core with its fuzz driver. `plant` replaces a text of a source, which must be there: a planted fault.
pub fn compile_core(name: &str, flags: &[&str], plant: Option<(&str, &str, &str)>) -> PathBuf {
    let sources = firmware_folder();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("core-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder to build in");
    for file in ["core.c", "core.h", "frames.c", "frames.h", "orders.c", "registers.h", "fuzz.c"] {
        let mut text = fs::read_to_string(sources.join(file)).expect("a source");
        if let Some((_, from, to)) = plant.filter(|(planted, _, _)| *planted == file) {
            assert!(text.contains(from), "{file} has no {from:?} any more: plant the fault elsewhere");
            text = text.replace(from, to);
        }
        fs::write(folder.join(file), text).expect("a copy of a source");
    }
    let program = folder.join("fuzz");
    let files = ["fuzz.c", "core.c", "frames.c", "orders.c"];
    run(Command::new("cc")
        .current_dir(&folder)
        .args(["-std=c11", "-g", "-o", "fuzz"])
        .args(flags)
        .args(files));
    program
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

fn run(command: &mut Command) {
    let done =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; run `make packages-to-test`"));
    assert!(
        done.status.success(),
        "{command:?}; run `make packages-to-test` if a package is missing\n{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
}
