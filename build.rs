//! Puts the desk, as `web/` built it, into the program: a table of files for `src/web/page.rs`.
//!
//! Without it (nobody ran `make page`) the program still builds, and serves a page that says so.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const BUILT: &str = "web/dist";
const NOT_BUILT: &str = "src/web/page";

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    println!("cargo::rerun-if-changed={BUILT}");
    println!("cargo::rerun-if-changed={NOT_BUILT}");
    let mut folder = root.join(BUILT);
    if !folder.join("index.html").is_file() {
        folder = root.join(NOT_BUILT);
    }
    let mut files = Vec::new();
    collect(&folder, &mut files)?;
    files.sort();
    let mut table = String::from("[\n");
    for file in files.iter().filter(|file| file.extension().is_none_or(|end| end != "gz")) {
        let bytes = fs::read(file)?;
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let packed = PathBuf::from(format!("{}.gz", file.display()));
        let name = file.strip_prefix(&folder).map_err(io::Error::other)?.display().to_string();
        let packed = if packed.is_file() {
            format!("Some(include_bytes!({:?}))", packed.display())
        } else {
            "None".to_owned()
        };
        let tag = format!("\"{:016x}\"", hasher.finish());
        let _ = writeln!(
            table,
            "File {{ name: {name:?}, tag: {tag:?}, plain: include_bytes!({:?}), packed: {packed} }},",
            file.display()
        );
    }
    table.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("page_files.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
