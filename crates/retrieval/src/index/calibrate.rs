//! Makes examples for calibration out of an index: each similar question is asked while its wording, and then
//! its whole entry, is held out (a question that the FAQ does not cover), and once as it is written.

use super::telling::telling;
use crate::calibration::{Calibration, Evidence, Example, fit, worst_curve};
use crate::emphasis::{ANSWER_WEIGHTS, Emphasis, MEANING_WEIGHTS};
use crate::search::{Found, HeldOut, SearchQuery, Snapshot};
use crate::{CalibrationReport, JudgedQuestion, JudgedSearches};

/// More held-out questions than this teach nothing new, and of a large index, where each takes longer, fewer are asked.
const MAX_QUESTIONS: usize = 1000;
const MAX_QUESTIONS_OF_LARGE: usize = 300;
const LARGE: usize = 20_000;
/// Fewer questions than this say little of what meaning should count for, more than that nothing new.
const FEW_QUESTIONS: usize = 30;
const WEIGHED_QUESTIONS: usize = 300;
/// Hits of each search that are judged.
const JUDGED: usize = 3;
/// How often a question that the FAQ does not cover counts, beside one that it does.
const UNCOVERED_WEIGHT: f32 = 0.25;
/// The same among questions whose answers people have named: these sets are of questions that their FAQ covers.
const JUDGED_UNCOVERED_WEIGHT: f32 = 0.03;
/// How often a question that is typed exactly as written counts.
const VERBATIM_WEIGHT: f32 = 0.1;

/// How a held-out question was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Differently,
    WithoutAnswer,
    Verbatim,
}

/// Learns a calibration from the index's own questions.
pub(super) fn learn(snapshot: &Snapshot) -> tantivy::Result<(Calibration, CalibrationReport)> {
    let wordings = snapshot.table.wordings()?;
    let questions = held_out_questions(snapshot, &wordings);
    let emphasis = emphasis(snapshot, told(snapshot, &wordings)?, &questions)?;
    let (examples, n_found_first) = examples(snapshot, &questions, emphasis)?;
    let (calibration, mut report) = fit(&examples, &Calibration::usual(snapshot.reader.is_some()));
    let calibration = calibration.with_emphasis(emphasis);
    if !questions.is_empty() {
        report.recall_at_1 = Some(n_found_first as f32 / questions.len() as f32);
    }
    Ok((calibration, report))
}

/// Asks questions whose answers people have named, with those entries there and, once more, with them gone. A question that has
/// no answer counts in full.
pub(super) fn judge(snapshot: &Snapshot, questions: &[JudgedQuestion]) -> tantivy::Result<JudgedSearches> {
    let mut searches = JudgedSearches::default();
    let emphasis = told(snapshot, &snapshot.table.wordings()?)?;
    for JudgedQuestion { text, answers } in questions {
        let query = SearchQuery { text: text.clone(), ..SearchQuery::default() };
        let mut found = snapshot.find(&query, HeldOut::Nothing, emphasis)?;
        let mut rows = Vec::new();
        for id in answers {
            rows.extend(snapshot.table.row_by_id(id)?);
        }
        let first = |found: &Found, weight: f32| {
            let candidate = found.candidates.first()?;
            let right = rows.contains(&candidate.row);
            Some(Example { evidence: Evidence::of(found, 0), right, weight, first: true })
        };
        if answers.is_empty() {
            searches.uncovered.extend(first(&found, 1.0));
            continue;
        }
        searches.covered.extend(first(&found, 1.0));
        found.candidates.retain(|candidate| !rows.contains(&candidate.row));
        searches.uncovered.extend(first(&found, JUDGED_UNCOVERED_WEIGHT));
    }
    Ok(searches)
}

/// Learns one calibration from judged searches of several indexes, each of which counts alike; its thresholds are those
/// that keep to an error rate on every one of them, as nobody knows which of them the next index is like.
pub(super) fn learn_from(sets: &[&JudgedSearches], with_meaning: bool) -> Calibration {
    let all: Vec<Example> = sets
        .iter()
        .flat_map(|set| {
            let weight = MAX_QUESTIONS as f32 / set.covered.len().max(1) as f32;
            let examples = set.covered.iter().chain(&set.uncovered);
            examples.map(move |example| Example {
                evidence: example.evidence.of_one_language(),
                weight: example.weight * weight,
                ..*example
            })
        })
        .collect();
    let calibration = fit(&all, &Calibration::blank(with_meaning)).0;
    let curve = worst_curve(&calibration, sets);
    calibration.with_curve(curve)
}

/// What is learned from, and how many held-out questions found their entry first.
fn examples(
    snapshot: &Snapshot,
    questions: &[(usize, usize)],
    emphasis: Emphasis,
) -> tantivy::Result<(Vec<Example>, usize)> {
    let mut examples = Vec::new();
    let mut n_found_first = 0_usize;
    for &(number, ordinal) in questions {
        let query = asked(snapshot, number, ordinal)?;
        let found = snapshot.find(&query, HeldOut::Wording(number, ordinal), emphasis)?;
        n_found_first += usize::from(found.candidates.first().is_some_and(|candidate| candidate.row == number));
        examples.extend(judged(&found, Some(number), Asked::Differently));
        let found = snapshot.find(&query, HeldOut::Row(number), emphasis)?;
        examples.extend(judged(&found, None, Asked::WithoutAnswer));
        let found = snapshot.find(&query, HeldOut::Nothing, emphasis)?;
        examples.extend(judged(&found, Some(number), Asked::Verbatim));
    }
    Ok((examples, n_found_first))
}

/// A question as a customer asks it.
fn asked(snapshot: &Snapshot, row: usize, ordinal: usize) -> tantivy::Result<SearchQuery> {
    let (text, language) = (snapshot.table.entry(row)?.wording(ordinal).to_owned(), snapshot.table.row(row)?.language);
    Ok(SearchQuery { text, language, ..SearchQuery::default() })
}

/// What counts for how much as the entries tell it that have one wording each.
fn told(snapshot: &Snapshot, wordings: &[(usize, usize)]) -> tantivy::Result<Emphasis> {
    Ok(Emphasis::told(snapshot.reader.is_some(), telling(snapshot, wordings)?))
}

/// What counts for how much: that with which most held-out questions find their entry first, or what the entries tell where
/// the questions are few.
fn emphasis(snapshot: &Snapshot, told: Emphasis, questions: &[(usize, usize)]) -> tantivy::Result<Emphasis> {
    if questions.len() < FEW_QUESTIONS {
        return Ok(told);
    }
    let step = questions.len().div_ceil(WEIGHED_QUESTIONS);
    let found_first = |emphasis: Emphasis| -> tantivy::Result<usize> {
        let mut first = 0;
        for &(number, ordinal) in questions.iter().step_by(step) {
            let query = asked(snapshot, number, ordinal)?;
            let found = snapshot.find(&query, HeldOut::Wording(number, ordinal), emphasis)?;
            first += usize::from(found.candidates.first().is_some_and(|candidate| candidate.row == number));
        }
        Ok(first)
    };
    let mut best = (found_first(told)?, told);
    let mut try_one = |change: &dyn Fn(&mut Emphasis)| -> tantivy::Result<()> {
        let mut tried = best.1;
        change(&mut tried);
        let first = found_first(tried)?;
        if first > best.0 {
            best = (first, tried);
        }
        Ok(())
    };
    for weight in MEANING_WEIGHTS.into_iter().filter(|_| snapshot.reader.is_some()) {
        try_one(&|tried| tried.meaning = weight)?;
    }
    for weight in ANSWER_WEIGHTS {
        try_one(&|tried| tried.answers = weight)?;
    }
    Ok(best.1)
}

fn judged(found: &Found, right_row: Option<usize>, asked: Asked) -> impl Iterator<Item = Example> {
    let weight = match asked {
        Asked::Differently => 1.0,
        Asked::WithoutAnswer => UNCOVERED_WEIGHT,
        Asked::Verbatim => VERBATIM_WEIGHT,
    };
    (0..found.candidates.len().min(JUDGED)).map(move |place| Example {
        evidence: Evidence::of(found, place),
        right: Some(found.candidates[place].row) == right_row,
        weight,
        // Verbatim questions are too easy to set thresholds by.
        first: place == 0 && asked != Asked::Verbatim,
    })
}

/// Wordings of entries that have others, evenly thinned out where there are many.
fn held_out_questions(snapshot: &Snapshot, wordings: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let of_several = wordings.chunk_by(|one, other| one.0 == other.0).filter(|wordings| wordings.len() > 1);
    let all: Vec<(usize, usize)> = of_several.flatten().copied().collect();
    let most = if snapshot.table.len() > LARGE { MAX_QUESTIONS_OF_LARGE } else { MAX_QUESTIONS };
    if all.len() <= most {
        return all;
    }
    (0..most).map(|index| all[index * all.len() / most]).collect()
}
