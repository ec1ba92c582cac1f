//! Written bulletins become recordings: what may be read, in which languages, and the voice that reads it.
//!
//! The voice is another program (`[speech]`, docs/speech.md); what it makes is taken in as every upload is.

mod numbers;
mod vietnamese;

use crate::config;
use crate::error::{Error, ErrorKind, Result};
use crate::intake::blocking;
use crate::store::Spoken;
use loaxa_audio::voice::{self, VoiceCommand, VoiceError};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

/// Longest text, in characters: about a quarter of an hour.
pub const MAX_CHARACTERS: usize = 10_000;
/// Where a program is looked for that is named without its folder.
const FOLDERS: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];
/// By this name the running program is found even when its file was replaced by an upgrade.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// The program that `[speech]` names, where it is on this machine.
pub(crate) fn program(speech: &config::Speech) -> Option<PathBuf> {
    let name = Path::new(speech.command.first()?);
    if name.is_absolute() {
        return name.is_file().then(|| name.to_owned());
    }
    FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
}

/// The voice of a station.
pub struct Speech {
    settings: config::Speech,
    /// None where it is not on this machine, or nothing is to be read.
    program: Option<PathBuf>,
    /// One text at a time: a board has better to do.
    lane: Arc<Semaphore>,
}

/// A text that may be read, and by which voice.
pub struct Reading {
    /// What is kept of it.
    pub spoken: Spoken,
    command: VoiceCommand,
}

impl Speech {
    /// The voice that the configuration names, if it is there now: what the daemon may start was settled when it began.
    pub fn new(settings: &config::Speech) -> Self {
        Self { settings: settings.clone(), program: program(settings), lane: Arc::new(Semaphore::new(1)) }
    }

    /// Why nothing can be read here; None where it can.
    pub fn lacking(&self) -> Option<Error> {
        self.program.is_none().then(|| missing(&self.settings))
    }

    /// The languages that can be read, by their tags.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        let there = self.program.is_some();
        self.settings.voices.keys().map(String::as_str).filter(move |_| there)
    }

    /// Prepares a text for its reading.
    ///
    /// # Errors
    /// `speech_unavailable` without a voice; `no_voice` in this language; `text_empty`, `text_too_long`, `text_unreadable`.
    pub fn reading(&self, text: &str, language: &str) -> Result<Reading> {
        let program = self.program.clone().ok_or_else(|| missing(&self.settings))?;
        let (tag, voice) = self.voice(language).ok_or_else(|| self.speechless(language))?;
        let voice = voice.to_owned();
        let text = readable(text)?;
        let vietnamese = language.split('-').next().is_some_and(|tag| tag.eq_ignore_ascii_case("vi"));
        let written_out = self.settings.write_out && vietnamese;
        let read_as = written_out.then(|| vietnamese::written_out(&text)).filter(|read| *read != text);
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let speed = self.settings.speed;
        let arguments = self.settings.command.iter().skip(1).map(|argument| {
            let argument = argument.replace("{speed}", &speed.to_string());
            argument.replace("{language}", tag).replace("{voice}", &voice)
        });
        let command = VoiceCommand {
            arguments: arguments.collect(),
            program,
            starts: self.settings.starts.clone(),
            reads: self.settings.reads.clone(),
            memory_bytes: self.settings.memory_mib << 20,
            wall: Duration::from_secs(self.settings.seconds),
        };
        Ok(Reading { spoken: Spoken { text, read_as, program: name, voice, speed }, command })
    }

    /// The voice of a language, or of what it is a part of, with the tag under which it stands in the configuration.
    fn voice(&self, language: &str) -> Option<(&str, &str)> {
        let voices = &self.settings.voices;
        let mut tag = language;
        loop {
            if let Some((known, voice)) = voices.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag)) {
                return Some((known, voice));
            }
            tag = tag.rsplit_once('-')?.0;
        }
    }

    fn speechless(&self, language: &str) -> Error {
        let known = self.languages().collect::<Vec<_>>().join(", ");
        Error::unacceptable(
            "no_voice",
            format!("there is no voice for language {language:?}, only for {known}; name another one under [speech.voices], or record it"),
        )
        .vi("Đài chưa có giọng đọc cho tiếng này. Hãy thu âm rồi tải lên.")
    }

    /// Has a text read into an empty file of at most so many bytes, when it is its turn; how many it has.
    ///
    /// # Errors
    /// `speech_unavailable`, `speech_timeout`, `speech_failed`; `too_large`; what the disk says.
    pub async fn read_out(&self, reading: &Reading, file: File, max_bytes: u64) -> Result<u64> {
        let lane = Arc::clone(&self.lane).acquire_owned().await;
        let lane = lane.map_err(|_| Error::internal("the station is shutting down"))?;
        let (command, spoken) = (reading.command.clone(), reading.spoken.clone());
        blocking(move || {
            // it is held until the program has ended, whether or not anybody still waits for it
            let _lane = lane;
            let text = spoken.read_as.as_ref().unwrap_or(&spoken.text);
            let text = plain(text);
            voice::read_out(Path::new(OWN_PROGRAM), &command, &text, &file, max_bytes)
                .map_err(|error| failed(&error, max_bytes))
        })
        .await
    }
}

/// Without what synthesisers take for orders: espeak-ng reads what stands in double brackets as phonemes.
fn plain(text: &str) -> String {
    let mut text = text.replace("[[", "[ [").replace("]]", "] ]");
    text.push('\n');
    text
}

/// A text that can be read: composed (NFC), its lines ended by `\n`, nothing around it.
fn readable(text: &str) -> Result<String> {
    let text: String = text.replace("\r\n", "\n").replace('\r', "\n").nfc().collect();
    let text = text.trim();
    let characters = text.chars().count();
    if characters > MAX_CHARACTERS {
        return Err(Error::unacceptable(
            "text_too_long",
            format!("the text has {characters} characters; at most {MAX_CHARACTERS} are read at once: divide it"),
        )
        .vi(format!(
            "Bản tin có {characters} ký tự; mỗi lần chỉ đọc được {MAX_CHARACTERS} ký tự. Hãy chia thành nhiều bản tin."
        )));
    }
    if let Some(bad) = text.chars().find(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
        return Err(Error::unacceptable(
            "text_unreadable",
            format!("the text has the control character U+{:04X} in it; take it out", u32::from(bad)),
        )
        .vi("Bản tin có ký tự điều khiển không đọc được. Hãy dán lại văn bản thuần, không định dạng."));
    }
    if !text.chars().any(char::is_alphanumeric) {
        return Err(Error::unacceptable(
            "text_empty",
            "the text has no letter and no number in it; write what is to be read",
        )
        .vi("Bản tin chưa có chữ nào để đọc. Hãy nhập nội dung."));
    }
    Ok(text.to_owned())
}

fn missing(settings: &config::Speech) -> Error {
    let detail = match settings.command.first() {
        None => "[speech] command is empty: nothing is read; name a program there and restart the station"
            .to_owned(),
        Some(name) => format!(
            "the voice {name} is not on this machine; install it (apt-get install espeak-ng), or name another one in [speech] command, and restart the station"
        ),
    };
    Error::new(ErrorKind::Unavailable, "speech_unavailable", detail)
        .vi("Đài chưa cài giọng đọc. Hãy nhờ kỹ thuật viên cài espeak-ng rồi khởi động lại đài, hoặc thu âm và tải lên.")
}

fn failed(error: &VoiceError, max_bytes: u64) -> Error {
    match error {
        VoiceError::NotKept(error) => return Error::io("the recording of the text", error),
        VoiceError::TooMuch(_) => return crate::intake::too_large(max_bytes),
        _ => tracing::warn!(%error, "a text could not be read"),
    }
    let unavailable = |code, detail: String| Error::new(ErrorKind::Unavailable, code, detail);
    match error {
        VoiceError::NotStarted(_) => unavailable(
            "speech_unavailable",
            "the voice cannot be started; the station's log says why: mend or install it, or [speech] starts and reads, and restart the station".to_owned(),
        )
        .vi("Giọng đọc của đài không chạy được. Hãy báo kỹ thuật viên, hoặc thu âm và tải lên."),
        VoiceError::TimedOut(wall) => unavailable(
            "speech_timeout",
            format!(
                "the voice was not done within {} s and was ended; nothing was kept: divide the text, or raise [speech] seconds",
                wall.as_secs()
            ),
        )
        .vi("Đài đọc quá lâu nên đã dừng; chưa lưu gì. Hãy chia bản tin ngắn hơn rồi thử lại."),
        other => unavailable(
            "speech_failed",
            format!("{}; nothing was kept: the station's log says more, run the command of [speech] by hand", briefly(other)),
        )
        .vi("Giọng đọc của đài bị lỗi; chưa lưu gì. Hãy thử lại; nếu vẫn lỗi, hãy báo kỹ thuật viên."),
    }
}

/// Without what the program said of itself, which may hold the text.
fn briefly(error: &VoiceError) -> String {
    match error {
        VoiceError::Failed(how, _) => format!("the voice failed ({how})"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A voice that is on every machine.
    fn settings() -> config::Speech {
        config::Speech {
            command: vec!["sh".into(), "{voice}-{speed}-{language}".into()],
            ..config::Speech::default()
        }
    }

    fn code(answer: Result<Reading>) -> String {
        answer.err().map_or_else(String::new, |error| {
            assert!(error.detail_vi.is_some(), "{error}");
            error.code.into_owned()
        })
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_a_remedy() {
        let speech = Speech::new(&settings());
        assert!(speech.lacking().is_none());
        assert_eq!(speech.languages().collect::<Vec<_>>(), ["en", "vi"]);
        let check = |text: &str, language: &str, expect: &str| {
            assert_eq!(code(speech.reading(text, language)), expect, "{language}: {text:?}");
        };
        check("Kính thưa bà con", "vi", "");
        check("Kính thưa bà con", "VI-vn", "");
        check("Nyob zoo", "hmn", "no_voice");
        check(" \n\t ", "vi", "text_empty");
        check("…!?", "vi", "text_empty");
        check("a\u{7}b", "vi", "text_unreadable");
        check("a\u{1b}[31m", "vi", "text_unreadable");
        check("một\r\nhai\tba", "vi", "");
        check(&"ă".repeat(MAX_CHARACTERS), "vi", "");
        check(&"ă".repeat(MAX_CHARACTERS + 1), "vi", "text_too_long");
        // what is composed is one character
        check(&"a\u{306}".repeat(MAX_CHARACTERS), "vi", "");
    }

    #[test]
    fn nothing_of_the_text_is_on_the_command_line_and_it_is_kept_as_it_was_written() {
        let speech = Speech::new(&settings());
        let reading = speech.reading(" UBND xã\r\nho\u{323}p {voice} ", "vi-VN").unwrap();
        assert_eq!(reading.command.arguments, ["vi-150-vi"]);
        assert!(reading.command.program.is_absolute());
        assert_eq!(reading.spoken.text, "UBND xã\nhọp {voice}");
        assert_eq!(reading.spoken.read_as.as_deref(), Some("Ủy ban nhân dân xã\nhọp {voice}"));
        let english = speech.reading("UBND", "en").unwrap();
        assert_eq!((english.spoken.read_as, english.spoken.voice), (None, "en-gb".to_owned()));
        let as_written = Speech::new(&config::Speech { write_out: false, ..settings() });
        assert_eq!(as_written.reading("UBND", "vi").unwrap().spoken.read_as, None);
        assert_eq!(plain("[[x]]"), "[ [x] ]\n");
    }

    #[test]
    fn without_a_voice_it_says_what_to_do() {
        for command in [vec![], vec!["/nowhere/voice".to_owned()], vec!["no-such-voice".to_owned()]] {
            let speech = Speech::new(&config::Speech { command, ..config::Speech::default() });
            assert_eq!(speech.lacking().unwrap().code, "speech_unavailable");
            assert_eq!(speech.languages().count(), 0);
            assert_eq!(code(speech.reading("a", "vi")), "speech_unavailable");
        }
    }
}
