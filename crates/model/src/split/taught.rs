//! What a teacher says of messages, as targets of rows.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::Row;
use crate::Taught;
use crate::network::best;

/// Gives rows the targets that a teacher has for them, and returns rows of the messages that are not among these.
pub(super) fn teach(taught: &[Taught], intents: &[String], train: &mut [Row], held_out: &[Row]) -> Vec<Row> {
    let labels: BTreeMap<&str, usize> = intents.iter().map(String::as_str).zip(0..).collect();
    let knows_none = train.iter().any(|row| row.label as usize == intents.len());
    let outputs = intents.len() + usize::from(knows_none);
    let said: HashMap<String, (&Taught, Vec<f32>)> = taught
        .iter()
        .filter_map(|taught| {
            let target = target(taught, &labels, outputs)?;
            Some((text::normalise(&taught.text).as_str().to_owned(), (taught, target)))
        })
        .collect();
    let mut seen: HashSet<String> = held_out.iter().map(|row| row.text.clone()).collect();
    for row in train {
        if let Some((taught, target)) = said.get(&row.text) {
            let share = taught.share.clamp(0.0, 1.0);
            let mut target: Vec<f32> = target.iter().map(|value| share * value).collect();
            let each = (1.0 - share) / (1 + row.also.len()) as f32;
            row.labels().for_each(|label| target[label as usize] += each);
            row.target = Some(target.into());
        }
        seen.insert(row.text.clone());
    }
    let mut further: Vec<Row> = Vec::new();
    for (text, (taught, target)) in said {
        let counts = taught.weight > 0.0 && taught.weight.is_finite();
        if counts && !text.trim().is_empty() && !seen.contains(&text) {
            let label = best(&target) as u32;
            let target: Arc<[f32]> = target.into();
            let weight = taught.weight;
            further.push(Row { text, label, also: Vec::new(), weight, target: Some(target), is_labelled: false });
        }
    }
    further.sort_by(|a, b| a.text.cmp(&b.text));
    further
}

/// The probability of each output; nothing where the teacher speaks of none of them.
fn target(taught: &Taught, labels: &BTreeMap<&str, usize>, outputs: usize) -> Option<Vec<f32>> {
    let mut target = vec![0.0; outputs];
    for (intent, probability) in &taught.says {
        let at = intent.as_ref().map_or(Some(labels.len()), |intent| labels.get(intent.as_str()).copied());
        if let Some(value) = at.and_then(|at| target.get_mut(at)) {
            *value += probability.max(0.0);
        }
    }
    let sum: f32 = target.iter().sum();
    target.iter_mut().for_each(|value| *value /= sum);
    (sum > 0.0 && sum.is_finite()).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::Rows;
    use crate::{Example, TrainingSet};

    fn says(text: &str, share: f32, says: &[(Option<&str>, f32)]) -> Taught {
        let says = says.iter().map(|(intent, probability)| (intent.map(str::to_owned), *probability)).collect();
        Taught { text: text.to_owned(), says, share, weight: 0.5 }
    }

    fn rows(taught: Vec<Taught>) -> Rows {
        let texts = ["one", "two", "three", "four"];
        let train = texts.iter().flat_map(|text| ["a", "b"].map(|i| Example::new(format!("{text} {i}"), Some(i))));
        let validation = vec![Example::new("five a", Some("a"))];
        let set = TrainingSet { train: train.collect(), validation, taught, ..TrainingSet::default() };
        Rows::new(&set, 0.0, 1).expect("good rows")
    }

    #[test]
    fn a_label_and_the_teachers_word_share_a_rows_target() {
        let rows = rows(vec![says("ONE a", 0.5, &[(Some("a"), 0.6), (Some("b"), 0.2), (None, 0.2)])]);
        let target = rows.train.iter().find(|row| row.text == "one a").and_then(|row| row.target.clone());
        let target = target.expect("the teacher speaks of it");
        assert!((target[0] - 0.875).abs() < 1e-6 && (target[1] - 0.125).abs() < 1e-6, "{target:?}");
        assert!(rows.further.is_empty());
        assert_eq!(rows.train.iter().filter(|row| row.target.is_some()).count(), 1);
    }

    #[test]
    fn messages_without_a_label_are_learned_from_and_never_held_out() {
        let unheard = says("nine", 1.0, &[(Some("c"), 1.0)]);
        let known = says("five a", 1.0, &[(Some("b"), 1.0)]);
        let rows = rows(vec![says("six", 1.0, &[(Some("b"), 0.9), (Some("a"), 0.1)]), unheard, known]);
        let [six] = &rows.further[..] else { panic!("one message is new: {:?}", rows.further) };
        assert_eq!((six.text.as_str(), six.label, six.weight, six.is_labelled), ("six", 1, 0.5, false));
        for fold in rows.folds(1500, 1) {
            assert_eq!(fold.train.iter().filter(|row| !row.is_labelled).count(), 1);
            assert!(fold.held_out.iter().all(|row| row.is_labelled && row.target.is_none()));
        }
    }
}
