//! General messages that a business is seldom asked: the demo bot's own, shipped with the program. A bot that brings few
//! out-of-scope messages learns from these how such messages look; none of them is learned as an example.

use dialogue::Language;

use crate::row::{Rows, read_jsonl};
use crate::source::Source;

/// The demo bot's out-of-scope messages.
const SHIPPED: &str = include_str!("../../data/demo/intents/out_of_scope.jsonl");
/// What carries no wish at all: bare numbers, and what a hand on a keyboard makes.
const BARE: [&str; 12] = [
    "AB12345678",
    "13800138000",
    "20260310001",
    "SF1029384756",
    "0",
    "asdf qwer",
    "qweqwe",
    "hjkl;",
    "......",
    "？？？",
    "啊啊啊啊",
    "111",
];

/// General messages in the languages of a bot.
pub(crate) fn messages(languages: &[Language]) -> Vec<String> {
    let shipped = read_jsonl(&Source::new("the shipped general messages".to_owned(), SHIPPED), Rows::All);
    let speaks = |text: &String| {
        text::detect_language(text).is_none_or(|detected| {
            languages.contains(&match detected.language {
                text::Language::Chinese => Language::Chinese,
                text::Language::English => Language::English,
            })
        })
    };
    let shipped = shipped.rows.into_iter().filter(|row| row.intent.is_none()).map(|row| row.text);
    shipped.filter(speaks).chain(BARE.map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_gets_the_messages_of_its_languages() {
        let both = messages(&[Language::Chinese, Language::English]).len();
        let [chinese, english] = [Language::Chinese, Language::English].map(|language| messages(&[language]));
        assert!(chinese.len() > 150 && english.len() > 150, "{} {}", chinese.len(), english.len());
        assert!(chinese.len() < both && english.len() < both, "{} and {} of {both}", chinese.len(), english.len());
        assert!(chinese.contains(&"今天多少度啊".to_owned()) && !english.contains(&"今天多少度啊".to_owned()));
        assert!(english.contains(&BARE[0].to_owned()), "bare numbers are of every language");
    }
}
