//! From features to a probability that means what it says: a small logistic regression, learned from the
//! entries' own similar questions held out one at a time, and pulled towards shipped defaults where they are few.

mod fit;
mod judged;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::emphasis::Emphasis;
use crate::features::{self, ANSWER, MEANING, NEAREST, SAME_LANGUAGE, SAME_TEXT};
use crate::search::Found;

pub(crate) use fit::fit;
pub(crate) use judged::worst_curve;
pub use judged::{JudgedQuestion, JudgedReport, JudgedSearches};

/// How many pieces of evidence speak for or against a hit.
pub(crate) const N_EVIDENCE: usize = 14;
/// The place of that which says whether message and hit are in one language.
const LANGUAGE: usize = 9;
/// Hits among which a hit's share is taken.
pub(crate) const NEAR: usize = 10;
/// How steeply the shares of hits fall with their scores: one that many hits near the best take from, one that only close
/// rivals do.
const STEEPNESS: [f32; 2] = [3.0, 8.0];

/// An index that has changed less often than this since it was learned from is not learned from again.
const FEWEST_CHANGES: u64 = 20;

/// Where a hit is as likely right as wrong.
const EVEN: f32 = 0.5;

/// File beside the index.
const FILE: &str = "calibration.json";

/// What an index starts from that has few questions of its own: learned from the five sets of BENCHMARKS.md together
/// (`cargo run --example usual_calibration` of the assistant, which also judges each by what the others teach). Above each
/// threshold none of the five has more errors than it says, as nobody knows which of them the next index is like. That few
/// entries answer few questions none of the five can teach: it counts for what the odds are worth.
#[derive(Debug)]
struct Usual {
    weights: [f32; N_EVIDENCE],
    curve: [CurvePoint; 5],
}

const fn point(threshold: f32, error_rate: f32) -> CurvePoint {
    CurvePoint { threshold, error_rate }
}

/// Where words are all there is to compare by.
const BY_WORDS: Usual = Usual {
    weights: [-1.5, -0.89, 1.81, 1.81, 0.68, -2.33, -2.29, -0.96, 0.16, 0.0, 0.0, 1.81, 3.3, 1.0],
    curve: [point(0.335, 0.3), point(0.475, 0.2), point(0.775, 0.1), point(0.93, 0.05), point(0.965, 0.025)],
};

/// Where meaning is compared too.
const BESIDE_MEANING: Usual = Usual {
    weights: [-2.49, -0.56, 2.19, 1.47, 0.14, -3.18, -2.87, -1.64, 0.47, 0.0, 0.41, 1.49, 3.41, 1.0],
    curve: [point(0.375, 0.3), point(0.555, 0.2), point(0.825, 0.1), point(0.89, 0.05), point(0.955, 0.025)],
};

/// What speaks for or against a hit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Evidence(pub(crate) [f32; N_EVIDENCE]);

impl Evidence {
    /// The same saying nothing of languages, as questions that are all in the language of their answers teach nothing of them.
    pub(crate) fn of_one_language(mut self) -> Self {
        self.0[LANGUAGE] = 0.0;
        self
    }

    /// The evidence for the hit at a place of the ranking.
    pub(crate) fn of(found: &Found, place: usize) -> Self {
        let candidate = &found.candidates[place];
        let rival = found.candidates.get(usize::from(place == 0)).map_or(0.0, |other| other.score);
        let gap = candidate.score - rival;
        let features = &candidate.features;
        let n_tokens = found.query.tokens.len() as f32;
        Self([
            1.0,
            candidate.score,
            gap,
            gap / candidate.score.max(rival).max(f32::MIN_POSITIVE),
            features[NEAREST],
            features[ANSWER],
            features[SAME_TEXT],
            found.query.unknown,
            (1.0 + n_tokens).ln(),
            features[SAME_LANGUAGE],
            features[MEANING],
            share(found, place, STEEPNESS[0]),
            share(found, place, STEEPNESS[1]),
            found.query.few_entries,
        ])
    }
}

/// The share that a hit has of all near the best, as a softmax of their scores. Where fewer were found, entries that have
/// nothing of the message stand for the others, so that the only entry of a small FAQ is not taken for likely.
fn share(found: &Found, place: usize, steepness: f32) -> f32 {
    let best = found.candidates[0].score;
    let height = |score: f32| (steepness * (score - best)).exp();
    let near = found.candidates.iter().take(NEAR).map(|candidate| candidate.score);
    let all: f32 = near.chain(std::iter::repeat(0.0)).take(NEAR).map(height).sum();
    height(found.candidates[place].score) / all
}

/// A calibrated judge of hits, and what it was learned from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    weights: [f32; N_EVIDENCE],
    /// What counts for how much in the score.
    #[serde(flatten)]
    pub(crate) emphasis: Emphasis,
    /// The version of the features that it was learned with.
    #[serde(default)]
    features: u32,
    /// Probability thresholds with the error rate above each, strictest last.
    curve: Vec<CurvePoint>,
    /// Held-out searches it was learned from.
    pub n_examples: usize,
    /// The revision of the index that it was learned from; none before it learns.
    #[serde(default)]
    revision: Option<u64>,
}

/// The share of wrong answers when only hits at least this probable are given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct CurvePoint {
    threshold: f32,
    error_rate: f32,
}

/// What a calibration run found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationReport {
    /// Held-out searches made.
    pub n_examples: usize,
    /// Of the held-out questions whose entry is in the index, the share that found it first; none without examples.
    pub recall_at_1: Option<f32>,
    /// Mean distance between probability and outcome over ten bins of the top hits; none without examples.
    pub calibration_error: Option<f32>,
}

/// One judged hit for learning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Example {
    pub(crate) evidence: Evidence,
    pub(crate) right: bool,
    pub(crate) weight: f32,
    /// Whether it was the first of its search; only those decide thresholds.
    pub(crate) first: bool,
}

impl Calibration {
    /// What an index starts from, given whether it compares meanings.
    pub(crate) fn usual(with_meaning: bool) -> Self {
        let Usual { weights, curve } = if with_meaning { BESIDE_MEANING } else { BY_WORDS };
        let emphasis = Emphasis::usual(with_meaning);
        Self { weights, emphasis, features: features::VERSION, curve: curve.to_vec(), n_examples: 0, revision: None }
    }

    /// Knows nothing yet: what the usual one is learned from, so that no set that it was learned from speaks beforehand.
    pub(crate) fn blank(with_meaning: bool) -> Self {
        Self { weights: [0.0; N_EVIDENCE], ..Self::usual(with_meaning) }
    }

    /// The same where these count for so much in the score.
    pub(crate) fn with_emphasis(self, emphasis: Emphasis) -> Self {
        Self { emphasis, ..self }
    }

    /// The same as learned from this revision of an index.
    pub(crate) fn at(self, revision: u64) -> Self {
        Self { revision: Some(revision), ..self }
    }

    /// Whether an index of this revision and size has changed so much since that it is worth learning again.
    pub(crate) fn is_old(&self, revision: u64, n_entries: usize) -> bool {
        match self.revision {
            None => revision > 0,
            Some(learned) => revision.saturating_sub(learned) >= (n_entries as u64 / 10).max(FEWEST_CHANGES),
        }
    }

    /// The same with other thresholds.
    pub(crate) fn with_curve(self, curve: Vec<CurvePoint>) -> Self {
        Self { curve, ..self }
    }

    pub(crate) fn probability(&self, evidence: &Evidence) -> f32 {
        sigmoid(self.weights.iter().zip(evidence.0).map(|(weight, value)| weight * value).sum())
    }

    /// The least probability at which answering is wrong no more often than accepted.
    pub(crate) fn threshold(&self, accepted_error_rate: f32) -> f32 {
        let accepted = accepted_error_rate.clamp(0.0, 1.0);
        let measured = self.curve.iter().find(|point| point.error_rate <= accepted).map(|point| point.threshold);
        let threshold =
            measured.unwrap_or_else(|| self.curve.last().map_or(0.0, |point| point.threshold).max(1.0 - accepted));
        // However easy the questions were: what is likelier wrong than right is no answer, unless so much may be wrong.
        if accepted < EVEN { threshold.max(EVEN) } else { threshold }
    }

    /// Reads the calibration beside an index; a missing or unreadable one, or one of other features, is the usual one.
    pub(crate) fn load(dir: &Path, with_meaning: bool) -> Self {
        let path = dir.join(FILE);
        let Ok(bytes) = std::fs::read(&path) else { return Self::usual(with_meaning) };
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(read) if read.features != features::VERSION => Self::usual(with_meaning),
            Ok(read) if read.weights.iter().all(|weight| weight.is_finite()) => read,
            _ => {
                tracing::warn!(path = %path.display(), "calibration is unreadable; the usual one is used until the next");
                Self::usual(with_meaning)
            }
        }
    }

    /// Writes it beside the index, whole or not at all.
    pub(crate) fn save(&self, dir: &Path) -> Result<(), Error> {
        let path = dir.join(FILE);
        let temporary = dir.join("calibration.json.new");
        let bytes = serde_json::to_vec(self).expect("numbers always serialise");
        std::fs::write(&temporary, bytes).map_err(|source| Error::io(&temporary, source))?;
        std::fs::rename(&temporary, &path).map_err(|source| Error::io(&path, source))
    }
}

pub(crate) fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

#[cfg(test)]
mod tests;
