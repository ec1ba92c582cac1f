//! Any bytes as prepared PCM: refused, or every block of it read. Where the first byte is odd, magic numbers, table and root
//! are made to fit the rest, so that what comes after the hashes is reached, too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loaxa_audio::prepared::Prepared;
use sha2::{Digest, Sha256};

fuzz_target!(|bytes: &[u8]| {
    let Some((&mode, bytes)) = bytes.split_first() else { return };
    let file = if mode & 1 == 1 { sealed(bytes) } else { bytes.to_vec() };
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let path = dir.path().join("prepared");
    std::fs::write(&path, file).unwrap();
    let Ok(prepared) = Prepared::open_any(&path) else { return };
    let mut frames = 0;
    for block in 0..prepared.blocks() {
        frames += prepared.read_block(block).map_or(0, |samples| samples.len() as u64);
    }
    assert!(frames <= prepared.info().frames);
    assert!(prepared.read_block(prepared.blocks()).is_err());
    if prepared.verify_all().is_ok() {
        assert_eq!(frames, prepared.info().frames);
        assert!(Prepared::open(&path, &prepared.info().root).is_ok());
    }
});

/// The bytes as header (64) and samples, closed by a table and a footer that belong to them: docs/prepared-pcm.md.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut file = bytes.to_vec();
    file.resize(file.len().max(64), 0);
    file[0..8].copy_from_slice(b"LOAXAPCM");
    file[8..12].copy_from_slice(&[1, 0, 1, 0]);
    file[28..32].fill(0);
    let block = u32::from_le_bytes([file[24], file[25], file[26], file[27]]);
    let table: Vec<u8> = match usize::try_from(block) {
        Ok(block) if block > 0 => {
            file[64..].chunks(block.saturating_mul(2)).flat_map(|block| Sha256::digest(block).to_vec()).collect()
        }
        _ => Vec::new(),
    };
    let root = Sha256::digest([&file[..64], &table].concat());
    let blocks = (table.len() / 32) as u64;
    file.extend_from_slice(&table);
    file.extend_from_slice(b"LOAXAEND");
    file.extend_from_slice(&blocks.to_le_bytes());
    file.extend_from_slice(&root);
    file
}
