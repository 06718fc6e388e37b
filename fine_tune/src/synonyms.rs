//! Words that customers use and an FAQ does not, beside the word of the FAQ that they stand for: by the base's vectors of
//! the words, and by what becomes of messages when the one is put in the other's place.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;

use model::SentenceEncoder;
use rayon::prelude::*;
use serde::Serialize;

use crate::logs::{Conversation, Role};
use crate::meaning::Meaning;
use crate::mine::read_logs;

/// Conversations that must hold a word.
const FEWEST: usize = 3;
/// Words of the FAQ that are tried in a word's place.
const TRIED: usize = 5;
/// Messages that each is tried in.
const MESSAGES: usize = 6;
/// How alike the two words must be, and the messages with the one and with the other.
const WORDS_ALIKE: f32 = 0.55;
const MESSAGES_ALIKE: f32 = 0.8;

/// A word that stands for another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MinedSynonym {
    /// The customers' word.
    pub word: String,
    /// The word of the FAQ.
    pub stands_for: String,
    /// The mean cosine of messages with the one word and with the other.
    pub likeness: f32,
    /// Conversations that hold it.
    pub conversations: usize,
    /// A message that holds it, without personal data.
    pub example: String,
}

/// Looks for words of logs that stand for words of an FAQ, those of most conversations first.
pub fn mine_synonyms(
    faq: &[&str],
    logs: &[PathBuf],
    encoder: &SentenceEncoder,
) -> Result<Vec<MinedSynonym>, crate::Error> {
    let (conversations, _) = read_logs(logs)?;
    let known: BTreeSet<String> = faq.iter().flat_map(|text| words(text)).collect();
    let used = used(&conversations, &known);
    let texts: Vec<&str> = known.iter().map(String::as_str).collect();
    let (meaning, places) = Meaning::fit(encoder, &texts);
    let find = |(word, said): (&String, &Said)| said.synonym(word, &texts, &places, &meaning);
    let mut found: Vec<MinedSynonym> = used.par_iter().filter_map(find).collect();
    found.sort_by(|one, other| (other.conversations, &one.word).cmp(&(one.conversations, &other.word)));
    Ok(found)
}

/// Where a word was said.
#[derive(Debug, Default)]
struct Said {
    conversations: BTreeSet<usize>,
    /// Some of the messages, in plain form and without personal data.
    messages: Vec<String>,
}

/// The words that customers use and the FAQ does not.
fn used(conversations: &[Conversation], known: &BTreeSet<String>) -> BTreeMap<String, Said> {
    let mut used: BTreeMap<String, Said> = BTreeMap::new();
    for (number, talk) in conversations.iter().enumerate() {
        for turn in talk.turns.iter().filter(|turn| turn.role == Role::Customer) {
            let message = text::normalise(&text::redact(&turn.text).text).as_str().to_owned();
            let new: HashSet<String> = words(&message).into_iter().filter(|word| !known.contains(word)).collect();
            for word in new {
                let said = used.entry(word).or_default();
                said.conversations.insert(number);
                if said.messages.len() < MESSAGES {
                    said.messages.push(message.clone());
                }
            }
        }
    }
    used.retain(|_, said| said.conversations.len() >= FEWEST);
    used
}

impl Said {
    /// The word of the FAQ that changes the messages least, where it changes them little.
    fn synonym(&self, word: &str, known: &[&str], places: &[Vec<f32>], meaning: &Meaning<'_>) -> Option<MinedSynonym> {
        let place = meaning.places(&[word]).pop()?;
        let mut near: Vec<(f32, &str)> =
            places.iter().map(|other| dot(&place, other)).zip(known.iter().copied()).collect();
        near.retain(|(likeness, other)| *likeness >= WORDS_ALIKE && is_latin(other) == is_latin(word));
        near.sort_by(|one, other| other.0.total_cmp(&one.0));
        let messages: Vec<&str> = self.messages.iter().map(String::as_str).collect();
        let before = meaning.places(&messages);
        let changed = |other: &str| {
            let messages: Vec<String> = self.messages.iter().map(|message| message.replacen(word, other, 1)).collect();
            let after = meaning.places(&messages.iter().map(String::as_str).collect::<Vec<_>>());
            before.iter().zip(&after).map(|(one, two)| dot(one, two)).sum::<f32>() / before.len() as f32
        };
        let tried = near.into_iter().take(TRIED).map(|(_, other)| (changed(other), other));
        let (likeness, other) = tried.max_by(|one, two| one.0.total_cmp(&two.0))?;
        (likeness >= MESSAGES_ALIKE).then(|| MinedSynonym {
            word: word.to_owned(),
            stands_for: other.to_owned(),
            likeness,
            conversations: self.conversations.len(),
            example: self.messages[0].clone(),
        })
    }
}

/// Words that can stand for something: Chinese ones of two characters or more, Latin ones of four letters or more.
fn words(text: &str) -> Vec<String> {
    let normalised = text::normalise(text);
    let telling = |word: &text::Word<'_>| match word.is_han {
        true => word.text.chars().nth(1).is_some(),
        false => word.text.len() >= 4 && word.text.bytes().all(|byte| byte.is_ascii_lowercase()),
    };
    text::words(normalised.as_str()).into_iter().filter(telling).map(|word| word.text.to_owned()).collect()
}

/// The cosine of places, which have length 1.
fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

fn is_latin(word: &str) -> bool {
    word.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(dir: &std::path::Path, messages: &[&str]) -> PathBuf {
        let line = |(number, text): (usize, &&str)| {
            serde_json::json!({"conversation_id": number.to_string(), "time": "2026-03-01T10:00:00Z", "role": "customer", "text": text})
                .to_string()
        };
        let path = dir.join("log.jsonl");
        let lines: Vec<String> = messages.iter().enumerate().map(line).collect();
        std::fs::write(&path, lines.join("\n")).expect("written");
        path
    }

    #[test]
    fn a_word_of_customers_is_found_beside_the_word_of_the_faq() {
        let dir = tempfile::tempdir().expect("a folder");
        let messages = ["我要退钱", "怎么退钱啊 13812345678", "退钱要多久", "退钱到哪里", "今天下雨了"];
        let path = log(dir.path(), &messages);
        let encoder = SentenceEncoder::shipped().expect("it comes with the program");
        let faq = ["怎么申请退款", "快递几天能到", "发票怎么开", "How do I get a refund?"];
        let found = mine_synonyms(&faq, &[path], &encoder).expect("it reads");
        let found: Vec<_> =
            found.iter().map(|one| (one.word.as_str(), one.stands_for.as_str(), one.conversations)).collect();
        assert_eq!(found, [("退钱", "退款", 4)]);
    }

    #[test]
    fn words_of_the_faq_and_rare_ones_are_none() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = log(dir.path(), &["怎么退款", "我要退款", "退款呢", "退钱"]);
        let encoder = SentenceEncoder::shipped().expect("it comes with the program");
        assert_eq!(mine_synonyms(&["怎么申请退款"], &[path], &encoder).expect("it reads"), []);
    }
}
