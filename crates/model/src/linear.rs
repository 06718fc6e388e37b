//! The wide path: one linear classifier an intent over n-grams, against all others, solved as the convex problem it is.

use crate::features::Features;
use crate::random::Random;
use crate::table::Table;

/// Passes over the rows; a further one moves held-out accuracy by less than its noise.
const PASSES: usize = 20;
/// Cost of a row within the margin, against the squared length of the weights.
const COST: f32 = 1.0;
/// Most values that weights and multipliers may have; bots of more intents or rows do without a wide path.
const MAX_VALUES: usize = 60_000_000;
/// The constant feature that the bias is the weight of.
const ONE: f32 = 1.0;

/// A row as the solver sees it: n-grams and pairs with weights, its class and further ones, and how much it counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LinearRow<'a> {
    pub features: &'a Features,
    pub class: u32,
    pub also: &'a [u32],
    pub weight: f32,
}

impl LinearRow<'_> {
    /// 1 for a class of the row, else -1.
    fn side(&self, class: usize) -> f32 {
        let is_own = self.class as usize == class || self.also.iter().any(|also| *also as usize == class);
        if is_own { 1.0 } else { -1.0 }
    }
}

/// Weights [n-grams, classes] with a bias for each class.
#[derive(Debug, Clone)]
pub(crate) struct Linear {
    pub weights: Table,
    pub bias: Vec<f32>,
}

impl Linear {
    /// Fits support vector machines with squared hinge loss, one class against the rest, by dual coordinate descent
    /// (Hsieh et al., 2008); a row's multipliers of all classes are moved at once. `None` where that would be too large.
    pub(crate) fn fit(rows: &[LinearRow<'_>], n_features: usize, n_classes: usize, seed: u64) -> Option<Self> {
        if !Self::fits(rows.len(), n_features, n_classes) {
            return None;
        }
        let mut solver = Solver {
            weights: vec![0.0; n_features * n_classes],
            bias: vec![0.0; n_classes],
            multipliers: vec![0.0; rows.len() * n_classes],
            moves: vec![0.0; n_classes],
        };
        let mut random = Random::new(seed, 6);
        let mut order: Vec<usize> = (0..rows.len()).collect();
        for _ in 0..PASSES {
            random.shuffle(&mut order);
            for &index in &order {
                solver.visit(index, &rows[index]);
            }
        }
        Some(Self { weights: Table::from_values(solver.weights, n_classes), bias: solver.bias })
    }

    /// Whether so many rows, features and classes are few enough.
    pub(crate) fn fits(n_rows: usize, n_features: usize, n_classes: usize) -> bool {
        let values = n_features.checked_add(n_rows).and_then(|both| both.checked_mul(n_classes));
        n_classes > 0 && values.is_some_and(|values| values <= MAX_VALUES)
    }

    /// The margins of a message, one a class.
    pub(crate) fn margins(&self, features: &Features) -> Vec<f32> {
        let mut margins = self.bias.clone();
        self.weights.add_to(&features.rows, &mut margins);
        self.weights.add_to(&features.pairs, &mut margins);
        margins
    }
}

/// The state of the descent; weights are row by row, one row a feature.
struct Solver {
    weights: Vec<f32>,
    bias: Vec<f32>,
    multipliers: Vec<f32>,
    moves: Vec<f32>,
}

impl Solver {
    /// Sets the multipliers of one row to their best, all others held fast.
    fn visit(&mut self, index: usize, row: &LinearRow<'_>) {
        let n = self.bias.len();
        let softness = 1.0 / (2.0 * COST * row.weight);
        let features = || row.features.rows.iter().chain(&row.features.pairs);
        let square: f32 = features().map(|(_, value)| value * value).sum::<f32>() + ONE;
        let step = 1.0 / (square + softness);
        let moves = &mut self.moves;
        moves.copy_from_slice(&self.bias);
        for (feature, value) in features() {
            let weights = &self.weights[*feature as usize * n..][..n];
            for (margin, weight) in moves.iter_mut().zip(weights) {
                *margin += value * weight;
            }
        }
        let multipliers = &mut self.multipliers[index * n..][..n];
        for (class, (moved, multiplier)) in moves.iter_mut().zip(multipliers).enumerate() {
            let side = row.side(class);
            let slope = side * *moved - 1.0 + softness * *multiplier;
            let better = (*multiplier - slope * step).max(0.0);
            *moved = side * (better - *multiplier);
            *multiplier = better;
        }
        for (bias, moved) in self.bias.iter_mut().zip(moves.iter()) {
            *bias += ONE * moved;
        }
        for (feature, value) in features() {
            let weights = &mut self.weights[*feature as usize * n..][..n];
            for (weight, moved) in weights.iter_mut().zip(moves.iter()) {
                *weight += value * moved;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<(Features, u32)> {
        let one = |features: &[u32], class| {
            let share = (features.len() as f32).sqrt().recip();
            let rows = features.iter().map(|feature| (*feature, share)).collect();
            (Features { rows, ..Features::default() }, class)
        };
        vec![one(&[0, 1], 0), one(&[0, 2], 0), one(&[3, 1], 1), one(&[3, 2], 1), one(&[4], 2), one(&[4, 1], 2)]
    }

    fn seen(rows: &[(Features, u32)], weight: f32) -> Vec<LinearRow<'_>> {
        rows.iter().map(|(features, class)| LinearRow { features, class: *class, also: &[], weight }).collect()
    }

    #[test]
    fn rows_that_can_be_told_apart_are() {
        let rows = rows();
        let seen = seen(&rows, 1.0);
        let linear = Linear::fit(&seen, 5, 3, 1).expect("small enough");
        for (features, class) in &rows {
            assert_eq!(crate::network::best(&linear.margins(features)), *class as usize);
        }
    }

    #[test]
    fn the_solution_is_the_least_of_its_own_neighbourhood() {
        let rows = rows();
        let mut seen = seen(&rows, 0.5);
        seen[0].also = &[2];
        let linear = Linear::fit(&seen, 5, 3, 1).expect("small enough");
        let cost = |linear: &Linear| -> f32 {
            let length = linear.weights.values().iter().chain(&linear.bias).map(|w| w * w).sum::<f32>() / 2.0;
            let losses = seen.iter().flat_map(|row| {
                linear.margins(row.features).into_iter().enumerate().map(|(class, margin)| {
                    let side = row.side(class);
                    COST * row.weight * (1.0 - side * margin).max(0.0).powi(2)
                })
            });
            length + losses.sum::<f32>()
        };
        let least = cost(&linear);
        for at in 0..15 {
            for shift in [-0.05f32, 0.05] {
                let mut values = linear.weights.values().to_vec();
                values[at] += shift;
                let other = Linear { weights: Table::from_values(values, 3), bias: linear.bias.clone() };
                assert!(cost(&other) >= least - 1e-4, "weight {at}: {} < {least}", cost(&other));
            }
        }
    }

    #[test]
    fn what_would_be_too_large_is_not_tried() {
        assert!(Linear::fit(&[], usize::MAX, 10, 1).is_none());
        assert!(Linear::fit(&[], 100_000, 10_000, 1).is_none());
    }
}
