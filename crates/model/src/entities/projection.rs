//! What a base's states say of tags: a linear layer over each piece, learned by AdamW.

use super::pieces::BLOCKS;
use crate::encoder::bert::matrix::{How, Matrix, Target, multiply};
use crate::table::{Step, Table};

/// Weights from states to what pieces say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Projection {
    /// `[blocks · tags, hidden]`.
    pub table: Table,
}

impl Projection {
    /// Nothing is said yet.
    pub(crate) fn new(n_tags: usize, hidden: usize) -> Self {
        Self { table: Table::from_values(vec![0.0; BLOCKS * n_tags * hidden], hidden) }
    }

    /// What pieces say, `[pieces, blocks · tags]`, from their states `[pieces, hidden]`.
    pub(crate) fn said(&self, states: &[f32]) -> Vec<f32> {
        let (pieces, weights) = (self.rows(states), self.weights());
        let mut said = vec![0.0; pieces * self.table.len()];
        let target = Target { values: &mut said, stride: self.table.len() };
        multiply(target, Matrix::new(states, pieces, self.table.dim()), weights.transposed(), How::SET);
        said
    }

    /// Gradients of the states, from those of what was said.
    pub(crate) fn back(&self, said: &[f32]) -> Vec<f32> {
        let pieces = said.len() / self.table.len();
        let mut states = vec![0.0; pieces * self.table.dim()];
        let target = Target { values: &mut states, stride: self.table.dim() };
        multiply(target, Matrix::new(said, pieces, self.table.len()), self.weights(), How::SET);
        states
    }

    fn rows(&self, states: &[f32]) -> usize {
        states.len() / self.table.dim()
    }

    fn weights(&self) -> Matrix<'_> {
        Matrix::new(self.table.values(), self.table.len(), self.table.dim())
    }
}

/// What learning keeps between steps.
#[derive(Debug, Clone, Default)]
pub(super) struct Moments {
    gradients: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Moments {
    /// Moves the weights against the gradients of what was said of states.
    pub(super) fn step(&mut self, projection: &mut Projection, states: &[f32], said: &[f32], step: Step) {
        let (pieces, len) = (projection.rows(states), projection.table.values().len());
        for values in [&mut self.gradients, &mut self.first, &mut self.second] {
            values.resize(len, 0.0);
        }
        let target = Target { values: &mut self.gradients, stride: projection.table.dim() };
        let said = Matrix::new(said, pieces, projection.table.len());
        multiply(target, said.transposed(), Matrix::new(states, pieces, projection.table.dim()), How::SET);
        let moments = self.first.iter_mut().zip(&mut self.second).zip(&self.gradients);
        for (value, ((first, second), gradient)) in projection.table.values_mut().iter_mut().zip(moments) {
            step.apply(value, [first, second], *gradient);
        }
    }
}
