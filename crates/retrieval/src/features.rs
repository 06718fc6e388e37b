//! What is compared between a message and an entry, and the weights that make one score of it.
//! The weights are the same for every index and language.

use text::Language;

use crate::analysis::{Kind, kind_of};
use crate::bag::{Bag, Norm};
use crate::table::{Row, Table};

/// How many features rank an entry.
pub(crate) const N_FEATURES: usize = 6;

/// Names of the features, in order.
pub(crate) const NAMES: [&str; N_FEATURES] = [
    "nearest wording holds the message",
    "all wordings together hold the message",
    "answer holds the message",
    "category holds the message",
    "same text",
    "same language",
];

/// Weight of each feature in the score.
pub(crate) const WEIGHTS: [f32; N_FEATURES] = [1.0, 2.0, 2.0, 0.2, 1.0, 0.05];

pub(crate) const NEAREST: usize = 0;
pub(crate) const TOGETHER: usize = 1;
pub(crate) const ANSWER: usize = 2;
const CATEGORY: usize = 3;
pub(crate) const SAME_TEXT: usize = 4;
pub(crate) const SAME_LANGUAGE: usize = 5;

/// How much longer texts are held back, in questions and in answers.
const QUESTION_STRICTNESS: f32 = 0.5;
const ANSWER_STRICTNESS: f32 = 0.7;

/// Feature values, each between 0 and 1.
pub(crate) type Features = [f32; N_FEATURES];

/// The weighted sum of features.
pub(crate) fn score(features: &Features) -> f32 {
    features.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum()
}

/// Letter groups repeat what the stems say and are there for typing errors; Han words repeat their characters.
pub(crate) fn kind_weight(kind: Kind) -> f32 {
    match kind {
        Kind::Character | Kind::Stem => 1.0,
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
}

impl Query {
    pub(crate) fn new(ids: &[u32], fingerprint: u64, language: Option<Language>, table: &Table) -> Self {
        let weighted = |weight: &dyn Fn(u32) -> f32| -> Vec<(u32, f32)> {
            ids.iter().map(|&id| (id, weight(id) * kind_weight(kind_of(id)))).collect()
        };
        let tokens = weighted(&|id| table.question_weight(id));
        let in_answers = weighted(&|id| table.answer_weight(id));
        let sum = |tokens: &mut dyn Iterator<Item = &(u32, f32)>| tokens.map(|(_, weight)| weight).sum::<f32>();
        let mass = sum(&mut tokens.iter());
        let unknown = share(sum(&mut tokens.iter().filter(|(id, _)| table.is_unknown(*id))), mass);
        Self { tokens, in_answers, mass, unknown, fingerprint, language }
    }

    fn share_in(&self, bag: &Bag, norm: Norm) -> f32 {
        share(bag.bm25(&self.tokens, norm), self.mass)
    }
}

fn share(part: f32, whole: f32) -> f32 {
    if whole > 0.0 { (part / whole).min(1.0) } else { 0.0 }
}

/// Compares a message with one wording of an entry: how much of it the wording holds, and whether it is the same text.
pub(crate) fn wording_features(query: &Query, table: &Table, row: &Row, ordinal: usize) -> (f32, bool) {
    let wording = &row.wordings[ordinal];
    let norm = Norm { mean_length: table.mean_lengths().wording, strictness: QUESTION_STRICTNESS };
    let same_text = query.fingerprint != 0 && query.fingerprint == wording.fingerprint;
    (query.share_in(&wording.bag, norm), same_text)
}

/// Compares a message with a whole entry whose wordings, poured together, are given.
pub(crate) fn features(query: &Query, table: &Table, row: &Row, together: &Bag, nearest: (f32, bool)) -> Features {
    let means = table.mean_lengths();
    let mut features = [0.0; N_FEATURES];
    features[NEAREST] = nearest.0;
    features[TOGETHER] =
        query.share_in(together, Norm { mean_length: means.together, strictness: QUESTION_STRICTNESS });
    features[ANSWER] = share(
        row.answer.bm25(&query.in_answers, Norm { mean_length: means.answer, strictness: ANSWER_STRICTNESS }),
        query.mass,
    );
    features[CATEGORY] =
        query.share_in(&row.category, Norm { mean_length: means.wording, strictness: QUESTION_STRICTNESS });
    features[SAME_TEXT] = f32::from(nearest.1);
    features[SAME_LANGUAGE] = match (query.language, row.language) {
        (Some(asked), Some(written)) => f32::from(asked == written),
        _ => 0.5,
    };
    features
}
