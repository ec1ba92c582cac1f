//! The arguments of `loaxa backup` and `loaxa restore`.

use super::Place;
use clap::Args;
use std::path::PathBuf;

/// What is copied where.
#[derive(Args, Clone)]
pub(super) struct BackupArguments {
    /// An empty folder, or one of an earlier backup of this station: then only what is new is copied.
    pub(super) folder: PathBuf,
    /// With the key that signs the airing log. Whoever has it can sign in the station's name: keep such a backup under lock.
    #[arg(long)]
    pub(super) with_key: bool,
    /// One JSON object instead of lines.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) place: Place,
}

/// What is put back where.
#[derive(Args, Clone)]
pub(super) struct RestoreArguments {
    /// A backup's folder, or a database such as the copy that is kept before an upgrade.
    pub(super) from: PathBuf,
    /// One JSON object instead of lines.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) place: Place,
}
