//! The output to the amplifier: a sound card, a WAV file, or nothing, behind one [`Output`].
//!
//! ```text
//!  play() ──► feeder thread: reads and hashes blocks, resamples ──► ring of samples, seconds ahead ─┐
//!    │                                                                                              ▼
//!    └──────► requests ──► renderer, on the device's thread: clips begin at their exact frame
//!                                      │                                                            │
//!  events ◄── monitor thread: ledger ◄─┴─ records                                     device, file or nothing
//! ```
//!
//! **Starts** are aimed, not fired: the device says at each period when its next frame will sound; a regression over these
//! gives the frame that sounds at a wanted instant. **Ends** are counted where the device consumed frames, as witnessed
//! by a later period, never derived from a file's length. A device that stops consuming is **lost**: one event, then the
//! output is dead and its owner opens another; it is never replaced by another device.

mod capture_file;
mod clock_map;
mod device;
mod evidence;
mod feeder;
mod health;
mod ledger;
mod meter;
mod monitor;
mod paced;
mod renderer;
mod source;
#[cfg(test)]
mod tests;
mod types;

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use rodio::cpal::traits::StreamTrait;

pub use self::evidence::{Evidence, Gap, GapCause};
use self::feeder::{Feed, Feeder, MAX_CLIPS, Stretch};
pub use self::meter::Silence;
use self::monitor::{Monitor, Shared};
use self::renderer::{Record, Renderer, Request, Scheduled};
use self::source::{ClipSource, ClipState, Shape};
pub use self::types::{Clip, Fades, OutputDescription, OutputError, OutputEvent, OutputKind, OutputSettings};
use crate::monotonic;
use crate::resample::resampled_frames;

/// Periods after which a device is taken to be running.
const RUNNING_CALLS: u64 = 4;
/// A device must keep time for so long before it is trusted.
const PROBATION: Duration = Duration::from_millis(100);
/// How often the opening of a device is looked after.
const LOOK: Duration = Duration::from_millis(5);
/// Requests and records that fit between two looks of the other side.
const QUEUE: usize = 1_024;

/// An open output. It plays silence until it is given clips. Dropping it closes it.
pub struct Output {
    shared: Arc<Shared>,
    requests: Mutex<rtrb::Producer<Request>>,
    feeder: Feeder,
    description: OutputDescription,
    timeout: Duration,
    fades: Fades,
    /// Tells the monitor that something is wanted; dropped to tell it to close; `None` once that is done.
    open: Option<Sender<()>>,
    /// Disconnected when the monitor has ended.
    monitor_done: Mutex<Receiver<()>>,
    monitor_thread: ThreadId,
}

impl std::fmt::Debug for Output {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Output").field("description", &self.description).finish_non_exhaustive()
    }
}

/// The running form of an output, as its parts are wired together.
struct Running {
    shared: Arc<Shared>,
    requests: rtrb::Producer<Request>,
    records: rtrb::Consumer<Record>,
    description: OutputDescription,
    tear_down: Box<dyn Fn() + Send>,
}

impl Output {
    /// Opens the output and starts a stream of silence. Blocks until the device is seen to run and to keep time, at most
    /// [`OutputSettings::timeout`].
    ///
    /// `events` is called from one thread of the output's own; it should not block. Every clip that was accepted by
    /// [`play`](Self::play) comes to exactly one of `Ended`, `Cut`, `Refused`, or a place in `Lost`.
    ///
    /// # Errors
    /// [`OutputError`]; nothing is left running then.
    pub fn open(
        settings: &OutputSettings,
        events: Box<dyn Fn(OutputEvent) + Send>,
    ) -> Result<Self, OutputError> {
        if !(4_000..=384_000).contains(&settings.sample_rate) {
            let rate = settings.sample_rate;
            return Err(OutputError::Invalid(format!(
                "a sample rate of {rate} Hz; choose one from 4000 to 384000"
            )));
        }
        let running = match &settings.kind {
            OutputKind::Device { name } => open_device(name.as_deref(), settings)?,
            OutputKind::Capture { file } => {
                let capture = paced::open_capture(file, settings.sample_rate)?;
                open_paced(settings.sample_rate, Some(capture))?
            }
            OutputKind::Null => open_paced(settings.sample_rate, None)?,
        };
        let out_of_threads = |error: std::io::Error| {
            (running.tear_down)();
            OutputError::Invalid(format!("no thread can be started: {error}; free memory"))
        };
        let feeder = Feeder::start().map_err(out_of_threads)?;
        let (open, opened) = channel();
        let (done, monitor_done) = channel::<()>();
        let description = running.description;
        let period = f64::from(description.buffer_frames) / f64::from(description.rate.max(1));
        let monitor = Monitor {
            shared: Arc::clone(&running.shared),
            records: running.records,
            events,
            period: Duration::from_secs_f64(period),
            tear_down: running.tear_down,
            open: opened,
        };
        let thread = std::thread::Builder::new()
            .name("audio-monitor".into())
            .spawn(move || {
                let _done = done;
                monitor.run();
            })
            .map_err(|error| {
                OutputError::Invalid(format!("no thread can be started: {error}; free memory"))
            })?;
        Ok(Self {
            shared: running.shared,
            requests: Mutex::new(running.requests),
            feeder,
            description,
            timeout: settings.timeout,
            fades: settings.fades,
            open: Some(open),
            monitor_done: Mutex::new(monitor_done),
            monitor_thread: thread.thread().id(),
        })
    }

    /// Queues a clip. Returns at once; what becomes of the clip is told by events.
    ///
    /// # Errors
    /// [`OutputError::Closed`] after a loss; [`OutputError::Invalid`] for an id that is in use, when 64 clips are
    /// queued already, or when the clip begins after the end of its recording. The clip will then not sound.
    pub fn play(&self, clip: Clip) -> Result<(), OutputError> {
        let rate = self.description.rate;
        let device_rate = NonZero::new(rate).ok_or(OutputError::Closed)?;
        let id = clip.id;
        let left = clip.pcm.info().frames.saturating_sub(clip.from_frame);
        let frames = clip.frames.map_or(left, |wanted| wanted.min(left));
        if frames == 0 {
            let (from, whole) = (clip.from_frame, clip.pcm.info().frames);
            return Err(OutputError::Invalid(format!(
                "clip {id} has nothing to play: it begins at frame {from} of {whole}; prepare its plan again"
            )));
        }
        let device_frames = resampled_frames(frames, clip.pcm.info().sample_rate, rate);
        let state = Arc::new(ClipState::default());
        let stretch = Stretch { from: clip.from_frame, frames };
        let (feed, ring) =
            Feed::new(clip.pcm, stretch, rate, Arc::clone(&state)).map_err(OutputError::Invalid)?;
        let gain = if clip.gain.is_finite() { clip.gain.clamp(0.0, 1.0) } else { 0.0 };
        let whole_frames = |fade: Duration| (fade.as_secs_f64() * f64::from(rate)) as u64;
        let shape = Shape {
            gain,
            rise: if clip.from_frame > 0 { whole_frames(self.fades.rise) } else { 0 },
            fall: if frames < left { whole_frames(self.fades.out) } else { 0 },
        };
        let source = ClipSource::new(device_rate, device_frames, shape, ring, Arc::clone(&state));
        let scheduled = Scheduled {
            id,
            start_at: clip.start_at,
            frames: device_frames,
            source,
            state: Arc::clone(&state),
            follows: None,
        };
        {
            let mut ledger = self.shared.ledger();
            if self.shared.health.is_gone() {
                return Err(OutputError::Closed);
            }
            if ledger.contains(id) {
                return Err(OutputError::Invalid(format!("clip {id} is queued already")));
            }
            if ledger.len() >= MAX_CLIPS {
                return Err(OutputError::Invalid(format!(
                    "{MAX_CLIPS} clips are queued already; wait for one to end"
                )));
            }
            ledger.queue(id, state, frames, device_frames);
        }
        if self.feeder.feed(feed) && self.request(Request::Play(scheduled)) {
            return Ok(());
        }
        self.shared.ledger().forget(id);
        Err(OutputError::Invalid(format!("clip {id} cannot be queued: the output is overloaded")))
    }

    /// Takes a clip back: removed when it has not begun, else faded out within 10 ms. It comes to `Cut` (or to what it
    /// came to already). What the device has buffered, up to two periods, still sounds: mute the amplifier first where
    /// silence is wanted at once.
    pub fn cancel(&self, id: u64) {
        self.request(Request::Cancel(id));
    }

    /// [`cancel`](Self::cancel) for every clip.
    pub fn silence(&self) {
        self.request(Request::Silence);
    }

    /// What this output is.
    #[must_use]
    pub fn describe(&self) -> OutputDescription {
        self.description.clone()
    }

    /// Closes it: what is still buffered is dropped, and every clip that is not done comes to `Cut`. Blocks until the
    /// events are delivered and the device is released, at most [`OutputSettings::timeout`].
    pub fn close(self) {
        drop(self);
    }

    fn request(&self, request: Request) -> bool {
        let taken = self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request).is_ok();
        // a monitor that is gone has told everything
        let _ = self.open.as_ref().map(|open| open.send(()));
        taken
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        drop(self.open.take());
        // An event's receiver may drop the output itself; then there is nobody to wait for.
        if std::thread::current().id() != self.monitor_thread {
            let done = self.monitor_done.get_mut().unwrap_or_else(PoisonError::into_inner);
            if done.recv_timeout(self.timeout) == Err(RecvTimeoutError::Timeout) {
                tracing::warn!(device = %self.description.device, "the audio output did not close in time");
            }
        }
    }
}

/// The names of the sound cards (and ALSA's other devices) that [`OutputKind::Device`] may name.
///
/// # Errors
/// [`OutputError::Device`] when ALSA cannot be asked.
pub fn list_devices() -> Result<Vec<String>, OutputError> {
    device::names()
}

/// The renderer's channels: requests in, records out.
fn wire(rate: u32) -> Result<(Renderer, rtrb::Producer<Request>, rtrb::Consumer<Record>), OutputError> {
    let rate =
        NonZero::new(rate).ok_or_else(|| OutputError::Invalid("the device has no sample rate".into()))?;
    let (requests, incoming) = rtrb::RingBuffer::new(QUEUE);
    let (outgoing, records) = rtrb::RingBuffer::new(QUEUE);
    Ok((Renderer::new(rate, incoming, outgoing), requests, records))
}

fn open_paced(rate: u32, capture: Option<capture_file::CaptureFile>) -> Result<Running, OutputError> {
    let now = monotonic::now();
    let shared = Arc::new(Shared::new(rate, now));
    let (renderer, requests, records) = wire(rate)?;
    let first_frame_at = paced::first_frame_at(rate, now);
    let description = OutputDescription {
        device: capture
            .as_ref()
            .map_or_else(|| "null".into(), |capture| capture.path().display().to_string()),
        rate,
        channels: 1,
        buffer_frames: paced::period_frames(rate),
        limit: None,
        first_frame_at: Some(first_frame_at),
        file_offset_frames: capture.as_ref().map_or(0, capture_file::CaptureFile::frames),
    };
    let stop = Arc::new(AtomicBool::new(false));
    let (done, paced_done) = channel::<()>();
    let (thread_shared, thread_stop) = (Arc::clone(&shared), Arc::clone(&stop));
    let thread = std::thread::Builder::new()
        .name("audio-paced".into())
        .spawn(move || {
            let _done = done;
            paced::run(renderer, capture, &thread_shared, first_frame_at, &thread_stop);
        })
        .map_err(|error| OutputError::Invalid(format!("no thread can be started: {error}; free memory")))?;
    let tear_down = Box::new(move || {
        stop.store(true, Ordering::Release);
        thread.thread().unpark();
        let _ = paced_done.recv_timeout(Duration::from_secs(1));
    });
    Ok(Running { shared, requests, records, description, tear_down })
}

fn open_device(name: Option<&str>, settings: &OutputSettings) -> Result<Running, OutputError> {
    let device = name.unwrap_or("default").to_owned();
    let deadline = monotonic::now() + settings.timeout;
    // ALSA may hang in any call, so all of them are made by a thread that can be given up.
    let (sender, receiver) = channel();
    let (wanted, rate, buffer_frames) =
        (name.map(str::to_owned), settings.sample_rate, settings.buffer_frames);
    std::thread::Builder::new()
        .name("audio-open".into())
        .spawn(move || {
            let started = start_device(wanted.as_deref(), rate, buffer_frames);
            // When nobody waits any more, the stream is dropped here.
            let _ = sender.send(started);
        })
        .map_err(|error| OutputError::Invalid(format!("no thread can be started: {error}; free memory")))?;
    let timed_out = || OutputError::Timeout { device: device.clone(), seconds: settings.timeout.as_secs() };
    let (running, shared, buffer_frames) =
        receiver.recv_timeout(settings.timeout).map_err(|_| timed_out())??;
    match wait_until_running(&shared, buffer_frames, &device, deadline) {
        Ok(true) => Ok(running),
        Ok(false) => {
            (running.tear_down)();
            Err(timed_out())
        }
        Err(error) => {
            (running.tear_down)();
            Err(error)
        }
    }
}

fn start_device(
    name: Option<&str>,
    wanted_rate: u32,
    buffer_frames: u32,
) -> Result<(Running, Arc<Shared>, u32), OutputError> {
    let chosen = device::choose(name, wanted_rate, buffer_frames)?;
    let rate = chosen.config.sample_rate;
    let shared = Arc::new(Shared::new(rate, monotonic::now()));
    let (renderer, requests, records) = wire(rate)?;
    let stream = device::start(&chosen, renderer, &shared)?;
    let buffer_frames = stream.buffer_size().unwrap_or(buffer_frames);
    let limit = (rate != wanted_rate).then(|| {
        format!(
            "the device does not offer {wanted_rate} Hz: recordings are resampled to {rate} Hz as they play"
        )
    });
    let description = OutputDescription {
        device: chosen.name,
        rate,
        channels: chosen.config.channels,
        buffer_frames,
        limit,
        first_frame_at: None,
        file_offset_frames: 0,
    };
    let stream = Mutex::new(Some(stream));
    let tear_down = Box::new(move || {
        let Some(stream) = stream.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        // Dropping joins the device's thread, which may hang in a driver for ever.
        let (done, dropped) = channel::<()>();
        let helper = std::thread::Builder::new().name("audio-close".into()).spawn(move || {
            drop(stream);
            drop(done);
        });
        if helper.is_ok() && dropped.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the sound card's driver does not answer; its thread is left behind");
        }
    });
    let running = Running { shared: Arc::clone(&shared), requests, records, description, tear_down };
    Ok((running, shared, buffer_frames))
}

/// Waits until the device has called a few times and is seen to keep time. `Ok(false)` when it did not begin in time.
fn wait_until_running(
    shared: &Shared,
    buffer_frames: u32,
    device: &str,
    deadline: Instant,
) -> Result<bool, OutputError> {
    loop {
        if let Some(what) = shared.health.gone() {
            return Err(OutputError::Device { device: device.into(), what });
        }
        let now = monotonic::now();
        let running = shared.health.first_call().map(|first| now.saturating_duration_since(first));
        let calls = shared.health.calls();
        if let Some(running) = running.filter(|&running| running >= PROBATION) {
            let handed = calls as f64 * f64::from(buffer_frames);
            let due = (running.as_secs_f64() + 1.0) * f64::from(shared.rate) + 4.0 * f64::from(buffer_frames);
            if handed > due {
                return Err(OutputError::NotPaced { device: device.into() });
            }
            if calls >= RUNNING_CALLS {
                return Ok(true);
            }
        }
        if now >= deadline {
            return Ok(false);
        }
        std::thread::park_timeout(LOOK);
    }
}
