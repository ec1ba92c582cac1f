//! From a file to its sound: the reader of its container, the track, a decoder, and which frames are the recording.

use std::io;
use std::path::Path;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::{Hint, Probe, ProbeOptions};
use symphonia::core::formats::{FormatOptions, FormatReader, Track};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::default::formats as read;

use super::InspectRefusal;
use super::checksum::Checksum;
use super::codec;
use super::ebml;
use super::foreign::Foreign;
use super::mp4::{self, Index};
use super::sniff::{Container, Kind};
use super::source::Original;
use super::trim::Trim;

/// Junk before the first frame that a file may have beside its tags: more of it is no recording.
const PROBE_BYTES: u32 = 32 << 10;
/// Sample rates of originals, in Hz.
pub(super) const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// A container, opened.
pub(super) struct Opened {
    pub(super) container: Container,
    pub(super) format: Box<dyn FormatReader>,
    /// Of MP4 only.
    pub(super) index: Option<Index>,
    /// Of Matroska only.
    pub(super) outline: ebml::Outline,
}

/// A track that can be decoded.
pub(super) struct Sound {
    pub(super) track: Track,
    pub(super) decoder: Box<dyn AudioDecoder>,
    /// What the decoder need not compare itself.
    pub(super) checksum: Option<Checksum>,
    pub(super) trim: Trimming,
    /// Only the lower half of the tones can be decoded: HE-AAC.
    pub(super) narrow: bool,
}

/// What is to be left out, before the rate is known for certain.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trimming {
    skip: u64,
    keep: Option<u64>,
    /// Nanoseconds to leave out at the very end.
    end: u64,
    /// Ticks a second of the two; 0 when they count frames.
    timescale: u32,
}

impl Trimming {
    /// In frames of what is decoded.
    pub(super) fn at(self, rate: u32) -> Trim {
        let frames = |ticks: u64| match self.timescale {
            0 => ticks,
            timescale => {
                let (ticks, timescale) = (u128::from(ticks), u128::from(timescale));
                u64::try_from((ticks * u128::from(rate) * 2 + timescale) / (timescale * 2))
                    .unwrap_or(u64::MAX)
            }
        };
        Trim { skip: frames(self.skip), keep: self.keep.map(frames) }
    }

    /// Frames to leave out at the very end.
    pub(super) fn end_at(self, rate: u32) -> usize {
        let frames = (u128::from(self.end) * u128::from(rate) + 500_000_000) / 1_000_000_000;
        usize::try_from(frames).unwrap_or(usize::MAX)
    }

    /// How long the recording is, where the container says so.
    pub(super) fn keeps_seconds(self, rate: u32) -> Option<f64> {
        self.keep.map(|keep| keep as f64 / f64::from(if self.timescale == 0 { rate } else { self.timescale }))
    }
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> InspectRefusal {
    InspectRefusal::failed(&format!("the original {} cannot be read: {error}", path.display()))
}

/// Opens what the content says it is, and nothing else.
pub(super) fn open(original: &Original, path: &Path) -> Result<Opened, InspectRefusal> {
    let container = match original.kind {
        Kind::Read(container) => container,
        Kind::Foreign(foreign) => return Err(foreign.refusal()),
        Kind::Unknown => return Err(InspectRefusal::not_audio()),
    };
    let mut probe =
        Probe::new_with_options(&ProbeOptions { max_probe_depth: PROBE_BYTES, ..ProbeOptions::default() });
    match container {
        Container::Mpeg => probe.register_format::<read::MpaReader<'_>>(),
        Container::Adts => probe.register_format::<read::AdtsReader<'_>>(),
        Container::Flac => probe.register_format::<read::FlacReader<'_>>(),
        Container::Wav => probe.register_format::<read::WavReader<'_>>(),
        Container::Aiff => probe.register_format::<read::AiffReader<'_>>(),
        Container::Caf => probe.register_format::<read::CafReader<'_>>(),
        Container::Mp4 => probe.register_format::<read::IsoMp4Reader<'_>>(),
        Container::Ogg => probe.register_format::<read::OggReader<'_>>(),
        Container::Matroska => probe.register_format::<read::MkvReader<'_>>(),
    }
    let mut index = None;
    if container == Container::Mp4 {
        let found = mp4::read_index(original).map_err(|error| unreadable(path, &error))?;
        let found = found.ok_or_else(InspectRefusal::index_missing)?;
        refuse_by_name(&found)?;
        index = Some(found);
    }
    let outline = match container {
        Container::Matroska => ebml::read_outline(original).map_err(|error| unreadable(path, &error))?,
        _ => ebml::Outline::default(),
    };
    let source = original.reader().map_err(|error| unreadable(path, &error))?;
    let stream = MediaSourceStream::new(source, Default::default());
    let format = probe
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|error| match error {
            Error::LimitError(_) => InspectRefusal::out_of_memory(),
            _ => unusual(container),
        })?;
    Ok(Opened { container, format, index, outline })
}

/// A movie whose sound is known not to be readable.
fn refuse_by_name(index: &Index) -> Result<(), InspectRefusal> {
    if index.is_nonsense {
        return Err(Foreign::UNUSUAL_MP4.refusal());
    }
    if index.sound.is_empty() {
        return Err(if index.has_video {
            Foreign::SILENT_VIDEO.refusal()
        } else {
            InspectRefusal::no_sound()
        });
    }
    match index.sound.iter().map(|track| track.foreign).collect::<Option<Vec<_>>>() {
        Some(foreign) => foreign.first().map_or(Ok(()), |foreign| Err(foreign.refusal())),
        // At least one may be readable.
        None => Ok(()),
    }
}

/// The refusal for what its reader does not take.
fn unusual(container: Container) -> InspectRefusal {
    match container {
        Container::Mpeg | Container::Flac | Container::Adts => InspectRefusal::not_audio(),
        Container::Wav => Foreign::UNUSUAL_WAV.refusal(),
        Container::Aiff => Foreign::UNUSUAL_AIFF.refusal(),
        Container::Caf => Foreign::UNUSUAL_CAF.refusal(),
        Container::Mp4 => Foreign::UNUSUAL_MP4.refusal(),
        Container::Ogg => Foreign::UNKNOWN_OGG.refusal(),
        Container::Matroska => Foreign::UNUSUAL_MATROSKA.refusal(),
    }
}

impl Opened {
    /// The first track of sound that can be decoded.
    pub(super) fn choose(&self) -> Result<Sound, InspectRefusal> {
        let mut named = None;
        let mut only_pictures = true;
        for track in self.format.tracks() {
            let parameters = match &track.codec_params {
                Some(CodecParameters::Audio(parameters)) => parameters,
                Some(_) => continue,
                None => {
                    only_pictures = false;
                    continue;
                }
            };
            only_pictures = false;
            // Without an encoder's tag there is nothing to trim in an MP3.
            let gapless = self.container != Container::Mpeg || track.delay.is_some();
            let options =
                AudioDecoderOptions::default().gapless(gapless).verify(parameters.codec != CODEC_ID_FLAC);
            match codec::make(parameters, &options) {
                Ok(made) => {
                    let rate = made.decoder.codec_params().sample_rate;
                    if !rate.is_some_and(|rate| RATES.contains(&rate)) {
                        named = named.or(Some(Foreign::UNUSUAL_RATE));
                        continue;
                    }
                    let trim = self.trimming(track.id, made.pre_skip);
                    return Ok(Sound {
                        track: track.clone(),
                        checksum: Checksum::of(made.decoder.codec_params()),
                        decoder: made.decoder,
                        trim,
                        narrow: made.narrow,
                    });
                }
                Err(why) => named = named.or(why),
            }
        }
        Err(match named {
            Some(foreign) => foreign.refusal(),
            None if only_pictures && !self.format.tracks().is_empty() => Foreign::SILENT_VIDEO.refusal(),
            None => unusual(self.container),
        })
    }

    fn trimming(&self, track: u32, pre_skip: u64) -> Trimming {
        let sound = self.index.as_ref().and_then(|index| index.sound.iter().find(|sound| sound.id == track));
        match sound {
            // The edit list of an Opus track says the same as its header.
            Some(sound) if sound.timescale > 0 && (sound.skip > 0 || pre_skip == 0) => {
                Trimming { skip: sound.skip, keep: sound.keep, end: 0, timescale: sound.timescale }
            }
            _ => Trimming { skip: pre_skip, keep: None, end: self.outline.padding, timescale: 0 },
        }
    }
}
