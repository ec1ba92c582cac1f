//! Heads of the log: signed by the station when somebody asks, once a day and at an orderly end; countersigned by those who
//! collect them.
//!
//! The same head is always the same note: a signature has no time and no chance in it, so that asking costs nothing and
//! keeps nothing.

use super::key::{finish_rotation, read_or_make_key};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Removed, Store};
use jiff::{SignedDuration, Timestamp};
use loaxa_evidence::{
    Checkpoint, Note, NoteProblem, Signature, SigningKey, VerifierKey, hash_from_hex, hex, verify_cosignature,
};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// So often the station keeps a head of its own accord.
const EVERY: SignedDuration = SignedDuration::from_hours(24);

/// What signs and takes heads.
pub struct Heads {
    store: Arc<Store>,
    key: Result<SigningKey>,
    witnesses: Vec<VerifierKey>,
}

/// A head with the signature of the station.
#[derive(Debug, Clone)]
pub struct SignedHead {
    /// Which log, how many rows, which hash.
    pub checkpoint: Checkpoint,
    /// The note, with the countersignatures that are kept of this head.
    pub note: Note,
}

/// A countersignature that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The row that it vouches for.
    pub row: i64,
    /// Names of the collectors' keys.
    pub witnesses: Vec<String>,
    /// Whether any of it was new.
    pub new: bool,
}

impl Heads {
    /// Reads the station's key, or makes it, and writes down when it is another than before. Without a usable key a station
    /// airs and logs, and signs nothing: why, [`Heads::problem`] says.
    pub fn open(store: Arc<Store>, data: &Path, witnesses: Vec<VerifierKey>, now: Timestamp) -> Self {
        let key = store.log_identifier().and_then(|log| {
            let origin = Checkpoint::origin_of(&log);
            // a rotation that a power cut stopped between the log and the file
            if finish_rotation(data, &origin, store.noted_key()?.as_deref())? {
                tracing::warn!("a new key of the station that the log had announced was put in its place");
            }
            read_or_make_key(data, &origin)
        });
        if let Ok(key) = &key
            && let Err(error) = store.note_key(&key.public().to_string(), now)
        {
            tracing::error!(%error, "the station's key could not be written down");
        }
        if let Ok(key) = &key
            && let Err(error) = sign_boundary(&store, key)
        {
            tracing::error!(%error, "the beginning of the airing log could not be signed with this key");
        }
        Self { store, key, witnesses }
    }

    /// The same with a key at hand.
    pub fn with_key(store: Arc<Store>, key: SigningKey, witnesses: Vec<VerifierKey>) -> Self {
        Self { store, key: Ok(key), witnesses }
    }

    /// The station's public key; None where it has none that can be used.
    pub fn key(&self) -> Option<&VerifierKey> {
        self.key.as_ref().ok().map(SigningKey::public)
    }

    /// Why nothing is signed.
    pub fn problem(&self) -> Option<&Error> {
        self.key.as_ref().err()
    }

    fn usable(&self) -> Result<&SigningKey> {
        self.key.as_ref().map_err(|why| {
            // which file it is, is the technician's affair
            Error::new(
                ErrorKind::Unavailable,
                why.code.clone(),
                "this station signs nothing: its key cannot be used; `loaxa doctor` at the station says why and what to do",
            )
            .vi("Đài không ký được nhật ký: khóa của đài không dùng được. Chạy `loaxa doctor` tại đài để biết lý do và cách sửa.")
        })
    }

    /// The log as it is now, signed.
    ///
    /// # Errors
    /// When there is no usable key, or the database cannot be read.
    pub fn sign(&self) -> Result<SignedHead> {
        let (row, _) = self.store.log_head()?;
        self.sign_at(row)
    }

    /// The log up to a row, signed.
    ///
    /// # Errors
    /// As [`Heads::sign`]; or the log has no such row.
    pub fn sign_at(&self, row: i64) -> Result<SignedHead> {
        let key = self.usable()?;
        let kept = self.store.kept_head(row)?;
        let Some(hash) = self.store.log_hash(row)?.and_then(|hash| hash_from_hex(&hash)) else {
            // the row is gone; what was signed of it stays
            let note = kept.as_deref().and_then(|kept| Note::read(kept).ok());
            let head = note.and_then(|note| Some((Checkpoint::read(&note.text)?, note)));
            let (checkpoint, note) = head.ok_or_else(|| Error::not_found("row of the airing log", row))?;
            return Ok(SignedHead { checkpoint, note });
        };
        let checkpoint = Checkpoint { origin: key.public().name().to_owned(), size: row, hash };
        let mut note = Note::signed(checkpoint.text(), key).map_err(unsigned)?;
        if let Some(kept) = kept {
            note = add(note, &kept);
        }
        Ok(SignedHead { checkpoint, note })
    }

    /// Decides that the rows up to this one go, by the rule that keeps them for so many days: signs the head there and the
    /// boundary, and writes the row that tells of it. Nothing is deleted by this.
    ///
    /// # Errors
    /// When there is no usable key, or the database refuses.
    pub fn remove_until(&self, row: i64, keep_days: u32, now: Timestamp) -> Result<Removed> {
        let key = self.usable()?;
        let keys = self.store.keys_announced(row)?;
        self.store.begin_removal((row, keep_days), now, key.public().name(), &keys, |boundary, kept| {
            let note = Note::signed(boundary.head.text(), key).map_err(unsigned)?;
            let note = kept.map_or(note.clone(), |kept| add(note, &kept));
            Ok((note.to_string(), boundary.sign(key).map_err(unsigned)?))
        })
    }

    /// Keeps the head of now, if the newest that is kept is a day old or from the future. Whether it did.
    ///
    /// # Errors
    /// When the database refuses, or there is no usable key.
    pub fn keep_if_due(&self, now: Timestamp) -> Result<bool> {
        let newest = self.store.newest_head()?;
        let due = newest.is_none_or(|(_, at)| at > now || now.duration_since(at) >= EVERY);
        if due { self.keep(now) } else { Ok(false) }
    }

    /// Keeps the head of now, unless it is kept. Whether it did.
    ///
    /// # Errors
    /// As [`Heads::keep_if_due`].
    pub fn keep(&self, now: Timestamp) -> Result<bool> {
        let head = self.sign()?;
        let row = head.checkpoint.size;
        if self.store.kept_head(row)?.is_some() {
            return Ok(false);
        }
        self.store.keep_head(row, &head.note.to_string(), now)?;
        Ok(true)
    }

    /// Takes a head of ours that a configured collector countersigned: keeps it, and writes a row that says so.
    ///
    /// # Errors
    /// Says what is wrong: no note, not our log, a row that we do not have or have with another hash, nobody's
    /// countersignature, or a false one.
    pub fn take(&self, text: &str, by: &str, now: Timestamp) -> Result<Taken> {
        let refuse = |code: &'static str, why: String| Error::unacceptable(code, why);
        let note = Note::read(text).map_err(|why| {
            refuse(
                "bad_note",
                format!(
                    "this is no signed note: {why}; send what GET /airings/checkpoint gave, countersigned"
                ),
            )
        })?;
        let head = Checkpoint::read(&note.text).ok_or_else(|| {
            refuse(
                "bad_note",
                "the note's text is no head of a log; send what GET /airings/checkpoint gave".to_owned(),
            )
        })?;
        let origin = self.usable()?.public().name();
        if head.origin != origin {
            return Err(refuse(
                "another_log",
                format!("this is a head of {}, and this station's log is {origin}", head.origin),
            ));
        }
        let ours = self.sign_at(head.size);
        let fits = ours.as_ref().is_ok_and(|ours| ours.checkpoint.text() == note.text);
        // our own signature under what our log does not hold: it was rolled back or written anew
        if !fits && self.key().is_some_and(|key| note.signed_by(key) == Some(true)) {
            tracing::error!(row = head.size, "this station signed a head that does not fit its log");
            return Err(differs(&head, "this station signed that, and its log says otherwise now"));
        }
        let ours = ours?;
        if !fits {
            return Err(differs(&head, "this station's log has another"));
        }
        let mut good: Vec<(&VerifierKey, u64)> = Vec::new();
        for key in &self.witnesses {
            let time = verify_cosignature(&note, key).map_err(|()| {
                refuse(
                    "bad_countersignature",
                    format!("the countersignature that names {} is not by that key", key.name()),
                )
            })?;
            good.extend(time.map(|time| (key, time)));
        }
        if good.is_empty() {
            return Err(refuse(
                "unknown_witness",
                "nobody countersigned this whose key is configured; add the collector's key to log.witnesses"
                    .to_owned(),
            ));
        }
        let witnesses: Vec<String> = good.iter().map(|(key, _)| key.name().to_owned()).collect();
        let seen: Vec<_> = good
            .iter()
            .map(|(key, time)| json!({ "name": key.name(), "id": hex(&key.id()), "time": time }))
            .collect();
        let body = json!({ "what": "countersigned", "row": head.size, "witnesses": seen, "by": by });
        let lines = note
            .signatures
            .into_iter()
            .filter(|line| good.iter().any(|(key, _)| key.is_named(&line.name, line.id)));
        let lines: Vec<Signature> = lines.collect();
        let new = self.store.add_to_head(head.size, now, &body, |kept| {
            let mut whole = match kept {
                Some(kept) => add(ours.note.clone(), &kept),
                None => ours.note.clone(),
            };
            let before = whole.signatures.len();
            // the first time that a collector saw a head is what counts: later ones of the same key add nothing
            for line in lines {
                if !whole.signatures.iter().any(|known| (&known.name, known.id) == (&line.name, line.id)) {
                    whole.signatures.push(line);
                }
            }
            Ok((whole.signatures.len() > before).then(|| whole.to_string()))
        })?;
        Ok(Taken { row: head.size, witnesses, new })
    }
}

fn unsigned(why: NoteProblem) -> Error {
    Error::internal(format!("a head cannot be signed: {why}"))
}

/// Signs the beginning of a log that forgot what was older with this key, unless it did.
///
/// # Errors
/// When the database refuses.
pub fn sign_boundary(store: &Store, key: &SigningKey) -> Result<()> {
    let Some(removed) = store.removed()? else { return Ok(()) };
    let signed = removed.boundary()?;
    if signed.is_signed_by(std::slice::from_ref(key.public())) == Some(true) {
        return Ok(());
    }
    store.sign_boundary_again(&signed.boundary.sign(key).map_err(unsigned)?)
}

fn differs(head: &Checkpoint, why: &str) -> Error {
    let hash = hex(&head.hash);
    let detail = format!(
        "the note gives row {} the hash {hash}, and {why}; keep the note and tell the station's owner",
        head.size
    );
    Error::new(ErrorKind::Conflict, "head_differs", detail)
}

/// The note with the signatures of a kept one that it does not have.
fn add(mut note: Note, kept: &str) -> Note {
    if let Ok(kept) = Note::read(kept)
        && kept.text == note.text
    {
        for line in kept.signatures {
            if !note.signatures.contains(&line) {
                note.signatures.push(line);
            }
        }
    }
    note
}

#[cfg(test)]
mod tests {
    use super::*;
    use loaxa_evidence::{KeyKind, cosign};

    fn key(name: &str, kind: KeyKind, seed: u8) -> SigningKey {
        SigningKey::from_seed(name, kind, &[seed; 32].into()).unwrap()
    }

    struct Lab {
        folder: tempfile::TempDir,
        store: Arc<Store>,
        heads: Heads,
        collector: SigningKey,
    }

    fn lab() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap());
        let collector = key("huyen.example", KeyKind::Cosignature, 2);
        let witnesses = vec![collector.public().clone()];
        let heads = Heads::open(Arc::clone(&store), folder.path(), witnesses, Timestamp::UNIX_EPOCH);
        Lab { folder, store, heads, collector }
    }

    fn countersigned(lab: &Lab) -> Note {
        let mut note = lab.heads.sign().unwrap().note;
        cosign(&mut note, &lab.collector, 1_796_000_000);
        note
    }

    #[test]
    fn a_countersigned_head_is_kept_once_and_written_down() {
        let lab = lab();
        let note = countersigned(&lab).to_string();
        let taken = lab.heads.take(&note, "i", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(taken, Taken { row: 2, witnesses: vec!["huyen.example".to_owned()], new: true });
        assert_eq!(lab.store.kept_head(2).unwrap(), Some(note.clone()));
        assert_eq!(lab.heads.sign_at(2).unwrap().note.to_string(), note);
        let again = lab.heads.take(&note, "i", Timestamp::UNIX_EPOCH).unwrap();
        assert!(!again.new);
        let kinds: Vec<String> = lab.store.log_rows(0, 9).unwrap().into_iter().map(|row| row.kind).collect();
        assert_eq!(kinds, ["log_begins", "key", "witness"]);
    }

    #[test]
    fn what_is_not_ours_or_not_countersigned_is_refused() {
        let lab = lab();
        let code =
            |note: &Note| lab.heads.take(&note.to_string(), "i", Timestamp::UNIX_EPOCH).unwrap_err().code;
        let good = countersigned(&lab);
        assert_eq!(lab.heads.take("hello", "i", Timestamp::UNIX_EPOCH).unwrap_err().code, "bad_note");
        assert_eq!(code(&lab.heads.sign().unwrap().note), "unknown_witness");
        let mut note = lab.heads.sign().unwrap().note;
        cosign(&mut note, &key("huyen.example", KeyKind::Cosignature, 3), 1);
        assert_eq!(code(&note), "unknown_witness");
        let mut note = good.clone();
        note.signatures[1].bytes[9] ^= 1;
        assert_eq!(code(&note), "bad_countersignature");
        let swap = |head: Checkpoint| {
            let mut note = Note { text: head.text(), ..good.clone() };
            note.signatures.truncate(1);
            cosign(&mut note, &lab.collector, 1);
            note
        };
        let mine = lab.heads.sign().unwrap().checkpoint;
        assert_eq!(
            code(&swap(Checkpoint { origin: "loaxa/else".to_owned(), ..mine.clone() })),
            "another_log"
        );
        assert_eq!(code(&swap(Checkpoint { hash: [1; 32], ..mine.clone() })), "head_differs");
        assert_eq!(code(&swap(Checkpoint { size: 99, ..mine.clone() })), "not_found");
        // by our own key, of a log that went further than ours goes now
        let ours = super::super::key::read_key(lab.folder.path(), &mine.origin).unwrap().unwrap();
        let longer = Note::signed(Checkpoint { size: 99, ..mine }.text(), &ours).unwrap();
        assert_eq!(code(&longer), "head_differs");
        assert_eq!(lab.store.newest_head().unwrap(), None);
    }

    #[test]
    fn a_head_is_kept_once_a_day() {
        let lab = lab();
        let at = |hours| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        assert!(lab.heads.keep_if_due(at(48)).unwrap());
        assert!(!lab.heads.keep_if_due(at(71)).unwrap());
        assert!(!lab.heads.keep_if_due(at(72)).unwrap(), "nothing was written since");
        lab.store.note_key("other", at(72)).unwrap();
        assert!(!lab.heads.keep_if_due(at(71)).unwrap());
        assert!(lab.heads.keep_if_due(at(72)).unwrap());
        assert!(!lab.heads.keep(at(72)).unwrap());
    }

    #[test]
    fn without_a_usable_key_nothing_is_signed_and_why_is_said() {
        use std::os::unix::fs::PermissionsExt;
        let lab = lab();
        let file = super::super::key::key_file(lab.folder.path());
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let heads = Heads::open(Arc::clone(&lab.store), lab.folder.path(), Vec::new(), Timestamp::UNIX_EPOCH);
        assert!(heads.key().is_none());
        assert_eq!(heads.problem().unwrap().code, "station_key_exposed");
        let error = heads.sign().unwrap_err();
        assert_eq!((error.kind, error.code.as_ref()), (ErrorKind::Unavailable, "station_key_exposed"));
    }
}
