//! What the parts of a model say of rows that it has not learned from.

pub(crate) mod stored;
mod verdict;

use rayon::prelude::*;
pub(crate) use verdict::{HeldOut, Verdict};

use crate::Error;
use crate::classifier::Parts;
use crate::linear::Linear;
use crate::neighbours::Nearest;
use crate::network::Input;
use crate::split::Row;

/// A row with what the parts of a model said of it.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    /// The network's logits of all outputs.
    deep: Vec<f32>,
    /// The linear classifiers' margins of all outputs; empty without them.
    margins: Vec<f32>,
    label: u32,
    /// Further labels of the row.
    also: Vec<u32>,
    nearest: Nearest,
    /// Share of the message that known n-grams make up.
    known: f32,
}

impl Judged {
    /// Whether a label is one of the row's.
    fn has(&self, label: usize) -> bool {
        self.label as usize == label || self.also.iter().any(|also| *also as usize == label)
    }

    fn logits(&self, scale: f32) -> Vec<f32> {
        let mut logits = self.deep.clone();
        for (logit, margin) in logits.iter_mut().zip(&self.margins) {
            *logit += scale * margin;
        }
        logits
    }
}

/// Judges rows that neither the network nor the linear classifiers have learned from.
pub(crate) fn judge(parts: &Parts, linear: Option<&Linear>, rows: &[Row]) -> Result<Vec<Judged>, Error> {
    let inputs: Vec<Input> = rows.par_iter().map(|row| parts.read(&row.text)).collect();
    let deep = parts.network.all_logits(&inputs.iter().collect::<Vec<_>>())?;
    let judged = deep.into_par_iter().zip(&inputs).zip(rows).map(|((deep, input), row)| {
        let features = &input.features;
        let margins = linear.map_or_else(Vec::new, |linear| linear.margins(features));
        let nearest = parts.neighbours.nearest(features, Some(row.label));
        Judged { deep, margins, label: row.label, also: row.also.clone(), nearest, known: features.known }
    });
    Ok(judged.collect())
}
