//! The sentiment head: softmax regression over n-grams of its own, trained from labelled messages.

use crate::calibration::Calibration;
use crate::classifier::softmax;
use crate::features::{Features, Featuriser};
use crate::network::best;
use crate::random::Random;
use crate::table::{Step, Table, Uses};
use crate::{ScoredSentiment, Sentiment};

const CLASSES: usize = Sentiment::ALL.len();
const EPOCHS: usize = 12;
const BATCH: usize = 32;
const RATE: f32 = 0.02;
/// Every row of this many checks instead of teaching.
const HELD_OUT: usize = 8;

/// A trained sentiment head.
#[derive(Debug, Clone)]
pub(crate) struct SentimentHead {
    pub featuriser: Featuriser,
    pub table: Table,
    pub bias: Vec<f32>,
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
        let (checks, lessons) = rows.split_at(rows.len() / HELD_OUT);
        let judge = Self::fit(lessons, seed);
        let logits: Vec<Vec<f32>> = checks.iter().map(|(text, _)| judge.logits(text)).collect();
        let judged: Vec<(&[f32], u32)> =
            logits.iter().zip(checks).map(|(logits, row)| (logits.as_slice(), row.1 as u32)).collect();
        let mut calibration = Calibration::default();
        calibration.fit_temperature(&judged);
        let right = judged.iter().filter(|(logits, label)| best(logits) == *label as usize).count();
        let accuracy = right as f32 / judged.len().max(1) as f32;
        Some((Self::fit(&rows, seed), calibration.temperature, accuracy))
    }

    fn fit(rows: &[(String, usize)], seed: u64) -> Self {
        let min_texts = if rows.len() < 500 { 1 } else { 2 };
        let featuriser = Featuriser::fit(rows.iter().map(|(text, _)| text.as_str()), min_texts);
        let features: Vec<Features> = rows.iter().map(|(text, _)| featuriser.features(text)).collect();
        let mut random = Random::new(seed, 4);
        let mut head =
            Self { table: Table::random(featuriser.len(), CLASSES, 0.0, &mut random), featuriser, bias: priors(rows) };
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let steps = (rows.len().div_ceil(BATCH) * EPOCHS) as f32;
        let mut step = 0;
        for _ in 0..EPOCHS {
            random.shuffle(&mut order);
            for chunk in order.chunks(BATCH) {
                step += 1;
                let examples: Vec<&[(u32, f32)]> = chunk.iter().map(|index| features[*index].rows.as_slice()).collect();
                let mut gradients = head.table.sums(&examples);
                for (row, index) in gradients.chunks_exact_mut(CLASSES).zip(chunk) {
                    let logits: Vec<f32> = row.iter().zip(&head.bias).map(|(a, b)| a + b).collect();
                    row.copy_from_slice(&softmax(&logits, 1.0));
                    row[rows[*index].1] -= 1.0;
                }
                let rate = RATE * (1.0 - step as f32 / (steps + 1.0));
                head.table.update(&Uses::new(&examples), &gradients, &Step::new(rate, 0.01, step));
            }
        }
        head.table.finish();
        head.table.round();
        head
    }

    fn logits(&self, text: &str) -> Vec<f32> {
        let mut logits = self.bias.clone();
        self.table.add_to(&self.featuriser.features(text).rows, &mut logits);
        logits
    }

    /// The likeliest sentiment of a normalised message.
    pub(crate) fn predict(&self, text: &str, temperature: f32) -> ScoredSentiment {
        let probabilities = softmax(&self.logits(text), temperature);
        let index = best(&probabilities);
        ScoredSentiment { sentiment: Sentiment::ALL[index], probability: probabilities[index] }
    }
}

/// Logarithms of the smoothed shares of each sentiment.
fn priors(rows: &[(String, usize)]) -> Vec<f32> {
    let mut counts = [0.1f32; CLASSES];
    for (_, class) in rows {
        counts[*class] += 1.0;
    }
    let total: f32 = counts.iter().sum();
    counts.iter().map(|count| (count / total).ln()).collect()
}
