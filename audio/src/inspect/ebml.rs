//! What a WebM or Matroska file says and the demultiplexer does not: its title, whether all of it is there, and how much
//! of the last packet fills up.

use std::io;

use super::source::Original;

const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_a966;
const TITLE: u32 = 0x7ba9;
const CLUSTER: u32 = 0x1f43_b675;
const BLOCK_GROUP: u32 = 0xa0;
const DISCARD_PADDING: u32 = 0x75a2;

/// Elements that are looked at: an hour of a telephone's WebM has 60,000 blocks.
const MAX_ELEMENTS: usize = 2_000_000;

/// Longest element that is read; longer ones are stepped over.
const MAX_ELEMENT_BYTES: usize = 64 << 10;

/// What was found on the way to the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outline {
    /// In UTF-8, as the file has it.
    pub(super) title: Option<Vec<u8>>,
    /// An element is longer than the file.
    pub(super) is_cut: bool,
    /// Nanoseconds at the end of the last packet that are no sound.
    pub(super) padding: u64,
}

/// Walks over the elements of the segment.
pub(super) fn read_outline(original: &Original) -> io::Result<Outline> {
    let mut outline = Outline::default();
    let mut at = original.body;
    for _ in 0..MAX_ELEMENTS {
        if at >= original.bytes {
            break;
        }
        let head = original.look(at, 12)?;
        let Some(element) = Element::read(&head) else {
            // Half a header, or what is no element at all.
            outline.is_cut |= head.len() < 12;
            break;
        };
        let body = at + element.header;
        let end = element.size.map(|size| body.saturating_add(size));
        // Into every cluster: a live stream's have no size, and behind the last one there may be an index.
        let inside = element.id == SEGMENT || element.id == CLUSTER;
        if end.is_some_and(|end| end > original.bytes) {
            outline.is_cut = true;
        }
        if element.id == BLOCK_GROUP || (element.id == INFO && outline.title.is_none()) {
            let length = element.size.and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
            let inner = original.look(body, length.min(MAX_ELEMENT_BYTES))?;
            if element.id == INFO {
                outline.title = child(&inner, TITLE).map(<[u8]>::to_vec);
            } else {
                outline.padding = child(&inner, DISCARD_PADDING).map_or(0, padding);
            }
        }
        at = match end {
            Some(end) if !inside => end,
            _ if inside => body,
            _ => break,
        };
    }
    Ok(outline)
}

/// What is in the first element of that name.
fn child(elements: &[u8], id: u32) -> Option<&[u8]> {
    let mut rest = elements;
    loop {
        let element = Element::read(rest)?;
        let header = element.header as usize;
        let end = header.checked_add(usize::try_from(element.size?).ok()?)?;
        let body = rest.get(header..end)?;
        if element.id == id {
            return Some(body);
        }
        rest = &rest[end..];
    }
}

/// A signed number of nanoseconds; what is to go at the start is no concern here.
fn padding(body: &[u8]) -> u64 {
    match body.first() {
        Some(first) if first & 0x80 == 0 && body.len() <= 8 => {
            body.iter().fold(0, |value, &byte| value << 8 | u64::from(byte))
        }
        _ => 0,
    }
}

struct Element {
    id: u32,
    header: u64,
    /// `None` when it is not known.
    size: Option<u64>,
}

impl Element {
    fn read(bytes: &[u8]) -> Option<Self> {
        let id_length = bytes.first()?.leading_zeros() as usize + 1;
        if id_length > 4 {
            return None;
        }
        let id = bytes.get(..id_length)?.iter().fold(0, |id, &byte| id << 8 | u32::from(byte));
        let length = bytes.get(id_length)?.leading_zeros() as usize + 1;
        if length > 8 {
            return None;
        }
        let number = bytes.get(id_length..id_length + length)?;
        let number = number.iter().fold(0u64, |number, &byte| number << 8 | u64::from(byte));
        // The length's own mark goes; all ones mean "not known".
        let mask = (1u64 << (7 * length)) - 1;
        let size = number & mask;
        Some(Self { id, header: (id_length + length) as u64, size: (size != mask).then_some(size) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;

    fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len()).unwrap() | 0x1000_0000;
        [id, &size.to_be_bytes(), body].concat()
    }

    fn check(bytes: &[u8], expected: Outline) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.webm");
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(
            read_outline(&Original::read(std::fs::File::open(&path).unwrap()).unwrap()).unwrap(),
            expected
        );
    }

    #[test]
    fn the_end_is_found_with_and_without_sizes() {
        let head = element(&[0x1a, 0x45, 0xdf, 0xa3], b"webm");
        let simple = element(&[0xa3], &[7; 500]);
        let last = element(
            &[0xa0],
            &[element(&[0xa1], &[7; 300]), element(&[0x75, 0xa2], &[0x00, 0xc6, 0x5d])].concat(),
        );
        let body = [&simple[..], &simple, &last].concat();
        let whole = Outline { title: Some(b"Loa".to_vec()), is_cut: false, padding: 50_781 };
        let cut = Outline { is_cut: true, padding: 0, ..whole.clone() };
        let texts = [element(&[0x4d, 0x80], b"x"), element(&[0x7b, 0xa9], b"Loa")].concat();
        let info = element(&[0x15, 0x49, 0xa9, 0x66], &texts);
        let cluster = |body: &[u8]| element(&[0x1f, 0x43, 0xb6, 0x75], body);
        let sized = [info.clone(), cluster(&simple), cluster(&body)].concat();
        let sized = [&head[..], &element(&[0x18, 0x53, 0x80, 0x67], &sized)].concat();
        check(&sized, whole.clone());
        check(&sized[..sized.len() - 1], cut.clone());
        check(&sized[..sized.len() - 330], cut.clone());
        let endless = [&head[..], &[0x18, 0x53, 0x80, 0x67, 0xff], &info].concat();
        let live = [&endless[..], &[0x1f, 0x43, 0xb6, 0x75, 0xff], &body].concat();
        check(&live, whole);
        check(&live[..live.len() - 400], cut);
    }

    #[test]
    fn lies_end_the_walk() {
        check(&[0x1a, 0x45, 0xdf, 0xa3, 0], Outline { is_cut: true, ..Outline::default() });
        check(&[[0x1a, 0x45, 0xdf, 0xa3].as_slice(), &[0; 40]].concat(), Outline::default());
    }
}
