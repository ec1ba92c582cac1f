//! The texts in the chunks of WAV (`LIST INFO`, `bext`, `id3 `) and AIFF (`NAME`, `AUTH`, `ANNO`, `ID3 `).

use std::io;

use super::{Field, Raw, id3};
use crate::inspect::source::Original;

/// Longest text that is read; of longer ones the beginning.
const MAX_TEXT_BYTES: usize = 4 << 10;
/// Chunks that are looked at.
const MAX_CHUNKS: usize = 1_000;

/// How numbers are written.
#[derive(Clone, Copy)]
pub(super) enum Order {
    /// As in WAV.
    Little,
    /// As in AIFF.
    Big,
}

impl Order {
    fn number(self, bytes: [u8; 4]) -> u64 {
        u64::from(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }
}

/// Reads all texts.
pub(super) fn read(original: &Original, order: Order, raw: &mut Vec<Raw>) -> io::Result<()> {
    let mut chunks = MAX_CHUNKS;
    walk(original, order, original.body + 12, original.bytes, &mut chunks, raw)
}

fn walk(
    original: &Original,
    order: Order,
    from: u64,
    to: u64,
    chunks: &mut usize,
    raw: &mut Vec<Raw>,
) -> io::Result<()> {
    let mut at = from;
    while *chunks > 0 && at.saturating_add(8) <= to {
        *chunks -= 1;
        let head = original.look(at, 12)?;
        let Some((name, rest)) = head.split_first_chunk::<4>() else { break };
        let Some(size) = rest.first_chunk::<4>() else { break };
        let size = order.number(*size);
        let body = at + 8;
        let text =
            |length: u64| original.look(body, usize::try_from(length).unwrap_or(0).min(MAX_TEXT_BYTES));
        match name {
            b"LIST" if head.get(8..12) == Some(b"INFO") => {
                walk(original, order, body + 4, body.saturating_add(size).min(to), chunks, raw)?;
            }
            b"id3 " | b"ID3 " => id3::read_tag(original, body, raw)?,
            b"bext" => push(Field::Title, &text(size.min(256))?, raw),
            name => {
                if let Some(field) = field(name) {
                    push(field, &text(size)?, raw);
                }
            }
        }
        // Chunks are padded to an even length.
        at = body.saturating_add(size).saturating_add(size & 1);
    }
    Ok(())
}

fn field(name: &[u8; 4]) -> Option<Field> {
    Some(match name {
        b"INAM" | b"NAME" => Field::Title,
        b"IART" | b"AUTH" => Field::Artist,
        b"IPRD" => Field::Album,
        b"ICRD" => Field::Date,
        b"ILNG" => Field::Language,
        b"ICMT" | b"ANNO" => Field::Comment,
        _ => return None,
    })
}

fn push(field: Field, bytes: &[u8], raw: &mut Vec<Raw>) {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    if end > 0 {
        raw.push(Raw::Unlabelled(field, bytes[..end].to_vec()));
    }
}
