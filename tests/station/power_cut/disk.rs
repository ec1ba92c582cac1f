//! A disk on which a change is durable when a barrier says so, and may be there or not before that.
//!
//! What is written to a file is durable when the file was synced after it; a name (made, moved, removed) when its folder
//! was. Everything else is there or not, each change by itself, in any order; of what is written, each sector by itself.

use super::trace::{Id, Step, What};
use crate::kills::Chance;
use std::collections::{BTreeMap, BTreeSet};

/// A sector is written whole, or not.
const SECTOR: u64 = 512;

#[derive(Default)]
struct File {
    durable: Vec<u8>,
    pending: Vec<Pending<Change>>,
}

struct Pending<T> {
    number: usize,
    ended: usize,
    what: T,
}

#[derive(Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Cut(u64),
}

enum Naming {
    Make(Id, String),
    MakeFolder(String),
    Move { from: String, to: String, id: Id },
    Gone(String),
}

/// The disk.
#[derive(Default)]
pub(crate) struct Disk {
    files: BTreeMap<Id, File>,
    names: BTreeMap<String, Id>,
    folders: BTreeSet<String>,
    naming: Vec<Pending<Naming>>,
    /// Counts up whenever something became durable.
    durable: usize,
    changes: usize,
}

/// How much of what is pending is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Nothing but what was synced.
    Synced,
    /// Each change or not.
    Some,
    /// All of it, and a first part of the last write.
    Torn,
    /// Each name or not, and each sector or not.
    Sectors,
}

impl Cut {
    pub(crate) const ALL: [Self; 4] = [Self::Synced, Self::Some, Self::Torn, Self::Sectors];
}

/// What a power cut left: folders, files, and by what it is told from other states.
pub(crate) struct State {
    pub(crate) folders: BTreeSet<String>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) key: (usize, Vec<(usize, u64)>),
}

fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl Naming {
    /// The folder whose barrier makes it durable.
    fn folder(&self) -> &str {
        match self {
            Self::Make(_, name) | Self::MakeFolder(name) | Self::Gone(name) => folder_of(name),
            Self::Move { to, .. } => folder_of(to),
        }
    }

    fn apply(&self, names: &mut BTreeMap<String, Id>, folders: &mut BTreeSet<String>) {
        match self {
            Self::Make(id, name) => drop(names.insert(name.clone(), *id)),
            Self::MakeFolder(name) => drop(folders.insert(name.clone())),
            Self::Gone(name) => drop(names.remove(name)),
            Self::Move { from, to, id } => {
                if names.get(from) == Some(id) {
                    names.remove(from);
                }
                names.insert(to.clone(), *id);
            }
        }
    }
}

fn apply(data: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Cut(length) => data.resize(*length as usize, 0),
        Change::Write(at, bytes) => {
            let (from, to) = (*at as usize, *at as usize + bytes.len());
            if data.len() < to {
                data.resize(to, 0);
            }
            data[from..to].copy_from_slice(bytes);
        }
    }
}

/// The parts of a write that lie in one sector each.
fn sectors(at: u64, bytes: &[u8]) -> Vec<(u64, &[u8])> {
    let mut parts = Vec::new();
    let (mut at, mut rest) = (at, bytes);
    while !rest.is_empty() {
        let length = ((SECTOR - at % SECTOR) as usize).min(rest.len());
        parts.push((at, &rest[..length]));
        (at, rest) = (at + length as u64, &rest[length..]);
    }
    parts
}

impl Disk {
    /// Takes a step; whether it changed what a power cut could leave.
    pub(crate) fn take(&mut self, step: &Step) -> bool {
        self.changes += 1;
        let number = self.changes;
        let naming = |what| Pending { number, ended: step.ended, what };
        match &step.what {
            What::Make(id, name) => self.naming.push(naming(Naming::Make(*id, name.clone()))),
            What::MakeFolder(name) => self.naming.push(naming(Naming::MakeFolder(name.clone()))),
            What::Gone(name) => self.naming.push(naming(Naming::Gone(name.clone()))),
            What::Move { from, to, id } => {
                let what = Naming::Move { from: from.clone(), to: to.clone(), id: *id };
                self.naming.push(naming(what));
            }
            What::Write(id, at, bytes) => self.change(*id, step, Change::Write(*at, bytes.clone())),
            What::Cut(id, length) => self.change(*id, step, Change::Cut(*length)),
            What::SyncFile(id) => {
                let Some(file) = self.files.get_mut(id) else { return false };
                let (done, still): (Vec<_>, Vec<_>) = std::mem::take(&mut file.pending)
                    .into_iter()
                    .partition(|change| change.ended < step.begun);
                file.pending = still;
                done.iter().for_each(|change| apply(&mut file.durable, &change.what));
                self.durable += usize::from(!done.is_empty());
            }
            What::SyncFolder(folder) => {
                let (done, still): (Vec<_>, Vec<_>) = std::mem::take(&mut self.naming)
                    .into_iter()
                    .partition(|name| name.ended < step.begun && name.what.folder() == folder);
                self.naming = still;
                done.iter().for_each(|name| name.what.apply(&mut self.names, &mut self.folders));
                self.durable += usize::from(!done.is_empty());
            }
            _ => return false,
        }
        true
    }

    fn change(&mut self, id: Id, step: &Step, what: Change) {
        let number = self.changes;
        self.files.entry(id).or_default().pending.push(Pending { number, ended: step.ended, what });
    }

    /// One state that a power cut could leave now. Without `files` only its key is made.
    pub(crate) fn cut(&self, cut: Cut, chance: &mut Chance, files: bool) -> State {
        let last = self.files.values().flat_map(|file| &file.pending).map(|change| change.number).max();
        let (mut names, mut folders) = (self.names.clone(), self.folders.clone());
        let mut key = Vec::new();
        for name in &self.naming {
            let there = match cut {
                Cut::Synced => false,
                Cut::Torn => true,
                Cut::Some | Cut::Sectors => chance.next().is_multiple_of(2),
            };
            if there {
                name.what.apply(&mut names, &mut folders);
                key.push((name.number, u64::MAX));
            }
        }
        let mut contents: BTreeMap<Id, Vec<u8>> = BTreeMap::new();
        for (id, file) in &self.files {
            let mut data = if files { file.durable.clone() } else { Vec::new() };
            for change in &file.pending {
                let parts = match &change.what {
                    Change::Write(at, bytes) => sectors(*at, bytes),
                    Change::Cut(_) => Vec::new(),
                };
                let all = (1_u64 << parts.len().min(63)) - 1;
                let mask = match cut {
                    Cut::Synced => None,
                    Cut::Torn if Some(change.number) == last && all > 0 => {
                        Some(all >> (chance.next() % (parts.len() as u64 + 1)).min(63))
                    }
                    Cut::Torn => Some(all),
                    Cut::Some => chance.next().is_multiple_of(2).then_some(all),
                    Cut::Sectors if all == 0 => chance.next().is_multiple_of(2).then_some(all),
                    Cut::Sectors => Some(chance.next() & all).filter(|mask| *mask != 0),
                };
                let Some(mask) = mask else { continue };
                key.push((change.number, mask));
                match &change.what {
                    _ if !files => {}
                    Change::Cut(_) => apply(&mut data, &change.what),
                    Change::Write(..) => {
                        for (index, (at, bytes)) in parts.iter().enumerate() {
                            // of very long writes, what lies behind the 63rd sector shares its fate
                            if mask >> index.min(62) & 1 == 1 {
                                apply(&mut data, &Change::Write(*at, bytes.to_vec()));
                            }
                        }
                    }
                }
            }
            contents.insert(*id, data);
        }
        let files =
            names.into_iter().map(|(name, id)| (name, contents.get(&id).cloned().unwrap_or_default()));
        State { folders, files: files.collect(), key: (self.durable, key) }
    }
}
