//! One plain form for every way of typing a message, with the way back to what was typed.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// A message in its plain form; keeps the map back to the original's bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Normalised {
    text: String,
    /// For each byte of `text`, the range in the original of the character it came from.
    sources: Vec<(u32, u32)>,
}

impl Normalised {
    /// The plain form.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes of the original that a byte range of the plain form came from.
    pub fn original_range(&self, range: Range<usize>) -> Range<usize> {
        let first = range.start.min(self.sources.len());
        let last = range.end.min(self.sources.len());
        match self.sources.get(first..last) {
            Some([only]) => only.0 as usize..only.1 as usize,
            Some([head, .., tail]) => head.0 as usize..tail.1 as usize,
            _ => 0..0,
        }
    }
}

/// Brings a message into its plain form.
pub fn normalise(text: &str) -> Normalised {
    let mut plain = Normalised::default();
    for (start, c) in text.char_indices() {
        let end = start + c.len_utf8();
        for mapped in c.nfkc().flat_map(char::to_lowercase) {
            plain.text.push(mapped);
            plain.sources.resize(plain.text.len(), (start as u32, end as u32));
        }
    }
    plain
}
