//! From the field's own probability of an entity to one that means what it says (Platt, 1999).

use serde::{Deserialize, Serialize};

/// How many entities' worth of belief the field's own probability gets before any is judged.
const BELIEF: f64 = 4.0;
/// Newton steps; a few reach the optimum.
const STEPS: usize = 30;
/// Probabilities are kept this far from 0 and 1.
const MARGIN: f64 = 1e-6;

/// A line through log-odds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Confidence {
    slope: f64,
    offset: f64,
}

impl Default for Confidence {
    fn default() -> Self {
        Self { slope: 1.0, offset: 0.0 }
    }
}

impl Confidence {
    /// Fits the line to held-out entities: the field's probability and whether it was right.
    pub(crate) fn fit(judged: &[(f64, bool)]) -> Self {
        let rows: Vec<(f64, f64)> =
            judged.iter().map(|(own, right)| (log_odds(*own), f64::from(u8::from(*right)))).collect();
        let mut line = Self::default();
        for _ in 0..STEPS {
            let [slope, offset] = line.newton(&rows);
            let nearer = |share: f64| Self { slope: line.slope - share * slope, offset: line.offset - share * offset };
            // Far from the optimum a whole step may overshoot.
            let shorter = (0..10).map(|halvings| nearer(0.5f64.powi(halvings)));
            let Some(better) = shorter.into_iter().find(|other| other.cost(&rows) < line.cost(&rows)) else { break };
            line = better;
        }
        // More of the field's belief must never mean less: then the held-out entities say nothing of use.
        if line.slope > 0.0 && line.is_sound() { line } else { Self::default() }
    }

    /// Negative log-likelihood and the distance from the field's own belief.
    fn cost(self, rows: &[(f64, f64)]) -> f64 {
        let one = |(odds, target): &(f64, f64)| {
            let x = self.slope * odds + self.offset;
            x.max(0.0) + (-x.abs()).exp().ln_1p() - target * x
        };
        rows.iter().map(one).sum::<f64>() + BELIEF / 2.0 * ((self.slope - 1.0).powi(2) + self.offset.powi(2))
    }

    /// Newton's step of slope and offset.
    fn newton(self, rows: &[(f64, f64)]) -> [f64; 2] {
        let mut gradient = [BELIEF * (self.slope - 1.0), BELIEF * self.offset];
        let mut curvature = [BELIEF, 0.0, BELIEF];
        for (odds, target) in rows {
            let share = logistic(self.slope * odds + self.offset);
            let (error, weight) = (share - target, share * (1.0 - share));
            gradient = [gradient[0] + error * odds, gradient[1] + error];
            curvature = [curvature[0] + weight * odds * odds, curvature[1] + weight * odds, curvature[2] + weight];
        }
        let [a, b, c] = curvature;
        let determinant = a * c - b * b;
        [(c * gradient[0] - b * gradient[1]) / determinant, (a * gradient[1] - b * gradient[0]) / determinant]
    }

    /// The calibrated probability.
    pub(crate) fn probability(self, own: f64) -> f32 {
        logistic(self.slope * log_odds(own) + self.offset) as f32
    }

    /// Whether stored values can be used.
    pub(crate) fn is_sound(self) -> bool {
        self.slope.is_finite() && self.offset.is_finite()
    }
}

fn log_odds(probability: f64) -> f64 {
    let p = probability.clamp(MARGIN, 1.0 - MARGIN);
    (p / (1.0 - p)).ln()
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boasting_is_taken_back_and_doubt_too() {
        let judged: Vec<_> = (0..1000).map(|n| (0.9, n % 10 < 6)).chain((0..1000).map(|n| (0.4, n % 10 < 6))).collect();
        let line = Confidence::fit(&judged[..1000]);
        assert!((line.probability(0.9) - 0.6).abs() < 0.02, "{line:?}");
        let line = Confidence::fit(&judged[1000..]);
        assert!((line.probability(0.4) - 0.6).abs() < 0.02, "{line:?}");
    }

    #[test]
    fn without_evidence_the_field_is_believed() {
        for judged in [&[][..], &[(1.0, true)], &[(f64::NAN, true), (0.0, true)]] {
            let line = Confidence::fit(judged);
            assert!((line.probability(0.8) - 0.8).abs() < 0.12, "{line:?}");
            assert!(line.probability(0.9) > line.probability(0.3));
        }
    }
}
