//! The two languages a bot speaks, and which of them a message is written in.

use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;

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
    let mixed = evidence.n_han > 0 && evidence.n_common + evidence.n_other > 0;
    let is_english = evidence.n_han == 0 || mixed && english > chinese;
    let confident = match (evidence.n_han, mixed) {
        (0, _) => evidence.n_common > 0 || evidence.n_other >= 2,
        (_, true) => (chinese - english).abs() >= CLEAR_MARGIN * (chinese + english).max(ENOUGH),
        (_, false) => true,
    };
    let language = if is_english { Language::English } else { Language::Chinese };
    Some(Detected { language, mixed, confident })
}

/// How far apart the two languages must be, of all there is, for a mixed message to be sure.
const CLEAR_MARGIN: f32 = 0.2;
/// How much there must be to tell by at least, in words.
const ENOUGH: f32 = 2.5;

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
            "Nike Air Max好",
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
        check("改 address", "en+?");
        check("取消 order", "zh+?");
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
