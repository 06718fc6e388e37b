//! Messages with several intents: what the set of named intents is worth beside the set that is there.

use std::collections::{BTreeMap, BTreeSet};

use model::{Example, Prediction};
use serde::{Deserialize, Serialize};

use crate::evaluate::{Averages, ClassScore, Scores, scores};

/// The figures of a model that tells several intents apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeveralEvaluation {
    /// Share of all messages whose intents are named one and all and no other with them.
    pub all_right: f64,
    /// Precision, recall and F1 of every intent, by name, wherever it stands in a message.
    pub classes: Vec<ClassScore>,
    /// Means over intents and over mentions of them.
    pub averages: Averages,
    /// Intents that are there, over all messages.
    pub support: usize,
}

/// Hits, named and there.
type Counts = (usize, usize, usize);

/// Measures the named sets; `None` for a model that names one intent a message.
pub(crate) fn judge(examples: &[Example], predictions: &[Prediction]) -> Option<SeveralEvaluation> {
    let mut counts: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut all_right = 0;
    for (example, prediction) in examples.iter().zip(predictions) {
        let named: BTreeSet<&str> = prediction.several.as_ref()?.iter().map(|scored| scored.intent.as_str()).collect();
        let there: BTreeSet<&str> = example.intent.iter().chain(&example.also).map(String::as_str).collect();
        all_right += usize::from(named == there);
        for intent in named.union(&there) {
            let counts = counts.entry(intent).or_default();
            counts.0 += usize::from(named.contains(intent) && there.contains(intent));
            counts.1 += usize::from(named.contains(intent));
            counts.2 += usize::from(there.contains(intent));
        }
    }
    let class = |(intent, (hits, named, there)): (&&str, &Counts)| ClassScore {
        intent: (*intent).to_owned(),
        scores: scores(*hits, *named, *there),
        support: *there,
    };
    let sum = counts.values().fold((0, 0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2));
    let classes: Vec<ClassScore> = counts.iter().map(class).collect();
    let mean = |weight: fn(&ClassScore) -> f64| -> Scores {
        let total: f64 = classes.iter().map(weight).sum::<f64>().max(f64::MIN_POSITIVE);
        let of = |value: fn(&Scores) -> f64| classes.iter().map(|c| weight(c) * value(&c.scores)).sum::<f64>() / total;
        Scores { precision: of(|s| s.precision), recall: of(|s| s.recall), f1: of(|s| s.f1) }
    };
    Some(SeveralEvaluation {
        all_right: all_right as f64 / examples.len().max(1) as f64,
        averages: Averages {
            micro: scores(sum.0, sum.1, sum.2),
            macro_: mean(|_| 1.0),
            weighted: mean(|class| class.support as f64),
        },
        classes,
        support: sum.2,
    })
}

#[cfg(test)]
mod tests {
    use model::Scored;

    use super::*;

    fn message(there: &[&str], named: &[&str]) -> (Example, Prediction) {
        let also = there.iter().skip(1).map(|intent| (*intent).to_owned()).collect();
        let example = Example { also, ..Example::new("a message", there.first().copied()) };
        let several = named.iter().map(|intent| Scored { intent: (*intent).to_owned(), probability: 0.9 }).collect();
        (example, Prediction { several: Some(several), ..Prediction::default() })
    }

    #[test]
    fn sets_are_compared_intent_by_intent_and_as_a_whole() {
        let rows = [
            message(&["refund", "delay"], &["delay", "refund"]),
            message(&["refund"], &["refund", "delay"]),
            message(&["delay", "hello"], &["delay"]),
            message(&[], &[]),
        ];
        let (examples, predictions): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let report = judge(&examples, &predictions).expect("a model of several intents");
        assert_eq!((report.all_right, report.support), (0.5, 5));
        let said: Vec<_> = report.classes.iter().map(|class| (class.intent.as_str(), class.scores.f1)).collect();
        assert_eq!(said, [("delay", 0.8), ("hello", 0.0), ("refund", 1.0)]);
        assert_eq!(report.averages.micro, scores(4, 5, 5));
        assert!(judge(&examples, &[Prediction::default()]).is_none());
    }
}
