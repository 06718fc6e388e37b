//! Splits a normalised message into words: jieba inside Chinese runs, letter and digit runs elsewhere.

use std::{ops::Range, sync::LazyLock};

use jieba_rs::Jieba;

static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// A word of a normalised message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<'a> {
    pub text: &'a str,
    /// Bytes in the normalised message.
    pub range: Range<usize>,
    pub is_han: bool,
}

/// The words of a normalised message, one after the other, without punctuation.
pub fn words(normalised: &str) -> Vec<Word<'_>> {
    let mut start = 0;
    let pieces = JIEBA.cut(normalised, true);
    pieces
        .into_iter()
        .map(|piece| {
            let range = start..start + piece.word.len();
            start = range.end;
            Word { text: piece.word, range, is_han: piece.word.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) }
        })
        .filter(|word| word.text.chars().any(char::is_alphanumeric))
        .collect()
}

/// The words of a normalised message and the shorter words inside them, for searching.
pub fn search_words(normalised: &str) -> Vec<Word<'_>> {
    words(normalised)
}
