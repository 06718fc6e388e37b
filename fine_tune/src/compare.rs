//! `compare A B`: which of two models is better on the same messages, whether that can be chance, and what changed.

mod report;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use model::{Classifier, Example};
use serde::{Deserialize, Serialize};

use crate::args::CompareArgs;
use crate::eval::read_examples;
use crate::evaluate::Judged;
use crate::events::write_whole;
use crate::significance::Difference;

/// Model B is significantly worse.
const WORSE: u8 = 1;
/// What the absence of an intent is called.
const OUT_OF_SCOPE: &str = "out of scope";

/// The report of `compare`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Messages judged.
    pub messages: usize,
    /// Those with an intent.
    pub in_scope: usize,
    /// Share of those whose best intent is right, in A and B.
    pub accuracy: [f64; 2],
    /// B's accuracy less A's.
    pub accuracy_difference: Difference,
    /// Share of all messages that A and B answer at their thresholds.
    pub coverage: [f64; 2],
    /// Share of wrong ones among their answers.
    pub error: [f64; 2],
    /// Share of all messages that are dealt with rightly, in A and B: answered rightly, or out of scope and not answered.
    pub served: [f64; 2],
    /// B's share less A's.
    pub served_difference: Difference,
    /// What B does better and worse, by intent; the most changed first.
    pub intents: Vec<IntentChange>,
}

/// What changed for the messages of one intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntentChange {
    /// The intent; `None` is out of scope.
    pub intent: Option<String>,
    /// Messages of it.
    pub messages: usize,
    /// Wrong in A and right in B.
    pub better: Vec<Change>,
    /// Right in A and wrong in B.
    pub worse: Vec<Change>,
    /// Wrong in both, but otherwise.
    pub other: Vec<Change>,
}

/// One message that the two models answer differently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The message.
    pub text: String,
    /// What A and B answer; `None` where they do not.
    pub said: [Option<String>; 2],
    /// How sure they are of their best intent.
    pub probability: [f64; 2],
}

/// What one model does with a message.
#[derive(Debug, Clone)]
struct Answer {
    judged: Judged,
    answered: bool,
}

impl Answer {
    fn said(&self) -> Option<String> {
        self.answered.then(|| self.judged.said.clone())
    }

    /// Answered rightly, or left alone because there is no answer.
    fn serves(&self) -> bool {
        match (&self.judged.intent, self.answered) {
            (Some(_), answered) => answered && self.judged.is_right(),
            (None, answered) => !answered,
        }
    }
}

/// Compares two models on a file of labelled messages.
pub fn run_compare(arguments: &CompareArgs) -> anyhow::Result<ExitCode> {
    let load = |path: &std::path::Path| {
        Classifier::load(path).with_context(|| format!("cannot load the model {}", path.display()))
    };
    let models = [load(&arguments.a)?, load(&arguments.b)?];
    let examples = read_examples(&arguments.test, arguments.split.as_deref().into())?;
    let answers = models.map(|model| answers(&model, &examples, arguments.accepted_error));
    let comparison = compare(&answers, arguments.resamples as usize, arguments.seed);
    let names = [&arguments.a, &arguments.b].map(|path| path.display().to_string());
    if let Some(path) = &arguments.html {
        write_whole(path, report::page(&names, &comparison).as_bytes())?;
    }
    let words = if arguments.json {
        format!("{}\n", serde_json::to_string(&comparison)?)
    } else {
        report::table(&names, &comparison)
    };
    let _ = std::io::stdout().write_all(words.as_bytes());
    Ok(if comparison.is_worse() { ExitCode::from(WORSE) } else { ExitCode::SUCCESS })
}

fn answers(classifier: &Classifier, examples: &[Example], accepted_error: Option<f32>) -> Vec<Answer> {
    let accepted = accepted_error.unwrap_or(classifier.info().accepted_error_rate);
    let threshold = f64::from(classifier.threshold(accepted));
    let texts: Vec<&str> = examples.iter().map(|example| example.text.as_str()).collect();
    let predictions = crate::evaluate::predict(classifier, &texts);
    let judged = examples.iter().zip(&predictions).map(|(row, said)| Judged::new(row, said));
    judged.map(|judged| Answer { answered: judged.probability >= threshold, judged }).collect()
}

fn compare(answers: &[Vec<Answer>; 2], resamples: usize, seed: u64) -> Comparison {
    let pairs: Vec<[&Answer; 2]> = answers[0].iter().zip(&answers[1]).map(|(a, b)| [a, b]).collect();
    let inside: Vec<[&Answer; 2]> = pairs.iter().filter(|pair| pair[0].judged.intent.is_some()).copied().collect();
    let right = |answer: &Answer| answer.judged.is_right();
    let each = |pairs: &[[&Answer; 2]], good: &dyn Fn(&Answer) -> bool| -> Vec<f64> {
        pairs.iter().map(|[a, b]| f64::from(u8::from(good(b))) - f64::from(u8::from(good(a)))).collect()
    };
    let both = |pairs: &[[&Answer; 2]], good: &dyn Fn(&Answer) -> bool| {
        [0, 1].map(|model| share(pairs.iter().filter(|pair| good(pair[model])).count(), pairs.len()))
    };
    let error = [0, 1].map(|model| {
        let answered: Vec<&Answer> = pairs.iter().map(|pair| pair[model]).filter(|answer| answer.answered).collect();
        share(answered.iter().filter(|answer| !right(answer)).count(), answered.len())
    });
    Comparison {
        messages: pairs.len(),
        in_scope: inside.len(),
        accuracy: both(&inside, &right),
        accuracy_difference: Difference::bootstrap(&each(&inside, &right), resamples, seed),
        coverage: both(&pairs, &|answer| answer.answered),
        error,
        served: both(&pairs, &Answer::serves),
        served_difference: Difference::bootstrap(&each(&pairs, &Answer::serves), resamples, seed),
        intents: changes(&pairs),
    }
}

impl Comparison {
    /// Whether B is worse and chance is no good explanation.
    pub fn is_worse(&self) -> bool {
        let worse = |difference: &Difference| difference.mean < 0.0 && difference.is_significant();
        worse(&self.accuracy_difference) || worse(&self.served_difference)
    }
}

/// A message is right in a model when it serves the customer; with the best intent right but below the threshold it
/// counts as wrong.
fn changes(pairs: &[[&Answer; 2]]) -> Vec<IntentChange> {
    let mut intents: BTreeMap<Option<&str>, IntentChange> = BTreeMap::new();
    for [a, b] in pairs {
        let name = a.judged.intent.as_deref();
        let intent = intents.entry(name).or_insert_with(|| IntentChange {
            intent: name.map(str::to_owned),
            messages: 0,
            better: Vec::new(),
            worse: Vec::new(),
            other: Vec::new(),
        });
        intent.messages += 1;
        let kind = match (a.serves(), b.serves()) {
            (false, true) => &mut intent.better,
            (true, false) => &mut intent.worse,
            (false, false) if a.said() != b.said() => &mut intent.other,
            _ => continue,
        };
        kind.push(Change {
            text: a.judged.text.clone(),
            said: [a.said(), b.said()],
            probability: [a.judged.probability, b.judged.probability],
        });
    }
    let mut intents: Vec<IntentChange> = intents.into_values().filter(|intent| intent.changed() > 0).collect();
    intents.sort_by_key(|intent| std::cmp::Reverse(intent.changed()));
    intents
}

impl IntentChange {
    fn changed(&self) -> usize {
        self.better.len() + self.worse.len() + self.other.len()
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests;
