//! The checksum that a FLAC carries of its own sound.
//!
//! The decoder would compare it as well, in a good deal more time: taking a sample at a time, and with an MD5 of its own.

use md5::{Digest, Md5};
use symphonia::core::audio::{Audio, AudioBuffer, GenericAudioBufferRef};
use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;
use symphonia::core::codecs::audio::{AudioCodecParameters, VerificationCheck};

/// MD5 over the samples, interleaved, in whole bytes, the lowest first (RFC 9639, 8.2).
pub(super) struct Checksum {
    expected: [u8; 16],
    hasher: Md5,
    /// Of a sample.
    bits: u32,
    bytes: Vec<u8>,
}

impl Checksum {
    /// `None` where there is nothing to compare with.
    pub(super) fn of(parameters: &AudioCodecParameters) -> Option<Self> {
        let bits = parameters.bits_per_sample.filter(|bits| (1..=32).contains(bits))?;
        match parameters.verification_check {
            Some(VerificationCheck::Md5(expected)) if parameters.codec == CODEC_ID_FLAC => {
                Some(Self { expected, hasher: Md5::new(), bits, bytes: Vec::new() })
            }
            _ => None,
        }
    }

    /// Takes what was decoded of the next packet.
    pub(super) fn push(&mut self, decoded: &GenericAudioBufferRef<'_>) {
        if let GenericAudioBufferRef::S32(samples) = decoded {
            self.interleave(samples);
            self.hasher.update(&self.bytes);
        }
    }

    /// Whether it is what the file says.
    pub(super) fn matches(self) -> bool {
        self.hasher.finalize()[..] == self.expected
    }

    /// The decoder gives all samples as 32 bits, with the sound in the upper ones.
    fn interleave(&mut self, samples: &AudioBuffer<i32>) {
        let width = self.bits.div_ceil(8) as usize;
        let shift = 32 - self.bits;
        let channels = samples.num_planes();
        self.bytes.resize(samples.frames() * channels * width, 0);
        // What nearly all of them are.
        if let (16, 2, Some((left, right))) = (self.bits, channels, samples.plane_pair(0, 1)) {
            let (frames, _) = self.bytes.as_chunks_mut::<4>();
            for ((frame, left), right) in frames.iter_mut().zip(left).zip(right) {
                *frame = ((left >> 16) & 0xffff | right & !0xffff).to_le_bytes();
            }
            return;
        }
        for (channel, plane) in samples.iter_planes().enumerate() {
            let places = self.bytes.chunks_exact_mut(width).skip(channel).step_by(channels);
            for (place, sample) in places.zip(plane) {
                place.copy_from_slice(&(sample >> shift).to_le_bytes()[..width]);
            }
        }
    }
}
