//! Test messages that are also learned from: a test on them says nothing.

use std::collections::HashMap;
use std::path::Path;

use super::{Evidence, Finding, Kind, Looked, name, reading};
use crate::dataset::files;
use crate::near::NearIndex;
use crate::row::{Origin, Row, Rows, read_jsonl};
use crate::source::Source;
use crate::vectors::words;
use crate::{Error, Place};

/// How alike a test message and an example must be.
const SAME: f32 = 0.95;
/// Shorter golden messages ("thanks", "yes") are said in every conversation and are learned rightly.
const FEWEST_WORDS: usize = 4;

/// Test messages that read like an example.
pub(super) fn find(rows: &[Row], looked: &Looked<'_>, asked: &[Row]) -> Vec<Finding> {
    if asked.is_empty() {
        return Vec::new();
    }
    let mut by_reading: HashMap<String, &Row> = HashMap::new();
    for row in rows {
        by_reading.entry(reading(&row.text)).or_insert(row);
    }
    let index = NearIndex::new(&looked.vectors, SAME);
    let mut found = Vec::new();
    for test in asked {
        let reading = reading(&test.text);
        let same = by_reading.get(&reading).map(|row| (*row, 1.0));
        let near = || {
            let near = index.near(&looked.vectoriser.vector(&reading)).into_iter().next()?;
            Some((looked.rows[near.index], near.likeness))
        };
        found.extend(same.or_else(near).map(|(row, likeness)| finding(test, row, likeness)));
    }
    found
}

fn finding(test: &Row, row: &Row, likeness: f32) -> Finding {
    let intent = name(row.intent.as_deref());
    Finding {
        kind: Kind::Leak,
        place: test.place.clone(),
        text: Some(test.text.clone()),
        intent: test.intent.clone(),
        suggested: None,
        certainty: f64::from(likeness.min(1.0)),
        what: format!("“{}” is a test, and “{}” of `{intent}` ({}) is learned from", test.text, row.text, row.place),
        mend: "word the test as no example is worded, or delete the example".to_owned(),
        evidence: vec![Evidence::of(row)],
    }
}

/// The messages of tests: those of files with labelled messages, and what customers say in golden conversations.
pub(crate) fn asked(bot: &Path, tests: &[std::path::PathBuf]) -> Result<Vec<Row>, Error> {
    let mut asked = Vec::new();
    for path in tests {
        let source = Source::read(path).map_err(|problem| Error::Data(vec![problem]))?;
        let taught = read_jsonl(&source, Rows::All);
        if !taught.problems.is_empty() {
            return Err(Error::Data(taught.problems));
        }
        asked.extend(taught.rows);
    }
    for path in files(&bot.join("golden"), &["yml", "yaml"])? {
        // A file that cannot be read is named by the check of the golden conversations themselves.
        if let Ok(source) = Source::read(&path) {
            asked.extend(golden(&source));
        }
    }
    Ok(asked)
}

fn golden(source: &Source) -> Vec<Row> {
    let conversations = dialogue::golden::parse(&source.name, &source.text).unwrap_or_default();
    let turns = conversations.into_iter().flat_map(|conversation| conversation.turns);
    let told = turns.filter(|turn| words(text::normalise(&turn.customer).as_str()).count() >= FEWEST_WORDS);
    told.map(|turn| Row {
        place: place(source, &turn.customer),
        intent: turn.expect.intent.0.first().cloned(),
        also: Vec::new(),
        text: turn.customer,
        origin: Origin::Authored,
        weight: 1.0,
        conversation: None,
    })
    .collect()
}

/// The line on which a customer says this.
fn place(source: &Source, said: &str) -> Place {
    let first = said.lines().next().unwrap_or_default();
    let line = source.lines().find(|(_, line)| line.contains("customer") && line.contains(first));
    line.map_or_else(|| Place::whole(&source.name), |(place, _)| place)
}
