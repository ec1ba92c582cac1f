//! Files that lie about their sizes, rates, channels and lengths, and files that are small only on the outside.

use std::path::Path;

use loaxa_audio::synth::write_wav;

use crate::support::{sweep, tool};

/// Each with its name.
pub(crate) fn all(dir: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let mut files = vec![
        ("nothing", Vec::new()),
        ("one byte", vec![0xff]),
        ("hours in a few bytes", hours_of_silence()),
        ("boxes without end", nested_boxes(20_000)),
        ("boxes without end in an index", nested_index()),
        ("streams without end", ogg_streams(3_000)),
        ("packet without end", ogg_packet()),
        ("matroska of all sizes", matroska(&[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe])),
        ("matroska of no size", matroska(&[0xff])),
        ("matroska of nothing", matroska(&[0x80])),
        ("aiff of 4 GB", aiff(u32::MAX, u16::MAX, 32)),
        ("aiff of no channels", aiff(1_000, 0, 16)),
        ("caf of 2^63", caf()),
        ("rf64 of 2^64", rf64()),
        ("adts of nothing", [0xff, 0xf1, 0x50, 0x80, 0x01, 0x1f, 0xfc].repeat(20_000)),
        ("mp3 of nothing", [0xff, 0xfb, 0x10, 0x64].repeat(50_000)),
        ("wav in wav", wav_in_wav()),
        ("id3 without end", b"ID3\x04\0\0\0\0\0\x0aTIT2\0\0\0\0".repeat(10_000)),
    ];
    let wav = dir.join("bomb.wav");
    write_wav(&wav, 44_100, 1, &sweep(44_100, 1.5)).unwrap();
    let encode = |name: &str, options: &[&str]| {
        let path = dir.join(name);
        let mut arguments = vec!["-nostdin", "-loglevel", "error", "-y", "-i", wav.to_str().unwrap()];
        arguments.extend(["-metadata", "title=Loa"]);
        arguments.extend_from_slice(options);
        arguments.push(path.to_str().unwrap());
        tool("ffmpeg", &arguments);
        std::fs::read(path).unwrap()
    };
    let mp3 = encode("bomb.mp3", &["-c:a", "libmp3lame", "-id3v2_version", "4"]);
    files.push(("picture of 40 MB before an MP3", picture_in_id3(&mp3)));
    let flac = encode("bomb.flac", &["-c:a", "flac"]);
    files.push(("pictures of 45 MB in a FLAC", pictures_in_flac(&flac)));
    let m4a = encode("bomb.m4a", &["-c:a", "aac", "-movflags", "+faststart"]);
    // Every number of the index in turn is as large as it can be.
    let moov = m4a.windows(4).position(|name| name == b"moov").unwrap();
    let tables: [(&'static str, &[u8; 4], usize); 9] = [
        ("timescale of 2^32", b"mdhd", 16),
        ("no timescale", b"mvhd", 16),
        ("entries without number", b"stts", 8),
        ("samples without number", b"stts", 12),
        ("samples without length", b"stts", 16),
        ("sample of 4 GB", b"stsz", 16),
        ("number of sizes", b"stsz", 12),
        ("chunks without number", b"stsc", 8),
        ("chunk behind the end", b"stco", 12),
    ];
    for (name, table, offset) in tables {
        let at = moov + m4a[moov..].windows(4).position(|found| found == table).unwrap();
        for value in [u32::MAX, 0x7fff_ffff, 0] {
            let mut lying = m4a.clone();
            lying[at + offset..at + offset + 4].copy_from_slice(&value.to_be_bytes());
            files.push((name, lying));
        }
    }
    let opus = encode("bomb.opus", &["-c:a", "libopus"]);
    let head = opus.windows(8).position(|magic| magic == b"OpusHead").unwrap();
    let mut skips = opus.clone();
    skips[head + 10..head + 12].copy_from_slice(&[0xff, 0xff]);
    with_page_checksum(&mut skips);
    files.push(("opus that is all pre-skip", skips));
    let mut channels = opus;
    channels[head + 9] = 255;
    with_page_checksum(&mut channels);
    files.push(("opus of 255 channels", channels));
    files
}

/// FLAC frames of 65,535 equal samples at 4 kHz, 13 bytes each: 26 kB for nine hours.
fn hours_of_silence() -> Vec<u8> {
    let mut bytes = b"fLaC\x80\0\0\x22\xff\xff\xff\xff\0\0\0\0\0\0".to_vec();
    // 4,000 Hz, one channel, 16 bits, and an unknown number of samples.
    bytes.extend_from_slice(&[0x00, 0xfa, 0x00, 0xf0, 0, 0, 0, 0]);
    bytes.extend_from_slice(&[0; 16]);
    for number in 0..2_000u32 {
        // Blocks of a length of 16 bits, a rate from the header, one channel, 16 bits.
        let mut frame = vec![0xff, 0xf8, 0x70, 0x08];
        match number {
            0..0x80 => frame.push(number as u8),
            _ => frame.extend_from_slice(&[0xc0 | (number >> 6) as u8, 0x80 | (number & 0x3f) as u8]),
        }
        frame.extend_from_slice(&[0xff, 0xfe]);
        frame.push(crc8(&frame));
        // A constant sub-frame of silence.
        frame.extend_from_slice(&[0, 0, 0]);
        let crc = crc16(&frame);
        frame.extend_from_slice(&crc.to_be_bytes());
        bytes.extend(frame);
    }
    bytes
}

fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(crc ^ byte, |crc: u8, _| if crc & 0x80 == 0 { crc << 1 } else { crc << 1 ^ 0x07 })
    })
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(
            crc ^ u16::from(byte) << 8,
            |crc: u16, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x8005 }
            },
        )
    })
}

fn atom(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], name, body].concat()
}

fn nested_boxes(depth: usize) -> Vec<u8> {
    let mut bytes = atom(b"ftyp", b"M4A \0\0\0\0");
    for level in 0..depth {
        bytes.extend_from_slice(&((depth - level) as u32 * 8).to_be_bytes());
        bytes.extend_from_slice(b"moov");
    }
    bytes
}

fn nested_index() -> Vec<u8> {
    let mut inner = Vec::new();
    for _ in 0..5_000 {
        inner = atom(b"trak", &inner);
    }
    let inner = (0..200).fold(inner, |inner, i| atom(if i % 2 == 0 { b"udta" } else { b"meta" }, &inner));
    [atom(b"ftyp", b"M4A \0\0\0\0"), atom(b"moov", &inner), atom(b"mdat", &[0; 100])].concat()
}

fn ogg_page(flags: u8, serial: u32, body: &[u8]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend_from_slice(&[0; 8]);
    page.extend_from_slice(&serial.to_le_bytes());
    page.extend_from_slice(&[0; 8]);
    let lacing = body.chunks(255).map(|piece| piece.len() as u8);
    let lacing: Vec<u8> = lacing.take(255).collect();
    page.push(lacing.len() as u8);
    page.extend(lacing);
    page.extend_from_slice(body);
    with_page_checksum(&mut page);
    page
}

/// Puts the checksum of the first page right.
fn with_page_checksum(bytes: &mut [u8]) {
    let segments = usize::from(bytes[26]);
    let length =
        27 + segments + bytes[27..27 + segments].iter().map(|&length| usize::from(length)).sum::<usize>();
    bytes[22..26].fill(0);
    let crc = bytes[..length].iter().fold(0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
            if crc & 0x8000_0000 == 0 { crc << 1 } else { crc << 1 ^ 0x04c1_1db7 }
        })
    });
    bytes[22..26].copy_from_slice(&crc.to_le_bytes());
}

fn ogg_streams(count: u32) -> Vec<u8> {
    let head = b"OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0";
    (0..count).flat_map(|serial| ogg_page(2, serial, head)).collect()
}

/// A packet that goes on over 30 MB of pages.
fn ogg_packet() -> Vec<u8> {
    let mut bytes = ogg_page(2, 1, b"OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0");
    let body = vec![b'a'; 255 * 255];
    let page = ogg_page(1, 1, &body);
    for _ in 0..460 {
        bytes.extend_from_slice(&page);
    }
    bytes
}

fn matroska(size: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm".to_vec();
    for id in [
        &[0x18, 0x53, 0x80, 0x67][..],
        &[0x16, 0x54, 0xae, 0x6b],
        &[0xae],
        &[0x63, 0xa2],
        &[0x1f, 0x43, 0xb6, 0x75],
    ] {
        bytes.extend_from_slice(id);
        bytes.extend_from_slice(size);
        bytes.extend_from_slice(&[0xd7, 0x81, 0x01]);
    }
    bytes.resize(20_000, 0xa3);
    bytes
}

fn aiff(frames: u32, channels: u16, bits: u16) -> Vec<u8> {
    let mut bytes = b"FORM\xff\xff\xff\xffAIFFCOMM\0\0\0\x12".to_vec();
    bytes.extend_from_slice(&channels.to_be_bytes());
    bytes.extend_from_slice(&frames.to_be_bytes());
    bytes.extend_from_slice(&bits.to_be_bytes());
    bytes.extend_from_slice(&[0x40, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(b"SSND\xff\xff\xff\xff\0\0\0\0\0\0\0\0");
    bytes.resize(10_000, 1);
    bytes
}

fn caf() -> Vec<u8> {
    let mut bytes = b"caff\0\x01\0\0desc\0\0\0\0\0\0\0\x20".to_vec();
    bytes.extend_from_slice(&44_100f64.to_be_bytes());
    bytes.extend_from_slice(b"lpcm\0\0\0\0\0\0\0\x02\0\0\0\x01\0\0\0\x01\0\0\0\x10");
    bytes.extend_from_slice(b"data\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0");
    bytes.resize(10_000, 1);
    bytes
}

fn rf64() -> Vec<u8> {
    let mut bytes = b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0".to_vec();
    bytes.extend_from_slice(&[0xff; 28]);
    bytes.extend_from_slice(
        b"fmt \x10\0\0\0\x01\0\x01\0\x44\xac\0\0\x88\x58\x01\0\x02\0\x10\0data\xff\xff\xff\xff",
    );
    bytes.resize(10_000, 1);
    bytes
}

/// Microsoft ADPCM whose every difference is the steepest: the step grows by 2.4 with each sample until no number holds
/// it. Found by fuzzing; the decoder multiplies without asking.
pub(crate) fn steep_adpcm() -> Vec<u8> {
    let pairs: [i16; 14] = [256, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232];
    let mut format = b"\x02\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\0\x04\x04\0\x20\0\xf4\x07\x07\0".to_vec();
    format.extend(pairs.iter().flat_map(|number| number.to_le_bytes()));
    let mut block = b"\0\x10\0\x74\x06\x6c\x01".to_vec();
    block.resize(1_024, 0x77);
    let mut bytes = b"RIFF\xff\xff\xff\x7fWAVEfmt ".to_vec();
    for (name, chunk) in [(&b""[..], format), (b"data", block.repeat(8))] {
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(&u32::try_from(chunk.len()).unwrap().to_le_bytes());
        bytes.extend(chunk);
    }
    bytes
}

fn wav_in_wav() -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..3_000 {
        bytes.extend_from_slice(b"RIFF\xff\xff\xff\x7fWAVELIST\xff\xff\xff\x7fINFO");
    }
    bytes
}

/// Replaces the tag of an MP3 by one with a picture of 40 MB before the title.
fn picture_in_id3(mp3: &[u8]) -> Vec<u8> {
    let seven = |size: usize| (0..4).rev().map(move |i| (size >> (7 * i) & 0x7f) as u8);
    let old = 10 + mp3[6..10].iter().fold(0usize, |size, &byte| size << 7 | usize::from(byte));
    let frame = |name: &[u8], body: &[u8]| -> Vec<u8> {
        name.iter().copied().chain(seven(body.len())).chain([0, 0]).chain(body.iter().copied()).collect()
    };
    let mut picture = b"\0image/jpeg\0\x03\0".to_vec();
    picture.resize(40 << 20, 0xd8);
    let frames = [frame(b"APIC", &picture), frame(b"TIT2", b"\x03Loa")].concat();
    let head: Vec<u8> = b"ID3\x04\0\0".iter().copied().chain(seven(frames.len())).collect();
    [head, frames, mp3[old..].to_vec()].concat()
}

/// Puts three pictures of 15 MB behind the first block of a FLAC.
fn pictures_in_flac(flac: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (size, text) in [(3u32, &b""[..]), (10, b"image/jpeg"), (0, b"")] {
        body.extend_from_slice(&size.to_be_bytes());
        body.extend_from_slice(text);
    }
    body.extend_from_slice(&[0; 16]);
    let picture = vec![0xd8u8; 15 << 20];
    body.extend_from_slice(&(picture.len() as u32).to_be_bytes());
    body.extend(picture);
    let mut block = vec![6];
    block.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
    block.extend(body);
    let first = 4 + 4 + 34;
    [&flac[..first], &block.repeat(3), &flac[first..]].concat()
}
