//! The folder of prepared sound: what lies there, what stays, what goes.

use super::evict::{OnShelf, Room, to_go};
use super::needs;
use super::space::Space;
use crate::clock::Clock;
use crate::config::Storage;
use crate::error::{Error, Result};
use crate::intake::Folders;
use crate::store::Store;
use jiff::SignedDuration;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What somebody listened to stays for so long: a page asks for the next piece when it needs it.
const LISTENED: Duration = Duration::from_secs(15 * 60);
/// What was superseded stays for so long: the air may have been told of it.
const SUPERSEDED: Duration = Duration::from_secs(10 * 60);
/// What was needed since does not go for what nobody planned yet.
const RECENT: SignedDuration = SignedDuration::from_hours(2);

/// For whom room is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// What is planned: everything that nobody needs goes for it.
    Air,
    /// Uploads and listeners: what was needed a moment ago stays.
    People,
}

/// The folder of prepared sound.
pub struct Shelf {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    folders: Folders,
    space: Space,
    most: Option<u64>,
    keep: SignedDuration,
    marks: Mutex<Marks>,
}

/// What stays, and why.
#[derive(Default)]
struct Marks {
    /// What must be ready; None until somebody has looked: nothing goes before that.
    kept: Option<HashSet<String>>,
    /// When somebody last listened to it.
    listened: HashMap<String, Duration>,
    /// When another one took its place.
    superseded: HashMap<String, Duration>,
}

impl Shelf {
    /// The shelf of a station. Nothing goes before somebody has looked at what is planned.
    pub fn new(store: Arc<Store>, clock: Arc<dyn Clock>, folders: Folders, config: &Storage) -> Self {
        let space = Space::new(folders.incoming.clone(), config.reserve_mib << 20);
        Self {
            store,
            clock,
            folders,
            space,
            most: config.prepared_max_mib.map(|mib| mib << 20),
            keep: SignedDuration::from_hours(24 * i64::from(config.prepared_keep_days)),
            marks: Mutex::new(Marks::default()),
        }
    }

    /// Room on the disk.
    pub const fn space(&self) -> &Space {
        &self.space
    }

    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These stay, and no others for the plan's sake.
    pub(super) fn keep(&self, roots: HashSet<String>) {
        self.marks().kept = Some(roots);
    }

    /// This one stays too, from now on.
    pub(crate) fn keep_also(&self, root: &str) {
        if let Some(kept) = &mut self.marks().kept {
            kept.insert(root.to_owned());
        }
    }

    /// Somebody listens to it: it stays for a while.
    pub fn listen(&self, root: &str) {
        let now = self.clock.now().mono;
        self.marks().listened.insert(root.to_owned(), now);
    }

    /// Another one takes its place.
    pub(crate) fn supersede(&self, root: &str) {
        let now = self.clock.now().mono;
        self.marks().superseded.insert(root.to_owned(), now);
    }

    /// Sees to it that so many bytes are free beyond the reserve; what nobody needs goes for it.
    ///
    /// # Errors
    /// `storage_full` when there is no room even then.
    pub fn make_room(&self, bytes: u64, whom: For) -> Result<()> {
        let left = self.space.left()?;
        if left >= bytes {
            return Ok(());
        }
        self.clear(bytes - left + self.space.lacking()?, whom)?;
        if self.space.left()? >= bytes { Ok(()) } else { Err(self.space.full()) }
    }

    /// Lets go what is too old, and what there is no room for. How many files went.
    pub(super) fn sweep(&self) -> Result<usize> {
        let gone = self.clear(0, For::Air)?;
        // the log's reserve itself is eaten into; what was just pushed stays, for it may be wanted at once
        match self.space.lacking()? {
            0 => Ok(gone),
            lacking => Ok(gone + self.clear(lacking, For::People)?),
        }
    }

    fn clear(&self, wanted: u64, whom: For) -> Result<usize> {
        let now = self.clock.now();
        let (_, in_use) = needs::in_use(&self.store, now)?;
        let needed = self.store.prepared_needed()?;
        let mut marks = self.marks();
        marks.listened.retain(|_, at| now.mono.saturating_sub(*at) < LISTENED);
        let Some(kept) = &marks.kept else { return Ok(0) };
        let recent = now.wall.checked_sub(RECENT).unwrap_or(now.wall);
        let mut files = Vec::new();
        for (root, bytes) in self.files()? {
            let superseded = marks.superseded.get(&root).filter(|_| !needed.contains_key(&root));
            let Some(needed_at) = needed.get(&root).copied().or(superseded.map(|_| now.wall)) else {
                // somebody is just putting it there; a start clears what nobody ever names
                continue;
            };
            let fresh = superseded.map_or(whom == For::People && needed_at >= recent, |at| {
                now.mono.saturating_sub(*at) < SUPERSEDED
            });
            let stays =
                kept.contains(&root) || in_use.contains(&root) || marks.listened.contains_key(&root) || fresh;
            files.push(OnShelf { superseded: superseded.is_some(), root, bytes, needed_at, stays });
        }
        // a clock that is wrong by years would find everything old
        let oldest = now.wall.checked_sub(self.keep).ok().filter(|_| now.trusted);
        let room = Room { most: self.most.filter(|_| now.trusted || wanted > 0), oldest, wanted };
        let gone = to_go(files, room);
        for file in &gone {
            let path = self.folders.prepared(&file.root);
            match std::fs::remove_file(&path) {
                Ok(()) => tracing::info!(
                    root = file.root,
                    bytes = file.bytes,
                    "prepared sound that nobody needs went"
                ),
                Err(error) => tracing::warn!(root = file.root, %error, "prepared sound cannot be removed"),
            }
            marks.superseded.remove(&file.root);
        }
        Ok(gone.len())
    }

    /// Root and size of every file.
    fn files(&self) -> Result<Vec<(String, u64)>> {
        let folder = &self.folders.prepared;
        let entries = std::fs::read_dir(folder).map_err(|error| Error::io(folder.display(), &error))?;
        let file = |entry: std::fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let root = name.strip_suffix(".pcm")?.to_owned();
            Some((root, entry.metadata().ok()?.len()))
        };
        Ok(entries.flatten().filter_map(file).collect())
    }
}
