//! Why the classifier says what it says: what each word does to the best intent, and the nearest examples.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::classifier::{Classifier, Scores};
use crate::neighbours::ranked;
use crate::network::{Input, best};
use crate::{products, sentence};

/// Words of a message that are weighed, one classification each.
const MAX_WORDS: usize = 48;
/// Examples that are shown.
const NEAREST: usize = 3;
/// Probabilities this near to 0 or 1 are told apart no further.
const SMALLEST: f32 = 1e-6;

/// What spoke for the best intent of a message, and against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The best intent, whether or not it reaches the threshold.
    pub intent: String,
    /// The words in the order they occur.
    pub words: Vec<WordEffect>,
    /// The training examples most like the message, the nearest first; none of a bundle that holds no texts.
    pub nearest: Vec<NearExample>,
}

/// What one word does: the log-odds of the intent with it, less those without it (erasure: Li et al., 2016).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordEffect {
    /// The word as the customer wrote it.
    pub text: String,
    /// First byte in the original message.
    pub start: usize,
    /// One past the last byte in the original message.
    pub end: usize,
    /// Above zero the word speaks for the intent, below against it.
    pub effect: f32,
}

/// A training example that is like the message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearExample {
    /// The example, in its normal form.
    pub text: String,
    /// Its intent.
    pub intent: String,
    /// Cosine of what they mean where the model stands on a base without attention, such as the shipped one, else of their
    /// rarer n-grams, from 0 to 1.
    pub similarity: f32,
}

impl Classifier {
    /// Explains the best intent of a message; costs one classification for each of its words.
    pub fn explain(&self, message: &str) -> Option<Explanation> {
        let parts = self.parts();
        let normalised = text::normalise(message);
        let whole = normalised.as_str();
        let words: Vec<_> = text::words(whole).into_iter().take(MAX_WORDS).collect();
        let mut inputs = vec![parts.read(whole)];
        for word in &words {
            let gap = if word.is_han { "" } else { " " };
            let without = [&whole[..word.range.start], gap, &whole[word.range.end..]].concat();
            inputs.push(parts.read(without.trim()));
        }
        let scores = parts.scores(&inputs);
        let label = best(&scores[0].probabilities);
        let intent = parts.intents.get(label)?.clone();
        let log_odds = |scores: &Scores| {
            let probability = scores.probabilities[label].clamp(SMALLEST, 1.0 - SMALLEST);
            (probability / (1.0 - probability)).ln()
        };
        let with = log_odds(&scores[0]);
        let effects = words.into_iter().zip(&scores[1..]).map(|(word, without)| {
            let original = normalised.original_range(word.range);
            WordEffect {
                text: message[original.clone()].to_owned(),
                start: original.start,
                end: original.end,
                effect: with - log_odds(without),
            }
        });
        Some(Explanation { intent, words: effects.collect(), nearest: self.nearest(whole, &inputs[0]) })
    }

    /// The examples most like a message that is in its normal form.
    fn nearest(&self, whole: &str, input: &Input) -> Vec<NearExample> {
        let parts = self.parts();
        let found = match &parts.network.averaged {
            Some(averaged) => {
                let encode = |text: &str| averaged.encode(&parts.tokenizer.encode(text, sentence::MAX_TOKENS, false));
                let known = self.meanings(|| parts.examples.par_iter().flat_map_iter(|text| encode(text)).collect());
                ranked(products(&encode(whole), known, averaged.shape.width), NEAREST)
            }
            None => parts.neighbours.ranked(&input.features, NEAREST),
        };
        let example = |(example, similarity): (usize, f32)| {
            let label = *parts.neighbours.labels.get(example)?;
            Some(NearExample {
                text: parts.examples.get(example)?.clone(),
                intent: parts.intents.get(label as usize)?.clone(),
                similarity,
            })
        };
        found.into_iter().filter_map(example).collect()
    }
}
