//! What an MP4 says about its sound and the demultiplexer does not: the edit list, which frames are the recording, and
//! the names of what cannot be read.
//!
//! An AAC encoder puts 1,024 to 2,112 frames before the sound. Where they end is said by the edit list (`elst`), or by
//! Apple's older `iTunSMPB` remark; the last packet is filled up, and the same two places say where the sound ends.

use std::io;

use super::boxes::{box_header, boxes, child, descend, u16_at, u32_at, u64_at};
use super::foreign::Foreign;
use super::source::Original;

/// A larger index than this is none: an hour of AAC needs 0.7 MB, an hour with video 3 MB.
const MAX_INDEX_BYTES: u64 = 48 << 20;
/// Boxes at the outermost level that are looked at: a fragmented recording has thousands.
const MAX_OUTER_BOXES: usize = 64;
/// The demultiplexer counts in 32 bits, and adds without looking.
const MAX_SAMPLES: u64 = 1 << 30;

/// What the index says of one track of sound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SoundTrack {
    pub(super) id: u32,
    /// Why it cannot be read, where its format says so by name.
    pub(super) foreign: Option<Foreign>,
    /// Ticks a second of the two numbers below.
    pub(super) timescale: u32,
    /// Ticks before the recording begins.
    pub(super) skip: u64,
    /// Ticks of the recording after that; `None` when the index does not say.
    pub(super) keep: Option<u64>,
}

/// What the index says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) sound: Vec<SoundTrack>,
    pub(super) has_video: bool,
    /// A track has more samples than can be: its numbers are no numbers.
    pub(super) is_nonsense: bool,
    /// The texts of a QuickTime movie, by name.
    pub(super) texts: Vec<([u8; 4], Vec<u8>)>,
}

/// Reads the index of the movie, wherever it lies. `None` when there is none, or it is cut off.
pub(super) fn read_index(original: &Original) -> io::Result<Option<Index>> {
    let mut at = original.body;
    for _ in 0..MAX_OUTER_BOXES {
        let head = original.look(at, 16)?;
        let Some((header, name, size)) = box_header(&head) else { return Ok(None) };
        let size = if size == 0 { original.bytes.saturating_sub(at) } else { size };
        if name == *b"moov" {
            let inner = size.saturating_sub(header as u64);
            if inner > MAX_INDEX_BYTES || at.saturating_add(size) > original.bytes {
                return Ok(None);
            }
            let moov = original.look(at + header as u64, usize::try_from(inner).unwrap_or(0))?;
            return Ok(Some(index(&moov)));
        }
        at = match at.checked_add(size) {
            Some(next) if next < original.bytes => next,
            _ => return Ok(None),
        };
    }
    Ok(None)
}

fn index(moov: &[u8]) -> Index {
    let movie_timescale = child(moov, b"mvhd").and_then(timescale).unwrap_or(0);
    let remark = gapless_remark(moov);
    let mut index = Index { texts: texts(moov), ..Index::default() };
    for track in boxes(moov).filter(|found| found.name == *b"trak") {
        let media = child(track.body, b"mdia").unwrap_or_default();
        let table = descend(media, &[b"minf", b"stbl", b"stts"]).unwrap_or_default();
        index.is_nonsense |= total_samples(table) > MAX_SAMPLES;
        let handler = child(media, b"hdlr").and_then(|hdlr| hdlr.get(8..12)).unwrap_or_default();
        match handler {
            b"vide" => index.has_video = true,
            b"soun" => index.sound.push(sound_track(track.body, media, movie_timescale, remark)),
            _ => {}
        }
    }
    index
}

fn sound_track(track: &[u8], media: &[u8], movie_timescale: u32, remark: Option<(u64, u64)>) -> SoundTrack {
    let timescale = child(media, b"mdhd").and_then(timescale).unwrap_or(0);
    let table = descend(media, &[b"minf", b"stbl"]).unwrap_or_default();
    let (skip, keep) = match child(track, b"edts").and_then(|edits| child(edits, b"elst")) {
        Some(list) => edit(list, timescale, movie_timescale, child(table, b"stts").map_or(0, total_ticks)),
        None => remark.map_or((0, None), |(skip, keep)| (skip, Some(keep))),
    };
    SoundTrack {
        id: child(track, b"tkhd").and_then(track_id).unwrap_or(0),
        foreign: child(table, b"stsd").and_then(foreign),
        timescale,
        skip,
        keep,
    }
}

/// Of `mvhd` and `mdhd`, whose times have 32 or 64 bits.
fn timescale(header: &[u8]) -> Option<u32> {
    let at = if *header.first()? == 1 { 20 } else { 12 };
    u32_at(header, at).filter(|&ticks| ticks > 0)
}

fn track_id(header: &[u8]) -> Option<u32> {
    u32_at(header, if *header.first()? == 1 { 20 } else { 12 })
}

/// Ticks of all samples together.
fn total_ticks(stts: &[u8]) -> u64 {
    stts.get(8..).unwrap_or_default().chunks_exact(8).fold(0u64, |total, entry| {
        let part = |at| u64::from(u32_at(entry, at).unwrap_or(0));
        total.saturating_add(part(0) * part(4))
    })
}

/// Number of all samples together.
fn total_samples(stts: &[u8]) -> u64 {
    let counts = stts.get(8..).unwrap_or_default().chunks_exact(8).filter_map(|entry| u32_at(entry, 0));
    counts.fold(0, |total, count| total.saturating_add(u64::from(count)))
}

/// From the edit list: ticks to skip, and ticks to keep. Empty edits delay the sound for a picture's sake; they are
/// ignored. Several edits are played from the first one's start to the last one's end.
fn edit(list: &[u8], timescale: u32, movie_timescale: u32, total: u64) -> (u64, Option<u64>) {
    let long = list.first() == Some(&1);
    let entries = list.get(8..).unwrap_or_default().chunks_exact(if long { 20 } else { 12 });
    let entries = entries.filter_map(|entry| {
        let (length, start) = if long {
            (u64_at(entry, 0)?, u64_at(entry, 8)?.cast_signed())
        } else {
            (u64::from(u32_at(entry, 0)?), i64::from(u32_at(entry, 4)?.cast_signed()))
        };
        Some((u64::try_from(start).ok()?, length))
    });
    let mut span: Option<(u64, u64, bool)> = None;
    for (start, length) in entries {
        // A length counts ticks of the movie, a start those of the track.
        let ticks = u128::from(length) * u128::from(timescale) / u128::from(movie_timescale.max(1));
        let end = start.saturating_add(u64::try_from(ticks).unwrap_or(u64::MAX));
        let open = length == 0;
        span = Some(match span {
            None => (start, end, open),
            Some((first, last, was_open)) => (first.min(start), last.max(end), was_open || open),
        });
    }
    let Some((start, end, open)) = span else { return (0, None) };
    // A movie of 1,000 ticks a second says the end to a millisecond; the table of samples says it exactly.
    let coarse = u64::from(timescale / movie_timescale.max(1)) + 1;
    let end = if total > 0 && end.abs_diff(total) <= coarse { total } else { end };
    // An edit without a length lasts to the end: a fragmented movie cannot know better.
    (start, (!open && movie_timescale > 0).then(|| end - start))
}

/// The texts that QuickTime keeps beside the list of MP4: a length and a language of 16 bits, and the text.
fn texts(moov: &[u8]) -> Vec<([u8; 4], Vec<u8>)> {
    let named = boxes(child(moov, b"udta").unwrap_or_default()).filter(|found| found.name[0] == 0xa9);
    let text = |body: &[u8]| Some(body.get(4..4 + usize::from(u16_at(body, 0)?))?.to_vec());
    named.filter_map(|found| Some((found.name, text(found.body)?))).collect()
}

/// Apple's remark `iTunSMPB`: frames before the sound, and frames of it.
fn gapless_remark(moov: &[u8]) -> Option<(u64, u64)> {
    let meta = descend(moov, &[b"udta", b"meta"])?;
    // `meta` has four bytes of version in MP4, and none in old MOV files.
    let list = meta.get(4..).and_then(|meta| child(meta, b"ilst")).or_else(|| child(meta, b"ilst"))?;
    let remark = boxes(list)
        .filter(|item| item.name == *b"----")
        .find(|item| child(item.body, b"name").and_then(|name| name.get(4..)) == Some(b"iTunSMPB"))?;
    let text = std::str::from_utf8(child(remark.body, b"data")?.get(8..)?).ok()?;
    let mut numbers = text.split_whitespace().skip(1).map(|word| u64::from_str_radix(word, 16).ok());
    let (skip, _padding, keep) = (numbers.next()??, numbers.next()??, numbers.next()??);
    (keep > 0 && skip < 1 << 16).then_some((skip, keep))
}

/// Names the format of the first sample description where it is one that is not read.
fn foreign(stsd: &[u8]) -> Option<Foreign> {
    let entry = boxes(stsd.get(8..)?).next()?;
    Some(match &entry.name {
        b"enca" | b"drms" => Foreign::PROTECTED,
        b"samr" | b"sawb" | b"sawp" => Foreign::inside("AMR (3GP)"),
        b"ac-3" | b"ec-3" | b"ac-4" => Foreign::inside("Dolby Digital (MP4)"),
        b"ima4" | b"ms\0\x02" | b"ms\0\x11" => Foreign::inside("ADPCM (MOV)"),
        b"QDM2" | b"QDMC" => Foreign::inside("QDesign (MOV)"),
        b"Qclp" | b"sqcp" | b"sevc" => Foreign::inside("QCELP (3GP)"),
        b"mp4a" if u16_at(entry.body, 16).is_some_and(|channels| channels > 2) => Foreign::AAC_SURROUND,
        b"Opus" if u16_at(entry.body, 16).is_some_and(|channels| channels > 2) => Foreign::OPUS_SURROUND,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;

    fn make(name: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        let size = u32::try_from(body.len() + 8).unwrap();
        [&size.to_be_bytes()[..], name, &body].concat()
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// Edits (length in movie ticks, start in track ticks), ticks of all samples → skipped, kept.
    fn check(movie: u32, track: u32, edits: &[(u32, i32)], total: u64, expected: (u64, Option<u64>)) {
        let mut list = words(&[0, u32::try_from(edits.len()).unwrap()]);
        for (length, start) in edits {
            list.extend(words(&[*length, start.cast_unsigned(), 0x0001_0000]));
        }
        assert_eq!(edit(&list, track, movie, total), expected, "{movie} {track} {edits:?} {total}");
    }

    #[test]
    fn an_edit_list_says_where_the_recording_is() {
        // As ffmpeg writes it: the end to a millisecond, and exactly in the table of samples.
        check(1_000, 44_100, &[(5_000, 1_024)], 221_524, (1_024, Some(220_500)));
        check(1_000, 44_100, &[(5_001, 1_024)], 221_524, (1_024, Some(220_500)));
        // As a telephone writes it: whole packets in the table, the end exactly in the edit.
        check(48_000, 48_000, &[(240_000, 2_112)], 243_712, (2_112, Some(240_000)));
        // A delay for the sake of the picture comes first.
        check(600, 48_000, &[(20, -1), (600, 1_024)], 50_176, (1_024, Some(48_000)));
        check(600, 48_000, &[(600, 0), (600, 96_000)], 200_000, (0, Some(144_000)));
        // A fragmented movie.
        check(1_000, 48_000, &[(0, 1_024)], 0, (1_024, None));
        check(0, 48_000, &[(9, 1_024)], 0, (1_024, None));
        check(1_000, 48_000, &[], 0, (0, None));
        check(1, u32::MAX, &[(u32::MAX, i32::MAX)], 0, (0x7fff_ffff, Some(u64::from(u32::MAX).pow(2))));
    }

    #[test]
    fn the_older_remark_is_read() {
        let text = b" 00000000 00000840 000001CA 00000000003F31F6 00000000";
        let data = make(b"data", &[&words(&[1, 0]), text]);
        let item = make(
            b"----",
            &[
                &make(b"mean", &[&words(&[0]), b"com.apple.iTunes"]),
                &make(b"name", &[&words(&[0]), b"iTunSMPB"]),
                &data,
            ],
        );
        let list = make(b"ilst", &[&item]);
        let moov = make(b"udta", &[&make(b"meta", &[&words(&[0]), &list])]);
        assert_eq!(gapless_remark(&moov), Some((0x840, 0x3f_31f6)));
        let old = make(b"udta", &[&make(b"meta", &[&list])]);
        assert_eq!(gapless_remark(&old), Some((0x840, 0x3f_31f6)));
        assert_eq!(gapless_remark(b""), None);
    }

    #[test]
    fn the_texts_of_a_movie_are_found() {
        let text = make(b"\xa9nam", &[&[0, 5, 0x55, 0xc4], "xã a".as_bytes()]);
        let moov = make(
            b"udta",
            &[&text, &make(b"meta", &[b"whatever"]), &make(b"\xa9ART", &[&[0, 9, 0, 0], b"short"])],
        );
        assert_eq!(texts(&moov), [(*b"\xa9nam", "xã a".as_bytes().to_vec())]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let entry = |name: &[u8; 4], channels: u16| {
            let mut body = vec![0; 28];
            body[16..18].copy_from_slice(&channels.to_be_bytes());
            [&words(&[0, 1])[..], &make(name, &[&body])].concat()
        };
        assert_eq!(foreign(&entry(b"drms", 2)), Some(Foreign::PROTECTED));
        assert_eq!(foreign(&entry(b"enca", 2)), Some(Foreign::PROTECTED));
        assert_eq!(foreign(&entry(b"samr", 1)), Some(Foreign::inside("AMR (3GP)")));
        assert_eq!(foreign(&entry(b"mp4a", 6)), Some(Foreign::AAC_SURROUND));
        assert_eq!(foreign(&entry(b"mp4a", 2)), None);
        assert_eq!(foreign(b""), None);
    }
}
