//! A training step of the encoder: forward, back, and AdamW over all weights in one pass.

use rayon::prelude::*;

use super::backward::{Gradients, Sum};
use super::dropout::Dropout;
use super::forward::{LayerTape, Tape};
use super::kernels::{adam, add, add_squares};
use super::{Bert, fitting};
use crate::table::{Step, Table, Uses};

/// Longest gradient over all weights; a longer one is shortened to it.
const MAX_NORM: f64 = 1.0;
/// How much slower each layer learns than the one above it.
const LAYER_DECAY: f32 = 0.9;
/// Weights that one thread moves at a time.
const RUN: usize = 16_384;

/// What training the encoder on the processor keeps between steps.
#[derive(Debug, Default)]
pub(crate) struct HostTrainer {
    /// Most tokens that are gone forward and back with at a time; a larger batch goes in pieces. `None` for no limit.
    most_tokens: Option<usize>,
    tape: Tape,
    /// Where pieces go forward whose way back comes later.
    light: Tape,
    pieces: Vec<Piece>,
    gradients: Gradients,
    first: Vec<f32>,
    second: Vec<f32>,
}

/// Messages of a batch whose way back waits: they go forward once more before it.
#[derive(Debug)]
struct Piece {
    messages: Vec<Vec<u32>>,
    /// The first message's place in the batch.
    from: usize,
    dropout: Dropout,
}

impl HostTrainer {
    /// A trainer that takes at most so many tokens at a time, where there is a limit.
    pub(crate) fn limited(most_tokens: Option<usize>) -> Self {
        Self { most_tokens, ..Self::default() }
    }

    /// Vectors of messages [messages, hidden], keeping what [`HostTrainer::step`] needs.
    pub(crate) fn forward(&mut self, bert: &Bert, words: &Table, messages: &[&[u32]], dropout: Dropout) -> Vec<f32> {
        self.pieces.clear();
        self.light.layers.resize_with(1, LayerTape::default);
        let mut vectors = Vec::with_capacity(messages.len() * bert.config.hidden_size);
        let (mut rest, mut tokens) = (messages, 0);
        loop {
            let (now, later) = rest.split_at(fitting(rest, self.most_tokens.unwrap_or(usize::MAX)));
            let from = messages.len() - rest.len();
            let dropout = dropout.after(tokens, from);
            if later.is_empty() {
                self.tape.layers.resize_with(bert.config.num_hidden_layers, LayerTape::default);
                vectors.extend(self.tape.forward(bert, words, now, dropout));
                return vectors;
            }
            vectors.extend(self.light.forward(bert, words, now, dropout));
            let messages = now.iter().map(|tokens| tokens.to_vec()).collect();
            self.pieces.push(Piece { messages, from, dropout });
            tokens += now.iter().map(|message| message.len()).sum::<usize>();
            rest = later;
        }
    }

    /// The last states of messages, packed, [tokens, hidden], keeping what [`HostTrainer::step_states`] needs.
    pub(crate) fn states(&mut self, bert: &Bert, words: &Table, messages: &[&[u32]], dropout: Dropout) -> &[f32] {
        self.tape.layers.resize_with(bert.config.num_hidden_layers, LayerTape::default);
        self.tape.run(bert, words, messages, dropout);
        &self.tape.hidden
    }

    /// Moves all weights, given gradients of the vectors of the last [`HostTrainer::forward`].
    pub(crate) fn step(&mut self, bert: &mut Bert, words: &mut Table, vectors: &[f32], step: Step) {
        let found = self.backward(bert, words, vectors);
        self.descend(bert, words, found, step);
    }

    /// Moves all weights, given gradients of the states of the last [`HostTrainer::states`].
    pub(crate) fn step_states(&mut self, bert: &mut Bert, words: &mut Table, states: &[f32], step: Step) {
        self.gradients.backward_states(bert, &self.tape, states);
        let mut found = Found::new(self.tape.packed.ids.iter().copied(), words.dim());
        found.add(&self.tape.packed.ids, &self.gradients.tokens);
        self.descend(bert, words, found, step);
    }

    /// Moves all weights against their gradients, those of words given.
    fn descend(&mut self, bert: &mut Bert, words: &mut Table, found: Found, step: Step) {
        bert.ready = None;
        // Summed in a fixed order, whatever the threads.
        let parts: Vec<f64> = self.gradients.dense.par_chunks(RUN).map(squares).collect();
        let scale = scale(parts.iter().sum::<f64>() + squares(&found.sums));
        self.move_dense(bert, scale, step);
        found.descend(words, scale, step, bert.config.num_hidden_layers);
    }

    /// Finds the gradients of all weights, piece by piece; returns those of words.
    pub(super) fn backward(&mut self, bert: &Bert, words: &Table, vectors: &[f32]) -> Found {
        let hidden = bert.config.hidden_size;
        let waiting = self.pieces.iter().flat_map(|piece| &piece.messages).flatten();
        let mut found = Found::new(self.tape.packed.ids.iter().chain(waiting).copied(), hidden);
        let at = self.pieces.iter().map(|piece| piece.messages.len()).sum::<usize>() * hidden;
        self.gradients.backward(bert, &self.tape, &vectors[at..], Sum::Begin);
        found.add(&self.tape.packed.ids, &self.gradients.tokens);
        for piece in self.pieces.drain(..) {
            let messages: Vec<&[u32]> = piece.messages.iter().map(Vec::as_slice).collect();
            self.tape.forward(bert, words, &messages, piece.dropout);
            let vectors = &vectors[piece.from * hidden..][..messages.len() * hidden];
            self.gradients.backward(bert, &self.tape, vectors, Sum::GoOn);
            found.add(&self.tape.packed.ids, &self.gradients.tokens);
        }
        found
    }

    /// The two moments of the dense weights; empty before the first step.
    pub(crate) fn moments(&self) -> [&[f32]; 2] {
        [&self.first, &self.second]
    }

    /// Puts back what [`HostTrainer::moments`] gave.
    pub(crate) fn put_back(&mut self, [first, second]: [Vec<f32>; 2]) {
        (self.first, self.second) = (first, second);
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

    /// The gradients of the dense weights, found last.
    #[cfg(test)]
    pub(super) fn gradients(&self) -> &[f32] {
        &self.gradients.dense
    }

    #[cfg(test)]
    pub(super) fn state_gradients(&mut self, bert: &Bert, states: &[f32]) -> &[f32] {
        self.gradients.backward_states(bert, &self.tape, states);
        &self.gradients.dense
    }
}

/// Words of a batch, each once, with the sums of their gradients.
#[derive(Debug)]
pub(super) struct Found {
    pub rows: Vec<u32>,
    /// [rows, hidden].
    pub sums: Vec<f32>,
    hidden: usize,
}

impl Found {
    /// Nothing found yet for these words.
    pub(super) fn new(ids: impl Iterator<Item = u32>, hidden: usize) -> Self {
        let mut rows: Vec<u32> = ids.collect();
        rows.sort_unstable();
        rows.dedup();
        Self { sums: vec![0.0; rows.len() * hidden], rows, hidden }
    }

    /// Adds the gradients of tokens [tokens, hidden] to those of their words.
    pub(super) fn add(&mut self, ids: &[u32], gradients: &[f32]) {
        for (id, gradient) in ids.iter().zip(gradients.chunks_exact(self.hidden)) {
            let at = self.rows.binary_search(id).expect("every id is among the sorted ids");
            add(&mut self.sums[at * self.hidden..][..self.hidden], gradient);
        }
    }

    /// Moves the words against their gradients times `scale`, as slowly as suits what so many layers lie above.
    pub(super) fn descend(mut self, words: &mut Table, scale: f32, step: Step, layers: usize) {
        self.sums.iter_mut().for_each(|value| *value *= scale);
        let uses: Vec<[(u32, f32); 1]> = self.rows.iter().map(|row| [(*row, 1.0)]).collect();
        let uses: Vec<&[(u32, f32)]> = uses.iter().map(<[_; 1]>::as_slice).collect();
        words.update(&Uses::new(&uses), &self.sums, &slower(step, layers));
    }
}

/// The sum of squares.
pub(super) fn squares(values: &[f32]) -> f64 {
    let mut total = 0.0;
    add_squares(values, &mut total);
    total
}

/// What shortens a gradient of so great a sum of squares to the longest allowed.
pub(super) fn scale(squares: f64) -> f32 {
    let norm = squares.sqrt();
    if norm > MAX_NORM { (MAX_NORM / norm) as f32 } else { 1.0 }
}

/// The step of weights that stand so many places below the top.
fn slower(step: Step, places: usize) -> Step {
    let mut slower = step;
    slower.learning_rate *= slowness(places);
    slower
}

/// The share of the learning rate that weights have so many places below the top.
pub(super) fn slowness(places: usize) -> f32 {
    LAYER_DECAY.powi(places as i32)
}

/// A weight's layer counted from 1; none for embeddings.
fn layer(name: &str) -> Option<usize> {
    let number: usize = name.strip_prefix("encoder.layer.")?.split('.').next()?.parse().ok()?;
    Some(number + 1)
}
