//! Everything that Loaxa does with sound.
//!
//! The way of a recording: [`inspect`] decodes an original (inside the disposable [`child`] process) into
//! [`prepared`] PCM, brought to the station's [`loudness`]; [`output`] plays prepared PCM, and nothing else, on the
//! amplifier's input. [`voice`] has a written text read by another program.
//!
//! Invariant: [`output`] holds no decoder. It can only be given [`prepared::Prepared`], whose every block is hashed
//! again as it is read, so that what was approved is what is heard.

pub mod child;
pub mod inspect;
mod lanes;
pub mod loudness;
mod monotonic;
pub mod output;
pub mod prepared;
mod resample;
mod sample;
pub mod synth;
pub mod voice;
