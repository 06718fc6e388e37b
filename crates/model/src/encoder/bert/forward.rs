//! From tokens to one vector for each message, keeping what the way back needs.

use rayon::prelude::*;

use super::attention::Attention;
use super::dropout::{Dropout, Place};
use super::kernels::{activate, add, normalise};
use super::matrix::{How, Matrix, Target, multiply};
use super::packed::Packed;
use super::weights::{Layer, Linear, Norm};
use super::{Bert, Ready};
use crate::table::Table;

/// Rows that one thread takes at a time between products.
pub(super) const ROWS: usize = 32;

/// Rows that one thread takes at a time through a weight laid out for serving.
const SERVED_ROWS: usize = 64;

/// What a layer norm keeps: its normalised rows, and what each was scaled by.
#[derive(Debug, Clone, Default)]
pub(super) struct NormTape {
    pub rows: Vec<f32>,
    pub scales: Vec<f32>,
}

/// What one layer keeps, row by row; `hidden` numbers a token unless said otherwise.
#[derive(Debug, Clone, Default)]
pub(super) struct LayerTape {
    pub input: Vec<f32>,
    /// Query, key and value: 3 hidden.
    pub qkv: Vec<f32>,
    /// [heads, len, len] of each message.
    pub shares: Vec<f32>,
    pub context: Vec<f32>,
    pub attended_norm: NormTape,
    pub middle: Vec<f32>,
    /// Slope of the activation: inner size.
    pub slopes: Vec<f32>,
    /// After the activation: inner size.
    pub inner: Vec<f32>,
    pub norm: NormTape,
}

/// What one pass keeps; its memory is used again by the next.
#[derive(Debug, Clone, Default)]
pub(super) struct Tape {
    pub packed: Packed,
    pub dropout: Option<Dropout>,
    pub embedded: NormTape,
    /// One for each layer, or a single one that all use in turn where there is no way back.
    pub layers: Vec<LayerTape>,
    pub hidden: Vec<f32>,
}

impl Tape {
    /// Runs the encoder over messages; the result is [messages, hidden], zero for a message without tokens.
    pub(super) fn forward(&mut self, bert: &Bert, words: &Table, messages: &[&[u32]], dropout: Dropout) -> Vec<f32> {
        self.run(bert, words, messages, dropout);
        self.pool(bert.config.hidden_size)
    }

    /// Runs the encoder over messages; their last states are left in `hidden`, [tokens, hidden].
    pub(super) fn run(&mut self, bert: &Bert, words: &Table, messages: &[&[u32]], dropout: Dropout) {
        self.packed = Packed::new(messages);
        self.dropout = Some(dropout);
        self.embed(bert, words, dropout);
        for (index, layer) in bert.weights.plan.layers.iter().enumerate() {
            let at = index % self.layers.len();
            let run = Run { bert, packed: &self.packed, dropout, index };
            run.layer(layer, &mut self.layers[at], &mut self.hidden);
        }
    }

    fn embed(&mut self, bert: &Bert, words: &Table, dropout: Dropout) {
        let hidden = bert.config.hidden_size;
        let plan = &bert.weights.plan;
        let positions = &bert.weights.values[plan.positions.clone()];
        let kind = &bert.weights.values[plan.kinds.clone()][..hidden];
        let tokens = self.packed.tokens();
        resize(&mut self.embedded.rows, tokens * hidden);
        let rows = self.embedded.rows.chunks_exact_mut(hidden).zip(&self.packed.ids).zip(self.packed.positions());
        for ((row, id), position) in rows {
            row.copy_from_slice(words.row(*id));
            add(row, &positions[position * hidden..][..hidden]);
            add(row, kind);
        }
        norm_rows(bert, plan.norm, &mut self.embedded, &mut self.hidden, |_, _| {});
        let drop_out = |(chunk, rows): (usize, &mut [f32])| dropout.rows(Place::Embedded, [0, chunk, hidden], rows);
        if !dropout.is_none() {
            self.hidden.par_chunks_mut(ROWS * hidden).enumerate().for_each(drop_out);
        }
    }

    /// Mean over each message's tokens.
    fn pool(&self, hidden: usize) -> Vec<f32> {
        let mut pooled = vec![0.0; self.packed.lengths.len() * hidden];
        for (mean, rows) in pooled.chunks_exact_mut(hidden).zip(self.packed.split(&self.hidden, hidden)) {
            rows.chunks_exact(hidden).for_each(|row| add(mean, row));
            let share = 1.0 / (rows.len() / hidden).max(1) as f32;
            mean.iter_mut().for_each(|value| *value *= share);
        }
        pooled
    }
}

/// One layer's pass.
struct Run<'a> {
    bert: &'a Bert,
    packed: &'a Packed,
    dropout: Dropout,
    index: usize,
}

impl Run<'_> {
    /// Takes the states to the next layer's.
    fn layer(&self, layer: &Layer, tape: &mut LayerTape, hidden: &mut Vec<f32>) {
        let config = &self.bert.config;
        std::mem::swap(&mut tape.input, hidden);
        self.linear(0, layer.qkv, &tape.input, &mut tape.qkv);
        resize(&mut tape.shares, self.packed.squares(config.num_attention_heads));
        resize(&mut tape.context, tape.input.len());
        let attention = Attention {
            layer: self.index,
            heads: config.num_attention_heads,
            hidden: config.hidden_size,
            dropout: self.dropout,
        };
        attention.forward(self.packed, &tape.qkv, &mut tape.shares, &mut tape.context);
        self.linear(1, layer.attended, &tape.context, &mut tape.attended_norm.rows);
        self.join((Place::Attended, layer.attended_norm), &tape.input, &mut tape.attended_norm, &mut tape.middle);
        self.linear(2, layer.inner, &tape.middle, &mut tape.slopes);
        self.activate(&mut tape.slopes, &mut tape.inner);
        self.linear(3, layer.outer, &tape.inner, &mut tape.norm.rows);
        self.join((Place::Outer, layer.norm), &tape.middle, &mut tape.norm, hidden);
    }

    /// A dense layer, which is the layer's `number`th.
    fn linear(&self, number: usize, linear: Linear, input: &[f32], out: &mut Vec<f32>) {
        let values = &self.bert.weights.values;
        let tokens = self.packed.tokens();
        resize(out, tokens * linear.out);
        let bias = &values[linear.bias()];
        if let Some(ready) = self.bert.ready.as_deref() {
            let size = [linear.of, linear.out].map(|width| SERVED_ROWS * width);
            return pairs(input, out, size, |input, out| match ready {
                Ready::Float(layers) => layers[self.index][number].multiply(input, bias, out),
                Ready::EightBit(layers) => layers[self.index][number].multiply(input, bias, out),
            });
        }
        out.chunks_exact_mut(linear.out).for_each(|row| row.copy_from_slice(bias));
        let weight = Matrix::new(&values[linear.weight()], linear.out, linear.of);
        let input = Matrix::new(input, tokens, linear.of);
        multiply(Target { values: out, stride: linear.out }, input, weight.transposed(), How::ADD);
    }

    /// Drops from the rows on the tape, adds the states they came from, and normalises.
    fn join(&self, (place, norm): (Place, Norm), residual: &[f32], tape: &mut NormTape, out: &mut Vec<f32>) {
        norm_rows(self.bert, norm, tape, out, |chunk, rows| {
            self.dropout.rows(place, [self.index, chunk, norm.len], rows);
            add(rows, &residual[chunk * ROWS * norm.len..][..rows.len()]);
        });
    }

    fn activate(&self, slopes: &mut [f32], out: &mut Vec<f32>) {
        resize(out, slopes.len());
        let size = (ROWS * self.bert.config.intermediate_size).max(1);
        let kind = self.bert.activation;
        if slopes.len() <= size {
            return activate(kind, slopes, out);
        }
        slopes.par_chunks_mut(size).zip(out.par_chunks_mut(size)).for_each(|(x, y)| activate(kind, x, y));
    }
}

/// Takes rows that come in and rows that go out together, some at a time; where one thread has all of them, this one.
fn pairs(input: &[f32], out: &mut [f32], [of, to]: [usize; 2], work: impl Fn(&[f32], &mut [f32]) + Sync) {
    if out.len() <= to {
        return work(input, out);
    }
    input.par_chunks(of).zip(out.par_chunks_mut(to)).for_each(|(input, out)| work(input, out));
}

/// Gives numbers a length, and no more memory than that takes: what is kept for the way back is large.
pub(super) fn resize(values: &mut Vec<f32>, len: usize) {
    values.reserve_exact(len.saturating_sub(values.len()));
    values.resize(len, 0.0);
}

/// Normalises the rows on a tape into `out`, each chunk of them prepared first; a single chunk stays on this thread.
fn norm_rows(
    bert: &Bert,
    norm: Norm,
    tape: &mut NormTape,
    out: &mut Vec<f32>,
    prepare: impl Fn(usize, &mut [f32]) + Sync,
) {
    let values = &bert.weights.values;
    let weights = [&values[norm.weight()], &values[norm.bias()]];
    let epsilon = bert.config.layer_norm_eps as f32;
    resize(out, tape.rows.len());
    resize(&mut tape.scales, tape.rows.len() / norm.len);
    let size = ROWS * norm.len;
    if tape.rows.len() <= size {
        prepare(0, &mut tape.rows);
        return normalise(&mut tape.rows, &mut tape.scales, weights, epsilon, out);
    }
    tape.rows
        .par_chunks_mut(size)
        .zip(tape.scales.par_chunks_mut(ROWS))
        .zip(out.par_chunks_mut(size))
        .enumerate()
        .for_each(|(chunk, ((rows, scales), out))| {
            prepare(chunk, rows);
            normalise(rows, scales, weights, epsilon, out);
        });
}
