//! The two languages a bot speaks, and which of them a message is written in.

use serde::{Deserialize, Serialize};

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

/// Tells the language of a message; `None` when there is nothing to tell by (digits, emoji).
pub fn detect_language(text: &str) -> Option<Detected> {
    let han = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let latin = text.chars().any(|c| c.is_ascii_alphabetic());
    match (han, latin) {
        (false, false) => None,
        (true, mixed) => Some(Detected { language: Language::Chinese, mixed, confident: !mixed }),
        (false, true) => Some(Detected { language: Language::English, mixed: false, confident: true }),
    }
}
