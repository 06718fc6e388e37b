//! Signals of whether a message is in scope at all, and the regression that turns them into a probability.

use crate::calibration::ScopeModel;

/// Number of signals.
pub(crate) const SIGNALS: usize = 3;
/// Share of messages taken to be out of scope when the regression is fitted.
pub(crate) const PRIOR: f32 = 0.15;
/// Fewest real out-of-scope rows to fit on; below, rows are made by leaving their own intent out.
pub(crate) const ENOUGH: usize = 15;

/// What familiarity is judged by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    /// Logits of the intents.
    pub logits: &'a [f32],
    /// Logit of "none of them", when the model was trained with out-of-scope rows.
    pub none: Option<f32>,
    /// Similarity to the nearest training example.
    pub similarity: f32,
    /// Share of the message that known n-grams make up.
    pub known: f32,
}

impl Evidence<'_> {
    /// How far the intents' logits rise above their mean, likeness to an example, and how "none of them" compares;
    /// `without` leaves one intent out, as if the bot did not have it.
    pub(crate) fn signals(&self, without: Option<usize>) -> [f32; SIGNALS] {
        let logits =
            self.logits.iter().enumerate().filter(|(index, _)| Some(*index) != without).map(|(_, logit)| *logit);
        let n = logits.clone().count();
        let likeness = self.similarity * self.known.sqrt();
        if n == 0 {
            return [0.0, likeness, 0.0];
        }
        let highest = logits.clone().fold(f32::NEG_INFINITY, f32::max);
        let mean = logits.clone().sum::<f32>() / n as f32;
        // The log of the sum of exponentials: the energy of Liu et al., 2020.
        let energy = highest + logits.map(|logit| (logit - highest).exp()).sum::<f32>().ln();
        [energy - mean, likeness, self.none.map_or(0.0, |none| none - energy)]
    }
}

/// Fits the regression on in-scope rows against out-of-scope ones.
///
/// Where real ones are few, general messages and rows without their own intent stand in for them. The latter alone
/// resemble real ones in their logits only, so without general messages the other signals are left out.
pub(crate) fn fit(
    inside: &[[f32; SIGNALS]],
    outside: &[[f32; SIGNALS]],
    general: &[[f32; SIGNALS]],
    left_out: &[[f32; SIGNALS]],
) -> ScopeModel {
    let strange: &[&[[f32; SIGNALS]]] = match (outside.len() >= ENOUGH, general.len() >= ENOUGH) {
        (true, _) => &[outside],
        (false, true) => &[general, left_out],
        (false, false) => &[left_out],
    };
    if inside.is_empty() || strange.iter().all(|rows| rows.is_empty()) {
        return ScopeModel::default();
    }
    let blind = outside.len() < ENOUGH && general.len() < ENOUGH;
    let seen = |row: &[f32; SIGNALS]| if blind { [row[0], 0.0, 0.0] } else { *row };
    let share = PRIOR / strange.len() as f32;
    let groups = std::iter::once((inside, 1.0, 1.0 - PRIOR)).chain(strange.iter().map(|rows| (*rows, 0.0, share)));
    let rows: Vec<([f32; SIGNALS], f32, f32)> = groups
        .flat_map(|(rows, target, share)| rows.iter().map(move |row| (seen(row), target, share / rows.len() as f32)))
        .collect();
    regress(&rows)
}

/// Weighted logistic regression on standardised signals by gradient descent with a little decay.
fn regress(rows: &[([f32; SIGNALS], f32, f32)]) -> ScopeModel {
    let total: f32 = rows.iter().map(|(_, _, weight)| weight).sum();
    let mut mean = [0.0f32; SIGNALS];
    let mut deviation = [0.0f32; SIGNALS];
    for (signals, _, weight) in rows {
        for (mean, signal) in mean.iter_mut().zip(signals) {
            *mean += signal * weight / total;
        }
    }
    for (signals, _, weight) in rows {
        for ((deviation, signal), mean) in deviation.iter_mut().zip(signals).zip(&mean) {
            *deviation += (signal - mean).powi(2) * weight / total;
        }
    }
    let deviation = deviation.map(|variance| if variance > 1e-8 { variance.sqrt() } else { f32::INFINITY });
    let mut weights = [0.0f32; SIGNALS];
    let mut bias = 0.0f32;
    for _ in 0..2000 {
        let mut slope = weights.map(|weight| 0.002 * weight);
        let mut bias_slope = 0.0;
        for (signals, target, share) in rows {
            let scaled: [f32; SIGNALS] = std::array::from_fn(|i| (signals[i] - mean[i]) / deviation[i]);
            let sum: f32 = bias + weights.iter().zip(&scaled).map(|(w, s)| w * s).sum::<f32>();
            let error = (1.0 / (1.0 + (-sum).exp()) - target) * share / total;
            bias_slope += error;
            for (slope, signal) in slope.iter_mut().zip(&scaled) {
                *slope += error * signal;
            }
        }
        bias -= 2.0 * bias_slope;
        for (weight, slope) in weights.iter_mut().zip(&slope) {
            *weight -= 2.0 * slope;
        }
    }
    let raw: Vec<f32> = (0..SIGNALS).map(|i| weights[i] / deviation[i]).collect();
    let shift: f32 = raw.iter().zip(&mean).map(|(weight, mean)| weight * mean).sum();
    ScopeModel { weights: raw, bias: bias - shift }
}
