//! The way back: from gradients of the messages' vectors to gradients of every weight, by hand.

use rayon::prelude::*;

use super::Bert;
use super::attention::Attention;
use super::dropout::{Dropout, Place};
use super::forward::{LayerTape, NormTape, ROWS, Tape, resize};
use super::kernels::{add, normalise_backward, scale_by};
use super::matrix::{How, Matrix, Target, multiply};
use super::weights::{Layer, Linear, Norm};

/// Columns whose sums one thread makes at a time.
const COLUMNS: usize = 128;

/// What becomes of the dense weights' gradients that are there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Sum {
    /// They make way: a batch begins.
    #[default]
    Begin,
    /// They are added to: a batch goes on.
    GoOn,
}

/// Gradients of every weight, and the memory to find them in.
#[derive(Debug, Clone, Default)]
pub(super) struct Gradients {
    /// Of the dense weights, as they stand.
    pub dense: Vec<f32>,
    /// Of each embedded token: [tokens, hidden].
    pub tokens: Vec<f32>,
    sum: Sum,
    dropped: Vec<f32>,
    wide: Vec<f32>,
    context: Vec<f32>,
    partial: Vec<f32>,
}

impl Gradients {
    /// Goes back over a tape, given gradients of the pooled vectors [messages, hidden].
    pub(super) fn backward(&mut self, bert: &Bert, tape: &Tape, pooled: &[f32], sum: Sum) {
        self.spread(tape, pooled, bert.config.hidden_size);
        self.down(bert, tape, sum);
    }

    /// Goes back over a tape, given gradients of the last states [tokens, hidden].
    pub(super) fn backward_states(&mut self, bert: &Bert, tape: &Tape, states: &[f32]) {
        self.tokens.clear();
        self.tokens.extend_from_slice(states);
        self.down(bert, tape, Sum::Begin);
    }

    fn down(&mut self, bert: &Bert, tape: &Tape, sum: Sum) {
        self.sum = sum;
        let plan = &bert.weights.plan;
        let dropout = tape.dropout.unwrap_or(Dropout::NONE);
        self.dense.resize(plan.len(), 0.0);
        for (index, layer) in plan.layers.iter().enumerate().rev() {
            let run = Run { bert, tape, dropout, index };
            run.layer(layer, &tape.layers[index], self);
        }
        self.embedded(bert, tape, dropout);
    }

    /// Each token's share of its message's gradient.
    fn spread(&mut self, tape: &Tape, pooled: &[f32], hidden: usize) {
        resize(&mut self.tokens, tape.packed.tokens() * hidden);
        let messages = tape.packed.split_mut(&mut self.tokens, hidden);
        for (rows, gradient) in messages.zip(pooled.chunks_exact(hidden)) {
            let share = 1.0 / (rows.len() / hidden).max(1) as f32;
            for row in rows.chunks_exact_mut(hidden) {
                row.iter_mut().zip(gradient).for_each(|(value, gradient)| *value = gradient * share);
            }
        }
    }

    fn embedded(&mut self, bert: &Bert, tape: &Tape, dropout: Dropout) {
        let plan = &bert.weights.plan;
        let hidden = bert.config.hidden_size;
        self.tokens
            .par_chunks_mut(ROWS * hidden)
            .enumerate()
            .for_each(|(chunk, rows)| dropout.rows(Place::Embedded, [0, chunk, hidden], rows));
        self.norm(bert, plan.norm, &tape.embedded);
        if self.sum == Sum::Begin {
            self.dense[plan.positions.start..plan.kinds.end].fill(0.0);
        }
        for (row, position) in self.tokens.chunks_exact(hidden).zip(tape.packed.positions()) {
            add(&mut self.dense[plan.positions.start + position * hidden..][..hidden], row);
            add(&mut self.dense[plan.kinds.start..][..hidden], row);
        }
    }

    /// Takes the tokens' gradients back over a layer norm.
    fn norm(&mut self, bert: &Bert, norm: Norm, tape: &NormTape) {
        let weight = &bert.weights.values[norm.weight()];
        let size = ROWS * norm.len;
        let chunks = self.tokens.len().div_ceil(size);
        self.partial.clear();
        self.partial.resize(chunks * 2 * norm.len, 0.0);
        self.tokens
            .par_chunks_mut(size)
            .zip(tape.rows.par_chunks(size))
            .zip(tape.scales.par_chunks(ROWS))
            .zip(self.partial.par_chunks_exact_mut(2 * norm.len))
            .for_each(|(((gradients, rows), scales), partial)| {
                normalise_backward(gradients, rows, scales, weight, partial.split_at_mut(norm.len).into());
            });
        let total = &mut self.dense[norm.both()];
        if self.sum == Sum::Begin {
            total.fill(0.0);
        }
        self.partial.chunks_exact(2 * norm.len).for_each(|partial| add(total, partial));
    }
}

/// One layer's way back.
struct Run<'a> {
    bert: &'a Bert,
    tape: &'a Tape,
    dropout: Dropout,
    index: usize,
}

impl Run<'_> {
    fn layer(&self, layer: &Layer, tape: &LayerTape, gradients: &mut Gradients) {
        gradients.norm(self.bert, layer.norm, &tape.norm);
        self.drop_out(Place::Outer, gradients);
        let Gradients { dense, tokens, dropped, wide, context, sum, .. } = gradients;
        self.linear(layer.outer, [&tape.inner, dropped], dense, *sum);
        resize(wide, tape.inner.len());
        self.input(layer.outer, dropped, wide, How::SET);
        let size = ROWS * layer.inner.out;
        wide.par_chunks_mut(size).zip(tape.slopes.par_chunks(size)).for_each(|(wide, slopes)| scale_by(wide, slopes));
        self.linear(layer.inner, [&tape.middle, wide], dense, *sum);
        self.input(layer.inner, wide, tokens, How::ADD);
        resize(context, tokens.len());
        gradients.norm(self.bert, layer.attended_norm, &tape.attended_norm);
        self.drop_out(Place::Attended, gradients);
        let Gradients { dense, tokens, dropped, wide, context, sum, .. } = gradients;
        self.linear(layer.attended, [&tape.context, dropped], dense, *sum);
        self.input(layer.attended, dropped, context, How::SET);
        resize(wide, tape.qkv.len());
        self.attention().backward(&self.tape.packed, [&tape.qkv, &tape.shares], context, wide);
        self.linear(layer.qkv, [&tape.input, wide], dense, *sum);
        self.input(layer.qkv, wide, tokens, How::ADD);
    }

    fn attention(&self) -> Attention {
        let config = &self.bert.config;
        let (heads, hidden) = (config.num_attention_heads, config.hidden_size);
        Attention { layer: self.index, heads, hidden, dropout: self.dropout }
    }

    /// The tokens' gradients without what was dropped on the way forward.
    fn drop_out(&self, place: Place, gradients: &mut Gradients) {
        let hidden = self.bert.config.hidden_size;
        let size = ROWS * hidden;
        resize(&mut gradients.dropped, gradients.tokens.len());
        let chunks = gradients.dropped.par_chunks_mut(size).zip(gradients.tokens.par_chunks(size)).enumerate();
        chunks.for_each(|(chunk, (dropped, tokens))| {
            dropped.copy_from_slice(tokens);
            self.dropout.rows(place, [self.index, chunk, hidden], dropped);
        });
    }

    /// Gradients of weight and bias, from those of what came out.
    fn linear(&self, linear: Linear, [input, out]: [&[f32]; 2], dense: &mut [f32], sum: Sum) {
        let tokens = self.tape.packed.tokens();
        let target = Target { values: &mut dense[linear.weight()], stride: linear.of };
        let gradients = Matrix::new(out, tokens, linear.out);
        let how = if sum == Sum::Begin { How::SET } else { How::ADD };
        multiply(target, gradients.transposed(), Matrix::new(input, tokens, linear.of), how);
        let bias = &mut dense[linear.bias()];
        bias.par_chunks_mut(COLUMNS).enumerate().for_each(|(chunk, bias)| {
            if sum == Sum::Begin {
                bias.fill(0.0);
            }
            for row in out.chunks_exact(linear.out) {
                add(bias, &row[chunk * COLUMNS..][..bias.len()]);
            }
        });
    }

    /// Gradients of what came in, from those of what came out.
    fn input(&self, linear: Linear, out: &[f32], input: &mut [f32], how: How) {
        let tokens = self.tape.packed.tokens();
        let weight = Matrix::new(&self.bert.weights.values[linear.weight()], linear.out, linear.of);
        let target = Target { values: input, stride: linear.of };
        multiply(target, Matrix::new(out, tokens, linear.out), weight, how);
    }
}
