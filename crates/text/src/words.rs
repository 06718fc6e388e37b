//! Splits a normalised message into words: jieba inside Chinese runs, letter and digit runs elsewhere.

use std::{ops::Range, sync::LazyLock};

use jieba_rs::{Jieba, Token};
use unicode_normalization::char::is_combining_mark;

use crate::characters::is_han;

static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);
/// In alphabetical order; see data/english.py.
static ENGLISH: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("../data/english.txt").lines().collect());
/// The longest Chinese run that is segmented in one go; nobody writes longer without punctuation.
const LONGEST_RUN: usize = 3 * 1_000;

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
    segmented(normalised, |run| JIEBA.cut(run, true))
}

/// The words of a normalised message and the shorter words inside them, for searching.
pub fn search_words(normalised: &str) -> Vec<Word<'_>> {
    segmented(normalised, |run| JIEBA.cut_for_search(run, true))
}

/// Whether a plain text is a word that people commonly write, in Chinese or, of four letters or more, in English.
pub fn is_word(text: &str) -> bool {
    match text.chars().next() {
        Some(first) if is_han(first) => JIEBA.has_word(text),
        _ => ENGLISH.binary_search(&text).is_ok(),
    }
}

fn segmented<'a>(text: &'a str, cut: impl Fn(&'a str) -> Vec<Token<'a>>) -> Vec<Word<'a>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let length = if is_han(first) {
            let run = han_run(&text[at..]);
            words.extend(cut(run).into_iter().map(|token| {
                let range = at + token.byte_start..at + token.byte_end;
                Word { text: token.word, range, is_han: true }
            }));
            run.len()
        } else if first.is_alphanumeric() {
            let length = word_length(&text[at..]);
            words.push(Word { text: &text[at..at + length], range: at..at + length, is_han: false });
            length
        } else {
            first.len_utf8()
        };
        at += length;
    }
    words
}

fn han_run(text: &str) -> &str {
    let end = text.char_indices().find(|(at, c)| !is_han(*c) || *at >= LONGEST_RUN);
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

/// How long the run of letters, digits and inner apostrophes is that a text begins with.
fn word_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let next_is_letter = characters.peek().is_some_and(|(_, next)| next.is_alphabetic() && !is_han(*next));
        let belongs = c.is_alphanumeric() && !is_han(c) || is_combining_mark(c) || c == '\'' && next_is_letter;
        if !belongs {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn common_words_are_known_in_both_languages_and_slips_are_not() {
        assert!(["退款", "订单", "refund", "held", "qualify"].iter().all(|word| is_word(word)));
        assert!(["推款", "", "recieve", "refnud", "zzzz"].iter().all(|word| !is_word(word)));
        assert!(ENGLISH.is_sorted(), "they are looked up by halves");
    }

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = words(text).into_iter().map(|word| word.text).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn chinese_is_cut_into_words_and_the_rest_at_what_is_no_letter() {
        check("我要退货,谢谢!", &["我要", "退货", "谢谢"]);
        check("i don't like it.", &["i", "don't", "like", "it"]);
        check("iphone15怎么退货", &["iphone15", "怎么", "退货"]);
        check("order ab12345-x 3.5kg", &["order", "ab12345", "x", "3", "5kg"]);
        check("'quoted' dogs' 5'", &["quoted", "dogs", "5"]);
        check("café 😀 naïve", &["café", "naïve"]);
        check("", &[]);
    }

    #[test]
    fn searching_also_finds_the_words_inside_words() {
        let found: Vec<Word> = search_words("中华人民共和国 don't");
        let texts: Vec<&str> = found.iter().map(|word| word.text).collect();
        assert!(texts.contains(&"人民") && texts.contains(&"中华人民共和国") && texts.contains(&"don't"), "{texts:?}");
        assert!(found.iter().all(|word| word.is_han == (word.text != "don't")));
    }

    proptest! {
        #[test]
        fn words_stand_where_they_say(text in "[a-z0-9'我要退货快递𠀀〇 ,.!é😀\u{301}]{0,40}") {
            let mut end = 0;
            for word in words(&text) {
                prop_assert!(word.range.start >= end && text.get(word.range.clone()) == Some(word.text));
                end = word.range.end;
            }
            for word in search_words(&text) {
                prop_assert_eq!(text.get(word.range.clone()), Some(word.text));
            }
        }

        #[test]
        fn any_text_can_be_split(text in any::<String>()) {
            prop_assert!(words(&text).iter().all(|word| !word.text.is_empty()));
        }
    }
}
