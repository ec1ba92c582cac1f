//! Which of the decoded frames are the recording: encoders put some before it and fill up after it.

use symphonia::core::audio::{AudioBuffer, AudioSpec, GenericAudioBufferRef};

/// Frames to leave out at the start, and how many to keep after them, at the rate of what is decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Trim {
    /// Left out at the start.
    pub(super) skip: u64,
    /// Kept after that; `None` keeps all.
    pub(super) keep: Option<u64>,
}

/// What remains of one decoded buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// So many frames less at its start and its end.
    Without(usize, usize),
    /// Nothing.
    Nothing,
}

impl Trim {
    /// Takes the next `frames` from the decoder.
    pub(super) fn take(&mut self, frames: usize) -> Part {
        let frames = frames as u64;
        let start = self.skip.min(frames);
        self.skip -= start;
        let kept = self.keep.map_or(frames - start, |keep| keep.min(frames - start));
        if let Some(keep) = &mut self.keep {
            *keep -= kept;
        }
        let end = frames - start - kept;
        // Both are at most `frames`, which was a usize.
        match (start as usize, end as usize) {
            _ if kept == 0 => Part::Nothing,
            (0, 0) => Part::Whole,
            (start, end) => Part::Without(start, end),
        }
    }
}

/// A copy of `buffer` without so many frames at its start and end.
pub(super) fn copy_without(buffer: &GenericAudioBufferRef<'_>, start: usize, end: usize) -> AudioBuffer<f32> {
    let spec: AudioSpec = buffer.spec().clone();
    let mut copy = AudioBuffer::<f32>::new(spec, buffer.frames());
    copy.render_uninit(Some(buffer.frames()));
    buffer.copy_to(&mut copy);
    copy.trim(start, end);
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Buffers of so many frames → what remains of each.
    fn check(skip: u64, keep: Option<u64>, buffers: &[usize], expected: &[Part]) {
        let mut trim = Trim { skip, keep };
        let parts: Vec<_> = buffers.iter().map(|&frames| trim.take(frames)).collect();
        assert_eq!(parts, expected, "{skip} {keep:?} {buffers:?}");
    }

    #[test]
    fn what_is_left_out_may_span_buffers() {
        use Part::{Nothing, Whole, Without};
        check(0, None, &[10, 0, 7], &[Whole, Nothing, Whole]);
        check(4, None, &[10, 10], &[Without(4, 0), Whole]);
        check(25, None, &[10, 10, 10, 10], &[Nothing, Nothing, Without(5, 0), Whole]);
        check(10, Some(12), &[10, 10, 10, 10], &[Nothing, Whole, Without(0, 8), Nothing]);
        check(2, Some(3), &[10, 10], &[Without(2, 5), Nothing]);
        check(0, Some(0), &[10], &[Nothing]);
    }
}
