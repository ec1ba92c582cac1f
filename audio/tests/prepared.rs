//! The container keeps its promise: what was prepared is what is read, or nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod support;

use loaxa_audio::prepared::{Prepared, PreparedError, PreparedWriter};
use support::{prepare, read_all};

fn noise(frames: usize) -> Vec<i16> {
    (0..frames as u64).map(|i| (i.wrapping_mul(6_364_136_223_846_793_005) >> 48) as i16).collect()
}

#[test]
fn what_is_pushed_is_what_is_read() {
    let dir = tempfile::tempdir().unwrap();
    for frames in [0, 1, 1_999, 2_000, 2_001, 10_000] {
        let path = dir.path().join(format!("{frames}"));
        let samples = noise(frames);
        let info = prepare(&path, 8_000, &samples);
        assert_eq!(info.frames, frames as u64);
        assert_eq!(info.bytes, std::fs::metadata(&path).unwrap().len());
        let prepared = Prepared::open(&path, &info.root.to_uppercase()).unwrap();
        prepared.verify_all().unwrap();
        assert_eq!(read_all(&prepared), samples);
        assert_eq!(*prepared.info(), info);
        assert!(prepared.read_block(prepared.blocks()).is_err());
    }
}

#[test]
fn the_root_depends_on_everything() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let mut roots = Vec::new();
    let mut make = |rate, original, samples: &[i16]| {
        let mut writer = PreparedWriter::create(&path, rate, original).unwrap();
        writer.push(samples).unwrap();
        roots.push(writer.finish().unwrap().root);
    };
    make(8_000, [0; 32], &[1, 2, 3]);
    make(8_001, [0; 32], &[1, 2, 3]);
    make(8_000, [1; 32], &[1, 2, 3]);
    make(8_000, [0; 32], &[1, 2, 4]);
    make(8_000, [0; 32], &[1, 2, 3, 0]);
    make(8_000, [0; 32], &[1, 2, 3]);
    assert_eq!(roots[0], roots[5]);
    roots.pop();
    roots.sort();
    roots.dedup();
    assert_eq!(roots.len(), 5);
}

/// Every single byte, flipped, is noticed: at opening, or when its block is read.
#[test]
fn no_byte_can_be_changed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let info = prepare(&path, 4_000, &noise(2_500));
    let bytes = std::fs::read(&path).unwrap();
    // All of header, table and footer; every seventh byte of the samples.
    for at in (0..bytes.len()).filter(|at| !(64..5_064).contains(at) || at % 7 == 0) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        std::fs::write(&path, &changed).unwrap();
        match Prepared::open(&path, &info.root) {
            Err(_) => assert!(!(64..64 + 5_000).contains(&at), "samples are not read at opening"),
            Ok(prepared) => {
                let error = prepared.verify_all().expect_err("a changed byte must be noticed");
                let block = (at as u64 - 64) / 2_000;
                assert!(matches!(error, PreparedError::AlteredBlock { block: found, .. } if found == block));
                assert!((0..3).all(|other| prepared.read_block(other).is_ok() == (other != block)));
            }
        }
    }
}

#[test]
fn no_byte_can_be_cut_or_added() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let info = prepare(&path, 4_000, &noise(2_500));
    let bytes = std::fs::read(&path).unwrap();
    for length in (0..bytes.len()).step_by(7) {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert!(Prepared::open(&path, &info.root).is_err(), "cut to {length}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    std::fs::write(&path, &longer).unwrap();
    assert!(Prepared::open(&path, &info.root).is_err());
}

#[test]
fn a_file_that_is_written_anew_does_not_disturb_its_reader() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let info = prepare(&path, 4_000, &noise(2_500));
    let prepared = Prepared::open(&path, &info.root).unwrap();
    prepare(&path, 4_000, &[1]);
    prepared.verify_all().unwrap();
    assert!(Prepared::open(&path, &info.root).is_err());
}

#[test]
fn an_altered_block_is_noticed_while_the_file_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let info = prepare(&path, 4_000, &noise(2_500));
    let prepared = Prepared::open(&path, &info.root).unwrap();
    prepared.verify_all().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[64 + 3_000] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert!(prepared.read_block(0).is_ok());
    assert!(matches!(prepared.read_block(1), Err(PreparedError::AlteredBlock { block: 1, .. })));
}

#[test]
fn an_unfinished_or_wrong_file_is_refused_with_a_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let mut writer = PreparedWriter::create(&path, 8_000, [0; 32]).unwrap();
    writer.push(&noise(100_000)).unwrap();
    drop(writer);
    let error = Prepared::open_any(&path).unwrap_err().to_string();
    assert!(error.contains("never finished") && error.contains("prepare the recording again"), "{error}");
    let info = prepare(&path, 8_000, &[1]);
    let error = Prepared::open(&path, &"0".repeat(64)).unwrap_err();
    assert!(matches!(&error, PreparedError::WrongRoot { found, .. } if *found == info.root), "{error}");
    assert!(PreparedWriter::create(&path, 0, [0; 32]).is_err());
    // A header that lies about its length asks for no memory.
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    std::fs::write(&path, &bytes).unwrap();
    assert!(matches!(Prepared::open_any(&path), Err(PreparedError::Malformed { .. })));
}
