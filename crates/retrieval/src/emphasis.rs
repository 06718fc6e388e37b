//! What counts for how much in the score of an entry: the same for every language, but for what the entries of an index show
//! to be telling.

use serde::{Deserialize, Serialize};

use crate::features::{ANSWER, Features, MEANING, WHOLE};

/// Weight of each feature in the score where words are all there is to compare by.
const BY_WORDS: Features = [0.4, 2.0, 0.4, 3.0, 0.2, 1.0, 0.05, 0.0, 0.7];
/// The same beside meaning, whose own weight is learned from each index.
const BESIDE_MEANING: Features = [0.3, 1.0, 0.5, 2.0, 0.2, 1.0, 0.05, 0.0, 0.5];

/// The weight of meaning where an index cannot tell.
const USUAL_MEANING: f32 = 1.6;
/// Weights of meaning, and what answers count for beside the usual, that are tried where questions in several wordings tell.
pub(crate) const MEANING_WEIGHTS: [f32; 5] = [0.0, USUAL_MEANING, 2.4, 3.6, 5.4];
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
        Self { meaning: if with_meaning { USUAL_MEANING } else { 0.0 }, answers: 1.0 }
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
