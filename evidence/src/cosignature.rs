//! What a collector adds to a head: "I saw it at this time, and nothing that speaks against it":
//! <https://c2sp.org/tlog-cosignature>, version 1.

use crate::key::{KeyKind, SigningKey, VerifierKey};
use crate::note::{Note, Signature};

fn message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// Adds the countersignature of a collector that saw the note at `time`, in seconds since 1970.
pub fn cosign(note: &mut Note, key: &SigningKey, time: u64) {
    let signature = key.sign(message(&note.text, time).as_bytes());
    let bytes = [time.to_be_bytes().as_slice(), signature.as_slice()].concat();
    let (name, id) = (key.public().name().to_owned(), key.public().id());
    note.signatures.push(Signature { name, id, bytes });
}

/// When this collector countersigned the note, in seconds since 1970, the earliest of several. None when no line says that it
/// did; Err when one says so and lies.
#[expect(clippy::result_unit_err, reason = "there is one way to lie")]
pub fn verify_cosignature(note: &Note, key: &VerifierKey) -> Result<Option<u64>, ()> {
    let mut earliest = None;
    if key.kind() != KeyKind::Cosignature {
        return Ok(None);
    }
    for line in note.signatures.iter().filter(|line| key.is_named(&line.name, line.id)) {
        let (time, signature) = line.bytes.split_first_chunk::<8>().ok_or(())?;
        let time = u64::from_be_bytes(*time);
        let signature = signature.try_into().map_err(|_| ())?;
        if i64::try_from(time).is_err() || !key.signed(message(&note.text, time).as_bytes(), signature) {
            return Err(());
        }
        earliest = Some(earliest.map_or(time, |before: u64| before.min(time)));
    }
    Ok(earliest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    #[test]
    fn a_countersignature_says_who_and_when() {
        let make = |kind, name, seed| SigningKey::from_seed(name, kind, &Zeroizing::new([seed; 32])).unwrap();
        let station = make(KeyKind::Note, "loaxa/00", 1);
        let collector = make(KeyKind::Cosignature, "huyen.example", 2);
        let mut note = Note::signed("loaxa/00\n1\nAA==\n".to_owned(), &station).unwrap();
        assert_eq!(verify_cosignature(&note, collector.public()), Ok(None));
        cosign(&mut note, &collector, 1_700_000_000);
        cosign(&mut note, &collector, 1_600_000_000);
        assert_eq!(verify_cosignature(&note, collector.public()), Ok(Some(1_600_000_000)));
        assert_eq!(note.signed_by(station.public()), Some(true), "the station's own signature stands");
        let stranger = make(KeyKind::Cosignature, "huyen.example", 3);
        assert_eq!(verify_cosignature(&note, stranger.public()), Ok(None));
        // the time is signed, too
        let mut later = note.clone();
        later.signatures[1].bytes[7] ^= 1;
        assert_eq!(verify_cosignature(&later, collector.public()), Err(()));
        let mut short = note.clone();
        short.signatures[1].bytes.pop();
        assert_eq!(verify_cosignature(&short, collector.public()), Err(()));
        // a station's key countersigns nothing
        assert_eq!(verify_cosignature(&note, station.public()), Ok(None));
    }
}
