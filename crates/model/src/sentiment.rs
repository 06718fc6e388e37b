//! The sentiment head: linear classifiers over n-grams of its own, trained from labelled messages.

use rayon::prelude::*;

use crate::calibration::Calibration;
use crate::classifier::softmax;
use crate::features::{Features, Featuriser};
use crate::linear::{Linear, LinearRow};
use crate::network::best;
use crate::random::Random;
use crate::{ScoredSentiment, Sentiment};

const CLASSES: usize = Sentiment::ALL.len();
/// Every row of this many checks instead of teaching.
const HELD_OUT: usize = 8;
/// Larger sets of labelled messages than this teach nothing more, and would not fit the solver.
const MAX_ROWS: usize = 500_000;

/// A trained sentiment head.
#[derive(Debug, Clone)]
pub(crate) struct SentimentHead {
    pub featuriser: Featuriser,
    /// Weights [n-grams, sentiments].
    pub linear: Linear,
}

impl SentimentHead {
    /// Trains on messages with their sentiment; returns the head, its temperature and held-out accuracy.
    pub(crate) fn train(rows: &[(String, Sentiment)], seed: u64) -> Option<(Self, f32, f32)> {
        let mut rows: Vec<(String, usize)> = rows
            .iter()
            .map(|(text, sentiment)| (text::normalise(text).as_str().to_owned(), *sentiment as usize))
            .filter(|(text, _)| !text.trim().is_empty())
            .collect();
        if rows.is_empty() {
            return None;
        }
        Random::new(seed, 3).shuffle(&mut rows);
        rows.truncate(MAX_ROWS);
        let (checks, lessons) = rows.split_at(rows.len() / HELD_OUT);
        let judge = Self::fit(lessons, seed)?;
        let margins: Vec<Vec<f32>> = checks.par_iter().map(|(text, _)| judge.margins(text)).collect();
        let judged: Vec<(&[f32], u32)> =
            margins.iter().zip(checks).map(|(margins, row)| (margins.as_slice(), row.1 as u32)).collect();
        let mut calibration = Calibration::default();
        calibration.fit_temperature(&judged);
        let right = judged.iter().filter(|(margins, label)| best(margins) == *label as usize).count();
        let accuracy = right as f32 / judged.len().max(1) as f32;
        Some((Self::fit(&rows, seed)?, calibration.temperature, accuracy))
    }

    fn fit(rows: &[(String, usize)], seed: u64) -> Option<Self> {
        let min_texts = if rows.len() < 500 { 1 } else { 2 };
        let featuriser = Featuriser::fit(rows.iter().map(|(text, _)| text.as_str()), min_texts);
        let features: Vec<Features> = rows.par_iter().map(|(text, _)| featuriser.features(text)).collect();
        let lessons: Vec<LinearRow<'_>> = features
            .iter()
            .zip(rows)
            .map(|(features, (_, class))| LinearRow { features, class: *class as u32, also: &[], weight: 1.0 })
            .collect();
        let mut linear = Linear::fit(&lessons, featuriser.len(), CLASSES, seed)?;
        linear.weights.round();
        Some(Self { featuriser, linear })
    }

    fn margins(&self, text: &str) -> Vec<f32> {
        self.linear.margins(&self.featuriser.features(text))
    }

    /// The likeliest sentiment of a normalised message.
    pub(crate) fn predict(&self, text: &str, temperature: f32) -> ScoredSentiment {
        let probabilities = softmax(&self.margins(text), temperature);
        let index = best(&probabilities);
        ScoredSentiment { sentiment: Sentiment::ALL[index], probability: probabilities[index] }
    }
}
