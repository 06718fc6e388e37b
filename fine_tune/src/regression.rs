//! Softmax regression over meanings by Adam in small batches (Kingma and Ba, 2015): products of matrices, so that it costs
//! seconds.

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use crate::linear::softmax;
use crate::vectors::Vector;

/// Passes over the rows, and the rows of one step.
const EPOCHS: usize = 6;
const BATCH: usize = 64;
/// Adam's step and its memories.
const RATE: f32 = 0.01;
const MEMORY: [f32; 2] = [0.9, 0.99];
/// Meanings are of length 1; so much longer they are learned from in a few passes.
const SCALE: f32 = 5.0;
/// Weights shrink by this share of themselves in the gradient.
const DECAY: f32 = 1e-4;

/// Weights by class and place in the meaning.
#[derive(Debug, Clone)]
pub(crate) struct Regression {
    /// `[class, dim]`
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Regression {
    /// Learns which class each vector belongs to; the same rows and seed give the same weights.
    pub(crate) fn fit(rows: &[(&Vector, u32)], n_classes: usize, seed: u64) -> Self {
        let dim = rows.first().map_or(0, |(vector, _)| vector.meaning.len());
        let mut model = Self { weights: vec![0.0; n_classes * dim], bias: vec![0.0; n_classes] };
        let (mut of_weights, mut of_bias) = (Adam::new(n_classes * dim), Adam::new(n_classes));
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for _ in 0..EPOCHS {
            order.shuffle(&mut random);
            for batch in order.chunks(BATCH) {
                let batch: Vec<(&Vector, u32)> = batch.iter().map(|row| rows[*row]).collect();
                let [mut weights, bias] = model.gradients(&batch, dim);
                weights.iter_mut().zip(&model.weights).for_each(|(slope, weight)| *slope += DECAY * weight);
                of_weights.step(&mut model.weights, &weights);
                of_bias.step(&mut model.bias, &bias);
            }
        }
        model
    }

    /// The slopes of the loss over weights and bias.
    fn gradients(&self, batch: &[(&Vector, u32)], dim: usize) -> [Vec<f32>; 2] {
        let (n_rows, n_classes) = (batch.len(), self.bias.len());
        let mut errors = vec![0.0; n_classes * n_rows]; // [class, rows]
        let mut turned = vec![0.0; dim * n_rows]; // [dim, rows]
        let meanings: Vec<f32> = batch.iter().flat_map(|(vector, _)| vector.meaning.iter().copied()).collect();
        let scores = model::products(&meanings, &self.weights, dim); // [rows, class]
        for (row, (vector, class)) in batch.iter().enumerate() {
            let scores = scores.get(row * n_classes..(row + 1) * n_classes).unwrap_or_default();
            let mut said: Vec<f32> = scores.iter().zip(&self.bias).map(|(score, bias)| SCALE * score + bias).collect();
            softmax(&mut said, 1.0);
            for (of, probability) in said.into_iter().enumerate() {
                let wanted = if of == *class as usize { 1.0 } else { 0.0 };
                errors[of * n_rows + row] = (probability - wanted) / n_rows as f32;
            }
            for (place, value) in vector.meaning.iter().enumerate() {
                turned[place * n_rows + row] = SCALE * value;
            }
        }
        let bias = errors.chunks_exact(n_rows).map(|errors| errors.iter().sum()).collect();
        [model::products(&errors, &turned, n_rows), bias]
    }

    /// One score a class.
    pub(crate) fn logits(&self, vector: &Vector) -> Vec<f32> {
        let mut logits = self.bias.clone();
        for (logit, row) in logits.iter_mut().zip(self.weights.chunks_exact(vector.meaning.len().max(1))) {
            *logit += SCALE * row.iter().zip(&vector.meaning).map(|(weight, value)| weight * value).sum::<f32>();
        }
        logits
    }
}

/// What an optimiser remembers of the slopes of some weights.
#[derive(Debug)]
struct Adam {
    means: Vec<f32>,
    squares: Vec<f32>,
    /// What the memories still hold of their start.
    left: [f32; 2],
}

impl Adam {
    fn new(n: usize) -> Self {
        Self { means: vec![0.0; n], squares: vec![0.0; n], left: [1.0; 2] }
    }

    fn step(&mut self, weights: &mut [f32], slopes: &[f32]) {
        self.left = [0, 1].map(|which| self.left[which] * MEMORY[which]);
        let [of_mean, of_square] = self.left.map(|left| 1.0 - left);
        let memories = self.means.iter_mut().zip(&mut self.squares);
        for ((weight, slope), (mean, square)) in weights.iter_mut().zip(slopes).zip(memories) {
            *mean = MEMORY[0] * *mean + (1.0 - MEMORY[0]) * slope;
            *square = MEMORY[1] * *square + (1.0 - MEMORY[1]) * slope * slope;
            *weight -= RATE * (*mean / of_mean) / ((*square / of_square).sqrt() + 1e-8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(meaning: [f32; 3]) -> Vector {
        Vector { terms: Vec::new(), meaning: meaning.to_vec() }
    }

    #[test]
    fn it_learns_what_tells_meanings_apart_and_learns_it_the_same_again() {
        let vectors: Vec<(Vector, u32)> = (0..3000_u32)
            .map(|n| {
                let side = if n % 3 == 0 { 0.3 } else { -0.3 };
                (vector([side, (n % 10) as f32 / 10.0, 0.5]), u32::from(n % 3 == 0))
            })
            .collect();
        let rows: Vec<(&Vector, u32)> = vectors.iter().map(|(vector, class)| (vector, *class)).collect();
        let model = Regression::fit(&rows, 3, 1);
        for (vector, class) in &rows {
            let logits = model.logits(vector);
            let best = (0..3).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap();
            assert_eq!(best, *class as usize, "{vector:?} {logits:?}");
        }
        assert_eq!(Regression::fit(&rows, 3, 1).logits(rows[0].0), model.logits(rows[0].0));
    }

    #[test]
    fn the_slopes_are_those_of_the_loss() {
        let vectors = [(vector([0.6, 0.8, 0.0]), 0), (vector([0.0, 0.6, -0.8]), 1), (vector([1.0, 0.0, 0.0]), 1)];
        let batch: Vec<(&Vector, u32)> = vectors.iter().map(|(vector, class)| (vector, *class)).collect();
        let loss = |model: &Regression| -> f32 {
            let one = |(vector, class): &(&Vector, u32)| {
                let mut said = model.logits(vector);
                softmax(&mut said, 1.0);
                -said[*class as usize].ln() / batch.len() as f32
            };
            batch.iter().map(one).sum()
        };
        let model = Regression { weights: vec![0.1, -0.2, 0.3, 0.0, 0.2, -0.1], bias: vec![0.05, -0.05] };
        let [weights, bias] = model.gradients(&batch, 3);
        for (index, slope) in weights.iter().chain(&bias).enumerate() {
            let moved = |by: f32| {
                let mut model = model.clone();
                let place = if index < 6 { &mut model.weights[index] } else { &mut model.bias[index - 6] };
                *place += by;
                loss(&model)
            };
            let expected = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!((slope - expected).abs() < 2e-3, "{index}: {slope} {expected}");
        }
    }

    #[test]
    fn without_rows_nothing_is_preferred() {
        assert_eq!(Regression::fit(&[], 2, 1).logits(&Vector::default()), [0.0, 0.0]);
    }
}
