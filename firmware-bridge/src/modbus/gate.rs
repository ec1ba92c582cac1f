//! A serial line that lets through to the decoder only what answers the request that was sent last.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frame::{Verdict, judge};

/// Why the gate closed: the exchange failed, and the line must be opened anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Shut {
    /// What arrived was no frame.
    #[error("what arrived was garbled")]
    Garbled,
    /// What arrived answers something else, or nothing that was asked.
    #[error("what arrived was not the answer")]
    Foreign,
}

/// Bytes that arrived where none belong, and were skipped or never became a frame.
pub(crate) type Noise = Arc<AtomicU64>;

/// See the module.
#[derive(Debug)]
pub(crate) struct Gate<T> {
    line: T,
    request: Vec<u8>,
    heard: Vec<u8>,
    /// What was let through, and how much of it was taken.
    answer: Vec<u8>,
    taken: usize,
    /// Whether the request is still being written: the next byte written begins another one.
    sending: bool,
    /// Learnt from reading, where echo and answer can be told apart.
    echoes: bool,
    noise: Noise,
    partial: Noise,
}

impl<T> Gate<T> {
    /// `noise` counts answers behind noise; `partial` holds how many bytes of an unfinished answer were heard.
    pub(crate) fn new(line: T, noise: Noise, partial: Noise) -> Self {
        Self {
            line,
            request: Vec::new(),
            heard: Vec::new(),
            answer: Vec::new(),
            taken: 0,
            sending: false,
            echoes: false,
            noise,
            partial,
        }
    }

    fn deliver(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let left = self.answer.get(self.taken..).unwrap_or_default();
        let part = left.get(..left.len().min(buffer.remaining())).unwrap_or_default();
        buffer.put_slice(part);
        self.taken = self.taken.saturating_add(part.len());
        !part.is_empty()
    }

    /// What the bytes so far are; the answer is put aside for the decoder.
    fn weigh(&mut self) -> io::Result<()> {
        match judge(&self.request, &self.heard, self.echoes) {
            Verdict::More => {}
            Verdict::Garbled => return Err(io::Error::other(Shut::Garbled)),
            Verdict::Foreign => return Err(io::Error::other(Shut::Foreign)),
            Verdict::Answer { from, to, echoed } => {
                let before = if echoed { self.request.len() } else { 0 };
                self.echoes |= echoed;
                if from > before {
                    self.noise.fetch_add(1, Ordering::Relaxed);
                }
                self.answer = self.heard.get(from..to).unwrap_or_default().to_vec();
                self.taken = 0;
            }
        }
        Ok(())
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Gate<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.sending = false;
        loop {
            if self.deliver(buffer) {
                return Poll::Ready(Ok(()));
            }
            let mut bytes = [0; 64];
            let mut fresh = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.line).poll_read(context, &mut fresh))?;
            if fresh.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.heard.extend_from_slice(fresh.filled());
            self.partial.store(self.heard.len() as u64, Ordering::Relaxed);
            self.weigh()?;
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Gate<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.sending {
            // Whatever is there before anything was asked answers something that was given up.
            let mut early = [0; 64];
            let mut early = ReadBuf::new(&mut early);
            if Pin::new(&mut self.line).poll_read(context, &mut early)?.is_ready() {
                let what = if early.filled().is_empty() {
                    io::Error::from(io::ErrorKind::BrokenPipe)
                } else {
                    io::Error::other(Shut::Foreign)
                };
                return Poll::Ready(Err(what));
            }
            self.request.clear();
            self.heard.clear();
            self.answer.clear();
            self.taken = 0;
            self.partial.store(0, Ordering::Relaxed);
            self.sending = true;
        }
        let written = ready!(Pin::new(&mut self.line).poll_write(context, bytes))?;
        self.request.extend_from_slice(bytes.get(..written).unwrap_or_default());
        Poll::Ready(Ok(written))
    }

    /// Does nothing: the kernel sends by itself, and a serial port's flush (`tcdrain`) blocks the whole thread for as
    /// long as a broken adapter likes. The answer is what says that the request went out.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
