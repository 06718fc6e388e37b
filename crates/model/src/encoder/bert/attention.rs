//! Attention of each message's tokens on one another, and its gradients; no message sees another.

use rayon::prelude::*;

use super::dropout::Dropout;
use super::kernels::{softmax, softmax_backward};
use super::matrix::{How, Matrix, Target, multiply};
use super::packed::Packed;

/// Heads of a layer, and which layer it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attention {
    pub layer: usize,
    pub heads: usize,
    pub hidden: usize,
    pub dropout: Dropout,
}

/// One message in one head.
#[derive(Debug, Clone, Copy)]
struct Head<'a> {
    qkv: &'a [f32],
    len: usize,
    head: usize,
    of: Attention,
}

impl<'a> Head<'a> {
    /// Query (0), key (1) or value (2): [len, size].
    fn part(self, part: usize) -> Matrix<'a> {
        let from = part * self.of.hidden + self.head * self.of.size();
        Matrix::strided(&self.qkv[from..], [self.len, self.of.size()], 3 * self.of.hidden)
    }

    /// This head's columns of rows that are `width` wide.
    fn columns<'b>(self, rows: &'b [f32], width: usize) -> Matrix<'b> {
        Matrix::strided(&rows[self.head * self.of.size()..], [self.len, self.of.size()], width)
    }

    fn target<'b>(self, rows: &'b mut [f32], part: usize, width: usize) -> Target<'b> {
        Target { values: &mut rows[part * self.of.hidden + self.head * self.of.size()..], stride: width }
    }

    fn drop_out(self, message: usize, shares: &mut [f32]) {
        self.of.dropout.shares([self.of.layer, message, self.head], shares);
    }
}

impl Attention {
    fn size(self) -> usize {
        self.hidden / self.heads
    }

    fn scale(self) -> f32 {
        (self.size() as f32).sqrt().recip()
    }

    /// From `qkv` [tokens, 3 hidden] to `context` [tokens, hidden]; `shares` keeps each message's [heads, len, len].
    pub(super) fn forward(self, packed: &Packed, qkv: &[f32], shares: &mut [f32], context: &mut [f32]) {
        let hidden = self.hidden;
        let mut work: Vec<_> = packed
            .split(qkv, 3 * hidden)
            .zip(packed.split_mut(context, hidden))
            .zip(packed.split_squares_mut(shares, self.heads))
            .enumerate()
            .collect();
        match &mut work[..] {
            // One message alone stays on this thread.
            [(message, ((qkv, context), shares))] => self.message(*message, qkv, shares, context),
            several => several.par_iter_mut().for_each(|(message, ((qkv, context), shares))| {
                self.message(*message, qkv, shares, context);
            }),
        }
    }

    /// One message, head by head.
    fn message(self, message: usize, qkv: &[f32], shares: &mut [f32], context: &mut [f32]) {
        let hidden = self.hidden;
        let len = context.len() / hidden;
        let mut dropped = Vec::new();
        for (head, shares) in shares.chunks_exact_mut((len * len).max(1)).enumerate() {
            let head = Head { qkv, len, head, of: self };
            let scaled = How { factor: self.scale(), ..How::HERE };
            multiply(Target { values: shares, stride: len }, head.part(0), head.part(1).transposed(), scaled);
            softmax(shares, len);
            let shares = if self.dropout.is_none() {
                &*shares
            } else {
                dropped.clear();
                dropped.extend_from_slice(shares);
                head.drop_out(message, &mut dropped);
                &dropped
            };
            multiply(head.target(context, 0, hidden), Matrix::new(shares, len, len), head.part(2), How::HERE);
        }
    }

    /// From gradients of `context` to those of `qkv`.
    pub(super) fn backward(self, packed: &Packed, [qkv, shares]: [&[f32]; 2], context: &[f32], gradients: &mut [f32]) {
        let hidden = self.hidden;
        let mut work: Vec<_> = packed
            .split(qkv, 3 * hidden)
            .zip(packed.split(context, hidden))
            .zip(packed.split_squares(shares, self.heads))
            .zip(packed.split_mut(gradients, 3 * hidden))
            .enumerate()
            .collect();
        work.par_iter_mut().for_each(|(message, (((qkv, context), shares), gradients))| {
            let len = context.len() / hidden;
            let mut dropped = Vec::new();
            let mut scores = vec![0.0; len * len];
            for (head, shares) in shares.chunks_exact((len * len).max(1)).enumerate() {
                let head = Head { qkv, len, head, of: self };
                dropped.clear();
                dropped.extend_from_slice(shares);
                head.drop_out(*message, &mut dropped);
                let context = head.columns(context, hidden);
                let square = |values| Matrix::new(values, len, len);
                multiply(head.target(gradients, 2, 3 * hidden), square(&dropped).transposed(), context, How::HERE);
                let target = Target { values: &mut scores, stride: len };
                multiply(target, context, head.part(2).transposed(), How::HERE);
                head.drop_out(*message, &mut scores);
                softmax_backward(&mut scores, shares, len, self.scale());
                multiply(head.target(gradients, 0, 3 * hidden), square(&scores), head.part(1), How::HERE);
                multiply(head.target(gradients, 1, 3 * hidden), square(&scores).transposed(), head.part(0), How::HERE);
            }
        });
    }
}
