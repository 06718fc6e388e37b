//! How far the answers of an index, and likeness in meaning, tell its entries apart, as its own questions show that have one
//! wording each: by how much nearer a question is to its own answer than to those of others. Where all answers speak of
//! what every question is about, as those of an FAQ on one subject may, they mislead; where each holds what only it
//! explains, they find what questions do not say.

use std::sync::Arc;

use crate::emphasis::Telling;
use crate::features::{Query, Sense};
use crate::meaning::Meaning;
use crate::search::Snapshot;
use crate::table::{Row, answer_meaning};

/// Entries that are asked at most, and others with which each is compared.
const ASKED: usize = 256;
const ASKED_FOR_MEANING: usize = 96;
const OTHERS: usize = 48;
/// Fewer entries with answers say nothing.
const FEW: usize = 20;
/// What is added to both shares, so that a question of which nothing is held says little.
const LEAST_SHARE: f32 = 0.02;

/// What the questions of an index show, given all its wordings (row, ordinal).
pub(super) fn telling(snapshot: &Snapshot, wordings: &[(usize, usize)]) -> tantivy::Result<Telling> {
    let questions: Vec<usize> = wordings.iter().filter(|(_, ordinal)| *ordinal == 0).map(|(row, _)| *row).collect();
    let sample = thinned_out(&questions, ASKED).map(|row| Ok((row, snapshot.table.row(row)?)));
    let mut sample: Vec<(usize, Arc<Row>)> = sample.collect::<tantivy::Result<_>>()?;
    sample.retain(|(_, row)| row.answer.length() > 0);
    let rows: Vec<&Row> = sample.iter().map(|(_, row)| row.as_ref()).collect();
    let answers: Vec<f32> = (0..rows.len()).filter_map(|at| by_words(snapshot, &rows, at)).collect();
    let answers = (answers.len() >= FEW).then(|| answers.iter().sum::<f32>() / answers.len() as f32);
    let meaning = if snapshot.reader.is_some() { by_meaning(snapshot, &sample)? } else { None };
    Ok(Telling { answers, meaning })
}

fn thinned_out<T: Copy>(all: &[T], most: usize) -> impl Iterator<Item = T> {
    all.iter().copied().step_by(all.len().div_ceil(most).max(1))
}

/// The logarithm of the share of a question that its own answer holds over the mean share that others do; none without
/// others in its language.
fn by_words(snapshot: &Snapshot, rows: &[&Row], at: usize) -> Option<f32> {
    let ids: Vec<u32> = rows[at].wordings.first()?.bag.ids().collect();
    let sense = Sense { fingerprint: 0, language: None, meaning: Meaning::default() };
    let query = Query::new(&ids, sense, &snapshot.table);
    let others: Vec<f32> = others(rows, at).map(|other| query.share_in_answer(rows[other], &snapshot.table)).collect();
    let own = query.share_in_answer(rows[at], &snapshot.table);
    (!others.is_empty()).then(|| ((own + LEAST_SHARE) / (mean(&others) + LEAST_SHARE)).ln())
}

/// By how many standard deviations the likeness of questions to their own answers is above that to others: the median.
fn by_meaning(snapshot: &Snapshot, sample: &[(usize, Arc<Row>)]) -> tantivy::Result<Option<f32>> {
    let numbers: Vec<usize> = (0..sample.len()).collect();
    let sample: Vec<&(usize, Arc<Row>)> = thinned_out(&numbers, ASKED_FOR_MEANING).map(|at| &sample[at]).collect();
    let rows: Vec<&Row> = sample.iter().map(|(_, row)| row.as_ref()).collect();
    let mut answers = Vec::with_capacity(sample.len());
    for (row, _) in &sample {
        answers.push(answer_meaning(&snapshot.table.entry(*row)?, &snapshot.reader));
    }
    let above = |at: usize| {
        let question = &rows[at].wordings.first()?.meaning;
        let others: Vec<f32> = others(&rows, at).map(|other| question.likeness(&answers[other])).collect();
        let mean = mean(&others);
        let variance = others.iter().map(|likeness| (likeness - mean).powi(2)).sum::<f32>() / others.len() as f32;
        (variance > 0.0).then(|| (question.likeness(&answers[at]) - mean) / variance.sqrt())
    };
    let mut all: Vec<f32> = (0..rows.len()).filter_map(above).collect();
    all.sort_by(f32::total_cmp);
    Ok((all.len() >= FEW).then(|| all[all.len() / 2]))
}

/// Some of the others in the same language.
fn others(rows: &[&Row], at: usize) -> impl Iterator<Item = usize> {
    let after = (at + 1..rows.len()).chain(0..at);
    after.filter(move |&other| rows[other].language == rows[at].language).take(OTHERS)
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emphasis::Emphasis;
    use crate::{FaqEntry, FaqIndex, Hit, SearchQuery};

    const THINGS: [&str; 24] = [
        "ladder", "kettle", "violin", "carpet", "helmet", "candle", "anchor", "basket", "pillow", "tripod", "magnet",
        "saddle", "goblet", "hammer", "lantern", "mirror", "needle", "paddle", "quiver", "ribbon", "shovel", "tablet",
        "trumpet", "wallet",
    ];

    fn index(answer: impl Fn(&str) -> String) -> FaqIndex {
        let entry =
            |thing: &&str| FaqEntry::new(thing, &format!("Is there a spare part for my {thing}?"), &answer(thing));
        let index = FaqIndex::in_memory();
        index.replace_all(&THINGS.iter().map(entry).collect::<Vec<_>>(), 1).expect("indexed");
        index
    }

    fn told(index: &FaqIndex) -> Emphasis {
        let snapshot = index.snapshot();
        let wordings = snapshot.table.wordings().expect("read");
        Emphasis::told(false, telling(&snapshot, &wordings).expect("read"))
    }

    fn first(index: &FaqIndex, text: &str) -> Hit {
        index.search(&SearchQuery { text: text.to_owned(), top: 1, ..SearchQuery::default() }).remove(0)
    }

    #[test]
    fn answers_count_for_more_where_each_speaks_of_its_own_question() {
        let own = told(&index(|thing| format!("The spare part of a {thing} is sent within two days.")));
        let all =
            told(&index(|_| "A spare part for my ladder, kettle, violin or carpet is sent in two days.".to_owned()));
        assert!(own.answers > 1.0 && all.answers < 0.5, "{own:?} {all:?}");
    }

    #[test]
    fn few_entries_say_nothing() {
        let index = FaqIndex::in_memory();
        index.replace_all(&[FaqEntry::new("a", "Where is it?", "Here.")], 1).expect("indexed");
        assert_eq!(told(&index), Emphasis::usual(false));
        assert_eq!(told(&FaqIndex::in_memory()), Emphasis::usual(false));
    }

    #[test]
    fn a_question_of_the_same_words_comes_before_an_answer_that_repeats_them() {
        let index = index(|thing| match thing {
            "kettle" => "Ladder: a spare part for my ladder, your ladder, each ladder. Ladder ladder.".to_owned(),
            _ => format!("We send it for a {thing}."),
        });
        assert_eq!(first(&index, "spare part for ladder").id, "ladder");
    }
}
