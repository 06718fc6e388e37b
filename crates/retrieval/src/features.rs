//! What is compared between a message and an entry, and the weights that make one score of it.
//! The weights are the same for every index and language.

use serde::{Deserialize, Serialize};
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

/// Weight of each feature in the score where words are all there is to compare by.
const BY_WORDS: Features = [0.4, 2.0, 0.4, 3.0, 0.2, 1.0, 0.05, 0.0, 0.7];
/// The same beside meaning, whose own weight is learned from each index.
const BESIDE_MEANING: Features = [0.3, 1.0, 0.5, 2.0, 0.2, 1.0, 0.05, 0.0, 0.5];

/// What meaning may count for; what stands first is kept where another is no better.
pub(crate) const MEANING_WEIGHTS: [f32; 5] = [USUAL_MEANING_WEIGHT, 2.4, 3.6, 5.4, 0.0];
/// What it counts for where an index has too few questions in several wordings to tell.
pub(crate) const USUAL_MEANING_WEIGHT: f32 = 1.6;
/// What answers may count for beside the usual, where questions in several wordings tell.
pub(crate) const ANSWER_WEIGHTS: [f32; 4] = [0.2, 0.5, 1.0, 1.5];

/// What something counts for by how well it tells entries apart (`index::telling`): where that is hardly more than
/// `misleading` for the least, and for so much more the better it does.
#[derive(Debug)]
struct Line {
    misleading: f32,
    steepness: f32,
    least: f32,
    most: f32,
}

const ANSWER_LINE: Line = Line { misleading: 1.1, steepness: 2.5, least: 0.2, most: 1.5 };
const MEANING_LINE: Line = Line { misleading: 1.5, steepness: 1.5, least: 0.4, most: 1.8 };
/// What question and answer as one that mean the same count for beside a question that does.
const WHOLE_LIKENESS: f32 = 0.95;

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

/// How well the answers of an index and likeness in meaning tell its entries apart; none where that cannot be told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Telling {
    /// The mean logarithm of how much more of a question its own answer holds than others do.
    pub(crate) answers: Option<f32>,
    /// By how many standard deviations a question is more like its own answer than like others.
    pub(crate) meaning: Option<f32>,
}

/// What counts for how much in an index, as it was told from its own entries.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Emphasis {
    /// The weight of likeness in meaning.
    pub(crate) meaning: f32,
    /// What answers count for beside what they usually do.
    #[serde(default)]
    pub(crate) answers: f32,
}

impl Emphasis {
    /// What an index starts from, given whether it compares meanings.
    pub(crate) fn usual(with_meaning: bool) -> Self {
        Self { meaning: if with_meaning { USUAL_MEANING_WEIGHT } else { 0.0 }, answers: 1.0 }
    }

    /// The same where its own entries show how much answers and likeness tell.
    pub(crate) fn told(with_meaning: bool, telling: Telling) -> Self {
        let usual = Self::usual(with_meaning);
        let line =
            |line: &Line, telling: f32| (line.steepness * (telling - line.misleading)).clamp(line.least, line.most);
        Self {
            meaning: telling.meaning.map_or(usual.meaning, |telling| line(&MEANING_LINE, telling)),
            answers: telling.answers.map_or(usual.answers, |telling| line(&ANSWER_LINE, telling)),
        }
    }

    /// The weight of each feature.
    pub(crate) fn weights(self) -> Features {
        let mut weights = if self.meaning > 0.0 { BESIDE_MEANING } else { BY_WORDS };
        weights[MEANING] = self.meaning;
        [ANSWER, WHOLE].into_iter().for_each(|feature| weights[feature] *= self.answers);
        weights
    }

    /// The weighted sum of features.
    pub(crate) fn score(self, features: &Features) -> f32 {
        features.iter().zip(self.weights()).map(|(value, weight)| value * weight).sum()
    }
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
        Self { tokens, in_answers, mass, unknown, fingerprint, language, meaning }
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
