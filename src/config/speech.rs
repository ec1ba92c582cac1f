//! `[speech]`: the voice that reads written bulletins.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What may stand in the command, between braces.
const PLACES: [&str; 3] = ["voice", "speed", "language"];

/// The program that reads written bulletins, and how. Its contract is `loaxa_audio::voice`'s.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Speech {
    /// The program and its arguments; `{voice}`, `{speed}` and `{language}` are replaced in the arguments. A name without `/`
    /// is looked for in `/usr/local/bin`, `/usr/bin` and `/bin`. Empty: nothing is read.
    pub command: Vec<String>,
    /// What `{voice}` is in each language that can be read, by BCP 47 tag. A tag also serves what is narrower (`vi` serves `vi-VN`).
    pub voices: BTreeMap<String, String>,
    /// What `{speed}` is: words a minute, for espeak-ng.
    pub speed: u32,
    /// Whether abbreviations, dates and numbers are written out before a Vietnamese text is read.
    pub write_out: bool,
    /// Longest time that a reading may take, in seconds.
    pub seconds: u64,
    /// Memory that each of the program's processes may have, in MiB.
    pub memory_mib: u64,
    /// Programs that the program starts in its turn, or folders of them. Absolute.
    pub starts: Vec<PathBuf>,
    /// Folders and files that it reads beyond those of the system. Absolute.
    pub reads: Vec<PathBuf>,
}

impl Default for Speech {
    fn default() -> Self {
        let command = ["espeak-ng", "-v", "{voice}", "-s", "{speed}", "--stdin", "--stdout"];
        let voices = [("vi", "vi"), ("en", "en-gb")];
        Self {
            command: command.map(str::to_owned).into(),
            voices: voices.map(|(tag, voice)| (tag.to_owned(), voice.to_owned())).into(),
            speed: 150,
            write_out: true,
            seconds: 120,
            memory_mib: 512,
            starts: Vec::new(),
            reads: Vec::new(),
        }
    }
}

impl Speech {
    /// Every rule that is broken, each with its remedy.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.command.first().is_some_and(|program| program.is_empty() || program.contains(['{', '}'])) {
            problems.push(
                "speech.command begins with the program itself; write for instance [\"espeak-ng\", …], or [] to read nothing"
                    .to_owned(),
            );
        }
        if self.command.first().is_some_and(|program| program.contains('/') && !program.starts_with('/')) {
            problems.push("speech.command: write the program's path from the root on, /…".to_owned());
        }
        for argument in self.command.iter().skip(1) {
            if let Some(place) = unknown_place(argument) {
                problems.push(format!(
                    "speech.command: {{{place}}} is not known; there are {{voice}}, {{speed}} and {{language}}"
                ));
            }
        }
        if !self.command.is_empty() && self.voices.is_empty() {
            problems.push("speech.voices names no language; write for instance vi = \"vi\"".to_owned());
        }
        for (tag, voice) in &self.voices {
            let is_tag = (2..=35).contains(&tag.len())
                && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !is_tag {
                problems.push(format!("speech.voices: {tag:?} is no BCP 47 tag; write vi, en, tyz, hmn, …"));
            }
            let plain = !voice.is_empty() && !voice.starts_with('-') && !voice.chars().any(char::is_control);
            if !plain {
                problems.push(format!(
                    "speech.voices.{tag} = {voice:?} is no voice: it begins with no dash and has no control characters"
                ));
            }
        }
        if !(50..=500).contains(&self.speed) {
            problems.push("speech.speed must lie between 50 and 500 words a minute; write 150".to_owned());
        }
        if !(1..=600).contains(&self.seconds) {
            problems.push("speech.seconds must lie between 1 and 600; write 120".to_owned());
        }
        if !(64..=65_536).contains(&self.memory_mib) {
            problems.push("speech.memory_mib must lie between 64 and 65536; write 512".to_owned());
        }
        for (key, list) in [("starts", &self.starts), ("reads", &self.reads)] {
            problems.extend(list.iter().filter(|path| !path.is_absolute()).map(|path| {
                format!("speech.{key}: {} is no absolute path; write it from the root on, /…", path.display())
            }));
        }
        problems
    }
}

/// What stands between braces and means nothing here.
fn unknown_place(argument: &str) -> Option<&str> {
    let places = argument.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(place, _)| place));
    places.into_iter().find(|place| !PLACES.contains(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_names_its_key() {
        let check = |text: &str, expect: &str| {
            let problems = toml::from_str::<Speech>(text).unwrap().problems().join("; ");
            assert!(
                if expect.is_empty() { problems.is_empty() } else { problems.contains(expect) },
                "{text}: {problems}"
            );
        };
        check("", "");
        check("command = []\nvoices = {}", "");
        check(
            "command = [\"/opt/piper/piper\", \"--model={voice}\", \"{language}\", \"{}\"]",
            "{} is not known",
        );
        check("command = [\"/opt/piper/piper\", \"--model={voice}\", \"{language}\", \"{speed}%\"]", "");
        check("command = [\"\"]", "speech.command");
        check("command = [\"{voice}\"]", "speech.command");
        check("command = [\"bin/voice\"]", "from the root on");
        check("command = [\"voice\", \"{text}\"]", "{text} is not known");
        check("voices = {}", "speech.voices");
        check("voices = { v = \"x\" }", "is no BCP 47 tag");
        check("voices = { vi = \"--help\" }", "speech.voices.vi");
        check("speed = 20", "speech.speed");
        check("seconds = 0", "speech.seconds");
        check("memory_mib = 1", "speech.memory_mib");
        check("starts = [\"bin\"]", "speech.starts");
        check("reads = [\"voices\"]", "speech.reads");
    }
}
