//! One step of learning a random field: features' weights by stochastic gradient descent with an L2 penalty (Bottou's
//! schedule), those of a base's states by AdamW.

use rayon::prelude::*;

use super::labels::Labels;
use super::lattice::{Lattice, Transitions};
use super::pieces::{BLOCKS, Pieces};
use super::projection::{Moments, Projection};
use crate::network::best;
use crate::table::Step;

/// Below this scale the shared factor is worked into the weights.
const SMALLEST_SCALE: f32 = 1e-3;

/// A message as it is learned from once.
#[derive(Debug, Clone)]
pub(super) struct View<'a> {
    /// Rows of each token's features.
    pub rows: Vec<Vec<u32>>,
    pub labels: &'a [usize],
    pub pieces: &'a Pieces,
}

/// Messages that are looked at together.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    pub views: Vec<View<'a>>,
    /// Makes up for features that were left out.
    pub factor: f32,
    /// A base's states of all pieces, `[pieces, hidden]`; empty without a base.
    pub states: Vec<f32>,
}

/// How far one step goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    /// Of features and of steps from tag to tag.
    pub rate: f32,
    pub penalty: f32,
    /// Of what a base's states say.
    pub step: Step,
}

/// What was found out about a batch.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Negative log-likelihood of all messages.
    pub loss: f64,
    pub tokens: usize,
    /// Tokens whose likeliest tag is right.
    pub right: usize,
    /// Gradients of the states by the mean loss of a message.
    pub states: Vec<f32>,
}

impl Outcome {
    pub(super) fn add(&mut self, other: &Self) {
        self.loss += other.loss;
        self.tokens += other.tokens;
        self.right += other.right;
    }
}

/// Weights while they are learned: `values` times `scale`, so that all can shrink at once.
#[derive(Debug)]
pub(super) struct Descent {
    pub labels: Labels,
    scale: f32,
    /// `[feature, tag]`.
    values: Vec<f32>,
    /// `[from, to]`.
    pub steps: Vec<f32>,
    pub projection: Option<Projection>,
    moments: Moments,
}

impl Descent {
    /// Weights of nothing; `hidden` is the size of a base's states.
    pub(super) fn new(labels: Labels, n_features: usize, hidden: Option<usize>) -> Self {
        let n = labels.len();
        Self {
            labels,
            scale: 1.0,
            values: vec![0.0; n_features * n],
            steps: vec![0.0; n * n],
            projection: hidden.map(|hidden| Projection::new(n, hidden)),
            moments: Moments::default(),
        }
    }

    /// The features' weights as they are.
    pub(super) fn values(&self) -> Vec<f32> {
        self.values.iter().map(|value| value * self.scale).collect()
    }

    /// Looks at messages without learning from them.
    pub(super) fn judge(&self, batch: &Batch<'_>) -> Outcome {
        let (found, _) = self.look(batch);
        outcome(&found)
    }

    /// Moves the weights against the gradient.
    pub(super) fn step(&mut self, batch: &Batch<'_>, rates: &Rates) -> Outcome {
        let (found, said) = self.look(batch);
        let mut outcome = outcome(&found);
        let Rates { rate, penalty, step } = *rates;
        if let Some(projection) = &mut self.projection {
            let back = back(batch, &found, said, self.labels.len());
            outcome.states = projection.back(&back);
            self.moments.step(projection, &batch.states, &back, step);
        }
        let shrink = 1.0 - (rate * penalty * batch.views.len() as f32).min(0.5);
        self.scale *= shrink;
        self.steps.iter_mut().for_each(|value| *value *= shrink);
        for (view, found) in batch.views.iter().zip(found) {
            self.add(&view.rows, &found.scores, -rate / self.scale);
            self.steps.iter_mut().zip(found.steps).for_each(|(value, slope)| *value -= rate * slope);
        }
        if self.scale < SMALLEST_SCALE {
            (self.values, self.scale) = (self.values(), 1.0);
        }
        outcome
    }

    /// Gradients of each message, and what the pieces say.
    fn look(&self, batch: &Batch<'_>) -> (Vec<Gradients>, Vec<f32>) {
        let n = self.labels.len();
        let transitions = Transitions::new(self.labels, &self.steps);
        let said = self.projection.as_ref().map_or_else(Vec::new, |projection| projection.said(&batch.states));
        let mut rest = said.as_slice();
        let mut parts = Vec::with_capacity(batch.views.len());
        for view in &batch.views {
            let len = if said.is_empty() { 0 } else { view.pieces.ids.len() * BLOCKS * n };
            let (part, later) = rest.split_at(len);
            parts.push(part);
            rest = later;
        }
        let gradients = |(view, said): (&View<'_>, &&[f32])| {
            let mut scores = sums(&self.values, n, &view.rows);
            scores.iter_mut().for_each(|score| *score *= self.scale * batch.factor);
            if !said.is_empty() {
                view.pieces.gather(said, &mut scores, n);
            }
            Gradients::new(&transitions, scores, view.labels)
        };
        (batch.views.par_iter().zip(&parts).map(gradients).collect(), said)
    }

    /// Adds a share of each token's gradient to its rows.
    fn add(&mut self, rows: &[Vec<u32>], gradients: &[f32], share: f32) {
        let n = self.labels.len();
        for (gradient, rows) in gradients.chunks_exact(n).zip(rows) {
            for row in rows {
                let values = &mut self.values[*row as usize * n..][..n];
                values.iter_mut().zip(gradient).for_each(|(value, slope)| *value += share * slope);
            }
        }
    }
}

fn outcome(found: &[Gradients]) -> Outcome {
    let sum = |part: fn(&Gradients) -> usize| found.iter().map(part).sum();
    Outcome {
        loss: found.iter().map(|found| found.loss).sum(),
        tokens: sum(|found| found.tokens),
        right: sum(|found| found.right),
        states: Vec::new(),
    }
}

/// Gradients of what the pieces said, by the mean loss of a message; the memory is that of what was said.
fn back(batch: &Batch<'_>, found: &[Gradients], said: Vec<f32>, n: usize) -> Vec<f32> {
    let mut back = said;
    back.fill(0.0);
    let mut rest = back.as_mut_slice();
    for (view, found) in batch.views.iter().zip(found) {
        let (part, later) = std::mem::take(&mut rest).split_at_mut(view.pieces.ids.len() * BLOCKS * n);
        view.pieces.scatter(&found.scores, part, n);
        rest = later;
    }
    let share = 1.0 / batch.views.len().max(1) as f32;
    back.iter_mut().for_each(|value| *value *= share);
    back
}

/// The sums of each token's rows, `[token, tag]`.
pub(super) fn sums(values: &[f32], n: usize, rows: &[Vec<u32>]) -> Vec<f32> {
    let mut scores = vec![0.0; rows.len() * n];
    for (sum, rows) in scores.chunks_exact_mut(n).zip(rows) {
        for row in rows {
            let values = &values[*row as usize * n..][..n];
            sum.iter_mut().zip(values).for_each(|(sum, weight)| *sum += weight);
        }
    }
    scores
}

/// The negative log-likelihood of a message with its gradients.
struct Gradients {
    loss: f64,
    /// By each token's scores, `[token, tag]`.
    scores: Vec<f32>,
    /// By the steps from tag to tag.
    steps: Vec<f32>,
    tokens: usize,
    right: usize,
}

impl Gradients {
    fn new(transitions: &Transitions, scores: Vec<f32>, labels: &[usize]) -> Self {
        let mut scores = scores;
        let n = scores.len() / labels.len().max(1);
        let lattice = Lattice::new(transitions, &scores);
        let loss = -lattice.log_likelihood(&scores, labels);
        scores.iter_mut().zip(lattice.marginals()).for_each(|(score, share)| *score = share as f32);
        let right = scores.chunks_exact(n.max(1)).zip(labels).filter(|(row, label)| best(row) == **label).count();
        labels.iter().enumerate().for_each(|(token, label)| scores[token * n + label] -= 1.0);
        let mut steps = vec![0.0; n * n];
        lattice.add_expected_steps(&mut steps);
        labels.windows(2).for_each(|pair| steps[pair[0] * n + pair[1]] -= 1.0);
        let steps = steps.into_iter().map(|step| step as f32).collect();
        Self { loss, scores, steps, tokens: labels.len(), right }
    }
}
