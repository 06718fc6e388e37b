//! Beta calibration: the last correction of a probability, learned from how often such probabilities came true.

use serde::{Deserialize, Serialize};

use crate::logistic::{self, Number};

/// Nothing is ever quite sure.
const EDGE: f32 = 1e-6;
/// The numbers when nothing is known: the probability stays what it is. The two factors stay positive, so that the order
/// of two probabilities does.
const IDENTITY: [Number; 3] = [
    Number { start: 1.0, inertia: 4.0, least: 0.02 },
    Number { start: 1.0, inertia: 4.0, least: 0.02 },
    Number { start: 0.0, inertia: 0.5, least: f64::NEG_INFINITY },
];

/// The log-odds of coming true: `low · ln p − high · ln(1 − p) + shift` (Kull, Silva Filho and Flach, 2017).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BetaCalibration {
    /// How much small probabilities count.
    pub low: f32,
    /// How much large probabilities count.
    pub high: f32,
    /// Added to the log-odds.
    pub shift: f32,
}

impl Default for BetaCalibration {
    fn default() -> Self {
        Self::new(IDENTITY.map(|number| number.start))
    }
}

/// A probability, whether it came true, and how much that counts.
pub(crate) type Outcome = (f32, bool, f32);

impl BetaCalibration {
    fn new(numbers: [f64; 3]) -> Self {
        let [low, high, shift] = numbers.map(|number| number as f32);
        Self { low, high, shift }
    }

    /// The numbers that make the outcomes likeliest, never turning the order of two probabilities around.
    pub(crate) fn fit(outcomes: &[Outcome]) -> Self {
        let row = |(p, right, weight): &Outcome| (terms(*p), *right, f64::from(*weight));
        Self::new(logistic::fit(&outcomes.iter().map(row).collect::<Vec<_>>(), IDENTITY))
    }

    /// The corrected probability.
    pub(crate) fn probability(&self, probability: f32) -> f32 {
        let numbers = [self.low, self.high, self.shift].map(f64::from);
        logistic::probability(&numbers, &terms(probability)) as f32
    }

    /// Whether it keeps the order of probabilities and gives numbers.
    pub(crate) fn is_sound(&self) -> bool {
        self.low > 0.0 && self.high > 0.0 && [self.low, self.high, self.shift].iter().all(|number| number.is_finite())
    }
}

/// What the three numbers are multiplied with.
fn terms(probability: f32) -> [f64; 3] {
    let p = f64::from(probability.clamp(EDGE, 1.0 - EDGE));
    [p.ln(), -(1.0 - p).ln(), 1.0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Probabilities that come true as often as `truth` says.
    fn outcomes(rows: usize, truth: impl Fn(f32) -> f32) -> Vec<Outcome> {
        let mut random = Random::new(3, 0);
        let drawn = (0..rows).map(|_| (random.uniform(), random.uniform()));
        drawn.map(|(p, chance)| (p, chance < truth(p), 1.0)).collect()
    }

    #[test]
    fn what_is_said_too_low_or_too_high_is_put_right() {
        for truth in [|p: f32| p.sqrt(), |p: f32| p * p, |p: f32| p, |p: f32| 0.5 + p / 4.0] {
            let map = BetaCalibration::fit(&outcomes(20_000, truth));
            for p in [0.1, 0.3, 0.5, 0.7, 0.9] {
                let (said, is) = (map.probability(p), truth(p));
                assert!((said - is).abs() < 0.05, "{p}: {said} instead of {is}");
            }
        }
    }

    #[test]
    fn a_handful_of_outcomes_moves_little_and_order_is_kept() {
        let few = BetaCalibration::fit(&outcomes(3, |p| 1.0 - p));
        assert!((few.probability(0.8) - 0.8).abs() < 0.25, "{few:?}");
        assert_eq!(BetaCalibration::fit(&[]), BetaCalibration::default());
        let turned = BetaCalibration::fit(&outcomes(2000, |p| 1.0 - p));
        assert!(turned.is_sound() && turned.probability(0.9) > turned.probability(0.1), "{turned:?}");
        for p in [0.0, 1.0, f32::MIN_POSITIVE] {
            assert!((0.0..=1.0).contains(&few.probability(p)));
        }
    }
}
