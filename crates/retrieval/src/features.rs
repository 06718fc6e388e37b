//! What is compared between a message and an entry.

use text::Language;

use crate::analysis::{Kind, kind_of};
use crate::bag::{Bag, Norm};
use crate::meaning::Meaning;
use crate::search::Candidate;
use crate::table::{Row, Table};

/// Rises with each change by which a message and an entry get another score; probabilities are learned anew then.
pub(crate) const VERSION: u32 = 2;

/// How many features rank an entry.
pub(crate) const N_FEATURES: usize = 9;

/// Names of the features, in order.
pub const NAMES: [&str; N_FEATURES] = [
    "nearest wording holds the message",
    "all wordings together hold the message",
    "answer holds the message",
    "question and answer as one hold the message",
    "category holds the message",
    "same text",
    "same language",
    "nearest wording, or question and answer as one, means the same",
    "message and nearest wording hold each other",
];

/// What question and answer as one that mean the same count for beside a question that does.
const WHOLE_LIKENESS: f32 = 0.95;
/// So many entries are likely to be asked of what they answer; of fewer, a hit is less likely to be right.
const MANY_ENTRIES: f32 = 12.0;

pub(crate) const NEAREST: usize = 0;
pub(crate) const TOGETHER: usize = 1;
pub(crate) const ANSWER: usize = 2;
pub(crate) const WHOLE: usize = 3;
const CATEGORY: usize = 4;
pub(crate) const SAME_TEXT: usize = 5;
pub(crate) const SAME_LANGUAGE: usize = 6;
pub(crate) const MEANING: usize = 7;
pub(crate) const MUTUAL: usize = 8;

/// How much longer texts are held back, in questions and in answers.
const QUESTION_STRICTNESS: f32 = 0.5;
const ANSWER_STRICTNESS: f32 = 0.7;

/// Feature values, each between 0 and 1.
pub(crate) type Features = [f32; N_FEATURES];

/// Letter groups repeat what the stems say and are there for typing errors; Han words repeat their characters. A stem
/// tells as much as two characters do, which counts where a message mixes both.
pub(crate) fn kind_weight(kind: Kind) -> f32 {
    match kind {
        Kind::Character => 1.0,
        Kind::Stem => 2.0,
        Kind::Word => 0.8,
        Kind::Gram => 0.2,
    }
}

/// A message as it is compared.
#[derive(Debug)]
pub(crate) struct Query {
    /// Distinct tokens, ascending, each with its weight in questions.
    pub(crate) tokens: Vec<(u32, f32)>,
    /// The same with their weights in answers.
    in_answers: Vec<(u32, f32)>,
    mass: f32,
    /// Share of the weight that no entry of the index holds.
    pub(crate) unknown: f32,
    /// The logarithm of the odds that entries this few answer a question, beside those of many.
    pub(crate) few_entries: f32,
    pub(crate) fingerprint: u64,
    pub(crate) language: Option<Language>,
    pub(crate) meaning: Meaning,
}

/// What is known of a message beside its tokens.
#[derive(Debug)]
pub(crate) struct Sense {
    pub(crate) fingerprint: u64,
    pub(crate) language: Option<Language>,
    pub(crate) meaning: Meaning,
}

/// A message beside one wording of an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nearness<'a> {
    wording: &'a Bag,
    /// How much of the message the wording holds.
    held: f32,
    /// How alike both are in meaning.
    meant: f32,
    same_text: bool,
}

impl Nearness<'_> {
    /// Whether this wording is nearer than another.
    pub(crate) fn is_above(&self, other: &Self) -> bool {
        (self.same_text, self.held + self.meant) > (other.same_text, other.held + other.meant)
    }
}

impl Query {
    pub(crate) fn new(ids: &[u32], sense: Sense, table: &Table) -> Self {
        let Sense { fingerprint, language, meaning } = sense;
        let weighted = |weight: &dyn Fn(u32) -> f32| -> Vec<(u32, f32)> {
            ids.iter().map(|&id| (id, weight(id) * kind_weight(kind_of(id)))).collect()
        };
        // A word that many answers hold tells little in a question too, however few questions hold it.
        let tokens = weighted(&|id| table.whole_weight(id));
        let in_answers = weighted(&|id| table.answer_weight(id));
        let sum = |tokens: &mut dyn Iterator<Item = &(u32, f32)>| tokens.map(|(_, weight)| weight).sum::<f32>();
        let mass = sum(&mut tokens.iter());
        let unknown = share(sum(&mut tokens.iter().filter(|(id, _)| table.is_unknown(*id))), mass);
        let few_entries = (table.len().max(1) as f32 / MANY_ENTRIES).min(1.0).ln();
        Self { tokens, in_answers, mass, unknown, few_entries, fingerprint, language, meaning }
    }

    fn share_in(&self, bag: &Bag, norm: Norm) -> f32 {
        share(bag.bm25(&self.tokens, norm), self.mass)
    }

    /// How much of the message the answer of an entry holds.
    pub(crate) fn share_in_answer(&self, row: &Row, table: &Table) -> f32 {
        let norm = Norm { mean_length: table.mean_lengths().answer, strictness: ANSWER_STRICTNESS };
        share(row.answer.bm25(&self.in_answers, norm), self.mass)
    }
}

fn share(part: f32, whole: f32) -> f32 {
    if whole > 0.0 { (part / whole).min(1.0) } else { 0.0 }
}

/// How near question and answer as one are in meaning, as it counts beside questions.
pub(crate) fn as_whole(likeness: f32) -> f32 {
    WHOLE_LIKENESS * likeness
}

/// Compares a message with one wording of an entry.
pub(crate) fn wording_features<'a>(query: &Query, table: &Table, row: &'a Row, ordinal: usize) -> Nearness<'a> {
    let wording = &row.wordings[ordinal];
    let norm = Norm { mean_length: table.mean_lengths().wording, strictness: QUESTION_STRICTNESS };
    let same_text = query.fingerprint != 0 && query.fingerprint == wording.fingerprint;
    let (held, meant) = (query.share_in(&wording.bag, norm), query.meaning.likeness(&wording.meaning));
    Nearness { wording: &wording.bag, held, meant, same_text }
}

/// The features of an entry if it had one more wording: what that which was compared has of the message, with further words.
pub(crate) fn with_words(query: &Query, table: &Table, row: &Row, candidate: &Candidate, words: &Bag) -> Features {
    let shared = row.wordings[candidate.ordinal].bag.among(&query.tokens);
    let further = Bag::union([&shared, words].into_iter());
    let norm = Norm { mean_length: table.mean_lengths().wording, strictness: QUESTION_STRICTNESS };
    let as_it_is = wording_features(query, table, row, candidate.ordinal);
    let nearest = Nearness { wording: &further, held: query.share_in(&further, norm), ..as_it_is };
    features(query, table, row, &Bag::union([&row.together, &further].into_iter()), nearest)
}

/// Compares a message with a whole entry whose wordings, poured together, are given.
pub(crate) fn features(query: &Query, table: &Table, row: &Row, together: &Bag, nearest: Nearness<'_>) -> Features {
    let means = table.mean_lengths();
    let mut features = [0.0; N_FEATURES];
    features[NEAREST] = nearest.held;
    features[MEANING] = nearest.meant.max(as_whole(query.meaning.likeness(&row.whole_meaning)));
    features[TOGETHER] =
        query.share_in(together, Norm { mean_length: means.together, strictness: QUESTION_STRICTNESS });
    features[ANSWER] = query.share_in_answer(row, table);
    let norm = Norm { mean_length: means.whole, strictness: ANSWER_STRICTNESS };
    features[WHOLE] = share(together.bm25_with(&row.answer, &query.tokens, norm), query.mass);
    features[CATEGORY] =
        query.share_in(&row.category, Norm { mean_length: means.wording, strictness: QUESTION_STRICTNESS });
    features[MUTUAL] = nearest.held * nearest.wording.share_among(&query.tokens, |id| kind_weight(kind_of(id)));
    features[SAME_TEXT] = f32::from(nearest.same_text);
    features[SAME_LANGUAGE] = match (query.language, row.language) {
        (Some(asked), Some(written)) => f32::from(asked == written),
        // Where one of the two is not known nothing speaks against it.
        _ => 1.0,
    };
    features
}
