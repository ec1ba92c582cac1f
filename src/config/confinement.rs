//! `[confinement]`: what the daemon leaves itself of the machine.

use serde::Deserialize;
use std::path::PathBuf;

/// What the daemon leaves itself of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfinementSettings {
    /// Whether the daemon gives up every other file, before it opens a port (Landlock).
    pub landlock: bool,
    /// Folders and files that it may read besides, for instance those of a sound plug-in. Absolute.
    pub also_read: Vec<PathBuf>,
    /// Folders and files that it may read and write besides. Absolute.
    pub also_write: Vec<PathBuf>,
}

impl Default for ConfinementSettings {
    fn default() -> Self {
        Self { landlock: true, also_read: Vec::new(), also_write: Vec::new() }
    }
}

impl ConfinementSettings {
    /// Every rule that is broken, each with its remedy.
    pub(super) fn problems(&self) -> Vec<String> {
        let lists = [("also_read", &self.also_read), ("also_write", &self.also_write)];
        let relative = lists.into_iter().flat_map(|(key, list)| {
            list.iter().filter(|path| !path.is_absolute()).map(move |path| {
                format!(
                    "confinement.{key}: {} is no absolute path; write it from the root on, /…",
                    path.display()
                )
            })
        });
        relative.collect()
    }
}
