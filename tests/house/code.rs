//! Reads Rust source as a list of words, so that comments and strings cannot be taken for code.

/// The identifiers, keywords and single punctuation characters of `source`, in order.
/// Comments, strings, characters and numbers are left out.
pub(crate) fn words(source: &str) -> Vec<String> {
    let text: Vec<char> = source.chars().collect();
    let at = |i: usize| text.get(i).copied().unwrap_or('\0');
    let mut words = Vec::new();
    let mut i = 0;
    while i < text.len() {
        i = match at(i) {
            '/' if at(i + 1) == '/' => find(&text, i, |c| c == '\n'),
            '/' if at(i + 1) == '*' => end_of_block_comment(&text, i),
            '"' => end_of_string(&text, i + 1),
            'r' | 'b' | 'c' if opens_raw_string(&text, i) => end_of_raw_string(&text, i),
            '\'' if at(i + 1) == '\\' => find(&text, i + 3, |c| c == '\'') + 1,
            '\'' if at(i + 2) == '\'' => i + 3,
            c if c.is_alphabetic() || c == '_' => {
                let end = find(&text, i, |c| !(c.is_alphanumeric() || c == '_'));
                words.push(text[i..end].iter().collect());
                end
            }
            c if c.is_ascii_digit() => find(&text, i, |c| !(c.is_alphanumeric() || c == '_')),
            c => {
                if !c.is_whitespace() {
                    words.push(c.to_string());
                }
                i + 1
            }
        };
    }
    words
}

/// Every path into the standard library that `words` spells, with groups opened: `use std::{fs, time::{Duration, Instant}}`
/// gives `std::fs`, `std::time::Duration` and `std::time::Instant`.
pub(crate) fn std_paths(words: &[String]) -> Vec<String> {
    let mut paths = Vec::new();
    for start in 0..words.len() {
        if words[start] == "std" && is_path_separator(words, start + 1) {
            follow("std", words, start + 3, &mut paths);
        }
    }
    paths
}

/// Reads one branch of a path from `i` on; answers with where it ends.
fn follow(prefix: &str, words: &[String], i: usize, paths: &mut Vec<String>) -> usize {
    let Some(word) = words.get(i) else { return i };
    if word == "{" {
        let mut i = i + 1;
        while words.get(i).is_some_and(|word| word != "}") {
            i = follow(prefix, words, i, paths);
            while words.get(i).is_some_and(|word| word != "," && word != "}") {
                i += 1; // `as OTHER`
            }
            i += usize::from(words.get(i).is_some_and(|word| word == ","));
        }
        return i + 1;
    }
    let path = format!("{prefix}::{word}");
    if is_path_separator(words, i + 1) {
        return follow(&path, words, i + 3, paths);
    }
    paths.push(path);
    i + 1
}

fn is_path_separator(words: &[String], i: usize) -> bool {
    let colon = |i: usize| words.get(i).is_some_and(|word| word == ":");
    colon(i) && colon(i + 1)
}

fn find(text: &[char], from: usize, stop: impl Fn(char) -> bool) -> usize {
    (from..text.len()).find(|i| stop(text[*i])).unwrap_or(text.len())
}

fn end_of_block_comment(text: &[char], from: usize) -> usize {
    let mut depth = 0;
    let mut i = from;
    while i + 1 < text.len() {
        match (text[i], text[i + 1]) {
            ('/', '*') => (depth, i) = (depth + 1, i + 2),
            ('*', '/') => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    text.len()
}

fn end_of_string(text: &[char], mut i: usize) -> usize {
    while i < text.len() && text[i] != '"' {
        i += if text[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// Whether a raw string (`r"…"`, `r#"…"#`, `br"…"`) begins here, and not in the middle of a name.
fn opens_raw_string(text: &[char], i: usize) -> bool {
    let in_a_name = i > 0 && (text[i - 1].is_alphanumeric() || text[i - 1] == '_');
    let r = if text[i] == 'r' { i } else { i + 1 };
    let quote = find(text, r + 1, |c| c != '#');
    !in_a_name && text.get(r) == Some(&'r') && text.get(quote) == Some(&'"')
}

fn end_of_raw_string(text: &[char], i: usize) -> usize {
    let quote = find(text, i, |c| c == '"');
    let hashes = text[i..quote].iter().filter(|c| **c == '#').count();
    let closes = |j: usize| text[j] == '"' && (1..=hashes).all(|k| text.get(j + k) == Some(&'#'));
    (quote + 1..text.len()).find(|j| closes(*j)).map_or(text.len(), |j| j + 1 + hashes)
}

#[test]
fn only_code_is_read() {
    let check = |source: &str, expect: &str| assert_eq!(words(source).join(" "), expect, "in {source}");
    check("use warp::Filter; // warp", "use warp : : Filter ;");
    check("/// warp\n/* warp /* warp */ warp */ fn a() {}", "fn a ( ) { }");
    check(r#"let a = "warp \" warp"; b"#, "let a = ; b");
    check("r#\"warp \" warp\"# x br\"warp\" y", "x y");
    check("let for_r = 'w'; '\\'' ; '\\u{41}' ; &'a warp", "let for_r = ; ; ; & ' a warp");
    check("\"http://warp\"; tokio", "; tokio");
    check("bar(1_000u64, 0x1f)", "bar ( , )");
}

#[test]
fn groups_of_the_standard_library_are_opened() {
    let check =
        |source: &str, expect: &str| assert_eq!(std_paths(&words(source)).join(" "), expect, "in {source}");
    check("use std::fs;", "std::fs");
    check("use std::fs::File; std::env::var(x)", "std::fs::File std::env::var");
    check(
        "use std::{fs::{self, File as F}, time::*, io};",
        "std::fs::self std::fs::File std::time::* std::io",
    );
    check("use std::time::{Duration, Instant}; a", "std::time::Duration std::time::Instant");
    check("use jiff::fs; let fs = 1; std", "");
}
