//! The two languages a bot speaks, and which of them a message is written in.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::characters::is_han;

/// A language a bot answers in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    #[serde(rename = "zh")]
    Chinese,
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// The code used in files and on the wire: "zh" or "en".
    pub fn code(self) -> &'static str {
        match self {
            Language::Chinese => "zh",
            Language::English => "en",
        }
    }

    /// Reads a language code, with or without a script or region ("zh-Hans-CN", "en_US").
    pub fn parse(code: &str) -> Option<Language> {
        let primary = code.trim().split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Language::Chinese)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Language::English)
        } else {
            None
        }
    }
}

/// What language a message is in, as far as its letters tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    pub language: Language,
    /// Words of both languages occur.
    pub mixed: bool,
    /// False where a few letters decide, such as a lone brand name.
    pub confident: bool,
}

/// Tells the language of a message; `None` when there is nothing to tell by (digits, codes, emoji).
pub fn detect_language(text: &str) -> Option<Detected> {
    let evidence = Evidence::of(text);
    if evidence.n_han == 0 && evidence.n_words() == 0 {
        return None;
    }
    let (chinese, english) = (evidence.chinese, evidence.english);
    let language = if english > chinese { Language::English } else { Language::Chinese };
    let mixed = evidence.n_han > 0 && evidence.n_common + evidence.n_other > 0;
    let confident = if evidence.n_han == 0 {
        evidence.n_common > 0 || evidence.n_other >= 2
    } else {
        evidence.n_words() == 0 || (chinese - english).abs() >= CLEAR_MARGIN * (chinese + english)
    };
    Some(Detected { language, mixed, confident })
}

/// How far apart the two languages must be, of all there is, for a mixed message to be sure.
const CLEAR_MARGIN: f32 = 0.2;

/// What a message's characters and words say for either language.
#[derive(Debug, Default)]
struct Evidence {
    n_han: usize,
    /// English words that are in the lists below.
    n_common: usize,
    /// Other words in lower case.
    n_other: usize,
    /// Brands, abbreviations, and words that people use in both languages.
    n_neutral: usize,
    chinese: f32,
    english: f32,
}

impl Evidence {
    fn of(text: &str) -> Self {
        let mut evidence = Self::default();
        for token in text.split(char::is_whitespace) {
            evidence.add_token(token);
        }
        evidence
    }

    fn n_words(&self) -> usize {
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
    use proptest::prelude::*;

    use super::*;

    /// "zh" or "en", with "+" where mixed and "?" where not sure; "" where there is nothing to tell by.
    fn check(text: &str, expected: &str) {
        let found = detect_language(text).map_or_else(String::new, |found| {
            let mixed = if found.mixed { "+" } else { "" };
            let doubt = if found.confident { "" } else { "?" };
            format!("{}{mixed}{doubt}", found.language.code())
        });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn messages_in_one_language_are_told_even_when_short() {
        for text in [
            "你好",
            "好",
            "我的订单还没到",
            "退货",
            "發票怎麼開",
            "在吗？？",
            "嗯嗯",
            "運費",
            "12号能到吗",
            "订单AB12345678到哪了",
        ] {
            check(text, "zh");
        }
        for text in [
            "hi",
            "ok thanks",
            "Refund",
            "where is my order",
            "WHERE IS MY ORDER",
            "no",
            "don't",
            "Ｈｅｌｌｏ",
            "track 1234567",
            "my iPhone 15 broke",
            "it’s late",
            "cancel",
            "yes",
            "naïve café idea",
        ] {
            check(text, "en");
        }
    }

    #[test]
    fn a_lone_name_decides_little() {
        for text in ["iPhone", "Nike", "ok", "PayPal", "iPhone 15 Pro"] {
            check(text, "en?");
        }
    }

    #[test]
    fn digits_codes_emoji_and_addresses_tell_nothing() {
        for text in
            ["", "12345", "😀😀", "AB12345678", "?!", "https://shop.com/where", "a@b.com", "[mobile]", "x", "привет"]
        {
            check(text, "");
        }
    }

    #[test]
    fn names_inside_chinese_make_no_mixture() {
        for text in [
            "APP打不开",
            "iPhone怎么退货",
            "可以用PayPal付款吗",
            "wifi连不上",
            "请加我QQ",
            "支持Visa吗",
            "尺码XL有货吗",
            "[mobile]是我的电话",
        ] {
            check(text, "zh");
        }
    }

    #[test]
    fn grammar_decides_in_a_mixture() {
        check("我想return这个order", "zh+");
        check("我的 order 什么时候到", "zh+");
        check("how do I return 这个", "en+");
        check("can you help me 退货", "en+");
        check("where is my 快递", "en+");
        check("请帮我 check 一下", "zh+");
        check("我要cancel", "zh+");
    }

    #[test]
    fn word_lists_are_in_the_order_they_are_searched_in() {
        assert!(FUNCTION_WORDS.is_sorted() && COMMON_WORDS.is_sorted() && NEUTRAL_WORDS.is_sorted());
    }

    #[test]
    fn codes_are_read_with_and_without_region() {
        assert_eq!(Language::parse("zh-Hans-CN"), Some(Language::Chinese));
        assert_eq!(Language::parse(" EN_us "), Some(Language::English));
        assert_eq!(Language::parse("fr"), None);
    }

    proptest! {
        #[test]
        fn any_text_can_be_told(text in any::<String>()) {
            let found = detect_language(&text);
            let has_letters = text.chars().any(char::is_alphabetic);
            prop_assert!(found.is_none() || has_letters);
        }
    }
}
