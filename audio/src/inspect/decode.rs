//! Original in, decoded sound out, and what is judged on the way.

use std::fs::File;
use std::io;
use std::sync::Arc;

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::{Hint, Probe, ProbeOptions};
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSourceStream, ReadOnlySource};
use symphonia::core::meta::MetadataOptions;

use super::files::{InspectFiles, unreadable};
use super::sink::Sink;
use super::sniff;
use super::source::Original;
use super::{InspectRefusal, InspectReport, InspectRequest, InspectWarning};
use crate::child::Confinement;
use crate::loudness::{Corrected, Mix, Sound};
use crate::prepared::WorkingWriter;

/// Junk before the first frame that a file may have beside its tags: more of it is no recording.
const PROBE_BYTES: u32 = 32 << 10;
/// Sample rates of originals, in Hz.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;
/// A share of undecodable packets above this refuses the recording.
const DAMAGE_LIMIT: f64 = 0.05;
/// So many undecodable packets are always forgiven: a cut MP3 has one or two at its edges.
const DAMAGE_FORGIVEN: u64 = 3;
/// Unreadable bytes that are always forgiven between the frames of an MP3.
const JUNK_FORGIVEN: u64 = 16 << 10;

/// Inspects and prepares one recording, in this process: only [`crate::child`] and tests should.
///
/// # Errors
/// The refusal, with what to do next. The output file is then removed.
pub fn inspect_file(request: &InspectRequest) -> Result<InspectReport, InspectRefusal> {
    let result = InspectFiles::open(request).and_then(|files| inspect_opened(request, files));
    if result.is_err() {
        let _ = std::fs::remove_file(&request.output);
    }
    result
}

/// As [`inspect_file`], of files that are open: it opens no other, and leaves a refused output where it is.
pub(crate) fn inspect_opened(
    request: &InspectRequest,
    files: InspectFiles,
) -> Result<InspectReport, InspectRefusal> {
    let InspectFiles { original, expected_sha256, output } = files;
    inspect(request, &Arc::new(original), expected_sha256, output, Mix::All)
}

fn inspect(
    request: &InspectRequest,
    file: &Arc<File>,
    expected_sha256: [u8; 32],
    output: WorkingWriter,
    mix: Mix,
) -> Result<InspectReport, InspectRefusal> {
    let original = Original::read(Arc::clone(file)).map_err(|error| unreadable(&request.original, &error))?;
    if original.bytes == 0 {
        return Err(InspectRefusal::empty_file());
    }
    let mut format = open_format(&original)?;
    let track = format.default_track(TrackType::Audio).cloned().ok_or_else(|| unknown(&original))?;
    let (mut decoder, rate) = open_decoder(&track, &original)?;
    let container = format.format_info().short_name;
    let mut sink = Sink::create(request, rate, output, mix)?;
    let heard = decode(&mut *format, &mut *decoder, &track, &mut sink)?;
    let checksum_failed = decoder.finalize().verify_ok == Some(false);
    let codec = decoder.codec_info().short_name.to_owned();

    judge_damage(&heard, &original, container)?;
    let found = heard.frames as f64 / f64::from(rate);
    let declared = declared_seconds(&original, &track, rate, found);
    if heard.frames == 0 {
        return Err(InspectRefusal::no_sound());
    }
    let missing = declared.map_or(0.0, |declared| declared - found);
    if let Some(declared) = declared
        && missing > 1.0
        && missing > declared * 0.01
    {
        return Err(InspectRefusal::truncated_audio(declared, found));
    }
    let hash = original.finish_hash().map_err(|error| unreadable(&request.original, &error))?;
    if hash != expected_sha256 {
        return Err(InspectRefusal::original_changed());
    }
    if let Some(louder) = sink.cancelling() {
        return inspect(request, file, expected_sha256, sink.begin_again()?, Mix::Only(louder));
    }
    let Sound { corrected, warnings: remarks } = sink.finish()?;
    let Corrected { info, peak, loudness, waveform } = corrected;
    let peak_dbfs = (peak > 0.0).then(|| 20.0 * peak.log10());

    let mut warnings = Vec::new();
    let mut warn = |is: bool, warning: InspectWarning| {
        if is {
            warnings.push(warning);
        }
    };
    warn(heard.damaged > 0, InspectWarning::damaged_packets(heard.damaged));
    warn(checksum_failed, InspectWarning::checksum_mismatch());
    warn(missing > 0.1, InspectWarning::ends_early(missing));
    warnings.extend(remarks);
    if found < 1.0 {
        warnings.push(InspectWarning::very_short());
    }
    Ok(InspectReport {
        codec,
        container: container.to_owned(),
        original_rate: rate,
        channels: heard.channels,
        sample_rate: info.sample_rate,
        frames: info.frames,
        root: info.root,
        bytes: info.bytes,
        peak_dbfs,
        loudness,
        waveform,
        tags: super::Tags::default(),
        damaged_packets: heard.damaged,
        warnings,
        confinement: Confinement::default(),
    })
}

fn open_format(original: &Original) -> Result<Box<dyn FormatReader>, InspectRefusal> {
    let mut probe =
        Probe::new_with_options(&ProbeOptions { max_probe_depth: PROBE_BYTES, ..ProbeOptions::default() });
    symphonia::default::register_enabled_formats(&mut probe);
    // A stream that cannot be sought keeps the MP3 reader from guessing a length where the file declares none.
    let source = ReadOnlySource::new(original.reader());
    let stream = MediaSourceStream::new(Box::new(source), Default::default());
    // What is known to be another format must not be searched for bytes that look like MP3.
    if let Some(name) = sniff::unreadable_format(&original.start)
        && original.wav.is_none()
    {
        return Err(InspectRefusal::unsupported_codec(name));
    }
    probe.probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default()).map_err(|error| {
        match error {
            Error::LimitError(_) => InspectRefusal::out_of_memory(),
            _ => unknown(original),
        }
    })
}

fn open_decoder(track: &Track, original: &Original) -> Result<(Box<dyn AudioDecoder>, u32), InspectRefusal> {
    let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
    let parameters = parameters.ok_or_else(|| unknown(original))?;
    // Without an encoder's tag there is nothing to trim.
    let options = AudioDecoderOptions::default().gapless(track.delay.is_some()).verify(true);
    let decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &options)
        .map_err(|_| unknown(original))?;
    let rate = parameters.sample_rate.filter(|rate| RATES.contains(rate));
    let rate = rate.ok_or_else(|| InspectRefusal::unsupported_codec("an unusual sample rate"))?;
    Ok((decoder, rate))
}

/// The refusal for what no decoder here takes.
fn unknown(original: &Original) -> InspectRefusal {
    match sniff::unreadable_format(&original.start) {
        Some(name) => InspectRefusal::unsupported_codec(name),
        None => InspectRefusal::not_audio(),
    }
}

/// What came out of the decoder.
#[derive(Default)]
struct Heard {
    frames: u64,
    channels: u16,
    packets: u64,
    packet_bytes: u64,
    damaged: u64,
}

fn decode(
    format: &mut dyn FormatReader,
    decoder: &mut dyn AudioDecoder,
    track: &Track,
    sink: &mut Sink<'_>,
) -> Result<Heard, InspectRefusal> {
    let mut heard = Heard::default();
    let mut failures_in_a_row = 0;
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) if packet.track_id == track.id => packet,
            Ok(Some(_)) => continue,
            Ok(None) => break,
            Err(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(Error::IoError(error)) => {
                return Err(InspectRefusal::failed(&format!("the original cannot be read: {error}")));
            }
            Err(Error::LimitError(_)) => return Err(InspectRefusal::out_of_memory()),
            // A reader that fails without end must not keep us here.
            Err(_) if failures_in_a_row < 100 => {
                failures_in_a_row += 1;
                heard.packets += 1;
                heard.damaged += 1;
                continue;
            }
            Err(_) => break,
        };
        failures_in_a_row = 0;
        heard.packets += 1;
        heard.packet_bytes += packet.data.len() as u64;
        match decoder.decode(&packet) {
            Ok(buffer) if buffer.spec().rate() == sink.rate_in() && buffer.spec().channels().count() > 0 => {
                heard.frames += buffer.frames() as u64;
                heard.channels =
                    heard.channels.max(u16::try_from(buffer.spec().channels().count()).unwrap_or(u16::MAX));
                sink.push(&buffer)?;
            }
            Ok(_) | Err(_) => heard.damaged += 1,
        }
    }
    Ok(heard)
}

/// Refuses what is damaged beyond a click here and there.
fn judge_damage(heard: &Heard, original: &Original, container: &str) -> Result<(), InspectRefusal> {
    // The MP3 reader steps silently over what is no frame; those bytes are missing sound, too.
    let junk = match container {
        "mp3" => original.bytes.saturating_sub(original.tag_bytes + heard.packet_bytes),
        _ => 0,
    };
    let junk_share = junk as f64 / original.bytes.max(1) as f64;
    if junk_share > 0.5 && heard.packets < 100 {
        return Err(InspectRefusal::not_audio());
    }
    if junk > JUNK_FORGIVEN && junk_share > DAMAGE_LIMIT {
        return Err(InspectRefusal::damaged_audio(junk_share * 100.0));
    }
    let share = heard.damaged as f64 / heard.packets.max(1) as f64;
    if share > DAMAGE_LIMIT && (heard.damaged > DAMAGE_FORGIVEN || heard.frames == 0) {
        return Err(InspectRefusal::damaged_audio(share * 100.0));
    }
    Ok(())
}

/// How long the file says it is, where it says so reliably.
fn declared_seconds(original: &Original, track: &Track, rate: u32, found: f64) -> Option<f64> {
    match original.wav {
        Some(wav) => {
            let declared = wav.data_bytes? as f64;
            Some(found * declared / (wav.available_bytes.max(1) as f64).min(declared.max(1.0)))
        }
        None => track.num_frames.map(|frames| frames as f64 / f64::from(rate)),
    }
}
