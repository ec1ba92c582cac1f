//! Whether a file has its end.

/// Whether the last bytes of an Ogg file are not the end of its last page, or that page is not marked as the last: the
/// stream was cut. How much is missing nobody knows.
pub(super) fn ogg_is_cut(end: &[u8]) -> bool {
    let Some(at) = end.windows(4).rposition(|window| window == b"OggS") else { return true };
    let page = &end[at..];
    let (Some(&flags), Some(&segments)) = (page.get(5), page.get(26)) else { return true };
    let Some(lengths) = page.get(27..27 + usize::from(segments)) else { return true };
    let length = 27 + lengths.len() + lengths.iter().map(|&length| usize::from(length)).sum::<usize>();
    flags & 4 == 0 || page.len() < length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_says_that_it_is() {
        let page = |flags: u8| {
            let mut page = b"OggS\0".to_vec();
            page.push(flags);
            page.extend_from_slice(&[0; 20]);
            page.extend_from_slice(&[2, 3, 1]);
            page.extend_from_slice(b"abcd");
            page
        };
        let whole = [b"rest of a page".to_vec(), page(0), page(4)].concat();
        assert!(!ogg_is_cut(&whole));
        assert!(ogg_is_cut(&whole[..whole.len() - 1]));
        assert!(ogg_is_cut(&page(0)));
        assert!(ogg_is_cut(&page(4)[..20]));
        assert!(ogg_is_cut(b""));
    }
}
