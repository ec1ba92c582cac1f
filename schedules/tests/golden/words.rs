//! A line of a case, word by word: names in quotation marks, `key=value`, plain words.

/// The words of a line; quotation marks hold blanks and commas together and are kept.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                word.push(c);
            }
            '#' if !quoted && word.is_empty() => break,
            c if c.is_whitespace() && !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    assert!(!quoted, "a quotation mark is missing: {line}");
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// A name without its quotation marks.
pub(crate) fn name(word: &str) -> String {
    word.trim_matches('"').to_owned()
}

/// A list of names or words, separated by commas outside quotation marks.
pub(crate) fn list(value: &str) -> Vec<String> {
    let mut quoted = false;
    let parts = value.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    parts.map(name).filter(|part| !part.is_empty()).collect()
}

/// `key=value` options and plain words, each asked for once; what nobody asked for is a mistake.
pub(crate) struct Rest {
    words: Vec<String>,
}

impl Rest {
    pub(crate) fn new(words: &[String]) -> Rest {
        Rest { words: words.to_vec() }
    }

    pub(crate) fn value(&mut self, key: &str) -> Option<String> {
        let found = self
            .words
            .iter()
            .position(|word| word.strip_prefix(key).is_some_and(|rest| rest.starts_with('=')))?;
        Some(self.words.remove(found)[key.len() + 1..].to_owned())
    }

    pub(crate) fn list(&mut self, key: &str) -> Vec<String> {
        self.value(key).map(|value| list(&value)).unwrap_or_default()
    }

    pub(crate) fn flag(&mut self, word: &str) -> bool {
        let found = self.words.iter().position(|other| other == word);
        found.map(|index| self.words.remove(index)).is_some()
    }

    pub(crate) fn nothing_more(&self, line: &str) {
        assert!(self.words.is_empty(), "nobody understands {:?} in: {line}", self.words);
    }
}
