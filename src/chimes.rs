//! The chimes that the configuration names: the station brings them itself, as recordings like any other. They wait for a
//! person's approval, and programmes name them as their opening and closing.

use crate::clock::Clock;
use crate::config::Audio;
use crate::error::{Error, Result};
use crate::ids;
use crate::intake::{Folders, Intake};
use crate::store::{IdentityKind, NewIdentity, NewSegment, Store};
use crate::web::Warning;
use loaxa_audio::synth;
use loaxa_schedules::{Class, SegmentId};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The identity that pushes them: a token whose secret nobody knows, so that every person may approve.
const STATION: &str = "station";
/// What is written instead of a file's name.
const SYNTHESISED: &str = "synthesised";

/// One of the two.
struct Chime {
    external_id: &'static str,
    title: &'static str,
    make: fn(&Path, u32) -> std::io::Result<()>,
}

const OPENING: Chime =
    Chime { external_id: "chime:opening", title: "Nhạc hiệu mở đầu", make: synth::rising_chime };
const CLOSING: Chime =
    Chime { external_id: "chime:closing", title: "Nhạc hiệu kết thúc", make: synth::chime };

/// Takes in what the configuration names and the station does not hold yet. The same sound is brought once, whatever
/// people decided about it. What cannot be brought is a warning: no station stays silent for want of a chime.
pub(crate) fn bring(
    audio: &Audio,
    intake: &Intake,
    store: &Store,
    folders: &Folders,
    clock: &dyn Clock,
) -> Vec<Warning> {
    let named = [(OPENING, audio.chime.opening.as_deref()), (CLOSING, audio.chime.closing.as_deref())];
    let mut warnings = Vec::new();
    for (chime, from) in named {
        let Some(from) = from else { continue };
        match one(&chime, from, audio.sample_rate, intake, store, folders, clock) {
            Ok(Some(segment)) => {
                tracing::info!(%segment, title = chime.title, "a chime was brought; it waits for approval");
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(from, %error, title = chime.title, "a chime cannot be brought");
                warnings.push(Warning {
                    code: "no_chime",
                    vi: format!(
                        "Không có “{}”: không dùng được {from}; hãy ghi tên một tệp âm thanh mà dịch vụ đọc được, hoặc \"synthesised\".",
                        chime.title
                    ),
                    en: format!(
                        "There is no “{}”: {from} cannot be used; name a recording that the service can read, or \"synthesised\".",
                        chime.title
                    ),
                });
            }
        }
    }
    warnings
}

fn one(
    chime: &Chime,
    from: &str,
    rate: u32,
    intake: &Intake,
    store: &Store,
    folders: &Folders,
    clock: &dyn Clock,
) -> Result<Option<SegmentId>> {
    let file = folders.incoming(&chime.external_id.replace(':', "-"));
    let failed = |error: std::io::Error| Error::io(from, &error);
    if from == SYNTHESISED {
        (chime.make)(&file, rate).map_err(failed)?;
    } else {
        fs::copy(from, &file).map_err(failed)?;
    }
    let sha256 = ids::hex(&Sha256::digest(fs::read(&file).map_err(failed)?));
    let known = store.all_segments()?.into_iter().any(|record| {
        record.pushed.sha256 == sha256 && record.pushed.external_id.as_deref() == Some(chime.external_id)
    });
    if known {
        fs::remove_file(&file).map_err(failed)?;
        return Ok(None);
    }
    let now = clock.now().wall;
    if store.identity(STATION)?.is_none() {
        let identity = NewIdentity {
            id: STATION.to_owned(),
            kind: IdentityKind::Token,
            name: "Đài (tự động)",
            role: None,
            scopes: BTreeSet::new(),
            secret: ids::hex(&ids::random::<32>()?),
            one_time: false,
            expires_at: None,
        };
        store.add_identity(&identity, STATION, now)?;
    }
    let describe = |sha256, bytes| NewSegment {
        id: SegmentId(ids::new_id(now)),
        sha256,
        bytes,
        title: chime.title.to_owned(),
        language: "vi".to_owned(),
        class: Class::Normal,
        music: true,
        source: Some("station".to_owned()),
        valid_from: None,
        valid_until: None,
        campaign: None,
        external_id: Some(chime.external_id.to_owned()),
        trim: None,
        spoken: None,
    };
    intake.adopt(&file, describe, STATION).map(Some)
}
