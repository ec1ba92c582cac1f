//! The thread that reads and verifies blocks, a few seconds ahead of the device.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use super::source::ClipState;
use crate::prepared::{Prepared, PreparedError};
use crate::resample::MonoResampler;
use crate::sample::to_i16;

/// How far the feeder reads ahead.
pub(crate) const AHEAD_SECONDS: u32 = 3;
/// Clips that may be queued at once.
pub(crate) const MAX_CLIPS: usize = 64;
/// How often the rings are topped up: seldom, for each waking costs more than what it then does, and with most of the ring in hand.
const TOP_UP: Duration = Duration::from_millis(500);

/// The frames of a recording that are played.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) from: u64,
    pub(crate) frames: u64,
}

/// A clip to be fed.
pub(crate) struct Feed {
    pcm: Prepared,
    ring: rtrb::Producer<i16>,
    state: Arc<ClipState>,
    resampler: MonoResampler,
    next_block: u64,
    /// Frames of the next block that come before the clip's first.
    skip: usize,
    /// Frames of the recording that are still to be fed.
    wanted: u64,
    /// Verified and resampled, but the ring was full.
    ready: Vec<f32>,
    ready_from: usize,
    finished: bool,
    block: Vec<i16>,
    samples: Vec<f32>,
}

impl Feed {
    /// A ring for a stretch of `pcm` at the device's rate. `Err` says why it cannot be resampled.
    pub(crate) fn new(
        pcm: Prepared,
        stretch: Stretch,
        rate: u32,
        state: Arc<ClipState>,
    ) -> Result<(Self, rtrb::Consumer<i16>), String> {
        let resampler = MonoResampler::new(pcm.info().sample_rate, rate)?;
        let block_frames = u64::from(pcm.block_frames().max(1));
        let (ring, consumer) = rtrb::RingBuffer::new((rate * AHEAD_SECONDS) as usize);
        let feed = Self {
            pcm,
            ring,
            state,
            resampler,
            next_block: stretch.from / block_frames,
            skip: usize::try_from(stretch.from % block_frames).unwrap_or(0),
            wanted: stretch.frames,
            ready: Vec::new(),
            ready_from: 0,
            finished: false,
            block: Vec::new(),
            samples: Vec::new(),
        };
        Ok((feed, consumer))
    }

    /// Fills the ring. `false` when the clip's source is gone, and with it the need for this feed.
    fn top_up(&mut self) -> bool {
        if self.ring.is_abandoned() {
            return false;
        }
        loop {
            let ready = self.ready.get(self.ready_from..).unwrap_or_default();
            let room = self.ring.slots().min(ready.len());
            if let Ok(place) = self.ring.write_chunk_uninit(room) {
                self.ready_from += place.fill_from_iter(ready.iter().map(|&sample| to_i16(sample)));
            }
            if self.ready_from < self.ready.len() {
                return true;
            }
            if self.finished {
                return true;
            }
            self.ready.clear();
            self.ready_from = 0;
            if let Err(why) = self.read_next() {
                self.ready.clear();
                self.finished = true;
                self.state.refuse(why);
            }
        }
    }

    /// Reads, verifies and resamples one block of the stretch, or the tail after the last one.
    fn read_next(&mut self) -> Result<(), String> {
        if self.wanted == 0 || self.next_block == self.pcm.blocks() {
            self.finished = true;
            return self.resampler.finish(&mut self.ready);
        }
        self.pcm
            .read_block_into(self.next_block, &mut self.block)
            .map_err(|error: PreparedError| error.to_string())?;
        self.next_block += 1;
        let most = usize::try_from(self.wanted).unwrap_or(usize::MAX);
        let frames = self.block.iter().skip(std::mem::take(&mut self.skip)).take(most);
        self.samples.clear();
        self.samples.extend(frames.map(|&sample| f32::from(sample) / 32_768.0));
        self.wanted -= self.samples.len() as u64;
        self.resampler.push(&self.samples, &mut self.ready)
    }
}

/// Handle of the feeder's thread, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Feeder(SyncSender<Feed>);

impl Feeder {
    pub(crate) fn start() -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(MAX_CLIPS);
        std::thread::Builder::new().name("audio-feeder".into()).spawn(move || run(&receiver))?;
        Ok(Self(sender))
    }

    /// Begins to read a clip. `false` when too many are queued or the thread is gone.
    pub(crate) fn feed(&self, feed: Feed) -> bool {
        match self.0.try_send(feed) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}

fn run(incoming: &Receiver<Feed>) {
    let mut feeds: Vec<Feed> = Vec::new();
    loop {
        let next = if feeds.is_empty() {
            incoming.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            incoming.recv_timeout(TOP_UP)
        };
        match next {
            Ok(feed) => feeds.push(feed),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        feeds.retain_mut(Feed::top_up);
    }
}
