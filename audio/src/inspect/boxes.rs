//! The boxes of MP4 and MOV, one inside the other, read with bounds.

/// A box: its four letters and what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Box4<'a> {
    pub(super) name: [u8; 4],
    pub(super) body: &'a [u8],
}

/// Goes through the boxes that stand one after the other in `bytes`; ends where one does not fit.
pub(super) fn boxes(bytes: &[u8]) -> impl Iterator<Item = Box4<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (header, name, size) = box_header(rest)?;
        let size = if size == 0 { rest.len() } else { usize::try_from(size).ok()? };
        let body = rest.get(header..size)?;
        rest = &rest[size..];
        Some(Box4 { name, body })
    })
}

/// Length of the header, the four letters and the size of the whole box (0: to the end of the file).
pub(super) fn box_header(bytes: &[u8]) -> Option<(usize, [u8; 4], u64)> {
    let size = u32_at(bytes, 0)?;
    let name = bytes.get(4..8)?.try_into().ok()?;
    match size {
        0 => Some((8, name, 0)),
        1 => u64_at(bytes, 8).filter(|&size| size >= 16).map(|size| (16, name, size)),
        2..8 => None,
        size => Some((8, name, u64::from(size))),
    }
}

/// The first box of that name.
pub(super) fn child<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find(|found| found.name == *name).map(|found| found.body)
}

/// The first box at the end of a path of names.
pub(super) fn descend<'a>(bytes: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(bytes, |bytes, name| child(bytes, name))
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_that_do_not_fit_end_the_walk() {
        let mut bytes = b"\0\0\0\x0cfreeabcd\0\0\0\x01wide\0\0\0\0\0\0\0\x12xy".to_vec();
        bytes.extend_from_slice(b"\0\0\0\xffmoov\0\0\0\0");
        let found: Vec<_> = boxes(&bytes).collect();
        assert_eq!(found, [Box4 { name: *b"free", body: b"abcd" }, Box4 { name: *b"wide", body: b"xy" },]);
        assert_eq!(boxes(b"\0\0\0\x07free").count(), 0);
        assert_eq!(boxes(b"\0\0\0\0mdat12").collect::<Vec<_>>(), [Box4 { name: *b"mdat", body: b"12" }]);
        assert_eq!(descend(b"\0\0\0\x10moov\0\0\0\x08trak", &[b"moov", b"trak"]), Some(&b""[..]));
        assert_eq!(descend(b"\0\0\0\x10moov\0\0\0\x08trak", &[b"moov", b"mdia"]), None);
    }
}
