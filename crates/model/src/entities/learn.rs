//! Learns a random field's weights by stochastic gradient descent with an L2 penalty (Bottou's schedule).

use rayon::prelude::*;

use super::labels::Labels;
use super::lattice::{Lattice, Transitions};
use crate::random::Random;
use crate::table::Table;

/// Messages to learn from, passes times messages, and the fewest and most passes.
const MESSAGES: usize = 20_000;
const EPOCHS: (usize, usize) = (20, 80);
/// Messages of a step.
const BATCH: usize = 8;
/// The first step's size; later ones shrink to nothing.
const RATE: f32 = 0.05;
/// Share of features left out at random; the rest counts for more.
const DROPOUT: f32 = 0.3;
/// How often a message is learned from with words hidden, where it can be.
const HIDING: f32 = 0.2;
/// Below this scale the shared factor is worked into the weights.
const SMALLEST_SCALE: f32 = 1e-3;
/// Strength of the penalty, shared by all messages, and the most of it that one takes.
const PENALTY: f32 = 2.0;
const MOST_PENALTY: f32 = 2e-3;

/// A message to learn from: each token's rows of the table, and its tag.
#[derive(Debug, Clone)]
pub(crate) struct Lesson {
    pub rows: Vec<Vec<u32>>,
    /// The same with words hidden, taken instead now and then.
    pub hiding: Option<Vec<Vec<u32>>>,
    pub labels: Vec<usize>,
}

impl Lesson {
    /// The message with some features left out, and its words now and then.
    fn view(&self, random: &mut Random) -> View<'_> {
        let rows = self.hiding.as_ref().filter(|_| random.uniform() < HIDING).unwrap_or(&self.rows);
        let mut thin = |rows: &Vec<u32>| rows.iter().copied().filter(|_| random.uniform() >= DROPOUT).collect();
        View { rows: rows.iter().map(&mut thin).collect(), labels: &self.labels }
    }
}

/// A message as it is learned from once.
#[derive(Debug, Clone)]
struct View<'a> {
    rows: Vec<Vec<u32>>,
    labels: &'a [usize],
}

/// The weights of a linear-chain random field.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    pub labels: Labels,
    /// `[feature, tag]`.
    pub table: Table,
    /// `[from, to]` in one row.
    pub steps: Table,
}

impl Weights {
    /// Learns from lessons; features are rows below `n_features`.
    pub(crate) fn learn(lessons: &[Lesson], labels: Labels, n_features: usize, seed: u64) -> Self {
        let n = labels.len();
        let mut descent = Descent { labels, scale: 1.0, values: vec![0.0; n_features * n], steps: vec![0.0; n * n] };
        let penalty = (PENALTY / lessons.len().max(1) as f32).min(MOST_PENALTY);
        let epochs = (MESSAGES / lessons.len().max(1)).clamp(EPOCHS.0, EPOCHS.1);
        let total = (lessons.len() * epochs) as f32;
        let mut random = Random::new(seed, 7);
        let mut order: Vec<usize> = (0..lessons.len()).collect();
        let mut seen = 0;
        for epoch in 1..=epochs {
            random.shuffle(&mut order);
            let mut loss = 0.0;
            for chunk in order.chunks(BATCH) {
                let batch: Vec<View> = chunk.iter().map(|index| lessons[*index].view(&mut random)).collect();
                loss += descent.step(&batch, RATE * (1.0 - seen as f32 / total), penalty);
                seen += chunk.len();
            }
            tracing::debug!(epoch, loss = loss / lessons.len() as f64, "tagger");
        }
        descent.values.iter_mut().for_each(|value| *value *= descent.scale);
        let (table, steps) = (Table::from_values(descent.values, n), Table::from_values(descent.steps, n * n));
        let mut weights = Self { labels, table, steps };
        weights.table.round();
        weights.steps.round();
        weights
    }

    /// The scores of steps from tag to tag, made ready.
    pub(crate) fn transitions(&self) -> Transitions {
        Transitions::new(self.labels, self.steps.row(0))
    }

    /// The scores of each token's tags, `[token, tag]`, from its features' rows.
    pub(crate) fn scores(&self, rows: &[Vec<u32>]) -> Vec<f32> {
        sums(self.table.values(), self.labels.len(), rows)
    }
}

/// Weights while they are learned: `values` times `scale`, so that all can shrink at once.
struct Descent {
    labels: Labels,
    scale: f32,
    values: Vec<f32>,
    steps: Vec<f32>,
}

impl Descent {
    /// Moves the weights against the gradient; returns the negative log-likelihood of the batch.
    fn step(&mut self, batch: &[View<'_>], rate: f32, penalty: f32) -> f64 {
        let n = self.labels.len();
        let transitions = Transitions::new(self.labels, &self.steps);
        let gradient = |lesson: &View<'_>| {
            let mut scores = sums(&self.values, n, &lesson.rows);
            scores.iter_mut().for_each(|score| *score *= self.scale / (1.0 - DROPOUT));
            let (loss, steps) = gradients(&transitions, &mut scores, lesson.labels);
            (scores, steps, loss)
        };
        let gradients: Vec<(Vec<f32>, Vec<f32>, f64)> = batch.par_iter().map(gradient).collect();
        let shrink = 1.0 - (rate * penalty * batch.len() as f32).min(0.5);
        self.scale *= shrink;
        self.steps.iter_mut().for_each(|value| *value *= shrink);
        let mut sum = 0.0;
        for (lesson, (scores, steps, loss)) in batch.iter().zip(gradients) {
            self.add(&lesson.rows, &scores, -rate / self.scale);
            self.steps.iter_mut().zip(steps).for_each(|(value, slope)| *value -= rate * slope);
            sum += loss;
        }
        if self.scale < SMALLEST_SCALE {
            self.values.iter_mut().for_each(|value| *value *= self.scale);
            self.scale = 1.0;
        }
        sum
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

/// The sums of each token's rows, `[token, tag]`.
fn sums(values: &[f32], n: usize, rows: &[Vec<u32>]) -> Vec<f32> {
    let mut scores = vec![0.0; rows.len() * n];
    for (sum, rows) in scores.chunks_exact_mut(n).zip(rows) {
        for row in rows {
            let values = &values[*row as usize * n..][..n];
            sum.iter_mut().zip(values).for_each(|(sum, weight)| *sum += weight);
        }
    }
    scores
}

/// Turns scores into the gradient of the negative log-likelihood by them; returns the latter and its gradient by the
/// steps from tag to tag.
fn gradients(transitions: &Transitions, scores: &mut [f32], labels: &[usize]) -> (f64, Vec<f32>) {
    let n = scores.len() / labels.len().max(1);
    let lattice = Lattice::new(transitions, scores);
    let loss = -lattice.log_likelihood(scores, labels);
    scores.iter_mut().zip(lattice.marginals()).for_each(|(score, share)| *score = share as f32);
    labels.iter().enumerate().for_each(|(token, label)| scores[token * n + label] -= 1.0);
    let mut steps = vec![0.0; n * n];
    lattice.add_expected_steps(&mut steps);
    labels.windows(2).for_each(|pair| steps[pair[0] * n + pair[1]] -= 1.0);
    (loss, steps.into_iter().map(|step| step as f32).collect())
}
