//! How likely a question is chosen: logistic regression with a normal belief about each weight, learned by a diagonal
//! Laplace approximation and explored by Thompson sampling (Chapelle and Li 2011, "An Empirical Evaluation of Thompson
//! Sampling", algorithm 3).

use super::random::Random;
use super::{FEATURES, Features, N_FEATURES};

/// Passes over the weights; each weight is moved to its best value in turn.
const PASSES: usize = 100;
/// Moves smaller than this change nothing that anybody sees.
const SMALLEST_MOVE: f64 = 1e-6;

/// What is believed before anything was seen, and how far off it may be: about one question in ten is chosen, those that
/// fit the page, are written by the owner or asked often rather than others.
const PRIOR: [(f64, f64); N_FEATURES] =
    [(-2.5, 1.0), (1.0, 0.5), (1.5, 0.5), (0.7, 0.5), (0.0, 0.5), (0.3, 0.5), (1.0, 0.5), (0.3, 0.5), (0.5, 0.5)];

/// One question that was shown.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// With its place, see [`super::placed`].
    pub features: Features,
    /// It was chosen, and answered.
    pub chosen: bool,
}

/// What is believed of one weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weight {
    /// The feature it belongs to.
    pub feature: &'static str,
    /// What it adds to the log-odds of being chosen.
    pub mean: f64,
    /// How far off it may be: one standard deviation.
    pub deviation: f64,
}

/// What is believed of all weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Learner {
    mean: [f64; N_FEATURES],
    precision: [f64; N_FEATURES],
}

impl Default for Learner {
    fn default() -> Self {
        Self { mean: PRIOR.map(|(mean, _)| mean), precision: PRIOR.map(|(_, deviation)| deviation.powi(-2)) }
    }
}

impl Learner {
    /// The log-odds of being chosen under some weights.
    pub fn score(weights: &[f64; N_FEATURES], features: &Features) -> f64 {
        weights.iter().zip(features).map(|(weight, value)| weight * f64::from(*value)).sum()
    }

    /// The probability that a question is chosen, as believed now.
    pub fn probability(&self, features: &Features) -> f64 {
        logistic(Self::score(&self.mean, features))
    }

    /// Weights as they may be.
    pub fn draw(&self, random: &mut Random) -> [f64; N_FEATURES] {
        std::array::from_fn(|at| self.mean[at] + random.normal() / self.precision[at].sqrt())
    }

    /// The weights by name.
    pub fn weights(&self) -> [Weight; N_FEATURES] {
        std::array::from_fn(|at| Weight {
            feature: FEATURES[at],
            mean: self.mean[at],
            deviation: self.precision[at].powf(-0.5),
        })
    }

    /// Takes in what was shown: the likeliest weights given the belief so far, and less doubt along what was seen.
    pub fn learn(&mut self, examples: &[Example]) {
        let mut weights = self.mean;
        let mut scores: Vec<f64> = examples.iter().map(|example| Self::score(&weights, &example.features)).collect();
        for _ in 0..PASSES {
            let mut largest: f64 = 0.0;
            for at in 0..N_FEATURES {
                let moved = self.best_move(at, &weights, examples, &scores);
                weights[at] += moved;
                for (score, example) in scores.iter_mut().zip(examples) {
                    *score += moved * f64::from(example.features[at]);
                }
                largest = largest.max(moved.abs());
            }
            if largest < SMALLEST_MOVE {
                break;
            }
        }
        self.mean = weights;
        for (example, score) in examples.iter().zip(&scores) {
            let spread = logistic(*score) * (1.0 - logistic(*score));
            for (precision, value) in self.precision.iter_mut().zip(&example.features) {
                *precision += f64::from(value * value) * spread;
            }
        }
    }

    /// Newton's step for one weight; no longer than 1, so that it cannot overshoot far from the optimum.
    fn best_move(&self, at: usize, weights: &[f64; N_FEATURES], examples: &[Example], scores: &[f64]) -> f64 {
        let mut slope = self.precision[at] * (weights[at] - self.mean[at]);
        let mut curve = self.precision[at];
        for (example, score) in examples.iter().zip(scores) {
            let value = f64::from(example.features[at]);
            if value != 0.0 {
                let probability = logistic(*score);
                slope += value * (probability - f64::from(u8::from(example.chosen)));
                curve += value * value * probability * (1.0 - probability);
            }
        }
        (-slope / curve).clamp(-1.0, 1.0)
    }
}

fn logistic(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}
