//! Labels, and the stratified split into rows to learn from and rows to check on.

mod named;
mod taught;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::random::Random;
use crate::{Error, Example, TrainingSet};

/// Most rows held out.
const MAX_HELD_OUT: usize = 4000;
/// Most splits of which each holds out other rows.
const MAX_FOLDS: usize = 5;
/// Intents with fewer rows than this give none away.
const MIN_TO_SPLIT: usize = 4;

/// A usable row: normalised text, label (the number of intents for out of scope), further labels and weight.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub text: String,
    pub label: u32,
    pub also: Vec<u32>,
    pub weight: f32,
    /// Where a teacher has its say: the target of each output of the network, in place of the labels.
    pub target: Option<Arc<[f32]>>,
    /// Whether a customer's message was given its label by somebody else than a teacher.
    pub is_labelled: bool,
}

impl Row {
    /// Whether a label is one of the row's.
    pub(crate) fn has(&self, label: usize) -> bool {
        self.label as usize == label || self.also.iter().any(|also| *also as usize == label)
    }

    /// All labels of the row.
    pub(crate) fn labels(&self) -> impl Iterator<Item = u32> {
        std::iter::once(self.label).chain(self.also.iter().copied())
    }
}

/// The rows of a training set with labels as numbers.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub intents: Vec<String>,
    pub train: Vec<Row>,
    pub held_out: Vec<Row>,
    /// Rows that only a teacher has labelled, and the names of intents; they are never held out.
    pub further: Vec<Row>,
    /// General messages, labelled as out of scope.
    pub general: Vec<Row>,
}

impl Rows {
    /// Reads a training set; splits it when it brings no validation rows.
    pub(crate) fn new(set: &TrainingSet, share: f32, seed: u64) -> Result<Self, Error> {
        let named = set.train.iter().flat_map(|example| example.intent.iter().chain(&example.also));
        let mut intents: Vec<String> = named.cloned().collect();
        intents.sort();
        intents.dedup();
        let mut train = labelled(&set.train, &intents);
        if !train.iter().any(|row| (row.label as usize) < intents.len()) {
            return Err(Error::Data {
                found: "no example with an intent and a text".into(),
                remedy: "give at least one intent with an example".into(),
            });
        }
        let mut held_out = labelled(&set.validation, &intents);
        if held_out.is_empty() {
            (train, held_out) = split(train, share, seed);
        }
        let mut further = taught::teach(&set.taught, &intents, &mut train, &held_out);
        further.extend(named::rows(&intents, &train));
        let general: Vec<Example> = set.general.iter().map(|text| Example::new(text, None)).collect();
        let general = labelled(&general, &intents);
        Ok(Self { intents, train, held_out, further, general })
    }
}

/// The usable rows among examples; those of intents that are not among the given ones are left out.
pub(crate) fn labelled(examples: &[Example], intents: &[String]) -> Vec<Row> {
    let labels: BTreeMap<&str, u32> = intents.iter().map(String::as_str).zip(0..).collect();
    examples
        .iter()
        .filter(|example| example.weight > 0.0 && example.weight.is_finite())
        .filter_map(|example| {
            let label = match &example.intent {
                Some(intent) => *labels.get(intent.as_str())?,
                None => intents.len() as u32,
            };
            let text = text::normalise(&example.text).as_str().to_owned();
            let also = example.also.iter().filter_map(|intent| labels.get(intent.as_str()).copied());
            let also = also.filter(|also| *also != label).collect();
            (!text.trim().is_empty()).then_some(Row {
                text,
                label,
                also,
                weight: example.weight,
                target: None,
                is_labelled: true,
            })
        })
        .collect()
}

/// Rows to learn from, and others to judge what was learned.
#[derive(Debug, Clone)]
pub(crate) struct Fold {
    pub train: Vec<Row>,
    pub held_out: Vec<Row>,
}

impl Rows {
    /// The split, and where it holds out fewer than `enough` rows, further ones that hold out other rows of all.
    pub(crate) fn folds(&self, enough: usize, seed: u64) -> Vec<Fold> {
        let mut folds = vec![Fold { train: self.train.clone(), held_out: self.held_out.clone() }];
        let n = self.held_out.len();
        let wanted = enough.div_ceil(n.max(1)).min(MAX_FOLDS);
        let (mut rest, mut judged) = (self.train.clone(), self.held_out.clone());
        while n > 0 && folds.len() < wanted && rest.len() > n {
            let share = n as f32 / rest.len() as f32;
            let (kept, held_out) = split(rest, share, seed.wrapping_add(folds.len() as u64));
            rest = kept;
            if held_out.is_empty() {
                break;
            }
            let train = rest.iter().chain(&judged).cloned().collect();
            judged.extend(held_out.iter().cloned());
            folds.push(Fold { train, held_out });
        }
        folds.iter_mut().for_each(|fold| fold.train.extend(self.further.iter().cloned()));
        folds
    }
}

/// Takes a share of each label's rows away, at random. A message that comes often may lie on both sides, as it will be
/// among the messages to come.
fn split(rows: Vec<Row>, share: f32, seed: u64) -> (Vec<Row>, Vec<Row>) {
    let share = share.clamp(0.0, 0.5).min(MAX_HELD_OUT as f32 / rows.len().max(1) as f32);
    let mut by_label: BTreeMap<u32, Vec<Row>> = BTreeMap::new();
    for row in rows {
        by_label.entry(row.label).or_default().push(row);
    }
    let mut random = Random::new(seed, 1);
    let (mut train, mut held_out) = (Vec::new(), Vec::new());
    for mut rows in by_label.into_values() {
        rows.sort_by(|a, b| a.text.cmp(&b.text));
        random.shuffle(&mut rows);
        let n = rows.len();
        let expected = n as f32 * share;
        let away = if n < MIN_TO_SPLIT {
            0
        } else {
            (expected + random.uniform()).floor().clamp(0.0, n as f32 - 1.0) as usize
        };
        let away = if n >= MIN_TO_SPLIT && share > 0.0 && expected >= 0.3 { away.max(1) } else { away };
        held_out.extend(rows.drain(..away));
        train.extend(rows);
    }
    (train, held_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(per_intent: usize) -> Rows {
        let example = |at: usize| Example::new(format!("message {at}"), Some(["a", "b", "c"][at % 3]));
        let train = (0..3 * per_intent).map(example).collect();
        Rows::new(&TrainingSet { train, ..TrainingSet::default() }, 0.15, 1).expect("good rows")
    }

    #[test]
    fn folds_hold_out_each_row_once_at_most_and_learn_from_all_others() {
        let rows = rows(40);
        let folds = rows.folds(1500, 1);
        assert_eq!(folds.len(), MAX_FOLDS);
        let mut held_out: Vec<&str> = folds.iter().flat_map(|fold| &fold.held_out).map(|row| &*row.text).collect();
        for fold in &folds {
            assert_eq!(fold.train.len() + fold.held_out.len(), 120);
            assert!(fold.train.iter().all(|row| !fold.held_out.contains(row)));
        }
        held_out.sort_unstable();
        let n = held_out.len();
        held_out.dedup();
        assert_eq!(held_out.len(), n);
        assert!(n > 80, "{n}");
    }

    #[test]
    fn where_enough_rows_are_held_out_at_once_there_is_one_fold() {
        assert_eq!(rows(40).folds(15, 1).len(), 1);
        assert_eq!(rows(1).folds(1500, 1).len(), 1);
    }
}
