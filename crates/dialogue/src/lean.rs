//! Whether a message leans on the one before it: "那运费呢", "and for Canada?".

use crate::Language;
use crate::words::holds;

/// Longer messages than this stand on their own.
const MOST_CHINESE_CHARACTERS: usize = 14;
const MOST_ENGLISH_WORDS: usize = 9;

const CHINESE_STARTS: &[&str] = &[
    "那", "还有", "然后", "如果", "要是", "假如", "换成", "它", "他们", "这个", "这种", "也", "另外", "再", "又",
    "可是", "但是", "所以", "包括",
];
const CHINESE_ENDS: &[&str] = &["呢", "也一样吗", "也可以吗", "也行吗", "也是吗"];
const ENGLISH_STARTS: &[&str] = &[
    "and ",
    "what about",
    "how about",
    "but ",
    "what if",
    "then ",
    "also ",
    "so ",
    "or ",
    "for ",
    "in ",
    "to ",
    "with ",
    "what else",
    "if ",
    "even ",
    "same ",
    "is it",
    "is that",
    "does it",
    "does that",
    "can it",
    "will it",
    "why",
    "how so",
    "until ",
    "from ",
    "not ",
];
const ENGLISH_POINTERS: &[&str] = &["it", "that", "this", "those", "them", "too", "instead"];

/// Whether the message only makes sense together with the one before it.
pub fn leans_on_previous(text: &str, language: Option<Language>) -> bool {
    let lower = text.trim().to_lowercase();
    let has_han = lower.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let chinese = match language {
        Some(language) => language == Language::Chinese,
        None => has_han,
    };
    if chinese || has_han { leans_in_chinese(&lower) } else { leans_in_english(&lower) }
}

fn leans_in_chinese(text: &str) -> bool {
    let bare = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    if bare.is_empty() || bare.chars().count() > MOST_CHINESE_CHARACTERS {
        return false;
    }
    CHINESE_STARTS.iter().any(|start| bare.starts_with(start)) || CHINESE_ENDS.iter().any(|end| bare.ends_with(end))
}

fn leans_in_english(text: &str) -> bool {
    let n_words = text.split_whitespace().count();
    if n_words == 0 || n_words > MOST_ENGLISH_WORDS {
        return false;
    }
    let starts = |start: &str| text.starts_with(start) || text == start.trim();
    ENGLISH_STARTS.iter().any(|start| starts(start))
        || (n_words <= 6 && ENGLISH_POINTERS.iter().any(|word| holds(text, word)))
}
