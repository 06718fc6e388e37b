//! What a quick model says about each row when it has not learned from it: probabilities for judging labels.

use rayon::prelude::*;

use crate::folds::folds;
use crate::linear::{softmax, temperature};
use crate::progress::Steps;
use crate::vectors::Vector;
use crate::yardstick::Yardstick;

/// Rows with numbered labels, and what reads the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Labelled<'a> {
    pub(crate) texts: &'a [&'a str],
    pub(crate) vectors: &'a [&'a Vector],
    pub(crate) labels: &'a [u32],
    pub(crate) n_terms: usize,
    pub(crate) n_classes: usize,
}

/// What models said about each row that had learned from the other folds alone.
#[derive(Debug, Clone)]
pub(crate) struct OutOfFold {
    /// One probability a class for each row.
    pub(crate) probabilities: Vec<Vec<f32>>,
    /// What scores must be divided by to become such probabilities.
    pub(crate) temperature: f32,
}

/// Cross-validates the quick model.
pub(crate) fn out_of_fold(set: Labelled<'_>, n_folds: usize, seed: u64, steps: &Steps) -> OutOfFold {
    let keys: Vec<(&str, u32)> = set.texts.iter().copied().zip(set.labels.iter().copied()).collect();
    let fold_of = folds(&keys, n_folds, seed);
    let of_fold = |fold: usize| -> Vec<(usize, Vec<f32>)> {
        let rows = (0..set.labels.len()).filter(|row| fold_of[*row] != fold);
        let rows: Vec<(&Vector, u32)> = rows.map(|row| (set.vectors[row], set.labels[row])).collect();
        let model = Yardstick::fit(&rows, set.n_terms, set.n_classes, seed);
        let held_out = (0..set.labels.len()).filter(|row| fold_of[*row] == fold);
        let said = held_out.map(|row| (row, model.logits(set.vectors[row]))).collect();
        steps.step();
        said
    };
    let mut logits = vec![Vec::new(); set.labels.len()];
    let all: Vec<_> = (0..n_folds).into_par_iter().flat_map_iter(of_fold).collect();
    all.into_iter().for_each(|(row, said)| logits[row] = said);
    let temperature = temperature(&logits, set.labels);
    logits.iter_mut().for_each(|scores| softmax(scores, temperature));
    OutOfFold { probabilities: logits, temperature }
}
