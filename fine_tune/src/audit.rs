//! The label audit: which examples of a bot are likely labelled wrong, which intents run into each other, what is
//! nearly the same in two intents, and which test messages were learned from. Each finding carries its evidence.

mod confident;
mod duplicates;
mod labels;
mod leaks;
mod page;
mod report;

use std::collections::HashSet;

use model::SentenceEncoder;
use serde::{Deserialize, Serialize};

use crate::Place;
use crate::meaning::Meaning;
use crate::row::Row;
use crate::vectors::{Vector, Vectoriser};

pub(crate) use labels::STEPS;
pub(crate) use leaks::asked;
pub(crate) use page::page;
pub(crate) use report::table;

use crate::progress::Steps;

/// Different messages that are looked at, by words alone or by meaning; of larger sets an even selection.
const MOST_MESSAGES: usize = 100_000;
const MOST_BY_MEANING: usize = 30_000;
/// Sets smaller than this keep terms that occur in one text only.
const FEW_ROWS: usize = 1000;
/// What the absence of an intent is called.
const OUT_OF_SCOPE: &str = "out of scope";

/// What an audit found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Audit {
    /// Different messages looked at.
    pub messages: usize,
    /// Messages there are; more than were looked at when there are very many.
    pub of: usize,
    /// Messages whose label was cross-validated.
    pub judged: usize,
    /// Share of their labels that a quick model found again without having learned them.
    pub found_again: f64,
    /// Share of their labels that are likely wrong.
    pub noise: f64,
    /// Every intent, the worst first.
    pub intents: Vec<IntentHealth>,
    /// What is worth mending, by kind and then the clearest first.
    pub findings: Vec<Finding>,
}

/// How well the examples of one intent hold together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntentHealth {
    /// The intent; `None` is out of scope.
    pub intent: Option<String>,
    /// Different examples.
    pub examples: usize,
    /// Share of its examples that are recognised when they were not learned; `None` with too few to tell.
    pub found_again: Option<f64>,
    /// Share of what is taken for it that is it.
    pub precision: Option<f64>,
    /// Share of its examples whose label is likely wrong.
    pub noise: Option<f64>,
}

impl IntentHealth {
    /// An intent that could not be judged.
    fn unknown(intent: Option<&str>, examples: usize) -> Self {
        Self { intent: intent.map(str::to_owned), examples, found_again: None, precision: None, noise: None }
    }
}

/// What kind of trouble a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The label of an example is likely wrong.
    WrongLabel,
    /// Almost the same message has another label elsewhere.
    NearDuplicate,
    /// Two intents are taken for each other.
    Overlap,
    /// An intent is seldom recognised.
    HardToRecognise,
    /// A test message is also learned from.
    Leak,
}

/// One thing worth mending.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// The message it is about; none when a whole intent is meant.
    pub text: Option<String>,
    /// The label it has.
    pub intent: Option<String>,
    /// The label it may need.
    pub suggested: Option<String>,
    /// How sure that is, from 0 to 1: for a label how much more likely another one is, for two messages their likeness,
    /// for intents the share of confused examples.
    pub certainty: f64,
    /// What is wrong, in words.
    pub what: String,
    /// How to mend it.
    pub mend: String,
    /// Messages that show it.
    pub evidence: Vec<Evidence>,
}

/// A message that shows why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The message.
    pub text: String,
    /// Its label.
    pub intent: Option<String>,
    /// Further intents of the same message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
}

impl Evidence {
    fn of(row: &Row) -> Self {
        Self { text: row.text.clone(), intent: row.intent.clone(), also: row.also.clone(), place: row.place.clone() }
    }
}

/// The rows that are looked at: one for each reading and label, with their vectors.
#[derive(Debug)]
struct Looked<'a> {
    rows: Vec<&'a Row>,
    /// What each row reads like: equal for rows that differ in signs and digits only.
    readings: Vec<String>,
    vectors: Vec<Vector>,
    vectoriser: Vectoriser,
}

impl<'a> Looked<'a> {
    fn at(rows: &'a [Row], encoder: Option<&SentenceEncoder>) -> Self {
        let mut seen: HashSet<(String, Vec<Option<&str>>)> = HashSet::new();
        let mut kept: Vec<(&Row, String)> = Vec::new();
        for row in rows {
            let reading = reading(&row.text);
            if !reading.is_empty() && seen.insert((reading.clone(), row.label_set())) {
                kept.push((row, reading));
            }
        }
        let most = if encoder.is_some() { MOST_BY_MEANING } else { MOST_MESSAGES };
        let step = kept.len().div_ceil(most).max(1);
        let (rows, readings): (Vec<&Row>, Vec<String>) = kept.into_iter().step_by(step).unzip();
        let vectoriser =
            Vectoriser::fit(readings.iter().map(String::as_str), if rows.len() < FEW_ROWS { 1 } else { 2 });
        let mut vectors: Vec<Vector> = readings.iter().map(|reading| vectoriser.vector(reading)).collect();
        if let Some(encoder) = encoder {
            let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
            let (_, places) = Meaning::fit(encoder, &texts);
            vectors.iter_mut().zip(places).for_each(|(vector, place)| vector.meaning = place);
        }
        Self { rows, readings, vectors, vectoriser }
    }
}

/// Audits labelled rows, by meaning too where there is an encoder; `asked` are messages of tests, which must not be among
/// them.
pub(crate) fn audit(rows: &[Row], asked: &[Row], encoder: Option<&SentenceEncoder>, steps: &Steps) -> Audit {
    let looked = Looked::at(rows, encoder);
    let mut audit = Audit { messages: looked.rows.len(), of: rows.len(), ..Audit::default() };
    labels::judge(&looked, &mut audit, steps);
    audit.findings.extend(duplicates::find(&looked));
    audit.findings.extend(leaks::find(rows, &looked, asked));
    audit.findings.sort_by_key(|finding| finding.kind);
    steps.step();
    audit
}

/// What a message reads like: words only, every digit the same.
fn reading(text: &str) -> String {
    let normalised = text::normalise(text);
    let mut reading = String::new();
    for piece in normalised.as_str().split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty()) {
        if !reading.is_empty() {
            reading.push(' ');
        }
        reading.extend(piece.chars().map(|c| if c.is_numeric() { '0' } else { c }));
    }
    if reading.is_empty() { normalised.as_str().to_owned() } else { reading }
}

fn name(intent: Option<&str>) -> &str {
    intent.unwrap_or(OUT_OF_SCOPE)
}

#[cfg(test)]
mod tests;
