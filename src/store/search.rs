//! How a title is searched for: people type without capitals, and often without accents.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text without capitals and accents: `Đợt Tết` is `dot tet`.
pub(super) fn folded(text: &str) -> String {
    let bare = text.nfd().filter(|letter| !is_combining_mark(*letter));
    bare.flat_map(char::to_lowercase).map(|letter| if letter == 'đ' { 'd' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn capitals_and_accents_do_not_matter() {
        assert_eq!(folded("Đợt tuyên truyền TẾT"), "dot tuyen truyen tet");
        // the same letters in one and in two characters
        assert_eq!(folded("ế"), folded("e\u{302}\u{301}"));
    }
}
