//! What a model says of rows it has not learned from, and the calibration that follows.

pub(crate) mod stored;

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::Error;
use crate::beta::{BetaCalibration, Outcome};
use crate::calibration::{Calibration, ScopeModel, calibration_error};
use crate::classifier::Parts;
use crate::linear::Linear;
use crate::neighbours::Nearest;
use crate::network::{Input, best};
use crate::scope::{self, Evidence};
use crate::several::{Heard, SeveralIntents};
use crate::split::Row;

/// Thresholds are found with at least one out-of-scope row for so many others.
const STRANGE_ROWS: usize = 10;
/// What a stand-in for an out-of-scope row counts when probabilities are put right: enough that what is unlike all rows
/// is not believed, and so little that what is like them is believed as it deserves.
const STAND_IN: f32 = 0.3;
/// Candidates for how much a margin of the linear classifiers counts against a logit of the network.
const SCALES: [f32; 9] = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0];
/// The scale where few rows speak for another.
const USUAL_SCALE: usize = 5;
/// What one step away from the usual scale costs, as the log-likelihood of rows.
const STEP_COST: f64 = 0.5;

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

/// What held-out rows teach about a model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict {
    pub calibration: Calibration,
    /// What a margin of the linear classifiers counts against a logit of the network.
    pub scale: f32,
    pub metrics: BTreeMap<String, f32>,
}

impl Verdict {
    /// Fits scale, temperature, scope and curve; labels from `n_intents` on are out of scope.
    pub(crate) fn of(judged: &[Judged], n_intents: usize) -> Self {
        Self::beside(judged, n_intents, None)
    }

    /// The same; rows with too few out of scope leave a scope as it is, where one is known.
    pub(crate) fn beside<'a>(judged: &'a [Judged], n_intents: usize, scope: Option<&ScopeModel>) -> Self {
        let (inside, outside): (Vec<&'a Judged>, Vec<&'a Judged>) =
            judged.iter().partition(|row| (row.label as usize) < n_intents);
        let mut calibration = Calibration::default();
        let scale = choose_scale(&inside, n_intents, &mut calibration);
        let weigh = |rows: &[&'a Judged]| -> Vec<Weighed<'a>> {
            rows.par_iter().map(|row| Weighed::new(row, scale, n_intents)).collect()
        };
        let (inside, outside) = (weigh(&inside), weigh(&outside));
        let signals = |rows: &[Weighed<'_>]| rows.iter().map(|row| row.signals).collect::<Vec<_>>();
        // A message of several intents stays in scope without one of them.
        let single: Vec<&Weighed<'_>> = inside.iter().filter(|row| row.judged.also.is_empty()).collect();
        let left_out: Vec<_> = single.iter().map(|row| row.left_out).collect();
        calibration.scope = match scope.filter(|_| outside.len() < scope::ENOUGH) {
            Some(known) => known.clone(),
            None => scope::fit(&signals(&inside), &signals(&outside), &left_out),
        };
        calibration.several = several(&inside, &outside, n_intents);
        // Somebody always asks what a bot cannot know: where real rows of that are few, others stand in for them.
        let missing = (inside.len() / STRANGE_ROWS).saturating_sub(outside.len());
        let step = single.len().checked_div(missing).unwrap_or(usize::MAX).max(1);
        let strange: Vec<&Weighed<'_>> = single.into_iter().step_by(step).take(missing).collect();
        let stand_ins = |calibration: &Calibration| -> Vec<(f32, bool)> {
            strange.iter().map(|row| row.strange_point(calibration)).collect()
        };
        let mut outcomes = outcomes(&inside, &outside, &calibration);
        outcomes.extend(stand_ins(&calibration).into_iter().map(|(probability, right)| (probability, right, STAND_IN)));
        calibration.beta = BetaCalibration::fit(&outcomes);
        let mut points: Vec<(f32, bool)> = inside.iter().chain(&outside).map(|row| row.point(&calibration)).collect();
        let mut metrics = BTreeMap::new();
        if !judged.is_empty() {
            let right = inside.iter().filter(|row| row.judged.has(best(&row.logits))).count() as f32;
            metrics.insert("accuracy".into(), right / inside.len().max(1) as f32);
            metrics.insert("held_out_rows".into(), judged.len() as f32);
            metrics.insert("ece".into(), calibration_error(&points));
        }
        points.extend(stand_ins(&calibration));
        calibration.set_curve(points);
        Self { calibration, scale, metrics }
    }
}

/// Sets the temperature, and returns the scale with which it makes held-out labels likeliest.
fn choose_scale(inside: &[&Judged], n_intents: usize, calibration: &mut Calibration) -> f32 {
    let wide = inside.iter().any(|row| !row.margins.is_empty());
    let scales = if wide { &SCALES[..] } else { &SCALES[..1] };
    let tried = scales.par_iter().enumerate().map(|(at, scale)| {
        let logits: Vec<(Vec<f32>, u32)> = inside.iter().map(|row| (row.logits(*scale), row.label)).collect();
        let rows: Vec<(&[f32], u32)> = logits.iter().map(|(logits, label)| (&logits[..n_intents], *label)).collect();
        let mut calibration = Calibration::default();
        let cost = calibration.fit_temperature(&rows);
        let steps = (at as f64 - USUAL_SCALE as f64).abs();
        (cost + if wide { STEP_COST * steps } else { 0.0 }, calibration.temperature, *scale)
    });
    let best = tried.min_by(|a, b| a.0.total_cmp(&b.0));
    let (_, temperature, scale) = best.unwrap_or((0.0, 1.0, 0.0));
    calibration.temperature = temperature;
    scale
}

/// What tells several intents apart in one message, where some rows have several.
fn several(inside: &[Weighed<'_>], outside: &[Weighed<'_>], n_intents: usize) -> Option<SeveralIntents> {
    let any = inside.iter().any(|row| !row.judged.also.is_empty());
    let heard = |row: &Weighed<'_>| Heard {
        logits: row.logits.clone(),
        has: (0..n_intents).map(|intent| row.judged.has(intent)).collect(),
    };
    if any { SeveralIntents::fit(&inside.iter().chain(outside).map(heard).collect::<Vec<_>>()) } else { None }
}

/// What held-out rows say of the probabilities as they are; those out of scope count for as much as they are taken to
/// be among messages, at most.
fn outcomes(inside: &[Weighed<'_>], outside: &[Weighed<'_>], calibration: &Calibration) -> Vec<Outcome> {
    let most = scope::PRIOR / (1.0 - scope::PRIOR) * inside.len() as f32;
    let strange = (most / outside.len().max(1) as f32).min(1.0);
    let of = |rows: &[Weighed<'_>], weight: f32| -> Vec<Outcome> {
        let said = rows.iter().map(|row| row.point(calibration));
        said.map(|(probability, right)| (probability, right, weight)).collect()
    };
    [of(inside, 1.0), of(outside, strange)].concat()
}

/// A judged row at a scale: its logits of the intents and its signals, also as if its own intent did not exist.
struct Weighed<'a> {
    logits: Vec<f32>,
    judged: &'a Judged,
    signals: [f32; scope::SIGNALS],
    left_out: [f32; scope::SIGNALS],
}

impl<'a> Weighed<'a> {
    fn new(row: &'a Judged, scale: f32, n_intents: usize) -> Self {
        let mut logits = row.logits(scale);
        let none = logits.get(n_intents).copied();
        logits.truncate(n_intents);
        let evidence = |similarity| Evidence { logits: &logits, none, similarity, known: row.known };
        let signals = evidence(row.nearest.any).signals(None);
        let left_out = evidence(row.nearest.other).signals(Some(row.label as usize));
        Self { logits, judged: row, signals, left_out }
    }

    /// Probability of the best intent, and whether it is right.
    fn point(&self, calibration: &Calibration) -> (f32, bool) {
        let (probabilities, _) = calibration.probabilities(&self.logits, &self.signals);
        let index = best(&probabilities);
        (probabilities[index], self.judged.has(index))
    }

    /// Probability of the best intent, which is wrong, if the bot did not have the row's own.
    fn strange_point(&self, calibration: &Calibration) -> (f32, bool) {
        let mut logits = self.logits.clone();
        logits.swap_remove(self.judged.label as usize);
        let (probabilities, _) = calibration.probabilities(&logits, &self.left_out);
        (probabilities.into_iter().fold(0.0, f32::max), false)
    }
}
