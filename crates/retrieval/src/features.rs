//! What is compared between a message and an entry, and the weights that make one score of it.
//! The weights are the same for every index and language.

use text::Language;

use crate::analysis::{Kind, kind_of};
use crate::bag::{Bag, Norm};
use crate::meaning::Meaning;
use crate::search::Candidate;
use crate::table::{Row, Table};

/// How many features rank an entry.
pub(crate) const N_FEATURES: usize = 8;

/// Names of the features, in order.
pub const NAMES: [&str; N_FEATURES] = [
    "nearest wording holds the message",
    "all wordings together hold the message",
    "answer holds the message",
    "question and answer as one hold the message",
    "category holds the message",
    "same text",
    "same language",
    "nearest wording or the answer means the same",
];

/// Weight of each feature in the score where words are all there is to compare by.
const BY_WORDS: Features = [0.4, 2.0, 0.4, 3.0, 0.2, 1.0, 0.05, 0.0];
/// The same beside meaning, whose own weight is learned from each index.
const BESIDE_MEANING: Features = [0.3, 1.0, 0.5, 2.0, 0.2, 1.0, 0.05, 0.0];

/// What meaning may count for; what stands first is kept where another is no better.
pub(crate) const MEANING_WEIGHTS: [f32; 4] = [USUAL_MEANING_WEIGHT, 3.6, 5.4, 0.0];
/// What it counts for where an index has too few questions in several wordings to tell.
pub(crate) const USUAL_MEANING_WEIGHT: f32 = 2.4;
/// What an answer that means the same counts for beside a question that does.
const ANSWER_LIKENESS: f32 = 0.9;

pub(crate) const NEAREST: usize = 0;
pub(crate) const TOGETHER: usize = 1;
pub(crate) const ANSWER: usize = 2;
pub(crate) const WHOLE: usize = 3;
const CATEGORY: usize = 4;
pub(crate) const SAME_TEXT: usize = 5;
pub(crate) const SAME_LANGUAGE: usize = 6;
pub(crate) const MEANING: usize = 7;

/// How much longer texts are held back, in questions and in answers.
const QUESTION_STRICTNESS: f32 = 0.5;
const ANSWER_STRICTNESS: f32 = 0.7;

/// Feature values, each between 0 and 1.
pub(crate) type Features = [f32; N_FEATURES];

/// The weight of each feature, given that of meaning.
pub(crate) fn weights(meaning: f32) -> Features {
    let mut weights = if meaning > 0.0 { BESIDE_MEANING } else { BY_WORDS };
    weights[MEANING] = meaning;
    weights
}

/// The weighted sum of features.
pub(crate) fn score(features: &Features, meaning: f32) -> f32 {
    features.iter().zip(weights(meaning)).map(|(value, weight)| value * weight).sum()
}

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
pub(crate) struct Nearness {
    /// How much of the message the wording holds.
    held: f32,
    /// How alike both are in meaning.
    meant: f32,
    same_text: bool,
}

impl Nearness {
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
        Self { tokens, in_answers, mass, unknown, fingerprint, language, meaning }
    }

    fn share_in(&self, bag: &Bag, norm: Norm) -> f32 {
        share(bag.bm25(&self.tokens, norm), self.mass)
    }
}

fn share(part: f32, whole: f32) -> f32 {
    if whole > 0.0 { (part / whole).min(1.0) } else { 0.0 }
}

/// How near an answer is in meaning, as it counts beside questions.
pub(crate) fn as_answer(likeness: f32) -> f32 {
    ANSWER_LIKENESS * likeness
}

/// Compares a message with one wording of an entry.
pub(crate) fn wording_features(query: &Query, table: &Table, row: &Row, ordinal: usize) -> Nearness {
    let wording = &row.wordings[ordinal];
    let norm = Norm { mean_length: table.mean_lengths().wording, strictness: QUESTION_STRICTNESS };
    let same_text = query.fingerprint != 0 && query.fingerprint == wording.fingerprint;
    Nearness { held: query.share_in(&wording.bag, norm), meant: query.meaning.likeness(&wording.meaning), same_text }
}

/// The features of an entry if it had one more wording: that which was compared, with further words.
pub(crate) fn with_words(query: &Query, table: &Table, row: &Row, candidate: &Candidate, words: &Bag) -> Features {
    let longer = Bag::union([&row.wordings[candidate.ordinal].bag, words].into_iter());
    let norm = Norm { mean_length: table.mean_lengths().wording, strictness: QUESTION_STRICTNESS };
    let as_it_is = wording_features(query, table, row, candidate.ordinal);
    let nearest = Nearness { held: query.share_in(&longer, norm), ..as_it_is };
    features(query, table, row, &Bag::union([&row.together, &longer].into_iter()), nearest)
}

/// Compares a message with a whole entry whose wordings, poured together, are given.
pub(crate) fn features(query: &Query, table: &Table, row: &Row, together: &Bag, nearest: Nearness) -> Features {
    let means = table.mean_lengths();
    let mut features = [0.0; N_FEATURES];
    features[NEAREST] = nearest.held;
    features[MEANING] = nearest.meant.max(as_answer(query.meaning.likeness(&row.answer_meaning)));
    features[TOGETHER] =
        query.share_in(together, Norm { mean_length: means.together, strictness: QUESTION_STRICTNESS });
    features[ANSWER] = share(
        row.answer.bm25(&query.in_answers, Norm { mean_length: means.answer, strictness: ANSWER_STRICTNESS }),
        query.mass,
    );
    let norm = Norm { mean_length: means.whole, strictness: ANSWER_STRICTNESS };
    features[WHOLE] = share(together.bm25_with(&row.answer, &query.tokens, norm), query.mass);
    features[CATEGORY] =
        query.share_in(&row.category, Norm { mean_length: means.wording, strictness: QUESTION_STRICTNESS });
    features[SAME_TEXT] = f32::from(nearest.same_text);
    features[SAME_LANGUAGE] = match (query.language, row.language) {
        (Some(asked), Some(written)) => f32::from(asked == written),
        // Where one of the two is not known nothing speaks against it.
        _ => 1.0,
    };
    features
}
