//! A written text that a voice read comes in as every upload does: as bytes that nobody trusts.

use super::{Intake, Received, blocking, folders::TemporaryFile};
use crate::error::{Error, Result};
use crate::preparing::For;
use crate::speech::{Reading, Speech};
use std::fs::File;
use std::sync::Arc;

impl Intake {
    /// Has a text read, and keeps what was read as if it had just come. Nothing of it stays when this fails or is dropped.
    ///
    /// # Errors
    /// As [`Speech::read_out`], and those of the disk.
    pub async fn receive_spoken(&self, speech: &Speech, reading: &Reading) -> Result<Received> {
        let shelf = Arc::clone(self.workshop.shelf());
        blocking(move || shelf.make_room(1, For::People)).await?;
        let name = crate::ids::hex(&crate::ids::random::<16>()?);
        let path = self.folders.incoming.join(format!("{name}.part"));
        let temporary = TemporaryFile::new(path.clone());
        let failed = |error: std::io::Error| Error::io("the recording of the text", &error);
        let file = blocking(move || {
            File::options().read(true).write(true).create_new(true).open(path).map_err(failed)
        })
        .await?;
        speech.read_out(reading, file, self.max_upload).await?;
        self.received(temporary.path()?).await
    }
}
