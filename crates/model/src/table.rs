//! A matrix of which each step touches few rows: weighted sums of rows, and AdamW on the touched rows only.

use half::f16;
use rayon::prelude::*;

use crate::random::Random;

/// Rows below this many are updated on one thread.
const PARALLEL_ROWS: usize = 512;
pub(crate) const BETA1: f32 = 0.9;
pub(crate) const BETA2: f32 = 0.999;
pub(crate) const EPSILON: f32 = 1e-8;

/// Rows of equal length with their moments while training.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    dim: usize,
    values: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Table {
    /// Rows drawn from a normal distribution; a deviation of 0 gives zeros.
    pub(crate) fn random(rows: usize, dim: usize, deviation: f32, random: &mut Random) -> Self {
        let values = if deviation == 0.0 {
            vec![0.0; rows * dim]
        } else {
            (0..rows * dim).map(|_| random.normal() * deviation).collect()
        };
        Self::from_values(values, dim)
    }

    /// Rows from stored values; the length must be a multiple of `dim`.
    pub(crate) fn from_values(values: Vec<f32>, dim: usize) -> Self {
        Self { dim, values, first: Vec::new(), second: Vec::new() }
    }

    /// Length of a row.
    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    /// All values, row by row.
    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    /// All values, to be changed.
    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.values.len() / self.dim.max(1)
    }

    /// One row.
    pub(crate) fn row(&self, row: u32) -> &[f32] {
        let start = row as usize * self.dim;
        &self.values[start..start + self.dim]
    }

    /// Values and moments as they stand; the moments are empty before the first update.
    pub(crate) fn state(&self) -> [&[f32]; 3] {
        [&self.values, &self.first, &self.second]
    }

    /// Puts back what [`Table::state`] gave; `None` where the lengths do not fit this table.
    pub(crate) fn put_back(&mut self, [values, first, second]: [Vec<f32>; 3]) -> Option<()> {
        let fits = |moments: &[f32]| moments.is_empty() || moments.len() == values.len();
        if values.len() != self.values.len() || !fits(&first) || first.len() != second.len() {
            return None;
        }
        (self.values, self.first, self.second) = (values, first, second);
        Some(())
    }

    /// Forgets the moments.
    pub(crate) fn finish(&mut self) {
        self.first = Vec::new();
        self.second = Vec::new();
    }

    /// The same rows, each value times `scale`.
    pub(crate) fn scaled(&self, scale: f32) -> Self {
        Self::from_values(self.values.iter().map(|value| value * scale).collect(), self.dim)
    }

    /// Rounds every value to what a 16-bit float can hold.
    pub(crate) fn round(&mut self) {
        for value in &mut self.values {
            *value = rounded(*value);
        }
    }

    /// Adds the weighted rows to `sum`.
    pub(crate) fn add_to(&self, rows: &[(u32, f32)], sum: &mut [f32]) {
        for (row, weight) in rows {
            for (total, value) in sum.iter_mut().zip(self.row(*row)) {
                *total += weight * value;
            }
        }
    }

    /// The weighted sum of rows for each example, one after another.
    pub(crate) fn sums(&self, examples: &[&[(u32, f32)]]) -> Vec<f32> {
        let mut sums = vec![0.0; examples.len() * self.dim];
        sums.par_chunks_mut(self.dim).zip(examples).for_each(|(sum, rows)| self.add_to(rows, sum));
        sums
    }

    /// One AdamW step on the rows that `uses` names, given the gradient of each sum.
    pub(crate) fn update(&mut self, uses: &Uses, gradients: &[f32], step: &Step) {
        if self.first.is_empty() {
            self.first = vec![0.0; self.values.len()];
            self.second = vec![0.0; self.values.len()];
        }
        let part = Part { first_row: 0, values: &mut self.values, first: &mut self.first, second: &mut self.second };
        part.update(&uses.rows, &Gradients { uses, gradients, dim: self.dim }, step);
    }
}

/// Learning rate and decay of one step, with Adam's bias corrections for step `number`, from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub learning_rate: f32,
    pub weight_decay: f32,
    correction1: f32,
    correction2: f32,
}

impl Step {
    pub(crate) fn new(learning_rate: f32, weight_decay: f32, number: u64) -> Self {
        let number = number.min(1_000_000) as i32;
        Self {
            learning_rate,
            weight_decay,
            correction1: 1.0 / (1.0 - BETA1.powi(number)),
            correction2: 1.0 / (1.0 - BETA2.powi(number)),
        }
    }

    /// What the two moments are multiplied by.
    pub(crate) fn corrections(&self) -> [f32; 2] {
        [self.correction1, self.correction2]
    }

    /// Moves one weight along its gradient, given its two moments.
    #[inline(always)]
    pub(crate) fn apply(&self, value: &mut f32, [first, second]: [&mut f32; 2], gradient: f32) {
        *first = BETA1 * *first + (1.0 - BETA1) * gradient;
        *second = BETA2 * *second + (1.0 - BETA2) * gradient * gradient;
        let direction = *first * self.correction1 / ((*second * self.correction2).sqrt() + EPSILON);
        *value -= self.learning_rate * (direction + self.weight_decay * *value);
    }
}

/// Which examples of a batch use which rows, with weights: the transpose of the batch.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    /// Each touched row with its range in `entries`, by row.
    rows: Vec<(u32, std::ops::Range<usize>)>,
    entries: Vec<(u32, f32)>,
}

impl Uses {
    /// Transposes a batch.
    pub(crate) fn new(examples: &[&[(u32, f32)]]) -> Self {
        let mut all: Vec<(u32, u32, f32)> = (0u32..)
            .zip(examples)
            .flat_map(|(example, rows)| rows.iter().map(move |(row, weight)| (*row, example, *weight)))
            .collect();
        all.sort_unstable_by_key(|(row, example, _)| (*row, *example));
        let mut uses = Self::default();
        for (at, (row, example, weight)) in all.into_iter().enumerate() {
            match uses.rows.last_mut() {
                Some(last) if last.0 == row => last.1.end = at + 1,
                _ => uses.rows.push((row, at..at + 1)),
            }
            uses.entries.push((example, weight));
        }
        uses
    }
}

/// The nearest 16-bit float.
pub(crate) fn rounded(value: f32) -> f32 {
    f16::from_f32(value.clamp(-65_000.0, 65_000.0)).to_f32()
}

struct Gradients<'a> {
    uses: &'a Uses,
    gradients: &'a [f32],
    dim: usize,
}

/// A run of rows that one thread owns.
struct Part<'a> {
    first_row: u32,
    values: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

impl Part<'_> {
    fn update(self, rows: &[(u32, std::ops::Range<usize>)], gradients: &Gradients<'_>, step: &Step) {
        if rows.len() < PARALLEL_ROWS {
            self.update_here(rows, gradients, step);
            return;
        }
        let (head, tail) = rows.split_at(rows.len() / 2);
        let border = tail[0].0;
        let at = (border - self.first_row) as usize * gradients.dim;
        let (values, later_values) = self.values.split_at_mut(at);
        let (first, later_first) = self.first.split_at_mut(at);
        let (second, later_second) = self.second.split_at_mut(at);
        let before = Part { first_row: self.first_row, values, first, second };
        let after = Part { first_row: border, values: later_values, first: later_first, second: later_second };
        rayon::join(|| before.update(head, gradients, step), || after.update(tail, gradients, step));
    }

    fn update_here(self, rows: &[(u32, std::ops::Range<usize>)], gradients: &Gradients<'_>, step: &Step) {
        let dim = gradients.dim;
        let entries = &gradients.uses.entries;
        let mut gradient = vec![0.0; dim];
        for (row, range) in rows {
            gradient.fill(0.0);
            for (example, weight) in &entries[range.clone()] {
                let from = &gradients.gradients[*example as usize * dim..][..dim];
                for (total, value) in gradient.iter_mut().zip(from) {
                    *total += weight * value;
                }
            }
            let at = (*row - self.first_row) as usize * dim;
            let values = &mut self.values[at..at + dim];
            let first = &mut self.first[at..at + dim];
            let second = &mut self.second[at..at + dim];
            for (((value, m), v), g) in values.iter_mut().zip(first).zip(second).zip(&gradient) {
                step.apply(value, [m, v], *g);
            }
        }
    }
}
