//! A quick linear classifier over terms (softmax regression by AdaGrad).

use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::vectors::Vector;

/// Passes over the rows.
const EPOCHS: usize = 8;
/// AdaGrad's step.
const RATE: f32 = 0.7;
/// Share of a message's terms that is left out in each step.
const DROPPED: f32 = 0.5;
/// Gradients below this are not worth their memory traffic.
const NEGLIGIBLE: f32 = 2e-4;

/// Weights by term and class.
#[derive(Debug, Clone)]
pub(crate) struct Linear {
    /// `[term, class]`
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Linear {
    /// Learns which class each vector belongs to; the same rows and seed give the same weights.
    pub(crate) fn fit(rows: &[(&Vector, u32)], n_terms: usize, n_classes: usize, seed: u64) -> Self {
        let mut model = Self { weights: vec![0.0; n_terms * n_classes], bias: vec![0.0; n_classes] };
        let mut squares = vec![1e-2_f32; n_terms];
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for _ in 0..EPOCHS {
            order.shuffle(&mut random);
            for row in &order {
                let (vector, class) = rows[*row];
                model.step(&thinned(vector, &mut random), class as usize, &mut squares);
            }
        }
        model
    }

    fn step(&mut self, vector: &Vector, class: usize, squares: &mut [f32]) {
        let mut gradient = self.logits(vector);
        softmax(&mut gradient, 1.0);
        gradient[class] -= 1.0;
        let active: Vec<(usize, f32)> =
            gradient.into_iter().enumerate().filter(|(_, value)| value.abs() > NEGLIGIBLE).collect();
        let length: f32 = active.iter().map(|(_, value)| value * value).sum();
        let n_classes = self.bias.len();
        for (term, weight) in &vector.terms {
            let square = &mut squares[*term as usize];
            *square += weight * weight * length;
            let rate = RATE * weight / square.sqrt();
            let row = &mut self.weights[*term as usize * n_classes..][..n_classes];
            for (class, value) in &active {
                row[*class] -= rate * value;
            }
        }
        for (class, value) in active {
            self.bias[class] -= 0.01 * value;
        }
    }

    /// One score a class.
    pub(crate) fn logits(&self, vector: &Vector) -> Vec<f32> {
        let mut logits = self.bias.clone();
        for (term, weight) in &vector.terms {
            let row = &self.weights[*term as usize * logits.len()..][..logits.len()];
            for (logit, value) in logits.iter_mut().zip(row) {
                *logit += weight * value;
            }
        }
        logits
    }
}

/// The vector with some of its terms left out and the others scaled up, so that no term is relied on alone.
fn thinned(vector: &Vector, random: &mut ChaCha8Rng) -> Vector {
    let kept = vector.terms.iter().filter(|_| random.random::<f32>() >= DROPPED);
    let terms = kept.map(|(term, weight)| (*term, weight / (1.0 - DROPPED))).collect();
    Vector { terms, meaning: Vec::new() }
}

/// Turns scores into probabilities in place.
pub(crate) fn softmax(scores: &mut [f32], temperature: f32) {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in &mut *scores {
        *score = ((*score - highest) / temperature).exp();
        sum += *score;
    }
    scores.iter_mut().for_each(|score| *score /= sum);
}

/// The temperature that makes the labels likeliest, by golden-section search over its logarithm.
pub(crate) fn temperature(logits: &[Vec<f32>], labels: &[u32]) -> f32 {
    let cost = |log: f32| -> f64 {
        let one = |(scores, label): (&Vec<f32>, &u32)| {
            let mut probabilities = scores.clone();
            softmax(&mut probabilities, log.exp());
            -f64::from(probabilities[*label as usize].max(1e-12).ln())
        };
        logits.iter().zip(labels).map(one).sum()
    };
    let golden = (5_f32.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (-2.0_f32, 2.0_f32);
    for _ in 0..15 {
        let (left, right) = (high - golden * (high - low), low + golden * (high - low));
        if cost(left) < cost(right) { high = right } else { low = left }
    }
    f32::midpoint(low, high).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::Vectoriser;

    #[test]
    fn it_learns_what_tells_classes_apart() {
        let texts = ["where is my parcel", "track my parcel", "refund please", "i want a refund"];
        let vectoriser = Vectoriser::fit(texts.into_iter(), 1);
        let vectors: Vec<Vector> = texts.iter().map(|text| vectoriser.vector(text)).collect();
        let rows: Vec<(&Vector, u32)> = vectors.iter().zip([0, 0, 1, 1]).collect();
        let model = Linear::fit(&rows, vectoriser.n_terms(), 2, 1);
        let logits = model.logits(&vectoriser.vector("my parcel"));
        assert!(logits[0] > logits[1] + 0.5, "{logits:?}");
        assert_eq!(Linear::fit(&rows, vectoriser.n_terms(), 2, 1).logits(&vectors[0]), model.logits(&vectors[0]));
    }

    #[test]
    fn the_temperature_softens_what_is_too_sure() {
        // Sure to 98 % and right in three of four: the odds must come down to three to one.
        let logits = vec![vec![4.0, 0.0]; 4];
        let found = temperature(&logits, &[0, 0, 0, 1]);
        let mut probabilities = logits[0].clone();
        softmax(&mut probabilities, found);
        assert!((probabilities[0] - 0.75).abs() < 0.02, "{probabilities:?}");
    }
}
