//! Every word the console shows, Chinese and English side by side in [`table`]; what is not there cannot be shown.

mod table;

use std::fmt::Display;

use dialogue::Language;

pub(super) use table::Words;

/// Makes the struct of all words and one value of it for each language.
macro_rules! words {
    ($($key:ident: $zh:literal, $en:literal;)*) => {
        /// The words of one language.
        #[derive(Debug)]
        pub(in crate::console) struct Words {
            $(pub(in crate::console) $key: &'static str,)*
        }

        pub(super) static CHINESE: Words = Words { $($key: $zh,)* };
        pub(super) static ENGLISH: Words = Words { $($key: $en,)* };

        /// The names of all words.
        pub(super) const KEYS: &[&str] = &[$(stringify!($key),)*];

        impl Words {
            /// The word with this name.
            pub(in crate::console) fn get(&self, key: &str) -> Option<&'static str> {
                match key {
                    $(stringify!($key) => Some(self.$key),)*
                    _ => None,
                }
            }
        }
    };
}
use words;

impl Words {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::Chinese => &table::CHINESE,
            Language::English => &table::ENGLISH,
        }
    }

    pub(super) fn is_chinese(&self) -> bool {
        std::ptr::eq(self, &table::CHINESE)
    }

    /// The word for one value of a kind, such as the role `owner`; an unknown value stands for itself nowhere, so it is a dash.
    pub(super) fn one_of(&self, kind: &str, value: &str) -> &'static str {
        self.get(&format!("{kind}_{value}")).unwrap_or("–")
    }

    /// The word for a field of an FAQ entry.
    pub(super) fn of_field(&self, field: &str) -> &'static str {
        self.one_of("js_field", field)
    }

    /// The words that begin with `js_`, as JSON without that beginning.
    pub(super) fn for_scripts(&self) -> String {
        let ours = table::KEYS.iter().filter_map(|key| Some((key.strip_prefix("js_")?, self.get(key)?)));
        let words: serde_json::Map<String, serde_json::Value> =
            ours.map(|(key, word)| (key.to_owned(), word.into())).collect();
        serde_json::Value::Object(words).to_string()
    }
}

/// Fills `{n}` and chooses the form of `[one|more]` by it.
pub(super) fn n(words: &str, number: impl Display) -> String {
    let number = number.to_string();
    let mut text = String::with_capacity(words.len() + number.len());
    let mut rest = words;
    while let Some((before, forms)) = rest.split_once('[') {
        let Some((forms, after)) = forms.split_once(']') else { break };
        let (one, more) = forms.split_once('|').unwrap_or((forms, forms));
        text.push_str(before);
        text.push_str(if number == "1" { one } else { more });
        rest = after;
    }
    text.push_str(rest);
    text.replace("{n}", &number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_in_both_languages_with_the_same_places_to_fill() {
        // Names that are the same everywhere.
        let shared = ["list_comma"];
        for key in table::KEYS {
            let (zh, en) = (table::CHINESE.get(key).unwrap(), table::ENGLISH.get(key).unwrap());
            assert!(!zh.trim().is_empty() && !en.trim().is_empty(), "{key} is empty");
            let places = |text: &str| {
                ["{n}", "{version}", "{passed}", "{all}", "{train}", "{validation}", "{labelled}"]
                    .map(|place| text.contains(place))
            };
            assert_eq!(places(zh), places(en), "{key}: the places to fill differ");
            if !shared.contains(key) && !key.starts_with("language_") {
                assert!(
                    zh.chars().any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character)),
                    "{key} has no Chinese: {zh}"
                );
                assert!(
                    en.is_ascii() || en.chars().all(|character| !('\u{4e00}'..='\u{9fff}').contains(&character)),
                    "{key} has Chinese in English: {en}"
                );
            }
        }
    }

    #[test]
    fn numbers_choose_their_form() {
        assert_eq!(n("{n} [entry|entries]", 1), "1 entry");
        assert_eq!(n("{n} [entry|entries]", 12), "12 entries");
        assert_eq!(n("共 {n} 条", 1), "共 1 条");
    }

    #[test]
    fn scripts_get_their_words_as_json() {
        let words: serde_json::Value = serde_json::from_str(&Words::of(Language::English).for_scripts()).unwrap();
        assert_eq!(words["unsaved"], table::ENGLISH.js_unsaved);
    }
}
