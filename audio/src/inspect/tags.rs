//! What a file says of itself: title, artist and the like, made fit to be shown.
//!
//! Tags are a sender's words. They are proposals for whoever uploads the recording, never facts, and never trusted:
//! control characters go, lengths are bounded, and what cannot be read with certainty is left out.

mod id3;
mod riff;
mod text;
mod vietnamese;

use std::io;

use serde::{Deserialize, Serialize};
use symphonia::core::meta::{MetadataRevision, StandardTag};

use super::sniff::{Container, Kind};
use super::source::Original;

/// Longest text that is kept of one tag, in characters.
pub const MAX_CHARS: usize = 500;

/// What the file says of itself. Each text is UTF-8 without control characters, not empty, and at most [`MAX_CHARS`]
/// characters; `None` where the file says nothing readable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags {
    /// Title of the recording.
    pub title: Option<String>,
    /// Who speaks, sings or publishes.
    pub artist: Option<String>,
    /// Series or album.
    pub album: Option<String>,
    /// Date as the file writes it: a year, `2026-02-17`, or anything else.
    pub date: Option<String>,
    /// Language as the file writes it: usually a code of three letters.
    pub language: Option<String>,
    /// A remark.
    pub comment: Option<String>,
}

/// Which of the [`Tags`] a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Title,
    Artist,
    Album,
    Date,
    Language,
    Comment,
}

/// A text as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Raw {
    /// Text whose encoding was declared, and is believed.
    Known(Field, String),
    /// Bytes that are labelled Latin-1, or not at all.
    Unlabelled(Field, Vec<u8>),
}

impl Tags {
    fn field(&mut self, field: Field) -> &mut Option<String> {
        match field {
            Field::Title => &mut self.title,
            Field::Artist => &mut self.artist,
            Field::Album => &mut self.album,
            Field::Date => &mut self.date,
            Field::Language => &mut self.language,
            Field::Comment => &mut self.comment,
        }
    }

    /// The first readable text of each field stays.
    fn add(&mut self, field: Field, text: &str) {
        let place = self.field(field);
        if place.is_none() {
            *place = text::clean(text);
        }
    }

    fn add_raw(&mut self, raw: &[Raw]) {
        let unlabelled: Vec<&[u8]> = raw
            .iter()
            .filter_map(|raw| match raw {
                Raw::Unlabelled(_, bytes) if std::str::from_utf8(bytes).is_err() => Some(bytes.as_slice()),
                _ => None,
            })
            .collect();
        let encoding = text::detect(&unlabelled);
        for raw in raw {
            match raw {
                Raw::Known(field, text) => self.add(*field, text),
                Raw::Unlabelled(field, bytes) => {
                    let text = std::str::from_utf8(bytes).ok().map(str::to_owned);
                    if let Some(text) = text.or_else(|| encoding.decode(bytes)) {
                        self.add(*field, &text);
                    }
                }
            }
        }
    }

    /// What stands around the sound in the tags that are read here: ID3 and RIFF INFO. The reader of the container adds
    /// its own with [`Self::add_revision`].
    pub(super) fn around(original: &Original) -> io::Result<Self> {
        let mut tags = Self::default();
        let mut raw = Vec::new();
        let mut at = 0;
        while at < original.body {
            at = id3::read_v2(original, at, &mut raw)?;
        }
        tags.add_raw(&raw);
        let mut raw = Vec::new();
        match original.kind {
            Kind::Read(Container::Wav) => riff::read(original, riff::Order::Little, &mut raw)?,
            Kind::Read(Container::Aiff) => riff::read(original, riff::Order::Big, &mut raw)?,
            Kind::Read(Container::Mpeg | Container::Adts | Container::Flac) => {
                id3::read_v1(&original.end, &mut raw)
            }
            _ => {}
        }
        tags.add_raw(&raw);
        Ok(tags)
    }

    /// Adds the title of a Matroska file.
    pub(super) fn add_title(&mut self, title: &[u8]) {
        self.add_raw(&[Raw::Unlabelled(Field::Title, title.to_vec())]);
    }

    /// Adds the texts of a QuickTime movie.
    pub(super) fn add_quicktime(&mut self, texts: &[([u8; 4], Vec<u8>)]) {
        let field = |name: &[u8; 4]| match name {
            b"\xa9nam" => Some(Field::Title),
            b"\xa9ART" | b"\xa9aut" => Some(Field::Artist),
            b"\xa9alb" => Some(Field::Album),
            b"\xa9day" => Some(Field::Date),
            b"\xa9cmt" => Some(Field::Comment),
            _ => None,
        };
        let raw = texts.iter().filter_map(|(name, text)| Some(Raw::Unlabelled(field(name)?, text.clone())));
        self.add_raw(&raw.collect::<Vec<_>>());
    }

    /// Adds what the reader of the container found: Vorbis comments, MP4 atoms, Matroska tags.
    pub(super) fn add_revision(&mut self, revision: &MetadataRevision) {
        let tracks = revision.per_track.iter().flat_map(|track| &track.metadata.tags);
        for tag in revision.media.tags.iter().chain(tracks) {
            let Some(standard) = &tag.std else { continue };
            let year;
            let (field, text) = match standard {
                StandardTag::TrackTitle(text) | StandardTag::MovieTitle(text) => {
                    (Field::Title, text.as_str())
                }
                StandardTag::Artist(text) | StandardTag::AlbumArtist(text) | StandardTag::Performer(text) => {
                    (Field::Artist, text.as_str())
                }
                StandardTag::Album(text) => (Field::Album, text.as_str()),
                StandardTag::RecordingDate(text) | StandardTag::ReleaseDate(text) => {
                    (Field::Date, text.as_str())
                }
                StandardTag::RecordingYear(number) | StandardTag::ReleaseYear(number) => {
                    year = number.to_string();
                    (Field::Date, year.as_str())
                }
                StandardTag::Language(text) => (Field::Language, text.as_str()),
                StandardTag::Comment(text) | StandardTag::Description(text) => {
                    (Field::Comment, text.as_str())
                }
                _ => continue,
            };
            self.add(field, text);
        }
    }
}
