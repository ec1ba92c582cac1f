//! A recording and what is said of it, as the station reads them: multipart, its length known before.

use super::progress::Progress;
use crate::error::{Error, ErrorKind, Result};
use crate::ids;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::StreamBody;
use hyper::body::Frame;
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use tokio::io::AsyncReadExt;

/// Read and sent at once.
const PIECE: usize = 64 * 1024;

/// What goes over the line.
pub(super) type Sent = StreamBody<Pin<Box<dyn futures_util::Stream<Item = io::Result<Frame<Bytes>>> + Send>>>;

/// One recording to send, as often as it takes.
pub(super) struct Upload {
    file: PathBuf,
    bytes: u64,
    boundary: String,
    before: String,
    after: String,
}

impl Upload {
    /// A recording that can be read, with its words.
    ///
    /// # Errors
    /// Names the file.
    pub(super) fn open(file: &Path, meta: &Value) -> Result<Self> {
        let about = std::fs::metadata(file)
            .and_then(|about| std::fs::File::open(file).map(|_| about))
            .map_err(|error| unreadable(file, &error))?;
        if !about.is_file() || about.len() == 0 {
            return Err(unreadable(file, &"it is empty, or no file"));
        }
        let boundary = format!("loaxa-{}", ids::hex(&ids::random::<16>()?));
        // its name says nothing to the station: the content tells what it is
        let before = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"meta\"\r\nContent-Type: application/json\r\n\r\n{meta}\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"audio\"; filename=\"recording\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let after = format!("\r\n--{boundary}--\r\n");
        Ok(Self { file: file.to_owned(), bytes: about.len(), boundary, before, after })
    }

    pub(super) fn kind(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// Of the whole body.
    pub(super) fn length(&self) -> u64 {
        self.bytes + (self.before.len() + self.after.len()) as u64
    }

    /// The body from its beginning.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub(super) async fn body(&self, progress: &Progress) -> Result<Sent> {
        let file = tokio::fs::File::open(&self.file).await.map_err(|error| unreadable(&self.file, &error))?;
        // what was appended meanwhile is not sent: the length was said
        let file = file.take(self.bytes);
        let pieces = stream::try_unfold((file, self.bytes), |(mut file, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let mut piece = vec![0; PIECE];
            let count = file.read(&mut piece).await?;
            if count == 0 {
                return Err(io::Error::other("the file became shorter while it was sent; push it again"));
            }
            piece.truncate(count);
            Ok(Some((Bytes::from(piece), (file, left - count as u64))))
        });
        let edge = |text: &str| stream::once(std::future::ready(Ok(Bytes::from(text.to_owned()))));
        let progress = progress.clone();
        let all = edge(&self.before).chain(pieces).chain(edge(&self.after)).map(move |piece| {
            let piece = piece?;
            progress.sent(piece.len() as u64);
            Ok(Frame::data(piece))
        });
        Ok(StreamBody::new(Box::pin(all)))
    }
}

fn unreadable(file: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::Unacceptable,
        "unreadable",
        format!("{}: {why}; name a recording that can be read", file.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn the_body_is_as_long_as_it_says_each_time() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("a \"file\".mp3");
        let bytes: Vec<u8> = (0..200_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        std::fs::write(&file, &bytes).unwrap();
        let upload = Upload::open(&file, &serde_json::json!({ "title": "Tin" })).unwrap();
        let progress = Progress::start(upload.length());
        for _ in 0..2 {
            progress.again();
            let body = BodyExt::collect(upload.body(&progress).await.unwrap()).await.unwrap().to_bytes();
            assert_eq!(body.len() as u64, upload.length());
            assert!(body.windows(bytes.len()).any(|window| window == bytes));
        }
        assert!(Upload::open(&home.path().join("none"), &Value::Null).is_err());
        assert!(Upload::open(home.path(), &Value::Null).is_err());
    }
}
