//! Original in, decoded sound out, and what is judged on the way.

use std::fs::File;
use std::io;

use symphonia::core::audio::{AsGenericAudioBufferRef, Audio, AudioBuffer, GenericAudioBufferRef};
use symphonia::core::errors::Error;

use super::files::InspectFiles;
use super::open::{self, Opened, RATES, Sound, unreadable};
use super::sink::Sink;
use super::sniff::Container;
use super::source::Original;
use super::tags::Tags;
use super::trim::{Part, Trim, copy_without};
use super::{InspectRefusal, InspectReport, InspectRequest, InspectWarning, ending};
use crate::child::Confinement;
use crate::loudness::{self, Corrected, Mix};
use crate::prepared::WorkingWriter;

/// A share of undecodable packets above this refuses the recording.
const DAMAGE_LIMIT: f64 = 0.05;
/// So many undecodable packets are always forgiven: a cut MP3 has one or two at its edges.
const DAMAGE_FORGIVEN: u64 = 3;
/// Unreadable bytes that are always forgiven between the frames of an MP3.
const JUNK_FORGIVEN: u64 = 16 << 10;
/// A reader that fails so often in a row will not recover.
const FAILURES_IN_A_ROW: u64 = 100;
/// Streams that may stand one after the other in an Ogg file: a radio's recorder begins one with each title.
const MAX_CHAINED: u32 = 1_000;

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
    inspect(request, &original, expected_sha256, output, Mix::All)
}

fn inspect(
    request: &InspectRequest,
    file: &File,
    expected_sha256: [u8; 32],
    output: WorkingWriter,
    mix: Mix,
) -> Result<InspectReport, InspectRefusal> {
    let original =
        file.try_clone().and_then(Original::read).map_err(|error| unreadable(&request.original, &error))?;
    if original.bytes == 0 {
        return Err(InspectRefusal::empty_file());
    }
    let mut tags = Tags::around(&original).map_err(|error| unreadable(&request.original, &error))?;
    let mut opened = open::open(&original, &request.original)?;
    let sound = opened.choose()?;
    let declared_by_container = declared_seconds(&opened, &sound);
    let narrow = sound.narrow;
    let mut decoding = Decoding {
        request,
        output: Some(output),
        mix,
        trim: None,
        held: None,
        sink: None,
        heard: Heard::default(),
        sound,
    };
    decoding.run(&mut opened)?;
    decoding.push_held()?;
    let Decoding { sink, heard, mut sound, .. } = decoding;
    let checksum_failed = match sound.checksum {
        Some(checksum) => !checksum.matches(),
        None => sound.decoder.finalize().verify_ok == Some(false),
    };
    let codec = sound.decoder.codec_info().short_name.to_owned();
    let container = opened.format.format_info().short_name;

    judge_damage(&heard, &original, opened.container)?;
    let Some(sink) = sink.filter(|_| heard.frames > 0) else {
        return Err(InspectRefusal::no_sound());
    };
    let rate = sink.rate_in();
    let found = heard.frames as f64 / f64::from(rate);
    let declared = match original.wav {
        Some(wav) => wav.data_bytes.map(|declared| {
            let declared = declared as f64;
            found * declared / (wav.available_bytes.max(1) as f64).min(declared.max(1.0))
        }),
        None => declared_by_container,
    };
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
    if let Some(index) = &opened.index {
        tags.add_quicktime(&index.texts);
    }
    if let Some(title) = &opened.outline.title {
        tags.add_title(title);
    }
    while let Some(revision) = opened.format.metadata().pop() {
        tags.add_revision(&revision);
    }
    if let Some(revision) = opened.format.metadata().current() {
        tags.add_revision(revision);
    }
    if let Some(louder) = sink.cancelling() {
        return inspect(request, file, expected_sha256, sink.begin_again()?, Mix::Only(louder));
    }
    let (original_frames, original_waveform) = (sink.frames_in(), sink.outline());
    let loudness::Sound { corrected, warnings: remarks } = sink.finish()?;
    let Corrected { info, peak, loudness, waveform } = corrected;
    if info.frames == 0 {
        return Err(InspectRefusal::no_sound());
    }
    let peak_dbfs = (peak > 0.0).then(|| 20.0 * peak.log10());

    let mut warnings = Vec::new();
    let mut warn = |is: bool, warning: InspectWarning| {
        if is {
            warnings.push(warning);
        }
    };
    let ends_early = missing > 0.1;
    let cut = match opened.container {
        Container::Ogg => ending::ogg_is_cut(&original.end),
        Container::Matroska => opened.outline.is_cut,
        // Whoever cuts a piece out of an MP3 stream cuts through frames.
        Container::Mpeg => false,
        _ => heard.cut,
    };
    warn(heard.damaged > 0, InspectWarning::damaged_packets(heard.damaged));
    warn(checksum_failed, InspectWarning::checksum_mismatch());
    warn(ends_early, InspectWarning::ends_early(missing));
    warn(cut && !ends_early, InspectWarning::cut_off());
    warn(narrow, InspectWarning::upper_tones_missing());
    warnings.extend(remarks);
    let kept = request.part.map_or(found, |part| found.min(part.seconds()));
    if kept < 1.0 {
        warnings.push(InspectWarning::very_short());
    }
    Ok(InspectReport {
        codec,
        container: container.to_owned(),
        original_rate: rate,
        channels: heard.channels,
        sample_rate: info.sample_rate,
        original_frames,
        original_waveform,
        frames: info.frames,
        root: info.root,
        bytes: info.bytes,
        peak_dbfs,
        loudness,
        waveform,
        tags,
        damaged_packets: heard.damaged,
        warnings,
        confinement: Confinement::default(),
    })
}

/// How long the container says the recording is, where it says so reliably.
fn declared_seconds(opened: &Opened, sound: &Sound) -> Option<f64> {
    let rate = sound.decoder.codec_params().sample_rate?;
    if let Some(seconds) = sound.trim.keeps_seconds(rate) {
        return Some(seconds);
    }
    match opened.container {
        // What a movie says of its length may be that of its picture.
        Container::Matroska if opened.format.tracks().len() == 1 => {
            let info = opened.format.media_info();
            let seconds =
                info.time_base?.calc_time(i64::try_from(info.duration?.get()).ok()?.into())?.as_secs_f64();
            (seconds > 0.0).then_some(seconds)
        }
        Container::Matroska => None,
        // Its samples, less what comes before the sound.
        Container::Mp4 => {
            let skipped = sound.trim.at(rate).skip;
            let base = sound.track.time_base?;
            let ticks = sound.track.duration?.get();
            let seconds = base.calc_time(i64::try_from(ticks).ok()?.into())?.as_secs_f64();
            (ticks > 0).then(|| seconds - skipped as f64 / f64::from(rate))
        }
        _ => sound.track.num_frames.map(|frames| frames as f64 / f64::from(rate)),
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
    /// The file ended in the middle of a packet.
    cut: bool,
}

/// A recording on its way from the reader to the sink.
struct Decoding<'a> {
    request: &'a InspectRequest,
    /// Until there is a sink.
    output: Option<WorkingWriter>,
    mix: Mix,
    /// `None` until the first frames say at which rate they are.
    trim: Option<Trim>,
    /// What came last, where its end may have to go.
    held: Option<AudioBuffer<f32>>,
    sink: Option<Sink<'a>>,
    heard: Heard,
    sound: Sound,
}

impl Decoding<'_> {
    fn run(&mut self, opened: &mut Opened) -> Result<(), InspectRefusal> {
        let mut failures_in_a_row = 0;
        let mut chained = 0;
        loop {
            let packet = match opened.format.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.sound.track.id => packet,
                Ok(Some(_)) => continue,
                Ok(None) => return Ok(()),
                Err(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    self.heard.cut = true;
                    return Ok(());
                }
                Err(Error::IoError(error)) => {
                    return Err(InspectRefusal::failed(&format!("the original cannot be read: {error}")));
                }
                Err(Error::LimitError(_)) => return Err(InspectRefusal::out_of_memory()),
                Err(Error::ResetRequired) if chained < MAX_CHAINED => {
                    chained += 1;
                    self.sound = opened.choose()?;
                    self.trim = None;
                    continue;
                }
                // A reader that fails without end must not keep us here.
                Err(_) if failures_in_a_row < FAILURES_IN_A_ROW => {
                    failures_in_a_row += 1;
                    self.heard.packets += 1;
                    self.heard.damaged += 1;
                    continue;
                }
                Err(_) => return Ok(()),
            };
            failures_in_a_row = 0;
            self.heard.packets += 1;
            self.heard.packet_bytes += packet.data.len() as u64;
            let trimming = self.sound.trim;
            match self.sound.decoder.decode(&packet) {
                Ok(buffer) if buffer.frames() == 0 => {}
                Ok(buffer) if buffer.spec().channels().count() > 0 => {
                    if let Some(checksum) = &mut self.sound.checksum {
                        checksum.push(&buffer);
                    }
                    let rate = buffer.spec().rate();
                    if self.sink.as_ref().is_some_and(|sink| sink.rate_in() != rate) || !RATES.contains(&rate)
                    {
                        self.heard.damaged += 1;
                        continue;
                    }
                    let sink = match &mut self.sink {
                        Some(sink) => sink,
                        none => {
                            let output = self.output.take().ok_or_else(InspectRefusal::no_sound)?;
                            none.insert(Sink::create(self.request, rate, output, self.mix)?)
                        }
                    };
                    let trim = self.trim.get_or_insert_with(|| trimming.at(rate));
                    let part = trim.take(buffer.frames());
                    if trimming.end_at(rate) > 0 {
                        let (start, end) = match part {
                            Part::Nothing => continue,
                            Part::Whole => (0, 0),
                            Part::Without(start, end) => (start, end),
                        };
                        if let Some(before) = self.held.replace(copy_without(&buffer, start, end)) {
                            push(sink, &mut self.heard, &before.as_generic_audio_buffer_ref())?;
                        }
                        continue;
                    }
                    match part {
                        Part::Nothing => {}
                        Part::Whole => push(sink, &mut self.heard, &buffer)?,
                        Part::Without(start, end) => {
                            let copy = copy_without(&buffer, start, end);
                            push(sink, &mut self.heard, &copy.as_generic_audio_buffer_ref())?;
                        }
                    }
                }
                // What cannot be decoded is left out, and the next packet is tried: a damaged file has many good ones.
                Ok(_) | Err(_) => self.heard.damaged += 1,
            }
        }
    }
}

impl Decoding<'_> {
    /// The last of what was decoded, without what fills it up.
    fn push_held(&mut self) -> Result<(), InspectRefusal> {
        let (Some(mut held), Some(sink)) = (self.held.take(), &mut self.sink) else { return Ok(()) };
        held.trim(0, self.sound.trim.end_at(sink.rate_in()));
        if held.frames() > 0 {
            push(sink, &mut self.heard, &held.as_generic_audio_buffer_ref())?;
        }
        Ok(())
    }
}

fn push(
    sink: &mut Sink<'_>,
    heard: &mut Heard,
    buffer: &GenericAudioBufferRef<'_>,
) -> Result<(), InspectRefusal> {
    let channels = u16::try_from(buffer.spec().channels().count()).unwrap_or(u16::MAX);
    heard.frames += buffer.frames() as u64;
    heard.channels = heard.channels.max(channels);
    sink.push(buffer)
}

/// Refuses what is damaged beyond a click here and there.
fn judge_damage(heard: &Heard, original: &Original, container: Container) -> Result<(), InspectRefusal> {
    // The MP3 reader steps silently over what is no frame; those bytes are missing sound, too.
    let junk = match container {
        Container::Mpeg => original.bytes.saturating_sub(original.tag_bytes + heard.packet_bytes),
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
