//! The decoders of the house, and what must be put right before one can be made.

use std::sync::OnceLock;

use symphonia::core::codecs::audio::well_known as id;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;

use super::foreign::Foreign;

/// A decoder, and what it leaves to be done.
pub(super) struct Made {
    pub(super) decoder: Box<dyn AudioDecoder>,
    /// Frames that an Opus stream says come before its sound.
    pub(super) pre_skip: u64,
    /// Only the lower half of the tones can be decoded: HE-AAC.
    pub(super) narrow: bool,
}

/// Makes a decoder.
///
/// # Errors
/// What the sound is, by name, or `None` when nothing can be said about it.
pub(super) fn make(
    parameters: &AudioCodecParameters,
    options: &AudioDecoderOptions,
) -> Result<Made, Option<Foreign>> {
    let mut parameters = parameters.clone();
    let mut pre_skip = 0;
    let mut narrow = false;
    if parameters.codec == id::CODEC_ID_OPUS {
        // An Opus decoder works at 48 kHz, whatever the container says of the rate before encoding. What it would leave
        // out by itself is only right within its first packet, so that is done here.
        parameters.with_sample_rate(48_000);
        pre_skip = parameters.extra_data.as_deref().and_then(opus_pre_skip).unwrap_or(0);
        parameters.extra_data = None;
    }
    if parameters.codec == id::CODEC_ID_AAC
        && let Some(config) = parameters.extra_data.as_deref()
    {
        let config = AacConfig::read(config).ok_or(Some(Foreign::AAC_UNUSUAL))?;
        narrow = config.is_high_efficiency;
        parameters.with_extra_data(config.low_complexity());
    }
    match registry().make_audio_decoder(&parameters, options) {
        Ok(decoder) => Ok(Made { decoder, pre_skip, narrow }),
        Err(_) => Err(name(&parameters)),
    }
}

fn registry() -> &'static CodecRegistry {
    static REGISTRY: OnceLock<CodecRegistry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let mut registry = CodecRegistry::new();
        symphonia::default::register_enabled_codecs(&mut registry);
        registry.register_audio_decoder::<symphonia_adapter_libopus::OpusDecoder>();
        registry
    })
}

/// Why there is no decoder.
fn name(parameters: &AudioCodecParameters) -> Option<Foreign> {
    let channels = parameters.channels.as_ref().map_or(0, |channels| channels.count());
    Some(match parameters.codec {
        id::CODEC_ID_OPUS if channels > 2 => Foreign::OPUS_SURROUND,
        id::CODEC_ID_AAC if channels > 2 => Foreign::AAC_SURROUND,
        id::CODEC_ID_AAC => Foreign::AAC_UNUSUAL,
        id::CODEC_ID_AC3 | id::CODEC_ID_EAC3 => Foreign::inside("Dolby Digital"),
        id::CODEC_ID_DCA => Foreign::inside("DTS"),
        id::CODEC_ID_TRUEHD => Foreign::inside("Dolby TrueHD"),
        id::CODEC_ID_WAVPACK => Foreign::inside("WavPack"),
        id::CODEC_ID_TTA => Foreign::inside("True Audio (TTA)"),
        id::CODEC_ID_MUSEPACK => Foreign::inside("Musepack"),
        id::CODEC_ID_SPEEX => Foreign::inside("Speex"),
        _ => return None,
    })
}

/// From the identification header of Opus (RFC 7845, 5.1).
fn opus_pre_skip(header: &[u8]) -> Option<u64> {
    let bytes = header.strip_prefix(b"OpusHead")?.get(2..4)?;
    Some(u64::from(u16::from_le_bytes([bytes[0], bytes[1]])))
}

/// The part of an AudioSpecificConfig (ISO 14496-3, 1.6.2.1) that the decoder of the core needs.
///
/// HE-AAC is AAC-LC at half the rate, with a recipe for guessing the upper half of the tones. The core alone is whole in
/// time and honest in sound: it ends at 5 to 11 kHz, about where a horn loudspeaker ends as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct AacConfig {
    /// Index into the standard's rates, or 15 and the rate itself.
    rate_index: u32,
    rate: u32,
    channels: u32,
    is_high_efficiency: bool,
}

const LOW_COMPLEXITY: u32 = 2;
const SPECTRAL_BAND_REPLICATION: u32 = 5;
const PARAMETRIC_STEREO: u32 = 29;

impl AacConfig {
    /// `None` when it is not AAC-LC, with or without the recipe, in frames of 1,024.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut bits = Bits { bytes, at: 0 };
        let mut object = bits.object_type()?;
        let (rate_index, rate) = bits.rate()?;
        let channels = bits.take(4)?;
        let mut is_high_efficiency = object == SPECTRAL_BAND_REPLICATION || object == PARAMETRIC_STEREO;
        if is_high_efficiency {
            bits.rate()?;
            object = bits.object_type()?;
        }
        let short_frames = bits.take(1)? == 1;
        if object != LOW_COMPLEXITY || short_frames {
            return None;
        }
        if bits.take(1)? == 1 {
            bits.take(14)?;
        }
        bits.take(1)?;
        // The recipe may also be announced behind all that an old decoder reads.
        if bits.take(11) == Some(0x2b7) && bits.object_type() == Some(SPECTRAL_BAND_REPLICATION) {
            is_high_efficiency |= bits.take(1) == Some(1);
        }
        Some(Self { rate_index, rate, channels, is_high_efficiency })
    }

    /// The configuration of the core alone.
    fn low_complexity(self) -> Box<[u8]> {
        let fields = [(LOW_COMPLEXITY, 5), (self.rate_index, 4)];
        let rate = (self.rate_index == 15).then_some((self.rate, 24));
        let mut bits = 0u64;
        let mut count = 0;
        for (value, width) in fields.into_iter().chain(rate).chain([(self.channels, 4), (0, 3)]) {
            bits = bits << width | u64::from(value);
            count += width;
        }
        let bytes = (bits << (64 - count)).to_be_bytes();
        bytes[..count / 8].into()
    }
}

/// Bits from the highest to the lowest.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = *self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    fn object_type(&mut self) -> Option<u32> {
        match self.take(5)? {
            31 => Some(32 + self.take(6)?),
            object => Some(object),
        }
    }

    fn rate(&mut self) -> Option<(u32, u32)> {
        match self.take(4)? {
            15 => Some((15, self.take(24)?)),
            index => Some((index, 0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A configuration → that of its core, and whether it was HE-AAC.
    fn check(config: &[u8], core: Option<(&[u8], bool)>) {
        let found = AacConfig::read(config);
        let found = found.map(|config| (config.low_complexity(), config.is_high_efficiency));
        assert_eq!(found.as_ref().map(|(core, high)| (&core[..], *high)), core, "{config:02x?}");
    }

    #[test]
    fn the_core_of_aac_is_found() {
        // AAC-LC, 44.1 kHz, stereo, as ffmpeg writes it.
        check(&[0x12, 0x10], Some((&[0x12, 0x10], false)));
        check(&[0x12, 0x10, 0x56, 0xe5, 0x00], Some((&[0x12, 0x10], false)));
        // The recipe announced behind the core's configuration, and before it.
        check(&[0x13, 0x90, 0x56, 0xe5, 0xa0], Some((&[0x13, 0x90], true)));
        check(&[0x2b, 0x8a, 0x08, 0x00], Some((&[0x13, 0x88], true)));
        check(&[0xeb, 0x8a, 0x08, 0x00], Some((&[0x13, 0x88], true)));
        // A rate of its own: 12,345 Hz, mono.
        check(&[0x17, 0x80, 0x18, 0x1c, 0x88], Some((&[0x17, 0x80, 0x18, 0x1c, 0x88], false)));
        // Frames of 960, AAC Main, and nothing at all.
        check(&[0x12, 0x14], None);
        check(&[0x0a, 0x10], None);
        check(&[], None);
    }

    #[test]
    fn opus_says_what_comes_before_its_sound() {
        assert_eq!(opus_pre_skip(b"OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0"), Some(312));
        assert_eq!(opus_pre_skip(b"OpusHead"), None);
        assert_eq!(opus_pre_skip(b""), None);
    }
}
