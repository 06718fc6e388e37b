//! What held-out rows teach about a model: how much its parts count, and how its scores become probabilities.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Judged;
use crate::beta::{BetaCalibration, Outcome};
use crate::calibration::{Calibration, ScopeModel, calibration_error};
use crate::network::best;
use crate::scope::{self, Evidence};
use crate::several::{Heard, SeveralIntents};

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
/// A general message more like an example than this may well be one of the bot's own.
const MOST_LIKENESS: f32 = 0.5;

/// Rows that a model has not learned from.
#[derive(Clone, Copy, Default)]
pub(crate) struct HeldOut<'a> {
    /// The bot's own.
    pub judged: &'a [Judged],
    /// General messages that a bot is seldom made for, for where its own rows hold none out of scope.
    pub general: &'a [Judged],
    /// A scope that is known already, and kept where the rows hold too few out of scope.
    pub scope: Option<&'a ScopeModel>,
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
    pub(crate) fn of<'a>(held_out: HeldOut<'a>, n_intents: usize) -> Self {
        let (inside, outside): (Vec<&'a Judged>, Vec<&'a Judged>) =
            held_out.judged.iter().partition(|row| (row.label as usize) < n_intents);
        let mut calibration = Calibration::default();
        let scale = choose_scale(&inside, n_intents, &mut calibration);
        let weigh = |rows: &[&'a Judged]| -> Vec<Weighed<'a>> {
            rows.par_iter().map(|row| Weighed::new(row, scale, n_intents)).collect()
        };
        let general: Vec<&'a Judged> =
            held_out.general.iter().filter(|row| row.nearest.any * row.known.sqrt() < MOST_LIKENESS).collect();
        let court = Court { inside: weigh(&inside), outside: weigh(&outside), general: weigh(&general) };
        calibration.scope = match held_out.scope.filter(|_| court.outside.len() < scope::ENOUGH) {
            Some(known) => known.clone(),
            None => court.scope(),
        };
        calibration.several = court.several(n_intents);
        calibration.beta = BetaCalibration::fit(&court.outcomes(&calibration));
        let mut points = court.points(&calibration);
        let metrics = court.metrics(&points);
        points.extend(court.stand_ins(&calibration));
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

/// All rows, weighed.
struct Court<'a> {
    inside: Vec<Weighed<'a>>,
    outside: Vec<Weighed<'a>>,
    general: Vec<Weighed<'a>>,
}

impl Court<'_> {
    /// Rows that would be out of scope without their intent; one of several intents stays in scope without one.
    fn single(&self) -> impl Iterator<Item = &Weighed<'_>> {
        self.inside.iter().filter(|row| row.judged.also.is_empty())
    }

    fn scope(&self) -> ScopeModel {
        let signals = |rows: &[Weighed<'_>]| rows.iter().map(|row| row.signals).collect::<Vec<_>>();
        let left_out: Vec<_> = self.single().map(|row| row.left_out).collect();
        let [inside, outside, general] = [&self.inside, &self.outside, &self.general].map(|rows| signals(rows));
        scope::fit(&inside, &outside, &general, &left_out)
    }

    /// What tells several intents apart in one message, where some rows have several.
    fn several(&self, n_intents: usize) -> Option<SeveralIntents> {
        let any = self.inside.iter().any(|row| !row.judged.also.is_empty());
        let heard = |row: &Weighed<'_>| Heard {
            logits: row.logits.clone(),
            has: (0..n_intents).map(|intent| row.judged.has(intent)).collect(),
        };
        let rows = || self.inside.iter().chain(&self.outside);
        if any { SeveralIntents::fit(&rows().map(heard).collect::<Vec<_>>()) } else { None }
    }

    /// What is said of the bot's own rows: the probability of the best intent, and whether it is right.
    fn points(&self, calibration: &Calibration) -> Vec<(f32, bool)> {
        self.inside.iter().chain(&self.outside).map(|row| row.point(calibration)).collect()
    }

    /// The same of rows that stand in for what somebody always asks and a bot cannot know, where real ones are few:
    /// general messages, and rows as if the bot did not have their intent.
    fn stand_ins(&self, calibration: &Calibration) -> Vec<(f32, bool)> {
        let missing = (self.inside.len() / STRANGE_ROWS).saturating_sub(self.outside.len());
        let general = spread(self.general.iter(), self.general.len(), missing / 2);
        let single = spread(self.single(), self.single().count(), missing - general.len());
        let general = general.into_iter().map(|row| row.point(calibration));
        general.chain(single.into_iter().map(|row| row.strange_point(calibration))).collect()
    }

    /// What rows say of the probabilities as they are; those out of scope count for as much as they are taken to be
    /// among messages, at most.
    fn outcomes(&self, calibration: &Calibration) -> Vec<Outcome> {
        let most = scope::PRIOR / (1.0 - scope::PRIOR) * self.inside.len() as f32;
        let strange = (most / self.outside.len().max(1) as f32).min(1.0);
        let weights = self.inside.iter().map(|_| 1.0).chain(self.outside.iter().map(|_| strange));
        let own =
            self.points(calibration).into_iter().zip(weights).map(|((said, right), weight)| (said, right, weight));
        own.chain(self.stand_ins(calibration).into_iter().map(|(said, right)| (said, right, STAND_IN))).collect()
    }

    fn metrics(&self, points: &[(f32, bool)]) -> BTreeMap<String, f32> {
        if points.is_empty() {
            return BTreeMap::new();
        }
        let right = self.inside.iter().filter(|row| row.judged.has(best(&row.logits))).count() as f32;
        BTreeMap::from([
            ("accuracy".into(), right / self.inside.len().max(1) as f32),
            ("held_out_rows".into(), points.len() as f32),
            ("ece".into(), calibration_error(points)),
        ])
    }
}

/// At most so many of the rows, evenly over all.
fn spread<'a, T>(rows: impl Iterator<Item = &'a T>, len: usize, most: usize) -> Vec<&'a T> {
    let step = len.checked_div(most).unwrap_or(usize::MAX).max(1);
    rows.step_by(step).take(most).collect()
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
