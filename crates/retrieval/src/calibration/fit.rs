//! Learns the weights by Newton's method with a Gaussian prior on the default, then measures the error curve.

use super::{Calibration, CalibrationReport, CurvePoint, Example, N_EVIDENCE};

/// How firmly the weights are held at the usual ones: as if this many examples spoke for each.
const PRIOR: f64 = 2.0;
const NEWTON_STEPS: usize = 200;
const MAX_HALVINGS: i32 = 60;
/// Fewer answered examples than this give no point on the curve.
const MIN_ANSWERED: usize = 20;
const N_CURVE_POINTS: usize = 100;
const N_BINS: usize = 10;

/// Fits a calibration to judged hits; with none it is the usual one.
pub(crate) fn fit(examples: &[Example], usual: &Calibration) -> (Calibration, CalibrationReport) {
    if examples.is_empty() {
        let report = CalibrationReport { n_examples: 0, recall_at_1: None, calibration_error: None };
        return (usual.clone(), report);
    }
    let weights = newton(examples, &usual.weights.map(f64::from));
    let n_examples = examples.iter().filter(|example| example.first).count();
    let mut calibration = Calibration { weights, n_examples, curve: Vec::new(), ..usual.clone() };
    let mut judged: Vec<Judged> =
        examples.iter().filter(|example| example.first).map(|example| Judged::of(&calibration, example)).collect();
    judged.sort_by(|one, other| other.probability.total_cmp(&one.probability));
    calibration.curve = curve(&judged);
    let report =
        CalibrationReport { n_examples, recall_at_1: None, calibration_error: Some(calibration_error(&judged)) };
    (calibration, report)
}

/// What a calibration says of a hit, and whether it is right.
pub(super) struct Judged {
    pub(super) probability: f32,
    pub(super) right: bool,
    weight: f32,
}

impl Judged {
    pub(super) fn of(calibration: &Calibration, example: &Example) -> Self {
        let probability = calibration.probability(&example.evidence);
        Self { probability, right: example.right, weight: example.weight }
    }
}

fn newton(examples: &[Example], usual: &[f64; N_EVIDENCE]) -> [f32; N_EVIDENCE] {
    let mut weights = *usual;
    let mut loss = loss_at(&weights, examples, usual);
    for _ in 0..NEWTON_STEPS {
        let (gradient, hessian) = slopes(&weights, examples, usual);
        let step = solve(hessian, gradient);
        // A full step can overshoot where examples are far from the weights; halving always finds a way down.
        let better = (0..MAX_HALVINGS).find_map(|halvings| {
            let length = 0.5_f64.powi(halvings);
            let tried = std::array::from_fn(|index| weights[index] - length * step[index]);
            let reached = loss_at(&tried, examples, usual);
            (reached < loss).then_some((tried, reached))
        });
        let Some((tried, reached)) = better else { break };
        (weights, loss) = (tried, reached);
    }
    weights.map(|weight| weight as f32)
}

fn logit(weights: &[f64; N_EVIDENCE], example: &Example) -> f64 {
    weights.iter().zip(example.evidence.0).map(|(weight, value)| weight * f64::from(value)).sum()
}

/// Negative log likelihood with the prior's penalty.
fn loss_at(weights: &[f64; N_EVIDENCE], examples: &[Example], usual: &[f64; N_EVIDENCE]) -> f64 {
    let penalty: f64 = weights.iter().zip(usual).map(|(weight, usual)| (weight - usual).powi(2)).sum();
    let misfit: f64 = examples
        .iter()
        .map(|example| {
            let logit = logit(weights, example);
            let against = if example.right { -logit } else { logit };
            // ln(1 + e^x) without overflow.
            f64::from(example.weight) * (against.max(0.0) + (-against.abs()).exp().ln_1p())
        })
        .sum();
    misfit + PRIOR * penalty / 2.0
}

/// Gradient and Hessian of the loss.
fn slopes(
    weights: &[f64; N_EVIDENCE],
    examples: &[Example],
    usual: &[f64; N_EVIDENCE],
) -> ([f64; N_EVIDENCE], [[f64; N_EVIDENCE]; N_EVIDENCE]) {
    let mut gradient = std::array::from_fn(|row| PRIOR * (weights[row] - usual[row]));
    let mut hessian = [[0.0; N_EVIDENCE]; N_EVIDENCE];
    for (row, line) in hessian.iter_mut().enumerate() {
        line[row] = PRIOR;
    }
    for example in examples {
        let evidence = example.evidence.0.map(f64::from);
        let probability = 1.0 / (1.0 + (-logit(weights, example)).exp());
        let weight = f64::from(example.weight);
        let error = weight * (probability - f64::from(u8::from(example.right)));
        let curvature = weight * probability * (1.0 - probability);
        for row in 0..N_EVIDENCE {
            gradient[row] += error * evidence[row];
            for column in 0..N_EVIDENCE {
                hessian[row][column] += curvature * evidence[row] * evidence[column];
            }
        }
    }
    (gradient, hessian)
}

/// Gaussian elimination; the matrix is symmetric and, thanks to the prior, positive definite.
fn solve(mut matrix: [[f64; N_EVIDENCE]; N_EVIDENCE], mut right: [f64; N_EVIDENCE]) -> [f64; N_EVIDENCE] {
    for pivot in 0..N_EVIDENCE {
        let pivot_row = matrix[pivot];
        for row in pivot + 1..N_EVIDENCE {
            let factor = matrix[row][pivot] / pivot_row[pivot];
            for (cell, above) in matrix[row].iter_mut().zip(pivot_row) {
                *cell -= factor * above;
            }
            right[row] -= factor * right[pivot];
        }
    }
    for row in (0..N_EVIDENCE).rev() {
        let known: f64 = (row + 1..N_EVIDENCE).map(|column| matrix[row][column] * right[column]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    right
}

/// Thresholds and the error rate above each, one error added so that few answers promise little.
fn curve(judged: &[Judged]) -> Vec<CurvePoint> {
    let mut points = Vec::new();
    let (mut answered, mut wrong) = (0.0, 0.0);
    let step = (judged.len() / N_CURVE_POINTS).max(1);
    for (index, one) in judged.iter().enumerate() {
        answered += one.weight;
        wrong += if one.right { 0.0 } else { one.weight };
        let n_answered = index + 1;
        if n_answered >= MIN_ANSWERED && (n_answered % step == 0 || n_answered == judged.len()) {
            points.push(CurvePoint { threshold: one.probability, error_rate: (wrong + 1.0) / (answered + 1.0) });
        }
    }
    points.reverse();
    points
}

pub(super) fn calibration_error(judged: &[Judged]) -> f32 {
    let mut bins = [(0.0, 0.0, 0.0); N_BINS];
    for one in judged {
        let bin = &mut bins[((one.probability * N_BINS as f32) as usize).min(N_BINS - 1)];
        bin.0 += one.weight;
        bin.1 += one.weight * one.probability;
        bin.2 += one.weight * f32::from(one.right);
    }
    let total: f32 = bins.iter().map(|bin| bin.0).sum();
    bins.iter().map(|bin| (bin.1 - bin.2).abs()).sum::<f32>() / total.max(f32::MIN_POSITIVE)
}
