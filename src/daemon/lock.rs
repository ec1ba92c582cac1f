//! The file that one daemon holds for as long as it runs.

use crate::error::{Error, Result};
use std::path::Path;
use std::time::Duration;

/// Only one daemon may drive a station's amplifier: it holds this file.
const LOCK: &str = "loaxa.lock";
/// How long the file may still be held after a daemon died.
const HELD_FOR: Duration = Duration::from_secs(3);

/// Two daemons on one station would fight over the amplifier. A daemon that was just killed may have left a child that
/// had not begun yet: it holds the file for a moment longer.
pub(super) async fn hold(data: &Path) -> Result<std::fs::File> {
    let path = data.join(LOCK);
    let file = lock_file(&path)?;
    let free = async {
        while file.try_lock().is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if tokio::time::timeout(HELD_FOR, free).await.is_err() {
        return Err(Error::unacceptable(
            "already_running",
            format!(
                "another daemon runs this station ({} is held); end it, or use another data folder",
                path.display()
            ),
        ));
    }
    Ok(file)
}

fn lock_file(path: &Path) -> Result<std::fs::File> {
    let open = |writing| {
        std::fs::OpenOptions::new().create(writing).truncate(false).write(writing).read(!writing).open(path)
    };
    // who only reads it can hold it as well: a disk that takes no change has it from before
    open(true)
        .or_else(|error| open(false).map_err(|_| error))
        .map_err(|error| Error::io(path.display(), &error))
}

/// The same without waiting; None while a daemon runs.
pub(crate) fn hold_now(data: &Path) -> Result<Option<std::fs::File>> {
    let file = lock_file(&data.join(LOCK))?;
    Ok(file.try_lock().is_ok().then_some(file))
}
