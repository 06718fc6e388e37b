//! Searches for questions whose answers people have named: what calibrations are learned from and judged by.

use super::fit::{Judged, calibration_error};
use super::{Calibration, CurvePoint, Example};

/// Thresholds that are tried, evenly from 0 to 1.
const THRESHOLDS: usize = 200;

/// A question, and the ids of the entries that answer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedQuestion {
    /// What a customer wrote.
    pub text: String,
    /// Any of these is right; none where no entry answers.
    pub answers: Vec<String>,
}

/// The first hits of such questions.
#[derive(Debug, Clone, Default)]
pub struct JudgedSearches {
    /// With the answers among the entries.
    pub(crate) covered: Vec<Example>,
    /// With the answers gone, so that every hit is wrong.
    pub(crate) uncovered: Vec<Example>,
}

/// What a calibration is worth on such searches, the answers being there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JudgedReport {
    /// Share of the questions that found an answer first.
    pub recall_at_1: f32,
    /// Mean distance between probability and outcome over ten bins.
    pub calibration_error: f32,
    /// Share of the questions that are answered at the accepted error rate.
    pub answered: f32,
    /// Share of these whose answer is wrong.
    pub wrong: f32,
    /// Mean probability of the first hit where no entry answers.
    pub uncovered: f32,
}

impl JudgedSearches {
    /// Judges a calibration at an accepted error rate.
    pub fn report(&self, calibration: &Calibration, accepted_error_rate: f32) -> JudgedReport {
        let judged: Vec<Judged> = self.covered.iter().map(|example| Judged::of(calibration, example)).collect();
        let threshold = calibration.threshold(accepted_error_rate);
        let answered: Vec<&Judged> = judged.iter().filter(|one| one.probability >= threshold).collect();
        let n_right = judged.iter().filter(|one| one.right).count();
        let n_wrong = answered.iter().filter(|one| !one.right).count();
        let uncovered: f32 = self.uncovered.iter().map(|example| calibration.probability(&example.evidence)).sum();
        JudgedReport {
            recall_at_1: share(n_right, judged.len()),
            calibration_error: calibration_error(&judged),
            answered: share(answered.len(), judged.len()),
            wrong: share(n_wrong, answered.len()),
            uncovered: uncovered / self.uncovered.len().max(1) as f32,
        }
    }
}

/// Thresholds with the highest error rate above each that any of the sets has, one error added so that few answers
/// promise little.
pub(crate) fn worst_curve(calibration: &Calibration, sets: &[&JudgedSearches]) -> Vec<CurvePoint> {
    let judged: Vec<Vec<Judged>> =
        sets.iter().map(|set| set.covered.iter().map(|example| Judged::of(calibration, example)).collect()).collect();
    let error_above = |threshold: f32, judged: &Vec<Judged>| {
        let answered = judged.iter().filter(|one| one.probability >= threshold);
        let (n, n_wrong) = answered.fold((0, 0), |(n, wrong), one| (n + 1, wrong + usize::from(!one.right)));
        share(n_wrong + 1, n + 1)
    };
    let point = |step: usize| {
        let threshold = step as f32 / THRESHOLDS as f32;
        let error_rate = judged.iter().map(|judged| error_above(threshold, judged)).fold(0.0, f32::max);
        CurvePoint { threshold, error_rate }
    };
    (0..THRESHOLDS).map(point).collect()
}

fn share(part: usize, whole: usize) -> f32 {
    part as f32 / whole.max(1) as f32
}
