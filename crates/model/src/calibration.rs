//! From raw scores to probabilities that mean what they say, and from an accepted error rate to a threshold.

use serde::{Deserialize, Serialize};

use crate::beta::BetaCalibration;
use crate::classifier::softmax;
use crate::network::best;
use crate::scope::SIGNALS;
use crate::several::SeveralIntents;

/// How often the bound on the error rate behind a threshold may be wrong.
const DOUBT: f64 = 0.1;
/// What is less probable is likelier wrong than right.
const LEAST_THRESHOLD: f32 = 0.5;
/// Where the temperature stays when few rows speak for another: the logarithm of one half.
const USUAL_LOG_TEMPERATURE: f64 = -0.7;
/// Shares of the held-out rows at which tests of thresholds begin.
const STARTS: [f32; 4] = [0.1, 0.3, 0.5, 0.7];
/// Tests of thresholds on a whole curve.
const TESTS: usize = 50;
/// What part of the accepted rate may be expected to be wrong, where it is expected and not shown.
const CAUTION: f64 = 0.75;
/// Fewest answers from which probabilities are taken at their word on the whole rather than one by one.
const FEWEST: usize = 50;
/// Points kept of a held-out curve.
const MAX_POINTS: usize = 4000;

/// Everything fitted on held-out rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Divides the logits of the intents.
    pub temperature: f32,
    /// Turns signals of familiarity into the probability of being in scope.
    pub scope: ScopeModel,
    /// Puts the product of the two right: the probability that the best intent is the right one.
    #[serde(default)]
    pub beta: BetaCalibration,
    /// Tells several intents apart in one message, where training rows have several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub several: Option<SeveralIntents>,
    /// Divides the logits of the sentiments.
    pub sentiment_temperature: f32,
    /// Held-out rows: probability of the best intent and whether it was right, highest first.
    pub curve: Vec<(f32, bool)>,
}

impl Default for Calibration {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            scope: ScopeModel::default(),
            beta: BetaCalibration::default(),
            several: None,
            sentiment_temperature: 1.0,
            curve: Vec::new(),
        }
    }
}

impl Calibration {
    /// Sets the temperature that makes held-out labels likeliest, by golden-section search over its logarithm;
    /// returns what the labels then cost: minus their log-likelihood.
    pub(crate) fn fit_temperature(&mut self, rows: &[(&[f32], u32)]) -> f64 {
        let classes = rows.first().map_or(0, |row| row.0.len());
        if rows.is_empty() || classes < 2 {
            return 0.0;
        }
        let cost = |log: f64| -> f64 {
            let temperature = log.exp();
            rows.iter()
                .map(|(logits, label)| {
                    let scaled = |logit: &f32| f64::from(*logit) / temperature;
                    let highest = logits.iter().map(scaled).fold(f64::NEG_INFINITY, f64::max);
                    let sum: f64 = logits.iter().map(|logit| (scaled(logit) - highest).exp()).sum();
                    highest + sum.ln() - scaled(&logits[*label as usize])
                })
                .sum::<f64>()
                + (log - USUAL_LOG_TEMPERATURE).powi(2)
        };
        let (mut low, mut high) = (-2.5f64, 2.0f64);
        let golden = (5f64.sqrt() - 1.0) / 2.0;
        for _ in 0..30 {
            let (left, right) = (high - golden * (high - low), low + golden * (high - low));
            if cost(left) < cost(right) {
                high = right;
            } else {
                low = left;
            }
        }
        let log = (low + high) / 2.0;
        self.temperature = log.exp() as f32;
        cost(log)
    }

    /// Calibrated probabilities of the intents, from their logits and signals of familiarity, and that of being in scope.
    ///
    /// They sum to at most one, but where several intents are told apart each stands by itself.
    pub(crate) fn probabilities(&self, logits: &[f32], signals: &[f32]) -> (Vec<f32>, f32) {
        let in_scope = self.scope.probability(signals);
        if let Some(several) = &self.several {
            return (several.probabilities(logits), in_scope);
        }
        let mut probabilities = softmax(logits, self.temperature);
        probabilities.iter_mut().for_each(|probability| *probability *= in_scope);
        let index = best(&probabilities);
        let Some(&said) = probabilities.get(index) else {
            return (probabilities, in_scope);
        };
        let settled = self.beta.probability(said);
        let in_scope = in_scope.max(settled);
        // The others keep their proportions and their ranks, and grow no likelier for it.
        let rest: f32 = probabilities.iter().sum::<f32>() - said;
        let factors = [settled / said.max(f32::MIN_POSITIVE), (1.0 - settled) / rest.max(f32::MIN_POSITIVE)];
        let factor = factors.into_iter().fold(1.0, f32::min);
        probabilities.iter_mut().for_each(|probability| *probability *= factor);
        probabilities[index] = settled;
        (probabilities, in_scope)
    }

    /// Keeps the held-out curve, thinned evenly when it is long.
    pub(crate) fn set_curve(&mut self, mut points: Vec<(f32, bool)>) {
        points.retain(|(probability, _)| probability.is_finite());
        points.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
        let step = points.len().div_ceil(MAX_POINTS).max(1);
        self.curve = points.into_iter().step_by(step).collect();
    }

    /// Share of held-out rows that are answered at a threshold.
    pub(crate) fn coverage(&self, threshold: f32) -> f32 {
        let answered = self.curve.iter().filter(|(probability, _)| *probability >= threshold).count();
        answered as f32 / self.curve.len().max(1) as f32
    }

    /// The threshold above which, with 90 % confidence, at most the accepted share of answers is wrong.
    ///
    /// Held-out rows are taken from the surest on, a fiftieth more at a time, until the binomial bound (Clopper and
    /// Pearson, 1934) exceeds the accepted rate; this begins at several shares of the rows, as a few wrong labels
    /// among the surest would end it at once. Testing in fixed orders, each stopped at its first failure and given
    /// its share of the doubt, keeps the confidence for all tests together (Angelopoulos et al., 2021).
    /// That holds for messages like the held-out rows, as far as these were not used already: temperature, scope and
    /// the weight of the linear classifiers, a handful of numbers, are fitted on them too.
    /// Where that shows nothing, as with few rows or with many wrong labels among them, the probabilities are taken at
    /// their word with three quarters of the accepted rate: of the most rows of which they expect no more to be wrong, as
    /// long as no more than the accepted rate was; and of too few rows to see that, answers above `1 - rate / 2`.
    /// However low that comes out, as where held-out rows are easy, what is likelier wrong than right is not answered,
    /// unless more than every second answer may be wrong.
    pub fn threshold(&self, accepted_error_rate: f32) -> f32 {
        let accepted = f64::from(accepted_error_rate.clamp(0.0, 1.0));
        if accepted >= 1.0 {
            return 0.0;
        }
        let kept = STARTS.iter().filter_map(|share| self.answered(*share, accepted)).max();
        let kept = kept.or_else(|| self.expected(accepted));
        let threshold = kept.map_or((1.0 - accepted / 2.0) as f32, |rows| self.curve[rows - 1].0);
        threshold.max(LEAST_THRESHOLD.min((1.0 - accepted) as f32))
    }

    /// The most of the surest rows of which no more than a part of the accepted share is expected to be wrong, and no
    /// more than that share was.
    fn expected(&self, accepted: f64) -> Option<usize> {
        let (mut doubts, mut wrong, mut best) = (0.0, 0, None);
        // What is likelier wrong than right is never answered on trust.
        let likely = self.curve.iter().take_while(|(probability, _)| *probability >= 0.5);
        for (index, (probability, right)) in likely.enumerate() {
            let seen = index + 1;
            doubts += f64::from(1.0 - probability);
            wrong += usize::from(!right);
            // Rows of the same probability are answered together.
            let last = self.curve.get(seen).is_none_or(|next| next.0 < *probability);
            let sound = doubts <= CAUTION * accepted * seen as f64 && wrong as f64 <= accepted * seen as f64;
            if last && sound && seen >= FEWEST {
                best = Some(seen);
            }
        }
        best
    }

    /// The most of the surest rows that can be answered, as far as tests that begin at a share of all rows show.
    fn answered(&self, start: f32, accepted: f64) -> Option<usize> {
        let n = self.curve.len();
        let least = (1..=n).find(|rows| upper_bound(0, *rows) <= accepted)?;
        let start = ((start * n as f32).ceil() as usize).max(least);
        let (mut seen, mut wrong, mut best) = (0, 0, None);
        for goal in (start..=n).step_by((n / TESTS).max(1)) {
            // Rows of the same probability are answered together.
            while seen < n && (seen < goal || self.curve[seen].0 >= self.curve[seen - 1].0) {
                wrong += usize::from(!self.curve[seen].1);
                seen += 1;
            }
            if upper_bound(wrong, seen) > accepted {
                break;
            }
            best = Some(seen);
        }
        best
    }
}

/// Expected calibration error of probabilities and whether each came true, over ten bins.
pub(crate) fn calibration_error(points: &[(f32, bool)]) -> f32 {
    let mut excess = [0.0f32; 10];
    for (probability, right) in points {
        let bin = (probability * 10.0).clamp(0.0, 9.0) as usize;
        excess[bin] += probability - f32::from(*right);
    }
    excess.iter().map(|sum| sum.abs()).sum::<f32>() / points.len().max(1) as f32
}

/// Logistic regression over signals of familiarity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScopeModel {
    /// One weight for each signal.
    pub weights: Vec<f32>,
    /// Added to the weighted sum.
    pub bias: f32,
}

impl Default for ScopeModel {
    fn default() -> Self {
        Self { weights: vec![0.0; SIGNALS], bias: 2.0 }
    }
}

impl ScopeModel {
    /// The probability of being in scope.
    pub(crate) fn probability(&self, signals: &[f32]) -> f32 {
        let sum: f32 = self.weights.iter().zip(signals).map(|(w, s)| w * s).sum();
        1.0 / (1.0 + (-(sum + self.bias)).exp())
    }
}

/// Clopper–Pearson upper bound of an error rate after `wrong` errors in `n` trials, with one start's share of the doubt.
fn upper_bound(wrong: usize, n: usize) -> f64 {
    if wrong >= n {
        return 1.0;
    }
    let (mut low, mut high) = (wrong as f64 / n as f64, 1.0);
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if binomial_cdf(wrong, n, middle) > DOUBT / STARTS.len() as f64 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Probability of at most `k` successes in `n` trials.
fn binomial_cdf(k: usize, n: usize, p: f64) -> f64 {
    if p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return if k >= n { 1.0 } else { 0.0 };
    }
    let ratio = p.ln() - (-p).ln_1p();
    let mut log_term = n as f64 * (-p).ln_1p();
    let mut sum = log_term.exp();
    for i in 0..k {
        log_term += ((n - i) as f64).ln() - ((i + 1) as f64).ln() + ratio;
        sum += log_term.exp();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Rows whose best intent has a probability between one half and one, and is right as often as that says.
    fn honest(rows: usize, seed: u64) -> Calibration {
        let mut random = Random::new(seed, 0);
        let mut calibration = Calibration::default();
        let point = |random: &mut Random| {
            let probability = 0.5 + random.uniform() / 2.0;
            (probability, random.uniform() < probability)
        };
        calibration.set_curve((0..rows).map(|_| point(&mut random)).collect());
        calibration
    }

    #[test]
    fn answers_above_the_threshold_keep_to_the_accepted_rate_as_often_as_is_said() {
        // Of all that is above t, (1 - t) / 2 is wrong: at 5 % no threshold below 0.9 is right.
        let broken = (0..200).filter(|seed| honest(1000, *seed).threshold(0.05) < 0.9).count();
        assert!(broken <= 35, "{broken} of 200 thresholds answer more than they may");
        let useful = (0..50).filter(|seed| honest(4000, *seed).threshold(0.1) < 0.87).count();
        assert!(useful >= 40, "only {useful} of 50 thresholds answer two thirds of what they may");
    }

    #[test]
    fn too_few_rows_show_nothing_and_the_probabilities_are_taken_at_half_their_word() {
        for rows in [0, 1, 30] {
            assert!((honest(rows, 1).threshold(0.05) - 0.975).abs() < 1e-6, "{rows}");
        }
        assert!(honest(1000, 1).threshold(1.0) <= 0.0);
        let mut wrong = Calibration::default();
        wrong.set_curve(vec![(0.99, false); 500]);
        assert!((wrong.threshold(0.05) - 0.975).abs() < 1e-6);
    }

    #[test]
    fn where_wrong_labels_hide_what_is_right_probabilities_are_taken_at_their_word_on_the_whole() {
        // A fiftieth of the surest is wrong: too few rows to show that this is less than a twentieth.
        let point = |index: usize| ((0.985 - 0.0002 * index as f32), !(5..).step_by(50).take(20).any(|at| at == index));
        let mut calibration = Calibration::default();
        calibration.set_curve((0..200).map(point).collect());
        let threshold = calibration.threshold(0.05);
        assert!((0.94..0.95).contains(&threshold), "{threshold}");
    }

    #[test]
    fn what_is_likelier_wrong_than_right_is_not_answered_however_easy_the_rows_were() {
        let mut easy = Calibration::default();
        easy.set_curve((0..500).map(|index| (1.0 - 0.0019 * index as f32, true)).collect());
        for (accepted, least) in [(0.05, 0.5), (0.1, 0.5), (0.5, 0.5), (0.8, 0.2)] {
            assert!((easy.threshold(accepted) - least).abs() < 1e-6, "{accepted}: {}", easy.threshold(accepted));
        }
    }

    #[test]
    fn rows_of_one_probability_are_answered_together() {
        let mut calibration = Calibration::default();
        calibration.set_curve((0..500).map(|index| (0.8, index % 2 == 0)).collect());
        assert!(calibration.threshold(0.05) > 0.8);
    }
}
