//! Folds a message to one half-width character for each of its own, and knows the way back.

use std::ops::Range;

use crate::characters::is_invisible;

/// A message's visible characters, half-width; letters keep their case.
pub(super) struct Folded {
    pub(super) characters: Vec<char>,
    /// Bytes in the original, for each character.
    sources: Vec<Range<usize>>,
}

impl Folded {
    pub(super) fn new(text: &str) -> Self {
        let mut folded = Self { characters: Vec::with_capacity(text.len()), sources: Vec::with_capacity(text.len()) };
        for (start, c) in text.char_indices() {
            // What nobody sees must not hide a number, and goes with the number it stands in.
            if !is_invisible(c) {
                folded.characters.push(half_width(c));
                folded.sources.push(start..start + c.len_utf8());
            }
        }
        folded
    }

    /// Bytes in the original of a range of characters that is not empty.
    pub(super) fn original_range(&self, characters: &Range<usize>) -> Range<usize> {
        match self.sources.get(characters.clone()) {
            Some([only]) => only.clone(),
            Some([first, .., last]) => first.start..last.end,
            _ => 0..0,
        }
    }
}

/// Whether a text has a digit, a written number or an @: without one there is no personal data in it.
pub(super) fn may_hold_data(text: &str) -> bool {
    let tells = |c: char| c.is_ascii_digit() || c == '@' || CHINESE_NUMERALS.contains(&c);
    text.chars().any(|c| !c.is_ascii_alphabetic() && tells(half_width(c)))
}

/// Numbers that Chinese addresses are written with.
pub(super) const CHINESE_NUMERALS: [char; 13] =
    ['一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '百', '零', '〇'];

fn half_width(c: char) -> char {
    match c {
        '\0'..='\u{7f}' => c,
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        // Mathematical digits come in five styles of ten.
        '\u{1d7ce}'..='\u{1d7ff}' => char::from_digit((c as u32 - 0x1d7ce) % 10, 10).unwrap_or(c),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' => '-',
        '•' | '‧' | '∙' | '⋅' | '・' | '･' | '●' => '·',
        '﹒' => '.',
        '﹫' => '@',
        c if c.is_whitespace() && c != '\n' => ' ',
        c => c,
    }
}
