//! The corpus, one line a file.

/// A file that is made.
pub(crate) struct Entry {
    /// What it is called; tools take the container from its ending, the inspection takes nothing from it.
    pub(crate) name: &'static str,
    /// The tool and its options.
    pub(crate) recipe: &'static str,
    /// Of the sound that goes in, in Hz.
    pub(crate) rate: u32,
    pub(crate) channels: u16,
    /// Frames of one packet: how far its length may be from ffmpeg's.
    pub(crate) block: u32,
    /// `x`: the file says where its sound begins and ends, to the frame. `t`: it has tags. `o`: it is Opus, decoded at
    /// 48 kHz whatever went in. `r`: it is rough, at few bits.
    marks: &'static str,
}

impl Entry {
    pub(crate) fn exact(&self) -> bool {
        self.marks.contains('x')
    }

    pub(crate) fn tagged(&self) -> bool {
        self.marks.contains('t')
    }

    pub(crate) fn decoded_rate(&self) -> u32 {
        if self.marks.contains('o') { 48_000 } else { self.rate }
    }

    /// The decoder that ffmpeg is to use: its own one of Opus is two frames off in speech.
    pub(crate) fn decoder(&self) -> Option<&'static str> {
        self.marks.contains('o').then_some("libopus")
    }

    /// How like the source it must be, at its place: a codec may take much away.
    pub(crate) fn likeness(&self) -> f64 {
        if self.marks.contains('r') { 0.8 } else { 0.97 }
    }
}

const fn entry(
    name: &'static str,
    recipe: &'static str,
    rate: u32,
    channels: u16,
    block: u32,
    marks: &'static str,
) -> Entry {
    Entry { name, recipe, rate, channels, block, marks }
}

#[rustfmt::skip]
pub(crate) const TABLE: &[Entry] = &[
    // MP3 and MP2
    entry("cbr128.mp3", "lame -b 128", 44_100, 2, 1_152, "xt"),
    entry("cbr320.mp3", "lame -b 320", 48_000, 2, 1_152, "xt"),
    entry("cbr64.mp3", "lame -b 64", 44_100, 1, 1_152, "xt"),
    entry("vbr2.mp3", "lame -V 2", 48_000, 1, 1_152, "xt"),
    entry("vbr9.mp3", "lame -V 7 --resample 32", 32_000, 2, 1_152, "xr"),
    entry("abr.mp3", "lame --abr 128 --resample 44.1", 44_100, 2, 1_152, "x"),
    entry("24k.mp3", "lame -b 64", 24_000, 1, 576, "x"),
    entry("22k.mp3", "lame -b 56", 22_050, 2, 576, "xt"),
    entry("16k.mp3", "lame -b 48", 16_000, 1, 576, "xr"),
    entry("12k.mp3", "lame -b 32", 12_000, 1, 576, "xr"),
    entry("11k.mp3", "lame -b 32", 11_025, 1, 576, "xr"),
    entry("8k.mp3", "lame -b 24", 8_000, 1, 576, "xr"),
    entry("nothing-said.mp3", "lame -b 128 -t", 44_100, 2, 1_152, ""),
    entry("joint.mp3", "ffmpeg -c:a libmp3lame -b:a 96k -id3v2_version 3", 44_100, 2, 1_152, "xt"),
    entry("id3v4.mp3", "ffmpeg -c:a libmp3lame -q:a 4 -id3v2_version 4", 48_000, 2, 1_152, "xt"),
    entry("both-tags.mp3", "ffmpeg -c:a libmp3lame -b:a 64k -write_id3v1 1", 44_100, 1, 1_152, "xt"),
    entry("untagged.mp3", "ffmpeg -c:a libmp3lame -b:a 128k -id3v2_version 0 -write_xing 0", 44_100, 2, 1_152, ""),
    entry("radio.mp2", "ffmpeg -c:a mp2 -b:a 192k", 48_000, 2, 1_152, ""),
    // AAC
    entry("44k.m4a", "ffmpeg -c:a aac -b:a 128k", 44_100, 2, 1_024, "xt"),
    entry("48k.m4a", "ffmpeg -c:a aac -b:a 96k", 48_000, 1, 1_024, "xt"),
    entry("front.m4a", "ffmpeg -c:a aac -b:a 96k -movflags +faststart", 48_000, 2, 1_024, "xt"),
    entry("8k.m4a", "ffmpeg -c:a aac -b:a 24k", 8_000, 1, 1_024, "xr"),
    entry("16k.m4a", "ffmpeg -c:a aac -b:a 32k", 16_000, 1, 1_024, "xr"),
    entry("22k.m4a", "ffmpeg -c:a aac -b:a 48k", 22_050, 2, 1_024, "xr"),
    entry("32k.m4a", "ffmpeg -c:a aac -b:a 64k", 32_000, 2, 1_024, "xt"),
    entry("96k.m4a", "ffmpeg -c:a aac -b:a 192k", 96_000, 2, 1_024, "x"),
    entry("phone.mp4", "ffmpeg -c:a aac -b:a 96k", 44_100, 1, 1_024, "xt"),
    entry("phone.mov", "ffmpeg -c:a aac -b:a 96k", 48_000, 2, 1_024, "xt"),
    entry("phone.3gp", "ffmpeg -c:a aac -b:a 64k", 16_000, 1, 1_024, "x"),
    entry("pieces.mp4", "ffmpeg -c:a aac -b:a 96k -movflags +frag_keyframe+empty_moov -frag_duration 500000", 44_100, 2, 1_024, ""),
    entry("44k.aac", "ffmpeg -c:a aac -b:a 128k", 44_100, 2, 1_024, ""),
    entry("16k.aac", "ffmpeg -c:a aac -b:a 48k", 16_000, 1, 1_024, ""),
    entry("aac.mka", "ffmpeg -c:a aac -b:a 128k", 48_000, 2, 1_024, "t"),
    // ALAC
    entry("alac.m4a", "ffmpeg -c:a alac", 44_100, 2, 4_096, "xt"),
    entry("alac24.m4a", "ffmpeg -c:a alac -sample_fmt s32p", 48_000, 1, 4_096, "xt"),
    entry("alac96.m4a", "ffmpeg -c:a alac", 96_000, 2, 4_096, "x"),
    entry("alac.caf", "ffmpeg -c:a alac", 44_100, 2, 4_096, "x"),
    // FLAC
    entry("44k.flac", "flac -8", 44_100, 2, 4_096, "xt"),
    entry("8k.flac", "flac -1", 8_000, 1, 4_096, "xt"),
    entry("24bit.flac", "ffmpeg -c:a flac -sample_fmt s32 -bits_per_raw_sample 24", 96_000, 2, 4_608, "xt"),
    entry("192k.flac", "ffmpeg -c:a flac", 192_000, 1, 4_608, "x"),
    entry("six.flac", "ffmpeg -c:a flac", 48_000, 6, 4_608, "x"),
    entry("flac.oga", "flac --ogg", 44_100, 2, 4_096, "xt"),
    entry("flac.mka", "ffmpeg -c:a flac", 48_000, 2, 4_608, "xt"),
    entry("flac.mp4", "ffmpeg -c:a flac -strict -2", 48_000, 2, 4_608, "xt"),
    // WAV
    entry("u8.wav", "ffmpeg -c:a pcm_u8", 22_050, 1, 1, "xt"),
    entry("s16.wav", "ffmpeg -c:a pcm_s16le", 44_100, 2, 1, "xt"),
    entry("s24.wav", "ffmpeg -c:a pcm_s24le", 48_000, 2, 1, "xt"),
    entry("s32.wav", "ffmpeg -c:a pcm_s32le", 48_000, 1, 1, "x"),
    entry("f32.wav", "ffmpeg -c:a pcm_f32le", 44_100, 2, 1, "x"),
    entry("f64.wav", "ffmpeg -c:a pcm_f64le", 48_000, 1, 1, "x"),
    entry("alaw.wav", "ffmpeg -c:a pcm_alaw", 8_000, 1, 1, "x"),
    entry("mulaw.wav", "ffmpeg -c:a pcm_mulaw", 8_000, 1, 1, "xt"),
    entry("ima.wav", "ffmpeg -c:a adpcm_ima_wav", 44_100, 2, 2_041, "t"),
    entry("ima-mono.wav", "sox -e ima-adpcm", 8_000, 1, 505, ""),
    entry("ms.wav", "ffmpeg -c:a adpcm_ms", 22_050, 1, 1_012, ""),
    entry("384k.wav", "sox -b 16", 384_000, 1, 1, "x"),
    entry("4k.wav", "sox -b 16", 4_000, 1, 1, "x"),
    entry("eight.wav", "ffmpeg -c:a pcm_s16le", 48_000, 8, 1, "x"),
    entry("odd.wav", "sox -b 24", 37_800, 3, 1, "x"),
    entry("long.wav", "ffmpeg -c:a pcm_s16le -rf64 always", 48_000, 2, 1, "x"),
    // AIFF and CAF
    entry("s16.aiff", "ffmpeg -c:a pcm_s16be -write_id3v2 1", 44_100, 2, 1, "xt"),
    entry("s24.aiff", "sox -b 24", 48_000, 1, 1, "x"),
    entry("f32.aifc", "ffmpeg -f aiff -c:a pcm_f32be", 48_000, 2, 1, "x"),
    entry("sowt.aifc", "ffmpeg -f aiff -c:a pcm_s16le", 44_100, 1, 1, "x"),
    entry("s16.caf", "ffmpeg -c:a pcm_s16be", 44_100, 1, 1, "x"),
    entry("f32.caf", "ffmpeg -c:a pcm_f32le", 48_000, 2, 1, "x"),
    // Vorbis
    entry("q3.ogg", "oggenc -q 3", 44_100, 2, 2_048, "xt"),
    entry("q0.ogg", "oggenc -q 0", 22_050, 1, 2_048, "xr"),
    entry("8k.ogg", "oggenc -q 2", 8_000, 1, 2_048, "xr"),
    entry("six.ogg", "oggenc -q 5", 48_000, 6, 2_048, "x"),
    entry("vorbis.webm", "ffmpeg -c:a libvorbis -q:a 4", 48_000, 2, 2_048, "t"),
    // Opus
    entry("64k.opus", "opusenc --bitrate 64", 48_000, 2, 960, "xto"),
    entry("chat.ogg", "opusenc --bitrate 24 --speech", 48_000, 1, 960, "xtor"),
    entry("chat16.oga", "opusenc --bitrate 20 --speech --framesize 60", 16_000, 1, 2_880, "otr"),
    entry("quick.opus", "ffmpeg -c:a libopus -b:a 96k -frame_duration 2.5", 48_000, 2, 120, "xto"),
    entry("opus.webm", "ffmpeg -c:a libopus -b:a 64k", 48_000, 1, 960, "xto"),
    entry("opus.mka", "ffmpeg -c:a libopus -b:a 96k -frame_duration 60", 48_000, 2, 2_880, "xto"),
    entry("opus.mp4", "ffmpeg -c:a libopus -b:a 64k -strict -2", 48_000, 2, 960, "xto"),
    // Video with sound
    entry("film.mp4", "video -c:v mpeg4 -c:a aac -b:a 96k", 48_000, 2, 1_024, "xt"),
    entry("film.mov", "video -c:v mpeg4 -c:a pcm_s16le", 44_100, 2, 1, "x"),
    entry("film.webm", "video -c:v libvpx -c:a libopus -b:a 64k", 48_000, 2, 960, "to"),
];
