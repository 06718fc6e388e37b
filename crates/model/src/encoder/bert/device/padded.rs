//! Messages as a device takes them: all of one length, with masks for what is padding and for what is dropped.

use candle_core::{DType, Device, Result, Shape, Tensor};
use rayon::prelude::*;

use super::super::dropout::{Dropout, Place};
use super::super::forward::ROWS;
use crate::table::Table;

/// What stands for minus infinity among scores.
const NEVER: f32 = -1e9;

/// The shape of a batch of messages: `len` is the length of the longest.
#[derive(Debug)]
pub(super) struct Padded {
    lengths: Vec<usize>,
    pub len: usize,
    device: Device,
}

impl Padded {
    pub(super) fn new(messages: &[&[u32]], device: &Device) -> Self {
        let lengths: Vec<usize> = messages.iter().map(|message| message.len()).collect();
        let len = lengths.iter().copied().max().unwrap_or(0).max(1);
        Self { lengths, len, device: device.clone() }
    }

    /// Messages.
    pub(super) fn messages(&self) -> usize {
        self.lengths.len()
    }

    fn tokens(&self) -> usize {
        self.lengths.iter().sum()
    }

    /// Vectors of the messages' words, [messages * len, hidden]; zeros are padding.
    pub(super) fn words(&self, words: &Table, messages: &[&[u32]]) -> Result<Tensor> {
        let hidden = words.dim();
        let mut rows = vec![0.0; self.messages() * self.len * hidden];
        for (rows, message) in rows.chunks_exact_mut(self.len * hidden).zip(messages) {
            for (row, id) in rows.chunks_exact_mut(hidden).zip(*message) {
                row.copy_from_slice(words.row(*id));
            }
        }
        Tensor::from_vec(rows, (self.messages() * self.len, hidden), &self.device)
    }

    /// The rows that are tokens, end to end: [tokens, width] of [messages * len, width].
    pub(super) fn packed(&self, rows: &[f32], width: usize) -> Vec<f32> {
        let messages = rows.chunks_exact(self.len * width).zip(&self.lengths);
        messages.flat_map(|(rows, length)| &rows[..length * width]).copied().collect()
    }

    /// Added to scores so that no token looks at padding: [messages, 1, 1, len].
    pub(super) fn hidden_from_view(&self) -> Result<Tensor> {
        self.each_place((self.messages(), 1, 1, self.len), |length, at| if at < length { 0.0 } else { NEVER })
    }

    /// What each token counts in the mean over its message: [messages, len, 1].
    pub(super) fn weights(&self) -> Result<Tensor> {
        let weight = |length, at| if at < length { 1.0 / length as f32 } else { 0.0 };
        self.each_place((self.messages(), self.len, 1), weight)
    }

    fn each_place(&self, shape: impl Into<Shape>, value: impl Fn(usize, usize) -> f32) -> Result<Tensor> {
        let values = self.lengths.iter().flat_map(|length| (0..self.len).map(|at| value(*length, at)));
        Tensor::from_vec(values.collect::<Vec<f32>>(), shape, &self.device)
    }

    /// What is left of states in a place of a layer, scaled up: [messages * len, width]; the same choices as without
    /// padding.
    pub(super) fn kept_rows(&self, dropout: Dropout, place: Place, [layer, width]: [usize; 2]) -> Result<Tensor> {
        let mut packed = vec![1.0; self.tokens() * width];
        packed
            .par_chunks_mut(ROWS * width)
            .enumerate()
            .for_each(|(chunk, rows)| dropout.rows(place, [layer, chunk, width], rows));
        let mut kept = vec![0u8; self.messages() * self.len * width];
        let mut rest = &packed[..];
        for (kept, length) in kept.chunks_exact_mut(self.len * width).zip(&self.lengths) {
            let (now, later) = rest.split_at(length * width);
            mark(kept, now);
            rest = later;
        }
        self.scaled(kept, (self.messages() * self.len, width), dropout)
    }

    /// The same of shares of attention in a layer: [messages, heads, len, len].
    pub(super) fn kept_shares(&self, dropout: Dropout, [layer, heads]: [usize; 2]) -> Result<Tensor> {
        let square = self.len * self.len;
        let mut kept = vec![0u8; self.messages() * heads * square];
        let messages = kept.par_chunks_exact_mut(heads * square).zip(&self.lengths).enumerate();
        messages.for_each(|(message, (kept, length))| {
            for (head, kept) in kept.chunks_exact_mut(square).enumerate() {
                let mut shares = vec![1.0; length * length];
                dropout.shares([layer, message, head], &mut shares);
                let rows = kept.chunks_exact_mut(self.len).zip(shares.chunks_exact((*length).max(1)));
                rows.for_each(|(kept, shares)| mark(kept, shares));
            }
        });
        self.scaled(kept, (self.messages(), heads, self.len, self.len), dropout)
    }

    /// Bytes go to the device, a quarter of what floats would be.
    fn scaled(&self, kept: Vec<u8>, shape: impl Into<Shape>, dropout: Dropout) -> Result<Tensor> {
        let kept = Tensor::from_vec(kept, shape, &self.device)?.to_dtype(DType::F32)?;
        kept.affine(f64::from(dropout.scale()), 0.0)
    }
}

fn mark(kept: &mut [u8], values: &[f32]) {
    kept.iter_mut().zip(values).for_each(|(kept, value)| *kept = u8::from(*value != 0.0));
}
