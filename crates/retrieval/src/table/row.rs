//! One entry as it is compared: the tokens and meanings of its parts.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use text::Language;

use crate::FaqEntry;
use crate::analysis::{self, Token};
use crate::bag::Bag;
use crate::entry::{is_within, serves};
use crate::meaning::{Meaning, Reader};
use crate::schema::MAX_WORDINGS;
use crate::spelling;

/// Characters of an answer that its meaning is read from.
const ANSWER_BEGINNING: usize = 400;

/// One entry with everything that comparing needs; its text stays in the store.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Row {
    /// Decides the order of entries that are otherwise equal; an entry keeps it through edits.
    pub(crate) number: u64,
    pub(crate) language: Option<Language>,
    /// First and last day on which it may be shown.
    pub(crate) valid: (Option<String>, Option<String>),
    /// Where it may be shown; everywhere when empty.
    pub(crate) channels: Vec<String>,
    /// The question, then the similar questions.
    pub(crate) wordings: Vec<Wording>,
    /// All wordings poured together.
    pub(crate) together: Bag,
    pub(crate) answer: Bag,
    pub(crate) whole_meaning: Meaning,
    pub(crate) category: Bag,
}

/// One way to ask the question.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Wording {
    pub(crate) bag: Bag,
    /// Hash of the text without spaces and punctuation.
    pub(crate) fingerprint: u64,
    pub(crate) meaning: Meaning,
}

/// What the parts of an entry mean.
#[derive(Debug)]
pub(crate) struct Meanings {
    /// Question and answer as one.
    pub(crate) whole: Meaning,
    /// In the order of the wordings.
    pub(crate) wordings: Vec<Meaning>,
}

/// The tokens of an entry as they go into tantivy.
#[derive(Debug)]
pub(crate) struct RowTokens {
    pub(crate) wordings: Vec<Vec<Token>>,
    pub(crate) answer: Vec<Token>,
    pub(crate) category: Vec<Token>,
    /// What its words are found by when they are misspelt.
    pub(crate) spellings: BTreeSet<String>,
}

impl Meanings {
    /// Reads an entry.
    pub(crate) fn of(entry: &FaqEntry, reader: &Reader) -> Self {
        let wordings = wordings(entry).map(|wording| Meaning::of(&spelling::asked(wording), reader)).collect();
        let whole = format!("{} {}", spelling::asked(&entry.question), beginning(&entry.answer));
        Self { whole: Meaning::of(&whole, reader), wordings }
    }
}

/// The wordings of an entry that are indexed, the question first.
fn wordings(entry: &FaqEntry) -> impl Iterator<Item = &String> {
    std::iter::once(&entry.question).chain(&entry.similar).take(MAX_WORDINGS)
}

impl Row {
    /// Analyses an entry once, for the index and for comparing; it has no number yet.
    pub(crate) fn new(entry: &FaqEntry, meanings: Meanings) -> (Self, RowTokens) {
        let named = entry.language.as_deref().and_then(Language::parse);
        let language = named.or_else(|| text::detect_language(&entry.question).map(|found| found.language));
        let mut found = Vec::new();
        let mut tokens = Vec::new();
        let mut spellings = BTreeSet::new();
        let mut analyse = |normalised: &str| {
            let words = text::search_words(normalised);
            spellings.extend(spelling::spellings(&words));
            analysis::tokens_of(normalised, &words)
        };
        for (wording, meaning) in wordings(entry).zip(meanings.wordings) {
            let normalised = text::normalise(wording);
            let asked = text::without_courtesies(normalised.as_str());
            let terms = analyse(asked);
            found.push(Wording { bag: Bag::of(&terms), fingerprint: fingerprint(asked), meaning });
            tokens.push(terms);
        }
        let answer = analyse(text::normalise(&entry.answer).as_str());
        let category =
            entry.category.as_deref().map(|text| analyse(text::normalise(text).as_str())).unwrap_or_default();
        let row = Self {
            number: 0,
            language,
            valid: (entry.valid_from.clone(), entry.valid_until.clone()),
            channels: entry.channels.clone(),
            together: Bag::union(found.iter().map(|wording| &wording.bag)),
            wordings: found,
            answer: Bag::of(&answer),
            whole_meaning: meanings.whole,
            category: Bag::of(&category),
        };
        (row, RowTokens { wordings: tokens, answer, category, spellings })
    }

    /// All wordings but one poured together.
    pub(crate) fn together_without(&self, ordinal: usize) -> Bag {
        let others = self.wordings.iter().enumerate().filter(|(other, _)| *other != ordinal);
        Bag::union(others.map(|(_, wording)| &wording.bag))
    }

    /// Whether the entry may be shown on `today` (`YYYY-MM-DD`).
    pub(crate) fn is_valid_on(&self, today: &str) -> bool {
        is_within(self.valid.0.as_deref(), self.valid.1.as_deref(), today)
    }

    /// Whether the entry may be shown on a channel.
    pub(crate) fn serves(&self, channel: Option<&str>) -> bool {
        serves(&self.channels, channel)
    }
}

/// What the answer of an entry means by itself.
pub(crate) fn answer_meaning(entry: &FaqEntry, reader: &Reader) -> Meaning {
    Meaning::of(beginning(&entry.answer), reader)
}

/// What says what an answer is about.
fn beginning(answer: &str) -> &str {
    &answer[..answer.char_indices().nth(ANSWER_BEGINNING).map_or(answer.len(), |(at, _)| at)]
}

/// A hash that is equal for texts that differ only in spaces and punctuation; 0 where nothing else is left.
pub(crate) fn fingerprint(normalised: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut any = false;
    for character in normalised.chars().filter(|character| character.is_alphanumeric()) {
        any = true;
        character.hash(&mut hasher);
    }
    if any { hasher.finish() } else { 0 }
}
