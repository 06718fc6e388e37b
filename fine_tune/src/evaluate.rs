//! What a classifier is worth on labelled messages: every figure of the report, from predictions alone.

use std::collections::{BTreeMap, HashMap};

use model::{Classifier, Example, Prediction};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::slices::Slice;
use crate::{SeveralEvaluation, data_report, several, slices};

/// Messages predicted at a time on one thread.
const CHUNK: usize = 64;
/// Bins of the calibration error, equally wide.
const BINS: usize = 15;
/// Points kept of the coverage curve.
const CURVE_POINTS: usize = 200;
/// Confusion pairs kept, and messages named for each.
const PAIRS: usize = 30;
const NAMED: usize = 5;

/// The report of `eval`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Messages judged.
    pub messages: usize,
    /// Those with an intent.
    pub in_scope: usize,
    /// Share of those whose best intent is right, threshold aside.
    pub accuracy: f64,
    /// Precision, recall and F1 of every intent, by name.
    pub classes: Vec<ClassScore>,
    /// Means over intents and messages.
    pub averages: Averages,
    /// How well the scope score tells messages with an intent from those without; `None` when one kind is missing.
    pub out_of_scope_auroc: Option<f64>,
    /// Expected calibration error of the best intent's probability.
    pub calibration_error: f64,
    /// What happens at the threshold.
    pub operating_point: OperatingPoint,
    /// Stated probability against how often it was right.
    pub calibration: Vec<CalibrationBin>,
    /// Error against coverage over all thresholds.
    pub coverage_curve: Vec<CoveragePoint>,
    /// Intents taken for others, most frequent first.
    pub confusions: Vec<Confusion>,
    /// Figures by language: zh, en, mixed, unknown.
    pub languages: BTreeMap<String, LanguageScore>,
    /// Figures of messages of one kind beside the others: by language, length and manner of speaking.
    #[serde(default)]
    pub slices: Vec<Slice>,
    /// What a model that tells several intents apart in one message makes of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub several: Option<SeveralEvaluation>,
    /// Labels of the test that the model has never heard of.
    pub unknown_intents: Vec<String>,
}

/// Scores of one intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassScore {
    /// The intent.
    pub intent: String,
    /// The scores.
    #[serde(flatten)]
    pub scores: Scores,
    /// Messages that have it.
    pub support: usize,
}

/// Precision, recall and their harmonic mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Right among those said.
    pub precision: f64,
    /// Right among those there.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
}

/// The three usual means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Averages {
    /// Every message counts the same.
    pub micro: Scores,
    /// Every intent counts the same.
    #[serde(rename = "macro")]
    pub macro_: Scores,
    /// Every intent counts by its messages.
    pub weighted: Scores,
}

/// What happens at a threshold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct OperatingPoint {
    /// The share of answers that may be wrong.
    pub accepted_error: f64,
    /// The probability that follows from it.
    pub threshold: f64,
    /// Share of all messages that are answered.
    pub coverage: f64,
    /// Share of wrong ones among the answers; an answer to a message out of scope is wrong.
    pub error: f64,
    /// Messages answered.
    pub answered: usize,
    /// Wrong ones among them.
    pub wrong: usize,
    /// Share of messages in scope that are answered rightly.
    pub answered_rightly: f64,
    /// Share of messages out of scope that are not answered.
    pub refused: Option<f64>,
}

/// Messages whose best probability lies in one bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Mean probability.
    pub probability: f64,
    /// Share that was right.
    pub right: f64,
    /// How many.
    pub count: usize,
}

/// One threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CoveragePoint {
    /// The threshold.
    pub threshold: f64,
    /// Share of messages at or above it.
    pub coverage: f64,
    /// Share of wrong ones among them.
    pub error: f64,
}

/// One intent taken for another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    /// What it was.
    pub intent: String,
    /// What was said.
    pub predicted: String,
    /// How often.
    pub count: usize,
    /// Some of the messages, surest first.
    pub examples: Vec<String>,
}

/// Figures of one language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct LanguageScore {
    /// Messages.
    pub messages: usize,
    /// Those with an intent.
    pub in_scope: usize,
    /// Share of those whose best intent is right.
    pub accuracy: f64,
    /// Share of all messages below the threshold.
    pub abstention: f64,
}

/// One message with what it is and what was said about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    pub(crate) text: String,
    pub(crate) intent: Option<String>,
    pub(crate) said: String,
    pub(crate) probability: f64,
    pub(crate) in_scope: f64,
}

impl Judged {
    pub(crate) fn new(example: &Example, prediction: &Prediction) -> Self {
        let best = prediction.ranking.first();
        let said = best.map(|best| best.intent.clone()).unwrap_or_default();
        // Of several intents, the one that was said counts as the message's.
        let intent = if example.also.contains(&said) { Some(said.clone()) } else { example.intent.clone() };
        Self {
            text: example.text.clone(),
            intent,
            said,
            probability: best.map_or(0.0, |best| f64::from(best.probability)),
            in_scope: f64::from(prediction.in_scope),
        }
    }

    pub(crate) fn is_right(&self) -> bool {
        self.intent.as_ref() == Some(&self.said)
    }
}

/// Measures a classifier; the threshold follows from the accepted error rate.
pub fn evaluate(classifier: &Classifier, examples: &[Example], accepted_error: f32) -> Evaluation {
    let texts: Vec<&str> = examples.iter().map(|example| example.text.as_str()).collect();
    let predictions = predict(classifier, &texts);
    let judged: Vec<_> = examples.iter().zip(&predictions).map(|(row, said)| Judged::new(row, said)).collect();
    let threshold = f64::from(classifier.threshold(accepted_error));
    let mut evaluation = judge(&judged, threshold, f64::from(accepted_error));
    let mut unknown: Vec<_> = judged.into_iter().filter_map(|row| row.intent).collect();
    unknown.retain(|intent| !classifier.intents().contains(intent));
    unknown.sort();
    unknown.dedup();
    evaluation.unknown_intents = unknown;
    evaluation.several = several::judge(examples, &predictions);
    evaluation
}

/// Predicts on all threads, in order.
pub(crate) fn predict(classifier: &Classifier, texts: &[&str]) -> Vec<Prediction> {
    texts.par_chunks(CHUNK).flat_map_iter(|chunk| classifier.predict(chunk)).collect()
}

/// Every figure of the report.
pub(crate) fn judge(rows: &[Judged], threshold: f64, accepted_error: f64) -> Evaluation {
    let in_scope: Vec<&Judged> = rows.iter().filter(|row| row.intent.is_some()).collect();
    let classes = classes(&in_scope);
    let points: Vec<(f64, bool)> = rows.iter().map(|row| (row.probability, row.is_right())).collect();
    let calibration = calibration(&points);
    Evaluation {
        messages: rows.len(),
        in_scope: in_scope.len(),
        accuracy: share(in_scope.iter().filter(|row| row.is_right()).count(), in_scope.len()),
        averages: averages(&classes, &in_scope),
        classes,
        out_of_scope_auroc: auroc(rows),
        calibration_error: expected_calibration_error(&calibration, rows.len()),
        operating_point: operating_point(rows, threshold, accepted_error),
        calibration,
        coverage_curve: coverage_curve(points),
        confusions: confusions(rows),
        languages: languages(rows, threshold),
        slices: slices::slices(rows, threshold),
        several: None,
        unknown_intents: Vec::new(),
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

pub(crate) fn scores(right: usize, said: usize, there: usize) -> Scores {
    let f1 = share(2 * right, said + there);
    Scores { precision: share(right, said), recall: share(right, there), f1 }
}

/// Every intent that was there or was said, by name.
fn classes(rows: &[&Judged]) -> Vec<ClassScore> {
    let mut counts: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for row in rows {
        counts.entry(row.intent.as_deref().unwrap_or_default()).or_default().2 += 1;
        let said = counts.entry(&row.said).or_default();
        said.1 += 1;
        said.0 += usize::from(row.is_right());
    }
    let score = |(intent, (right, said, there)): (&str, (usize, usize, usize))| ClassScore {
        intent: intent.to_owned(),
        scores: scores(right, said, there),
        support: there,
    };
    counts.into_iter().map(score).collect()
}

fn averages(classes: &[ClassScore], rows: &[&Judged]) -> Averages {
    let right = rows.iter().filter(|row| row.is_right()).count();
    let means: Vec<(Scores, usize)> = classes.iter().map(|class| (class.scores, class.support)).collect();
    averages_of(scores(right, rows.len(), rows.len()), &means)
}

/// Means of scores over names and by their support, beside the scores of all together.
pub(crate) fn averages_of(micro: Scores, rows: &[(Scores, usize)]) -> Averages {
    let mean = |weight: &dyn Fn(usize) -> f64| {
        let total: f64 = rows.iter().map(|(_, support)| weight(*support)).sum();
        let of = |part: &dyn Fn(&Scores) -> f64| {
            let sum: f64 = rows.iter().map(|(scores, support)| weight(*support) * part(scores)).sum();
            if total > 0.0 { sum / total } else { 0.0 }
        };
        Scores { precision: of(&|s| s.precision), recall: of(&|s| s.recall), f1: of(&|s| s.f1) }
    };
    Averages { micro, macro_: mean(&|_| 1.0), weighted: mean(&|support| support as f64) }
}

/// Area under the ROC curve by ranks (Mann–Whitney), ties counting half.
fn auroc(rows: &[Judged]) -> Option<f64> {
    let mut scored: Vec<(f64, bool)> = rows.iter().map(|row| (row.in_scope, row.intent.is_some())).collect();
    let n_in = scored.iter().filter(|(_, inside)| *inside).count();
    let n_out = scored.len() - n_in;
    if n_in == 0 || n_out == 0 {
        return None;
    }
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut rank_sum, mut before) = (0.0, 0.0);
    for tied in scored.chunk_by(|a, b| a.0 == b.0) {
        let n_tied = tied.len() as f64;
        let mean_rank = before + (n_tied + 1.0) / 2.0;
        rank_sum += mean_rank * tied.iter().filter(|(_, inside)| *inside).count() as f64;
        before += n_tied;
    }
    let (n_in, n_out) = (n_in as f64, n_out as f64);
    Some((rank_sum - n_in * (n_in + 1.0) / 2.0) / (n_in * n_out))
}

/// Bins of (stated probability, whether it was right).
pub(crate) fn calibration(points: &[(f64, bool)]) -> Vec<CalibrationBin> {
    let mut bins = [(0.0, 0_usize, 0_usize); BINS];
    for (probability, right) in points {
        let bin = &mut bins[((probability * BINS as f64) as usize).min(BINS - 1)];
        *bin = (bin.0 + probability, bin.1 + usize::from(*right), bin.2 + 1);
    }
    let filled = bins.into_iter().filter(|bin| bin.2 > 0);
    filled
        .map(|(sum, right, count)| CalibrationBin {
            probability: sum / count as f64,
            right: share(right, count),
            count,
        })
        .collect()
}

/// The mean distance between what was stated and how often it was right.
pub(crate) fn expected_calibration_error(bins: &[CalibrationBin], n: usize) -> f64 {
    bins.iter().map(|bin| (bin.probability - bin.right).abs() * share(bin.count, n)).sum()
}

fn operating_point(rows: &[Judged], threshold: f64, accepted_error: f64) -> OperatingPoint {
    let answered: Vec<_> = rows.iter().filter(|row| row.probability >= threshold).collect();
    let right = answered.iter().filter(|row| row.is_right()).count();
    let n_outside = rows.iter().filter(|row| row.intent.is_none()).count();
    let answered_outside = answered.iter().filter(|row| row.intent.is_none()).count();
    OperatingPoint {
        accepted_error,
        threshold,
        coverage: share(answered.len(), rows.len()),
        error: share(answered.len() - right, answered.len()),
        answered: answered.len(),
        wrong: answered.len() - right,
        answered_rightly: share(right, rows.len() - n_outside),
        refused: (n_outside > 0).then(|| share(n_outside - answered_outside, n_outside)),
    }
}

fn coverage_curve(mut points: Vec<(f64, bool)>) -> Vec<CoveragePoint> {
    points.sort_by(|a, b| b.0.total_cmp(&a.0));
    let n = points.len();
    let step = n.div_ceil(CURVE_POINTS).max(1);
    let mut wrong = 0;
    let mut curve = Vec::new();
    for (index, (threshold, right)) in points.iter().enumerate() {
        wrong += usize::from(!right);
        let tied = points.get(index + 1).is_some_and(|next| next.0 >= *threshold);
        if !tied && (index % step == 0 || index + 1 == n) {
            let (coverage, error) = (share(index + 1, n), share(wrong, index + 1));
            curve.push(CoveragePoint { threshold: *threshold, coverage, error });
        }
    }
    curve
}

fn confusions(rows: &[Judged]) -> Vec<Confusion> {
    let mut pairs: HashMap<(&str, &str), Vec<&Judged>> = HashMap::new();
    for row in rows.iter().filter(|row| !row.is_right()) {
        if let Some(intent) = &row.intent {
            pairs.entry((intent, &row.said)).or_default().push(row);
        }
    }
    let mut pairs: Vec<_> = pairs.into_iter().collect();
    pairs.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    pairs.truncate(PAIRS);
    let confusion = |((intent, predicted), mut rows): ((&str, &str), Vec<&Judged>)| {
        rows.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        Confusion {
            intent: intent.to_owned(),
            predicted: predicted.to_owned(),
            count: rows.len(),
            examples: rows.into_iter().take(NAMED).map(|row| row.text.clone()).collect(),
        }
    };
    pairs.into_iter().map(confusion).collect()
}

fn languages(rows: &[Judged], threshold: f64) -> BTreeMap<String, LanguageScore> {
    let mut groups: BTreeMap<&str, Vec<&Judged>> = BTreeMap::new();
    for row in rows {
        groups.entry(data_report::language(&row.text)).or_default().push(row);
    }
    let score = |(name, rows): (&str, Vec<&Judged>)| {
        let inside = rows.iter().filter(|row| row.intent.is_some()).count();
        let silent = rows.iter().filter(|row| row.probability < threshold).count();
        let score = LanguageScore {
            messages: rows.len(),
            in_scope: inside,
            accuracy: share(rows.iter().filter(|row| row.is_right()).count(), inside),
            abstention: share(silent, rows.len()),
        };
        (name.to_owned(), score)
    };
    groups.into_iter().map(score).collect()
}

#[cfg(test)]
pub(crate) mod tests;
