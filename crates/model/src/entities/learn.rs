//! What a random field learns from, and the weights that come of it.

use half::f16;

use super::descent::{Descent, View, sums};
use super::labels::Labels;
use super::lattice::Transitions;
use super::pass::Pass;
use super::pieces::{Pieces, Seen};
use super::projection::Projection;
use crate::encoder::bert::Bert;
use crate::random::Random;
use crate::table::Table;
use crate::train::Watcher;

/// Share of features left out at random; the rest counts for more.
pub(super) const DROPOUT: f32 = 0.3;
/// How often a message is learned from with words hidden, where it can be.
const HIDING: f32 = 0.2;
/// A message to learn from: each token's rows of the table, and its tag.
#[derive(Debug, Clone)]
pub(crate) struct Lesson {
    pub rows: Vec<Vec<u32>>,
    /// The same with words hidden, taken instead now and then.
    pub hiding: Option<Vec<Vec<u32>>>,
    pub labels: Vec<usize>,
    /// What a base reads of it; nothing without a base.
    pub pieces: Pieces,
    /// The base's states of the pieces, `[pieces, hidden]`, as the base is before it is tuned.
    pub states: Vec<f16>,
}

impl Lesson {
    /// The message with some features left out, and its words now and then.
    pub(super) fn thinned(&self, random: &mut Random) -> View<'_> {
        let rows = self.hiding.as_ref().filter(|_| random.uniform() < HIDING).unwrap_or(&self.rows);
        let mut thin = |rows: &Vec<u32>| rows.iter().copied().filter(|_| random.uniform() >= DROPOUT).collect();
        View { rows: rows.iter().map(&mut thin).collect(), labels: &self.labels, pieces: &self.pieces }
    }

    pub(super) fn whole(&self) -> View<'_> {
        View { rows: self.rows.clone(), labels: &self.labels, pieces: &self.pieces }
    }
}

/// What there is to learn from beside features.
#[derive(Debug)]
pub(crate) enum Beside<'a> {
    Nothing,
    /// States of so many numbers that lessons bring with them.
    Kept(usize),
    /// A base's encoder that learns too.
    Tuned(&'a mut Bert, &'a mut Table),
}

impl Beside<'_> {
    /// Size of the states, where there are any.
    fn hidden(&self) -> Option<usize> {
        match self {
            Self::Nothing => None,
            Self::Kept(hidden) => Some(*hidden),
            Self::Tuned(bert, _) => Some(bert.config.hidden_size),
        }
    }
}

/// How long and how fast an encoder is tuned, where somebody has said so.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace {
    pub epochs: Option<u32>,
    pub base_rate: Option<f32>,
}

/// What one fit learns from.
#[derive(Debug)]
pub(crate) struct Course<'a> {
    pub lessons: &'a [Lesson],
    /// Lessons that are only looked at, after each pass.
    pub checks: &'a [Lesson],
    pub labels: Labels,
    /// Features are rows below this.
    pub n_features: usize,
    pub pace: Pace,
    pub seed: u64,
}

/// The weights of a linear-chain random field.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    pub labels: Labels,
    /// `[feature, tag]`.
    pub table: Table,
    /// `[from, to]` in one row.
    pub steps: Table,
    /// What a base's states say, where there is a base.
    pub projection: Option<Projection>,
}

impl Weights {
    /// Learns a course; an encoder beside it is moved too.
    pub(crate) fn learn(course: &Course<'_>, beside: Beside<'_>, watcher: &mut Watcher<'_>) -> Self {
        let descent = Descent::new(course.labels, course.n_features, beside.hidden());
        let descent = Pass::new(course, beside, descent).run(watcher);
        let n = course.labels.len();
        let table = Table::from_values(descent.values(), n);
        let steps = Table::from_values(descent.steps, n * n);
        let mut weights = Self { labels: course.labels, table, steps, projection: descent.projection };
        weights.table.round();
        weights.steps.round();
        weights.projection.iter_mut().for_each(|projection| projection.table.round());
        weights
    }

    /// The scores of steps from tag to tag, made ready.
    pub(crate) fn transitions(&self) -> Transitions {
        Transitions::new(self.labels, self.steps.row(0))
    }

    /// The scores of each token's tags, `[token, tag]`, from its features' rows and what a base saw of the message.
    pub(crate) fn scores(&self, rows: &[Vec<u32>], seen: Option<Seen<'_>>) -> Vec<f32> {
        let n = self.labels.len();
        let mut scores = sums(self.table.values(), n, rows);
        if let (Some(projection), Some(Seen { pieces, states })) = (&self.projection, seen) {
            pieces.gather(&projection.said(states), &mut scores, n);
        }
        scores
    }
}
