//! Where one connection stands, and how long it may stay there.
//!
//! A head, or the pause between two requests, is bounded as a whole, not from byte to byte: a caller that drips is closed
//! as one that is silent. What the caller does not take of an answer is bounded too.

use hyper::body::{Body, Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Handshake and first head, from the moment of the connection on: three round trips of a slow mobile line.
pub(super) const FIRST_HEAD_WITHIN: Duration = Duration::from_secs(8);
/// A later head, from its first byte on.
pub(super) const HEAD_WITHIN: Duration = Duration::from_secs(6);
/// A connection may wait so long for its next request.
pub(super) const IDLE: Duration = Duration::from_secs(30);
/// Of an answer, something must be taken within this time.
pub(super) const TAKE_WITHIN: Duration = Duration::from_secs(20);

/// What a connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing was asked yet.
    New,
    /// Between two requests.
    Idle,
    /// A head is coming.
    Head,
    /// A head was read; nobody knows yet who asks, and a body may be coming.
    Asked,
    /// The caller is known, or the answer is on its way.
    Served,
    /// It gave its place to another one.
    Displaced,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// Since when the other side takes nothing.
    stuck: Option<Instant>,
}

/// Where one connection stands.
#[derive(Debug)]
pub(super) struct Pulse {
    state: Mutex<State>,
    changed: Notify,
}

/// Why a connection is closed from our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    /// No whole request came in time.
    TooSlow,
    /// The answer is not taken.
    NotTaken,
    /// The place is needed for somebody else.
    Displaced,
}

impl Pulse {
    pub(super) fn new() -> Self {
        let state = State { phase: Phase::New, since: Instant::now(), stuck: None };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, to: Phase) {
        let mut state = self.state();
        if state.phase != Phase::Displaced {
            (state.phase, state.since) = (to, Instant::now());
            drop(state);
            self.changed.notify_one();
        }
    }

    /// A whole head was read.
    pub(super) fn asked(&self) {
        self.turn(Phase::Asked);
    }

    /// It is known who asks, or that no caller is needed: this one is not displaced any more.
    pub(super) fn served(&self) {
        self.turn(Phase::Served);
    }

    fn heard(&self) {
        let idle = self.state().phase == Phase::Idle;
        if idle {
            self.turn(Phase::Head);
        }
    }

    fn taken(&self, all: bool) {
        let mut state = self.state();
        if all && state.stuck.is_none() {
            return;
        }
        state.stuck = if all { None } else { Some(state.stuck.unwrap_or_else(Instant::now)) };
        drop(state);
        self.changed.notify_one();
    }

    /// Since when it could give its place to another; None when somebody is being served.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        let state = self.state();
        let waits = matches!(state.phase, Phase::New | Phase::Idle | Phase::Head | Phase::Asked);
        waits.then_some(state.since)
    }

    /// Takes its place away. False when meanwhile somebody is being served.
    pub(super) fn displace(&self) -> bool {
        if self.waiting_since().is_none() {
            return false;
        }
        self.turn(Phase::Displaced);
        true
    }

    /// Ends when this connection must be closed.
    pub(super) async fn over(&self) -> Close {
        loop {
            let (until, why) = {
                let state = self.state();
                let phase = match state.phase {
                    Phase::New => Some((state.since + FIRST_HEAD_WITHIN, Close::TooSlow)),
                    Phase::Head => Some((state.since + HEAD_WITHIN, Close::TooSlow)),
                    Phase::Idle => Some((state.since + IDLE, Close::TooSlow)),
                    Phase::Asked | Phase::Served => None,
                    Phase::Displaced => return Close::Displaced,
                };
                let stuck = state.stuck.map(|since| (since + TAKE_WITHIN, Close::NotTaken));
                match (phase, stuck) {
                    (Some(one), Some(other)) => {
                        (Some(one.0.min(other.0)), if one.0 < other.0 { one.1 } else { other.1 })
                    }
                    (Some((until, why)), None) | (None, Some((until, why))) => (Some(until), why),
                    (None, None) => (None, Close::TooSlow),
                }
            };
            let Some(until) = until else {
                self.changed.notified().await;
                continue;
            };
            tokio::select! {
                () = tokio::time::sleep_until(until) => return why,
                () = self.changed.notified() => {}
            }
        }
    }
}

/// A stream that tells its pulse what comes and goes.
pub(super) struct Watched<T> {
    pub(super) inner: T,
    pub(super) pulse: Arc<Pulse>,
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.pulse.heard();
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.pulse.taken(written.is_ready());
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        self.pulse.taken(flushed.is_ready());
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.pulse.taken(shut.is_ready());
        shut
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.pulse.taken(written.is_ready());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// An answer's body; when it is over, the connection is idle again.
pub(super) struct Answer<B> {
    pub(super) body: B,
    pub(super) pulse: Arc<Pulse>,
}

impl<B> Drop for Answer<B> {
    fn drop(&mut self) {
        self.pulse.turn(Phase::Idle);
    }
}

impl<B: Body + Unpin> Body for Answer<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long `pulse` is let be, at most a minute.
    async fn lasts(pulse: &Pulse) -> Option<(u64, Close)> {
        let begun = Instant::now();
        let over = tokio::time::timeout(Duration::from_secs(60), pulse.over()).await.ok()?;
        Some((begun.elapsed().as_secs(), over))
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_has_its_time() {
        assert_eq!(lasts(&Pulse::new()).await, Some((8, Close::TooSlow)));
        let pulse = Pulse::new();
        pulse.turn(Phase::Idle);
        assert_eq!(lasts(&pulse).await, Some((30, Close::TooSlow)));
        pulse.turn(Phase::Idle);
        pulse.heard();
        assert_eq!(lasts(&pulse).await, Some((6, Close::TooSlow)));
        pulse.served();
        assert_eq!(lasts(&pulse).await, None, "a request may take its time");
    }

    #[tokio::test(start_paused = true)]
    async fn dripping_buys_no_time() {
        let pulse = Arc::new(Pulse::new());
        pulse.turn(Phase::Idle);
        let dripping = Arc::clone(&pulse);
        tokio::spawn(async move {
            loop {
                dripping.heard();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        assert_eq!(lasts(&pulse).await, Some((6, Close::TooSlow)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_taken_is_closed_and_what_is_taken_slowly_is_not() {
        let pulse = Arc::new(Pulse::new());
        pulse.served();
        pulse.taken(false);
        assert_eq!(lasts(&pulse).await, Some((20, Close::NotTaken)));
        let slow = Arc::clone(&pulse);
        pulse.taken(true);
        tokio::spawn(async move {
            loop {
                slow.taken(false);
                tokio::time::sleep(Duration::from_secs(15)).await;
                slow.taken(true);
            }
        });
        assert_eq!(lasts(&pulse).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_served_keeps_the_place() {
        let pulse = Pulse::new();
        pulse.served();
        assert!(!pulse.displace());
        pulse.turn(Phase::Idle);
        assert!(pulse.displace());
        assert_eq!(lasts(&pulse).await, Some((0, Close::Displaced)));
        pulse.served();
        assert_eq!(lasts(&pulse).await, Some((0, Close::Displaced)), "for good");
    }
}
