//! Kinds of customers side by side: by language, by length and by manner of speaking, so that a model that serves some
//! of them worse is seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::data_report;
use crate::evaluate::Judged;
use crate::significance::wilson;
use crate::vectors::{is_han, words};

/// Words, or Chinese characters for two thirds of one, that a short message has at most.
const SHORT: f32 = 4.0;
/// And that a long one has at least.
const LONG: f32 = 12.0;

/// What messages are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aspect {
    /// zh, en, mixed, unknown.
    Language,
    /// short, medium, long.
    Length,
    /// formal, plain, dialectal.
    Manner,
}

/// Figures of the messages of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// What they are told apart by.
    pub aspect: Aspect,
    /// Which kind.
    pub name: String,
    /// Messages.
    pub messages: usize,
    /// Those with an intent.
    pub in_scope: usize,
    /// Share of those whose best intent is right.
    pub accuracy: f64,
    /// The 95 % interval of that share (Wilson).
    pub accuracy_interval: [f64; 2],
    /// Share of all messages below the threshold.
    pub abstention: f64,
    /// Share of wrong ones among the answers.
    pub error: f64,
}

/// Every kind that occurs, by aspect.
pub(crate) fn slices(rows: &[Judged], threshold: f64) -> Vec<Slice> {
    let mut groups: BTreeMap<(Aspect, usize, &'static str), Vec<&Judged>> = BTreeMap::new();
    for row in rows {
        let language = data_report::language(&row.text);
        let order = ["zh", "en", "mixed", "unknown"].iter().position(|name| *name == language).unwrap_or(3);
        groups.entry((Aspect::Language, order, language)).or_default().push(row);
        let (order, length) = length(&row.text);
        groups.entry((Aspect::Length, order, length)).or_default().push(row);
        let (order, manner) = manner(&row.text);
        groups.entry((Aspect::Manner, order, manner)).or_default().push(row);
    }
    groups.into_iter().map(|((aspect, _, name), rows)| slice(aspect, name, &rows, threshold)).collect()
}

fn slice(aspect: Aspect, name: &str, rows: &[&Judged], threshold: f64) -> Slice {
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let in_scope = rows.iter().filter(|row| row.intent.is_some()).count();
    let right = rows.iter().filter(|row| row.is_right()).count();
    let answered: Vec<_> = rows.iter().filter(|row| row.probability >= threshold).collect();
    Slice {
        aspect,
        name: name.to_owned(),
        messages: rows.len(),
        in_scope,
        accuracy: share(right, in_scope),
        accuracy_interval: wilson(right, in_scope),
        abstention: share(rows.len() - answered.len(), rows.len()),
        error: share(answered.iter().filter(|row| !row.is_right()).count(), answered.len()),
    }
}

fn length(text: &str) -> (usize, &'static str) {
    let weight = |word: &str| if word.chars().all(is_han) { 1.0 / 1.5 } else { 1.0 };
    let length: f32 = words(text).map(weight).sum();
    match length {
        length if length <= SHORT => (0, "short"),
        length if length < LONG => (1, "medium"),
        _ => (2, "long"),
    }
}

/// Polite turns of phrase: Chinese by occurrence, English by whole words.
const FORMAL_ZH: [&str; 14] =
    ["您", "请问", "麻烦", "烦请", "劳驾", "敬请", "贵司", "贵公司", "盼复", "谢谢您", "能否", "可否", "敬礼", "望"];
const FORMAL_EN: [&str; 15] = [
    "please",
    "could you",
    "would you",
    "i would like",
    "kindly",
    "sir",
    "madam",
    "dear",
    "regards",
    "may i",
    "i am writing",
    "assist",
    "would it be possible",
    "thank you",
    "grateful",
];
/// Dialect and casual writing: northern, south-western, Cantonese and Wu words; English contractions and texting.
const DIALECTAL_ZH: [&str; 37] = [
    "咋",
    "啥",
    "俺",
    "嘎哈",
    "干哈",
    "木有",
    "木得",
    "莫得",
    "撒子",
    "啷个",
    "巴适",
    "晓得",
    "噻",
    "冇",
    "嘅",
    "唔",
    "咩",
    "乜",
    "佢",
    "哋",
    "嚟",
    "咁",
    "啲",
    "喺",
    "点解",
    "边度",
    "系咪",
    "侬",
    "阿拉",
    "伐",
    "哪能",
    "得劲",
    "中不中",
    "贼慢",
    "忒",
    "甭",
    "整不",
];
const DIALECTAL_EN: [&str; 28] = [
    "wanna", "gonna", "gotta", "ain't", "aint", "y'all", "yall", "innit", "dunno", "lemme", "gimme", "u", "ur", "pls",
    "plz", "thx", "wot", "cuz", "coz", "ya", "yo", "bruh", "wassup", "tryna", "kinda", "r", "idk", "nah",
];

fn manner(text: &str) -> (usize, &'static str) {
    let lower = text.to_lowercase().replace('’', "'");
    let separated: String = lower.chars().map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' }).collect();
    let spaced = format!(" {} ", separated.split_whitespace().collect::<Vec<_>>().join(" "));
    let says = |chinese: &[&str], english: &[&str]| {
        chinese.iter().any(|word| lower.contains(word))
            || english.iter().any(|phrase| spaced.contains(&format!(" {phrase} ")))
    };
    if says(&DIALECTAL_ZH, &DIALECTAL_EN) {
        (2, "dialectal")
    } else if says(&FORMAL_ZH, &FORMAL_EN) {
        (0, "formal")
    } else {
        (1, "plain")
    }
}

impl Aspect {
    /// The heading of its kinds.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Language => "language",
            Self::Length => "length",
            Self::Manner => "manner",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart_by_length_in_both_languages() {
        for (text, expected) in [
            ("退款", "short"),
            ("where's my parcel", "short"),
            ("", "short"),
            ("我的快递到哪里了呀还没有到", "medium"),
            ("i would like to know where it is", "medium"),
            ("我上周买的裙子物流好像停了好几天都没有动能帮我查查包裹到哪里吗", "long"),
        ] {
            assert_eq!(length(text).1, expected, "{text}");
        }
    }

    #[test]
    fn manner_is_told_by_whole_words_in_english_and_by_occurrence_in_chinese() {
        for (text, expected) in [
            ("您好，请问怎么退货", "formal"),
            ("Could you please help", "formal"),
            ("这玩意咋退啊", "dialectal"),
            ("點解未到嘅", "dialectal"),
            ("wanna return it", "dialectal"),
            ("where r u", "dialectal"),
            ("return my order", "plain"),
            ("怎么退货", "plain"),
            ("yours is displeased", "plain"),
        ] {
            assert_eq!(manner(text).1, expected, "{text}");
        }
    }

    #[test]
    fn every_message_counts_once_in_each_aspect() {
        let row = |text: &str, said: &str, probability| Judged {
            text: text.to_owned(),
            intent: Some("a".to_owned()),
            said: said.to_owned(),
            probability,
            in_scope: probability,
        };
        let rows = [row("退款", "a", 0.9), row("咋退款", "b", 0.8), row("could you refund me", "a", 0.2)];
        let found = slices(&rows, 0.5);
        for aspect in [Aspect::Language, Aspect::Length, Aspect::Manner] {
            let of_aspect = found.iter().filter(|slice| slice.aspect == aspect);
            assert_eq!(of_aspect.map(|slice| slice.messages).sum::<usize>(), 3);
        }
        let chinese = &found[0];
        assert_eq!((chinese.name.as_str(), chinese.accuracy, chinese.error), ("zh", 0.5, 0.5));
        assert_eq!(slices(&[], 0.5), []);
    }
}
