//! Which bytes on a serial line are the answer to what was asked.
//!
//! Modbus RTU has no transaction number, and a decoder that searches for a frame in whatever arrives finds one sooner
//! or later. Here an answer is only what could have been sent to this very request: its address, its function, its
//! length, a right check sum, and nothing behind it.

/// A glitch while an adapter turns round is a few bytes at most.
const NOISE: usize = 4;

/// What the bytes heard since a request are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not yet anything.
    More,
    /// The answer: these bytes of what was heard.
    Answer {
        /// Its first byte.
        from: usize,
        /// Behind its last byte.
        to: usize,
        /// The request itself was heard before it.
        echoed: bool,
    },
    /// No frame, or more than one.
    Garbled,
    /// A frame, but not an answer to this.
    Foreign,
}

/// Judges `heard`, all that arrived since `request` was sent. `echoes`: this line repeats what is sent on it.
pub(crate) fn judge(request: &[u8], heard: &[u8], echoes: bool) -> Verdict {
    let Some(expected) = Expected::to(request) else {
        return Verdict::Foreign;
    };
    // The answer to writing a single value is the request once more: only a known echo is taken away from it.
    let echoed = heard.starts_with(request) && (echoes || !expected.repeats_request);
    let start = if echoed { request.len() } else { 0 };
    let rest = heard.get(start..).unwrap_or_default();
    for skipped in 0..=NOISE.min(rest.len()) {
        let Some(candidate) = rest.get(skipped..) else { break };
        let Some(length) = expected.length_of(candidate) else { continue };
        if candidate.len() < length {
            continue;
        }
        let frame = candidate.get(..length).unwrap_or_default();
        let whole = check_sum_is_right(frame);
        if whole && candidate.len() > length {
            return Verdict::Garbled;
        }
        if whole {
            let from = start.saturating_add(skipped);
            return Verdict::Answer { from, to: heard.len(), echoed };
        }
        if skipped == 0 {
            return Verdict::Garbled;
        }
    }
    // An echo or an answer on its way is not a frame of somebody else, although one beginning in 65536 looks like one.
    let begins =
        request.starts_with(heard) || expected.length_of(rest).is_some_and(|length| rest.len() < length);
    if !begins && rest.len() >= 4 && check_sum_is_right(rest) {
        return Verdict::Foreign;
    }
    if rest.len() > expected.longest().saturating_add(NOISE).max(request.len()) {
        return Verdict::Garbled;
    }
    Verdict::More
}

/// Whether the frame's last two bytes are the check sum of those before.
pub(crate) fn check_sum_is_right(frame: &[u8]) -> bool {
    frame.split_last_chunk::<2>().is_some_and(|(body, sum)| !body.is_empty() && crc(body) == *sum)
}

/// The check sum of Modbus RTU, in the order of the line.
pub(crate) fn crc(bytes: &[u8]) -> [u8; 2] {
    let mut sum = u16::MAX;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xA001 } else { sum >> 1 };
        }
    }
    sum.to_le_bytes()
}

/// What an answer to a request must look like.
struct Expected<'a> {
    address: u8,
    function: u8,
    /// The bytes behind the function that are known beforehand.
    known: Known<'a>,
    repeats_request: bool,
}

enum Known<'a> {
    /// So many bytes of data follow their count.
    Data(u8),
    /// These bytes, and no others.
    These(&'a [u8]),
}

impl<'a> Expected<'a> {
    /// `None`: not a request that is ever sent here.
    fn to(request: &'a [u8]) -> Option<Self> {
        let [address, function, rest @ ..] = request else { return None };
        let known = match *function {
            1 | 2 => Known::Data(u8::try_from(count(rest)?.div_ceil(8)).ok()?),
            3 | 4 => Known::Data(u8::try_from(count(rest)?.checked_mul(2)?).ok()?),
            5 | 6 | 15 | 16 => Known::These(rest.get(..4)?),
            _ => return None,
        };
        Some(Self {
            address: *address,
            function: *function,
            known,
            repeats_request: matches!(function, 5 | 6),
        })
    }

    /// The length that a frame beginning so must have to be an answer; `None`: it is none.
    fn length_of(&self, candidate: &[u8]) -> Option<usize> {
        let [address, function, rest @ ..] = candidate else { return None };
        if *address != self.address {
            return None;
        }
        if *function == self.function | 0x80 {
            return Some(5);
        }
        if *function != self.function {
            return None;
        }
        let fits = match &self.known {
            Known::Data(bytes) => rest.first().is_none_or(|said| said == bytes),
            Known::These(bytes) => bytes.iter().zip(rest).all(|(wanted, said)| wanted == said),
        };
        fits.then(|| self.longest())
    }

    fn longest(&self) -> usize {
        match &self.known {
            Known::Data(bytes) => usize::from(*bytes).saturating_add(5),
            Known::These(_) => 8,
        }
    }
}

fn count(rest: &[u8]) -> Option<u16> {
    match rest {
        [_, _, high, low, ..] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(body: &[u8]) -> Vec<u8> {
        let mut frame = body.to_vec();
        frame.extend(crc(body));
        frame
    }

    #[test]
    fn the_check_sums_printed_in_a_board_s_manual_are_right() {
        assert_eq!(framed(&[1, 5, 0, 0, 0xFF, 0])[6..], [0x8C, 0x3A]);
        assert_eq!(framed(&[1, 5, 2, 0, 0, 0xC8])[6..], [0xCD, 0xE4]);
    }

    #[test]
    fn no_beginning_of_an_answer_is_taken_for_something_else() {
        let read = framed(&[1, 4, 0, 0, 0, 14]);
        let mut number = 1_u32;
        for _ in 0..20_000 {
            let mut body = vec![1, 4, 28];
            body.extend((0..28).map(|_| {
                number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                number.to_be_bytes()[0]
            }));
            let answer = framed(&body);
            for heard in 0..answer.len() {
                assert_eq!(judge(&read, &answer[..heard], false), Verdict::More, "{:02x?}", &answer[..heard]);
            }
        }
    }

    #[test]
    fn only_what_could_answer_the_request_is_its_answer() {
        let read = framed(&[1, 1, 0, 0, 0, 8]);
        let answer = framed(&[1, 1, 1, 0x55]);
        let write = framed(&[1, 5, 0, 0, 0xFF, 0]);
        let at = |from, to, echoed| Verdict::Answer { from, to, echoed };
        let both = |a: &[u8], b: &[u8]| [a, b].concat();
        for (name, request, heard, echoes, verdict) in [
            ("nothing", &read, vec![], false, Verdict::More),
            ("whole", &read, answer.clone(), false, at(0, 6, false)),
            ("half", &read, answer[..3].to_vec(), false, Verdict::More),
            ("refusal", &read, framed(&[1, 0x81, 2]), false, at(0, 5, false)),
            ("noise before", &read, both(&[0, 0xFF], &answer), false, at(2, 8, false)),
            ("too much noise", &read, both(&[0; 5], &answer), false, Verdict::Garbled),
            ("echo before", &read, both(&read, &answer), false, at(8, 14, true)),
            ("echo alone", &read, read.clone(), false, Verdict::More),
            ("two answers", &read, both(&answer, &answer), false, Verdict::Garbled),
            ("bad sum", &read, vec![1, 1, 1, 0x55, 0, 0], false, Verdict::Garbled),
            ("other address", &read, framed(&[2, 1, 1, 0x55]), false, Verdict::Foreign),
            ("other function", &read, framed(&[1, 2, 1, 0x55]), false, Verdict::Foreign),
            ("other length", &read, framed(&[1, 1, 2, 0x55, 0]), false, Verdict::Foreign),
            ("write obeyed", &write, write.clone(), false, at(0, 8, false)),
            ("write, echo alone", &write, write.clone(), true, Verdict::More),
            ("write, echo and answer", &write, both(&write, &write), true, at(8, 16, true)),
            ("other write", &write, framed(&[1, 5, 0, 0, 0, 0]), false, Verdict::Foreign),
        ] {
            assert_eq!(judge(request, &heard, echoes), verdict, "{name}");
        }
    }
}
