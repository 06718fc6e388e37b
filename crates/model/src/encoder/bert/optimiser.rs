//! A training step of the encoder: forward, back, and AdamW over all weights in one pass.

use rayon::prelude::*;

use super::Bert;
use super::backward::Gradients;
use super::dropout::Dropout;
use super::forward::{LayerTape, Tape};
use super::kernels::{adam, add, add_squares};
use crate::table::{Step, Table, Uses};

/// Longest gradient over all weights; a longer one is shortened to it.
const MAX_NORM: f64 = 1.0;
/// How much slower each layer learns than the one above it.
const LAYER_DECAY: f32 = 0.9;
/// Weights that one thread moves at a time.
const RUN: usize = 16_384;

/// What training the encoder keeps between steps.
#[derive(Debug, Default)]
pub(crate) struct Trainer {
    tape: Tape,
    gradients: Gradients,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Trainer {
    /// Vectors of messages [messages, hidden], keeping what [`Trainer::step`] needs.
    pub(crate) fn forward(&mut self, bert: &Bert, words: &Table, messages: &[&[u32]], dropout: Dropout) -> Vec<f32> {
        self.tape.layers.resize_with(bert.config.num_hidden_layers, LayerTape::default);
        self.tape.forward(bert, words, messages, dropout)
    }

    /// The last states of messages, packed, [tokens, hidden], keeping what [`Trainer::step_states`] needs.
    pub(crate) fn states(&mut self, bert: &Bert, words: &Table, messages: &[&[u32]], dropout: Dropout) -> &[f32] {
        self.tape.layers.resize_with(bert.config.num_hidden_layers, LayerTape::default);
        self.tape.run(bert, words, messages, dropout);
        &self.tape.hidden
    }

    /// Moves all weights, given gradients of the vectors of the last [`Trainer::forward`].
    pub(crate) fn step(&mut self, bert: &mut Bert, words: &mut Table, vectors: &[f32], step: Step) {
        self.gradients.backward(bert, &self.tape, vectors);
        self.descend(bert, words, step);
    }

    /// Moves all weights, given gradients of the states of the last [`Trainer::states`].
    pub(crate) fn step_states(&mut self, bert: &mut Bert, words: &mut Table, states: &[f32], step: Step) {
        self.gradients.backward_states(bert, &self.tape, states);
        self.descend(bert, words, step);
    }

    fn descend(&mut self, bert: &mut Bert, words: &mut Table, step: Step) {
        bert.ready = None;
        let (rows, mut sums) = self.word_gradients(words.dim());
        let scale = self.scale(&sums);
        self.move_dense(bert, scale, step);
        sums.iter_mut().for_each(|value| *value *= scale);
        let uses: Vec<[(u32, f32); 1]> = rows.iter().map(|row| [(*row, 1.0)]).collect();
        let uses: Vec<&[(u32, f32)]> = uses.iter().map(<[_; 1]>::as_slice).collect();
        let slowest = slower(step, bert.config.num_hidden_layers);
        words.update(&Uses::new(&uses), &sums, &slowest);
    }

    /// The two moments of the dense weights; empty before the first step.
    pub(crate) fn moments(&self) -> [&[f32]; 2] {
        [&self.first, &self.second]
    }

    /// Puts back what [`Trainer::moments`] gave.
    pub(crate) fn put_back(&mut self, [first, second]: [Vec<f32>; 2]) {
        (self.first, self.second) = (first, second);
    }

    /// The words of the batch, each once, with the sums of their gradients.
    pub(super) fn word_gradients(&self, dim: usize) -> (Vec<u32>, Vec<f32>) {
        let ids = &self.tape.packed.ids;
        let mut rows = ids.clone();
        rows.sort_unstable();
        rows.dedup();
        let mut sums = vec![0.0; rows.len() * dim];
        for (id, gradient) in ids.iter().zip(self.gradients.tokens.chunks_exact(dim)) {
            let at = rows.binary_search(id).expect("every id is among the sorted ids");
            add(&mut sums[at * dim..][..dim], gradient);
        }
        (rows, sums)
    }

    /// What shortens the gradient to the longest allowed.
    fn scale(&self, words: &[f32]) -> f32 {
        let squares = |values: &[f32]| {
            let mut total = 0.0;
            add_squares(values, &mut total);
            total
        };
        // Summed in a fixed order, whatever the threads.
        let parts: Vec<f64> = self.gradients.dense.par_chunks(RUN).map(squares).collect();
        let norm = (parts.iter().sum::<f64>() + squares(words)).sqrt();
        if norm > MAX_NORM { (MAX_NORM / norm) as f32 } else { 1.0 }
    }

    fn move_dense(&mut self, bert: &mut Bert, scale: f32, step: Step) {
        let layers = bert.config.num_hidden_layers;
        self.first.resize(bert.weights.values.len(), 0.0);
        self.second.resize(bert.weights.values.len(), 0.0);
        let plan = bert.weights.plan.clone();
        for part in &plan.parts {
            let mut step = slower(step, layers - layer(&part.name).unwrap_or(0).min(layers));
            if part.shape.len() < 2 {
                step.weight_decay = 0.0;
            }
            let range = part.range.clone();
            bert.weights.values[range.clone()]
                .par_chunks_mut(RUN)
                .zip(self.first[range.clone()].par_chunks_mut(RUN))
                .zip(self.second[range.clone()].par_chunks_mut(RUN))
                .zip(self.gradients.dense[range].par_chunks(RUN))
                .for_each(|(((values, first), second), gradients)| {
                    adam(values, [first, second], gradients, scale, &step);
                });
        }
    }

    #[cfg(test)]
    pub(super) fn state_gradients(&mut self, bert: &Bert, states: &[f32]) -> &[f32] {
        self.gradients.backward_states(bert, &self.tape, states);
        &self.gradients.dense
    }

    #[cfg(test)]
    pub(super) fn gradients(&mut self, bert: &Bert, vectors: &[f32]) -> &[f32] {
        self.gradients.backward(bert, &self.tape, vectors);
        &self.gradients.dense
    }
}

/// The step of weights that stand so many places below the top.
fn slower(step: Step, places: usize) -> Step {
    let mut slower = step;
    slower.learning_rate *= LAYER_DECAY.powi(places as i32);
    slower
}

/// A weight's layer counted from 1; none for embeddings.
fn layer(name: &str) -> Option<usize> {
    let number: usize = name.strip_prefix("encoder.layer.")?.split('.').next()?.parse().ok()?;
    Some(number + 1)
}
