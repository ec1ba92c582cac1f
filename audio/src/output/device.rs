//! A sound card through cpal (ALSA).

use std::sync::Arc;
use std::time::{Duration, Instant};

use rodio::cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use rodio::cpal::{
    self, BufferSize, Device, ErrorKind, OutputCallbackInfo, SampleFormat, SizedSample, Stream, StreamConfig,
    SupportedBufferSize, SupportedStreamConfigRange,
};

use super::monitor::Shared;
use super::renderer::Renderer;
use super::types::OutputError;
use crate::monotonic;
use crate::sample::to_i16;

/// Sample formats that are converted to, the best first.
const FORMATS: [SampleFormat; 6] = [
    SampleFormat::I16,
    SampleFormat::I32,
    SampleFormat::F32,
    SampleFormat::U8,
    SampleFormat::U16,
    SampleFormat::F64,
];
/// Rates that are tried when the device does not offer the station's.
const RATES: [u32; 4] = [48_000, 44_100, 96_000, 32_000];
/// How long cpal sleeps before it looks whether the device is still there.
const POLL: Duration = Duration::from_millis(500);

/// The format that a device will be run in.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) device: Device,
    pub(crate) name: String,
    pub(crate) config: StreamConfig,
    pub(crate) format: SampleFormat,
}

/// The names of all output devices.
pub(crate) fn names() -> Result<Vec<String>, OutputError> {
    let devices = cpal::default_host().output_devices().map_err(|error| OutputError::Device {
        device: "ALSA".into(),
        what: format!("devices cannot be listed: {error}; check that ALSA is installed"),
    })?;
    let mut names: Vec<String> =
        devices.filter_map(|device| Some(device.id().ok()?.id().to_owned())).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// Finds the named device, or the machine's default, and the format to run it in.
pub(crate) fn choose(name: Option<&str>, rate: u32, buffer_frames: u32) -> Result<Chosen, OutputError> {
    let host = cpal::default_host();
    let device = match name {
        None => host.default_output_device(),
        Some(name) => named(&host, name),
    };
    let Some(device) = device else {
        let available = names()?.join(", ");
        return Err(OutputError::NoSuchDevice { name: name.unwrap_or("default").into(), available });
    };
    let name = name.unwrap_or("default").to_owned();
    let failed = |what: String| OutputError::Device { device: name.clone(), what };
    let ranges = device.supported_output_configs().map_err(|error| failed(explain(&error)))?;
    let (range, rate) = best(ranges, rate).ok_or_else(|| {
        failed("it offers no sample format that is known here; use its plughw: name".into())
    })?;
    let buffer_size = match *range.buffer_size() {
        SupportedBufferSize::Range { min, max } => BufferSize::Fixed(buffer_frames.clamp(min, max.max(min))),
        SupportedBufferSize::Unknown => BufferSize::Fixed(buffer_frames),
    };
    let config = StreamConfig { channels: range.channels(), sample_rate: rate, buffer_size };
    Ok(Chosen { device, name, config, format: range.sample_format() })
}

fn named(host: &cpal::Host, name: &str) -> Option<Device> {
    let devices: Vec<Device> = host.output_devices().ok()?.collect();
    let is = |device: &&Device| device.id().is_ok_and(|id| id.id() == name);
    if let Some(device) = devices.iter().find(is) {
        return Some(device.clone());
    }
    // `hw:0` and the like are other spellings of a listed name.
    let id = cpal::DeviceId::new(host.id(), name);
    host.device_by_id(&id).filter(|device| device.supports_output())
}

/// The best of what is offered, and the rate to use of it.
fn best(
    ranges: impl Iterator<Item = SupportedStreamConfigRange>,
    wanted: u32,
) -> Option<(SupportedStreamConfigRange, u32)> {
    let rank = |range: &SupportedStreamConfigRange| {
        let rates = range.min_sample_rate()..=range.max_sample_rate();
        let format = FORMATS.iter().position(|&format| format == range.sample_format())?;
        let all = std::iter::once(wanted).chain(RATES).enumerate();
        let (order, rate) =
            all.into_iter().find(|(_, rate)| rates.contains(rate)).unwrap_or((9, *rates.end()));
        let channels = match range.channels() {
            2 => 0,
            1 => 1,
            more => more,
        };
        Some(((order, channels, format), rate))
    };
    ranges
        .filter_map(|range| rank(&range).map(|(rank, rate)| (rank, rate, range)))
        .min_by_key(|(rank, _, _)| *rank)
        .map(|(_, rate, range)| (range, rate))
}

/// Starts the stream.
pub(crate) fn start(
    chosen: &Chosen,
    renderer: Renderer,
    shared: &Arc<Shared>,
) -> Result<Stream, OutputError> {
    let stream = match chosen.format {
        SampleFormat::I16 => build(chosen, renderer, shared, to_i16),
        SampleFormat::I32 => {
            build(chosen, renderer, shared, |sample| (f64::from(sample) * 2_147_483_648.0).round() as i32)
        }
        SampleFormat::U8 => build(chosen, renderer, shared, |sample| (sample * 128.0 + 128.0).round() as u8),
        SampleFormat::U16 => {
            build(chosen, renderer, shared, |sample| (sample * 32_768.0 + 32_768.0).round() as u16)
        }
        SampleFormat::F64 => build(chosen, renderer, shared, f64::from),
        _ => build(chosen, renderer, shared, |sample: f32| sample),
    };
    let stream = stream.and_then(|stream| stream.play().map(|()| stream));
    stream.map_err(|error| OutputError::Device { device: chosen.name.clone(), what: explain(&error) })
}

fn build<T: SizedSample + Send + 'static>(
    chosen: &Chosen,
    mut renderer: Renderer,
    shared: &Arc<Shared>,
    convert: impl Fn(f32) -> T + Send + 'static,
) -> Result<Stream, cpal::Error> {
    let channels = usize::from(chosen.config.channels.max(1));
    let mut mono = Vec::new();
    let seen = Arc::clone(shared);
    let failed = Arc::clone(shared);
    let (dry, dried) = rtrb::RingBuffer::<Instant>::new(8);
    let (mut dry, mut dried) = (dry, dried);
    let sound = move |out: &mut [T], info: &OutputCallbackInfo| {
        let now = monotonic::now();
        seen.health.called(now);
        while let Ok(at) = dried.pop() {
            renderer.underrun(at);
        }
        let stamp = info.timestamp();
        let sounds_at = now + stamp.playback.saturating_duration_since(stamp.callback);
        mono.resize(out.len() / channels, 0.0);
        renderer.render(&mut mono, now, sounds_at);
        let converted = mono.iter().map(|sample| convert(sample.clamp(-1.0, 1.0)));
        // the usual ones are known by their number, for then the compiler makes vectors of it
        match channels {
            1 => out.iter_mut().zip(converted).for_each(|(frame, sample)| *frame = sample),
            2 => {
                let (frames, _) = out.as_chunks_mut::<2>();
                frames.iter_mut().zip(converted).for_each(|(frame, sample)| *frame = [sample; 2]);
            }
            _ => out.chunks_exact_mut(channels).zip(converted).for_each(|(frame, sample)| frame.fill(sample)),
        }
    };
    let error = move |error: cpal::Error| {
        let now = monotonic::now();
        match error.kind() {
            ErrorKind::DeviceNotAvailable | ErrorKind::StreamInvalidated | ErrorKind::HostUnavailable => {
                failed.health.lose(explain(&error));
            }
            kind => {
                if kind == ErrorKind::Xrun {
                    let _ = dry.push(now);
                }
                failed.health.failed(now, || explain(&error));
            }
        }
    };
    chosen.device.build_output_stream(chosen.config, sound, error, Some(POLL))
}

/// What a device's error means, and what to do.
fn explain(error: &cpal::Error) -> String {
    let remedy = match error.kind() {
        ErrorKind::DeviceNotAvailable => "check that the card is plugged in",
        ErrorKind::DeviceBusy => "another program uses it: stop that, or choose its dmix: or default name",
        ErrorKind::PermissionDenied => "add the service's user to the group audio",
        ErrorKind::UnsupportedConfig => "it does not offer such a format: use its plughw: name",
        _ => "unplug it and plug it in again",
    };
    format!("{error}; {remedy}")
}
