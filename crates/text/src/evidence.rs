//! Weighs what the characters and words of a message say for Chinese and for English.

use unicode_normalization::UnicodeNormalization;

use crate::characters::is_han;

/// What a message's characters and words say for either language.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) n_han: usize,
    /// English words that are in the lists below.
    pub(crate) n_common: usize,
    /// Other words in lower case.
    pub(crate) n_other: usize,
    /// Brands, abbreviations, and words that people use in both languages.
    n_neutral: usize,
    pub(crate) chinese: f32,
    pub(crate) english: f32,
}

impl Evidence {
    pub(crate) fn of(text: &str) -> Self {
        let mut evidence = Self::default();
        for token in text.split(char::is_whitespace) {
            evidence.add_token(token);
        }
        evidence
    }

    pub(crate) fn n_words(&self) -> usize {
        self.n_common + self.n_other + self.n_neutral
    }

    fn add_token(&mut self, token: &str) {
        // Addresses on the web and in the mail are written in Latin letters whatever the language.
        let is_address = token.contains("://") || token.contains('@') || token.contains("www.");
        let is_letter = |c: char| c.is_alphanumeric() && !is_han(c) || c == '\'' || c == '’' || c == '_';
        let mut rest = token;
        while let Some(first) = rest.chars().next() {
            let length = rest.find(|c| !is_letter(c)).unwrap_or(rest.len());
            if length == 0 {
                self.add_han(first);
                rest = &rest[first.len_utf8()..];
                continue;
            }
            let (word, after) = rest.split_at(length);
            // What redaction leaves, such as "[mobile]", is nobody's word.
            let is_placeholder = after.starts_with(']') && token[..token.len() - rest.len()].ends_with('[');
            if !is_address && !is_placeholder {
                self.add_word(word);
            }
            rest = after;
        }
    }

    fn add_han(&mut self, c: char) {
        let full = crate::simplified::simplified(c);
        if is_han(c) {
            self.n_han += 1;
            self.chinese += if GRAMMAR.contains(full) { 1.0 } else { 0.6 };
        }
    }

    fn add_word(&mut self, word: &str) {
        let plain: String = word.nfkc().map(|c| if c == '’' { '\'' } else { c }).flat_map(char::to_lowercase).collect();
        let plain = plain.trim_matches('\'');
        let is_latin = plain.chars().all(|c| c.is_alphabetic() && c < '\u{250}' || c == '\'');
        if !is_latin || plain.is_empty() {
            return;
        }
        if FUNCTION_WORDS.binary_search(&plain).is_ok() || plain.contains('\'') {
            self.n_common += 1;
            self.english += 1.5;
        } else if COMMON_WORDS.binary_search(&plain).is_ok() {
            self.n_common += 1;
            self.english += 1.0;
        } else if plain.len() == 1
            || NEUTRAL_WORDS.binary_search(&plain).is_ok()
            || word.starts_with(char::is_uppercase)
        {
            self.n_neutral += usize::from(plain.len() > 1);
            self.english += 0.3;
        } else {
            self.n_other += 1;
            self.english += 0.9;
        }
    }
}

/// Characters that hold Chinese sentences together.
const GRAMMAR: &str = "的了吗呢吧我你您他她是不没有怎什么哪多少能可以请想要给在和就还都会这那为啥";

/// Words that hold English sentences together, and greetings; sorted.
const FUNCTION_WORDS: [&str; 88] = [
    "a", "about", "after", "am", "an", "and", "any", "are", "as", "at", "back", "be", "been", "before", "but", "by",
    "can", "could", "did", "do", "does", "for", "from", "get", "had", "has", "have", "hello", "hey", "hi", "how", "i",
    "if", "im", "in", "into", "is", "it", "its", "just", "like", "may", "me", "my", "need", "no", "not", "now", "of",
    "on", "or", "our", "out", "please", "pls", "should", "so", "some", "thank", "thanks", "that", "the", "their",
    "them", "then", "there", "they", "this", "to", "too", "up", "us", "want", "was", "we", "were", "what", "when",
    "where", "which", "who", "why", "will", "with", "would", "yes", "you", "your",
];

/// English words that customers use alone, in any case; sorted.
const COMMON_WORDS: [&str; 37] = [
    "account",
    "address",
    "agent",
    "bye",
    "cancel",
    "change",
    "complaint",
    "coupon",
    "delivery",
    "discount",
    "exchange",
    "goodbye",
    "help",
    "human",
    "invoice",
    "late",
    "lost",
    "money",
    "order",
    "package",
    "parcel",
    "password",
    "payment",
    "price",
    "problem",
    "refund",
    "return",
    "returns",
    "shipping",
    "size",
    "status",
    "stock",
    "support",
    "track",
    "tracking",
    "warranty",
    "wrong",
];

/// Names and abbreviations that are written alike in both languages; sorted.
const NEUTRAL_WORDS: [&str; 34] = [
    "alipay", "android", "app", "apple", "bug", "cm", "diy", "ems", "id", "ios", "ipad", "iphone", "kg", "logo", "mac",
    "nfc", "ok", "okay", "paypal", "pdf", "plus", "pro", "qq", "sku", "sms", "ups", "url", "usb", "vip", "visa",
    "wechat", "wifi", "xl", "xxl",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_lists_are_in_the_order_they_are_searched_in() {
        assert!(FUNCTION_WORDS.is_sorted() && COMMON_WORDS.is_sorted() && NEUTRAL_WORDS.is_sorted());
    }
}
