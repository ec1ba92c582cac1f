//! The workspace as data: its packages, its dependency graph, its sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// A member of the workspace.
#[derive(Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Names of everything in its own manifest: ordinary, build and test dependencies.
    pub(crate) dependencies: Vec<String>,
    /// Its manifest says `[lints] workspace = true`.
    pub(crate) inherits_lints: bool,
    /// The root files of its library and its binaries.
    pub(crate) roots: Vec<Source>,
}

/// A file of Rust code, by its path from the root of the workspace, with `/` between its parts.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
    /// `[workspace.lints.rust] unsafe_code = "forbid"`.
    pub(crate) forbids_unsafe: bool,
    /// For each package by name: what its ordinary and build dependencies are, resolved for this machine. Two versions
    /// of one package are taken together.
    pub(crate) graph: BTreeMap<String, BTreeSet<String>>,
    /// Everything under `src` of every member.
    pub(crate) sources: Vec<Source>,
}

pub(crate) fn read() -> Workspace {
    // As cargo says now, not when this was compiled: checkouts may share a target folder.
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    let root = Path::new(&root);
    let metadata = metadata(root);
    let packages: Vec<Package> = members(&metadata).map(|package| member(root, package)).collect();
    let manifest = read_text(&root.join("Cargo.toml"));
    let mut sources = Vec::new();
    for package in members(&metadata) {
        let folder = Path::new(text(package, "manifest_path")).parent().expect("a manifest lies in a folder");
        collect_sources(root, &folder.join("src"), &mut sources);
    }
    Workspace {
        packages,
        forbids_unsafe: table(&manifest, "workspace.lints.rust").contains(&"unsafe_code = \"forbid\""),
        graph: graph(&metadata),
        sources,
    }
}

fn metadata(root: &Path) -> Value {
    let host = run(Command::new(env!("CARGO")).arg("-vV"));
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo names its host");
    let answer = run(Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", host])
        .current_dir(root));
    serde_json::from_str(&answer).expect("cargo metadata answers in JSON")
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("cargo can be run");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed (run `cargo fetch` once): {complaint}");
    String::from_utf8(output.stdout).expect("cargo answers in UTF-8")
}

fn members(metadata: &Value) -> impl Iterator<Item = &Value> {
    let ids = items(metadata, "workspace_members");
    items(metadata, "packages").iter().filter(move |package| ids.contains(&package["id"]))
}

fn member(root: &Path, package: &Value) -> Package {
    let manifest = read_text(Path::new(text(package, "manifest_path")));
    let is_root = |target: &&Value| items(target, "kind").iter().any(|kind| kind == "lib" || kind == "bin");
    Package {
        name: text(package, "name").to_owned(),
        dependencies: items(package, "dependencies").iter().map(|dep| text(dep, "name").to_owned()).collect(),
        inherits_lints: table(&manifest, "lints").contains(&"workspace = true"),
        roots: items(package, "targets")
            .iter()
            .filter(is_root)
            .map(|target| source(root, Path::new(text(target, "src_path"))))
            .collect(),
    }
}

fn graph(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let names: BTreeMap<&str, &str> = items(metadata, "packages")
        .iter()
        .map(|package| (text(package, "id"), text(package, "name")))
        .collect();
    let name = |id: &str| names.get(id).copied().unwrap_or(id).to_owned();
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in items(&metadata["resolve"], "nodes") {
        let deps = items(node, "deps")
            .iter()
            .filter(|dep| items(dep, "dep_kinds").iter().any(|kind| kind["kind"] != "dev"));
        graph.entry(name(text(node, "id"))).or_default().extend(deps.map(|dep| name(text(dep, "pkg"))));
    }
    graph
}

fn collect_sources(root: &Path, folder: &Path, into: &mut Vec<Source>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a member has sources")
        .map(|entry| entry.expect("readable").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect_sources(root, &path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(source(root, &path));
        }
    }
}

fn source(root: &Path, path: &Path) -> Source {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    Source { path: parts.join("/"), text: read_text(path) }
}

/// The lines of one table of a manifest, as written.
fn table<'a>(manifest: &'a str, name: &str) -> Vec<&'a str> {
    let header = format!("[{name}]");
    let after = manifest.lines().map(str::trim).skip_while(move |line| *line != header).skip(1);
    after.take_while(|line| !line.starts_with('[')).collect()
}

fn read_text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is missing in cargo's answer"))
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}
