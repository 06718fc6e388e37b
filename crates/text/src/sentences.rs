//! Splits Chinese and English text into sentences.

/// The sentences of a text, trimmed, in order; a Markdown list item stays whole.
pub fn sentences(text: &str) -> Vec<&str> {
    text.split_inclusive(['。', '！', '？', '\n']).map(str::trim).filter(|sentence| !sentence.is_empty()).collect()
}
