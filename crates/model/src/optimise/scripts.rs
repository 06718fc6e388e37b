//! Which characters a bot's languages are written with.

use regex::Regex;

/// Scripts of each language beside the Latin letters, digits and signs that every language meets.
const SCRIPTS: [(&[&str], &[&str]); 14] = [
    (&["zh", "yue"], &["Han", "Bopomofo"]),
    (&["ja"], &["Han", "Hiragana", "Katakana"]),
    (&["ko"], &["Hangul", "Han"]),
    (&["ru", "uk", "be", "bg", "mk", "kk", "ky", "mn", "tg"], &["Cyrillic"]),
    (&["sr", "uz"], &["Cyrillic"]),
    (&["el"], &["Greek"]),
    (&["ar", "fa", "ur", "ps"], &["Arabic"]),
    (&["he", "yi"], &["Hebrew"]),
    (&["hi", "mr", "ne"], &["Devanagari"]),
    (&["bn", "as"], &["Bengali"]),
    (&["ta"], &["Tamil"]),
    (&["th"], &["Thai"]),
    (&["ka"], &["Georgian"]),
    (&["hy"], &["Armenian"]),
];
/// Languages written with Latin letters alone.
const LATIN: [&str; 30] = [
    "en", "de", "fr", "es", "pt", "it", "nl", "pl", "cs", "sk", "sl", "hr", "hu", "ro", "sv", "no", "nb", "da", "fi",
    "et", "lv", "lt", "tr", "az", "vi", "id", "ms", "sw", "af", "ca",
];

/// The characters of some languages.
#[derive(Debug)]
pub(super) struct Scripts {
    /// Nothing where a language is not known: then every character may be needed.
    written: Option<Regex>,
}

impl Scripts {
    /// The scripts of languages by their codes, such as `zh` or `en-GB`.
    pub(super) fn of(languages: &[String]) -> Self {
        let mut classes = vec!["Common", "Inherited", "Latin"];
        for language in languages {
            let code = language.split(['-', '_']).next().unwrap_or_default().to_lowercase();
            match SCRIPTS.iter().find(|(codes, _)| codes.contains(&code.as_str())) {
                Some((_, scripts)) => classes.extend(*scripts),
                None if LATIN.contains(&code.as_str()) => {}
                None => return Self { written: None },
            }
        }
        if languages.is_empty() {
            return Self { written: None };
        }
        let classes: String = classes.iter().map(|class| format!(r"\p{{{class}}}")).collect();
        Self { written: Regex::new(&format!("^[{classes}]*$")).ok() }
    }

    /// Whether a piece of text is written with these characters alone.
    pub(super) fn write(&self, text: &str) -> bool {
        self.written.as_ref().is_none_or(|written| written.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_characters_and_latin_ones() {
        let scripts = |languages: &[&str]| Scripts::of(&languages.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>());
        for (languages, text, written) in [
            (&["zh", "en"][..], "退款ok1，🙂", true),
            (&["en-GB"], "退款", false),
            (&["en"], "café", true),
            (&["zh"], "спасибо", false),
            (&["ru"], "спасибо", true),
            (&["ja"], "ありがとう", true),
            (&["tlh"], "спасибо退款", true),
            (&[], "спасибо", true),
        ] {
            assert_eq!(scripts(languages).write(text), written, "{languages:?} {text}");
        }
    }
}
