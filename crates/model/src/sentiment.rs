//! The sentiment head: linear classifiers over n-grams of its own and, where there is a base, over the vector that the
//! base gives of a message for its intent too; trained from labelled messages.

use rayon::prelude::*;

use crate::calibration::Calibration;
use crate::classifier::softmax;
use crate::features::{Features, Featuriser};
use crate::linear::{Linear, LinearRow};
use crate::network::best;
use crate::random::Random;
use crate::table::Table;
use crate::{ScoredSentiment, Sentiment};

const CLASSES: usize = Sentiment::ALL.len();
/// Every row of this many checks instead of teaching.
const HELD_OUT: usize = 8;
/// Larger sets of labelled messages than this teach nothing more, and would not fit the solver.
const MAX_ROWS: usize = 500_000;

/// With a base fewer rows are read, as each brings a vector.
const MAX_ROWS_WITH_BASE: usize = 100_000;
/// What the mean square of a vector's length may be, where the squares of n-grams sum to one: held-out messages choose.
const MEANING_SQUARES: [f32; 3] = [1.0, 4.0, 0.0];
/// Fewer held-out messages than this choose nothing: the first stands.
const FEWEST_CHECKS: usize = 50;

/// A trained sentiment head.
#[derive(Debug, Clone)]
pub(crate) struct SentimentHead {
    pub featuriser: Featuriser,
    /// Weights [n-grams, sentiments].
    pub linear: Linear,
    /// Weights [dim, sentiments] of the base's vector, where there is a base.
    pub meaning: Option<Table>,
}

/// A labelled message as the head reads it.
struct Lesson {
    text: String,
    class: usize,
    /// The base's vector; empty without a base.
    vector: Vec<f32>,
}

/// What training gives.
pub(crate) struct Trained {
    pub head: SentimentHead,
    pub temperature: f32,
    /// Share of the held-out messages that come out right.
    pub accuracy: f32,
}

/// How a head does on held-out messages.
struct Verdict {
    temperature: f32,
    accuracy: f32,
    /// Mean cross-entropy at that temperature.
    loss: f32,
}

impl SentimentHead {
    /// Trains on messages with their sentiment; `encode` gives the base's vectors of normalised messages, one after
    /// another, or nothing without a base. `None` without a message.
    pub(crate) fn train(
        rows: &[(String, Sentiment)],
        seed: u64,
        encode: &mut dyn FnMut(&[&str]) -> Option<Vec<f32>>,
    ) -> Option<Trained> {
        let mut lessons: Vec<Lesson> = rows
            .iter()
            .map(|(text, sentiment)| Lesson {
                text: text::normalise(text).as_str().to_owned(),
                class: *sentiment as usize,
                vector: Vec::new(),
            })
            .filter(|lesson| !lesson.text.trim().is_empty())
            .collect();
        if lessons.is_empty() {
            return None;
        }
        Random::new(seed, 3).shuffle(&mut lessons);
        lessons.truncate(MAX_ROWS);
        let first = lessons.len().min(MAX_ROWS_WITH_BASE);
        let texts: Vec<&str> = lessons[..first].iter().map(|lesson| lesson.text.as_str()).collect();
        if let Some(vectors) = encode(&texts) {
            lessons.truncate(first);
            let dim = vectors.len() / lessons.len();
            lessons.iter_mut().zip(vectors.chunks_exact(dim)).for_each(|(lesson, row)| lesson.vector = row.to_vec());
        }
        let (checks, others) = lessons.split_at(lessons.len() / HELD_OUT);
        let has_vectors = lessons.iter().all(|lesson| !lesson.vector.is_empty());
        let squares = match (has_vectors, checks.len()) {
            (false, _) => &[0.0],
            (true, 0..FEWEST_CHECKS) => &MEANING_SQUARES[..1],
            (true, _) => &MEANING_SQUARES[..],
        };
        let verdicts = squares.iter().map(|square| Some((*square, Self::fit(others, *square, seed)?.verdict(checks))));
        let verdicts: Vec<(f32, Verdict)> = verdicts.collect::<Option<_>>()?;
        let chosen = verdicts.into_iter().reduce(|best, next| if next.1.loss < best.1.loss { next } else { best });
        let (square, Verdict { temperature, accuracy, .. }) = chosen?;
        Some(Trained { head: Self::fit(&lessons, square, seed)?, temperature, accuracy })
    }

    /// What held-out messages say of a head.
    fn verdict(&self, checks: &[Lesson]) -> Verdict {
        let margins: Vec<Vec<f32>> =
            checks.par_iter().map(|lesson| self.margins(&lesson.text, &lesson.vector)).collect();
        let judged: Vec<(&[f32], u32)> =
            margins.iter().zip(checks).map(|(margins, lesson)| (margins.as_slice(), lesson.class as u32)).collect();
        let mut calibration = Calibration::default();
        calibration.fit_temperature(&judged);
        let temperature = calibration.temperature;
        let right = judged.iter().filter(|(margins, label)| best(margins) == *label as usize).count();
        let loss = |(margins, label): &(&[f32], u32)| -softmax(margins, temperature)[*label as usize].max(1e-9).ln();
        let n = judged.len().max(1) as f32;
        Verdict { temperature, accuracy: right as f32 / n, loss: judged.iter().map(loss).sum::<f32>() / n }
    }

    /// Fits a head to which vectors of this mean square count beside n-grams; with 0 they are left out.
    fn fit(lessons: &[Lesson], square: f32, seed: u64) -> Option<Self> {
        let min_texts = if lessons.len() < 500 { 1 } else { 2 };
        let featuriser = Featuriser::fit(lessons.iter().map(|lesson| lesson.text.as_str()), min_texts);
        let n = featuriser.len();
        let scaling = if square > 0.0 { Scaling::of(lessons, square) } else { None };
        let features: Vec<Features> = lessons
            .par_iter()
            .map(|lesson| {
                let mut features = featuriser.features(&lesson.text);
                let values = scaling.iter().flat_map(|scaling| scaling.apply(&lesson.vector));
                features.pairs.extend((n as u32..).zip(values));
                features
            })
            .collect();
        let rows: Vec<LinearRow<'_>> = features
            .iter()
            .zip(lessons)
            .map(|(features, lesson)| LinearRow { features, class: lesson.class as u32, also: &[], weight: 1.0 })
            .collect();
        let dim = scaling.as_ref().map_or(0, |scaling| scaling.mean.len());
        let Linear { weights, mut bias } = Linear::fit(&rows, n + dim, CLASSES, seed)?;
        let (ngrams, rest) = weights.values().split_at(n * CLASSES);
        let meaning = scaling.map(|scaling| scaling.fold(rest, &mut bias));
        let mut weights = Table::from_values(ngrams.to_vec(), CLASSES);
        weights.round();
        Some(Self { featuriser, linear: Linear { weights, bias }, meaning })
    }

    fn margins(&self, text: &str, vector: &[f32]) -> Vec<f32> {
        let mut margins = self.linear.margins(&self.featuriser.features(text));
        if let Some(meaning) = &self.meaning {
            let values: Vec<(u32, f32)> = (0..).zip(vector.iter().copied()).collect();
            meaning.add_to(&values, &mut margins);
        }
        margins
    }

    /// The likeliest sentiment of a normalised message, of which the base gives this vector.
    pub(crate) fn predict(&self, text: &str, vector: &[f32], temperature: f32) -> ScoredSentiment {
        let probabilities = softmax(&self.margins(text, vector), temperature);
        let index = best(&probabilities);
        ScoredSentiment { sentiment: Sentiment::ALL[index], probability: probabilities[index] }
    }
}

/// What brings vectors to a mean of zero and a known size, as n-grams have one.
struct Scaling {
    mean: Vec<f32>,
    factor: f32,
}

impl Scaling {
    /// `None` where lessons have no vectors.
    fn of(lessons: &[Lesson], wanted: f32) -> Option<Self> {
        let dim = lessons.first()?.vector.len();
        let share = 1.0 / lessons.len() as f32;
        let mut mean = vec![0.0; dim];
        for lesson in lessons {
            mean.iter_mut().zip(&lesson.vector).for_each(|(mean, value)| *mean += value * share);
        }
        let square = |lesson: &Lesson| lesson.vector.iter().zip(&mean).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        let square = lessons.iter().map(|lesson| square(lesson) * share).sum::<f32>();
        let factor = if square > 0.0 { (wanted / square).sqrt() } else { 0.0 };
        (dim > 0).then_some(Self { mean, factor })
    }

    fn apply<'a>(&'a self, vector: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        vector.iter().zip(&self.mean).map(|(value, mean)| (value - mean) * self.factor)
    }

    /// Weights [dim, sentiments] for vectors as they come from weights for scaled ones; the mean's part goes to the bias.
    fn fold(&self, weights: &[f32], bias: &mut [f32]) -> Table {
        let mut table = Table::from_values(weights.iter().map(|weight| weight * self.factor).collect(), CLASSES);
        table.round();
        let mean: Vec<(u32, f32)> = (0..).zip(self.mean.iter().map(|mean| -mean)).collect();
        table.add_to(&mean, bias);
        table
    }
}
