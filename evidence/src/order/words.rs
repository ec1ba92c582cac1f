//! The lines of an order, and what each may say. Every value is bounded and has no letters that a reader cannot see.

use super::{NOTHING, OrderProblem};

/// Bytes of a title or a name.
const LONGEST_WORDS: usize = 1_000;

/// Lines of the form `name value`, in the order in which they must stand.
pub(super) struct Lines<'a> {
    rest: &'a str,
    current: &'a str,
}

impl<'a> Lines<'a> {
    pub(super) const fn of(text: &'a str) -> Self {
        Self { rest: text, current: "" }
    }

    fn next(&mut self) -> Option<&'a str> {
        let (line, rest) = self.rest.split_once('\n')?;
        self.rest = rest;
        Some(line)
    }

    /// A line that has no value.
    pub(super) fn first(&mut self, line: &'static str) -> Result<(), OrderProblem> {
        if self.next() == Some(line) { Ok(()) } else { Err(OrderProblem::Line(line)) }
    }

    /// The value of the next line, which must have this name.
    pub(super) fn value(&mut self, name: &'static str) -> Result<&'a str, OrderProblem> {
        let line = self.next().ok_or(OrderProblem::Line(name))?;
        let (found, value) = line.split_once(' ').ok_or(OrderProblem::Line(name))?;
        if found != name {
            return Err(OrderProblem::Line(name));
        }
        self.current = value;
        Ok(value)
    }

    /// The value that was read last.
    pub(super) const fn current(&self) -> &'a str {
        self.current
    }

    pub(super) fn checked(
        &mut self,
        name: &'static str,
        is: impl Fn(&str) -> bool,
    ) -> Result<String, OrderProblem> {
        let value = self.value(name)?;
        if is(value) { Ok(value.to_owned()) } else { Err(OrderProblem::Value(name)) }
    }

    /// As [`Lines::checked`], or nothing.
    pub(super) fn optional(
        &mut self,
        name: &'static str,
        is: impl Fn(&str) -> bool,
    ) -> Result<Option<String>, OrderProblem> {
        let value = self.checked(name, |text| text == NOTHING || is(text))?;
        Ok((value != NOTHING).then_some(value))
    }

    /// Nothing follows.
    pub(super) const fn end(&self) -> Result<(), OrderProblem> {
        if self.rest.is_empty() { Ok(()) } else { Err(OrderProblem::More) }
    }
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The origin of a station's log.
pub(super) fn is_station(text: &str) -> bool {
    text.strip_prefix("loaxa/").is_some_and(|log| is_digits(log, 32))
}

pub(super) fn is_nonce(text: &str) -> bool {
    is_digits(text, 32)
}

/// A UUID in lower case.
pub(super) fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = text.split('-');
    lengths.iter().all(|length| parts.next().is_some_and(|part| is_digits(part, *length)))
        && parts.next().is_none()
}

/// The same of version 7.
pub(super) fn is_uuid7(text: &str) -> bool {
    let letter = |at: usize| text.as_bytes().get(at).copied().unwrap_or(0);
    is_uuid(text) && letter(14) == b'7' && matches!(letter(19), b'8' | b'9' | b'a' | b'b')
}

pub(super) fn is_class(text: &str) -> bool {
    matches!(text, "normal" | "priority" | "emergency")
}

/// Letters of a language tag; whether it is one, the station knows.
pub(super) fn is_language(text: &str) -> bool {
    (2..=35).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && text.starts_with(|letter: char| letter.is_ascii_alphabetic())
}

/// Letters of a date or an instant; whether it is one, the station knows.
pub(super) fn is_bound(text: &str) -> bool {
    (10..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"TZtz:+-.".contains(&byte))
}

/// Words for people: something, without white space around it and without letters that nobody sees or that turn the
/// direction of reading.
pub(super) fn is_words(text: &str) -> bool {
    let unseen = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
            || (letter.is_whitespace() && letter != ' ')
    };
    (1..=LONGEST_WORDS).contains(&text.len())
        && text.trim() == text
        && !text.contains("  ")
        && !text.contains(unseen)
        && text.contains(char::is_alphanumeric)
}
