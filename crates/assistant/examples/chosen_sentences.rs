//! How often the sentences kept of a long answer are the right ones: the answer of each question's entry is joined with that
//! of another entry, and sentences are chosen of both together.
//! `cargo run --release -p assistant --example chosen_sentences -- SET_FOLDER…`
//! A set is a folder with `faq.jsonl`, `queries.jsonl` and `qrels.tsv`.
#![allow(clippy::print_stdout, reason = "an example's figures are its output")]

use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use retrieval::{FaqEntry, FaqIndex, read_faq};
use serde::Deserialize;

/// Sentences that are kept, as in a reply.
const KEPT: usize = 4;

#[derive(Deserialize)]
struct Query {
    id: String,
    text: String,
}

/// Sentences kept so far, and those of them from the right answer.
#[derive(Default)]
struct Tally {
    kept: usize,
    right: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("set\tquestions\tthe first sentences\tby words\tby words and meaning");
    for set in std::env::args().skip(1).map(PathBuf::from) {
        let entries = read_faq(&set.join("faq.jsonl"))?;
        let questions = questions(&set, &entries)?;
        let mut tallies: [Tally; 3] = Default::default();
        let indexes = [FaqIndex::in_memory(), FaqIndex::in_memory_with(assistant::meaning())];
        for index in &indexes {
            index.replace_all(&entries, 1)?;
        }
        let mut asked = 0;
        for (number, (text, right)) in questions.iter().enumerate() {
            let wrong = &entries[(right * 31 + 7 * number + 1) % entries.len()];
            let right = &entries[*right];
            let [of_right, of_wrong] = [right, wrong].map(|entry| text::sentences(&entry.answer));
            if right.answer == wrong.answer || of_right.len() < KEPT || of_wrong.len() < KEPT {
                continue;
            }
            asked += 1;
            // The right answer stands first in every other question.
            let both = if number % 2 == 0 { [&right.answer, &wrong.answer] } else { [&wrong.answer, &right.answer] };
            let joined = both.map(String::as_str).join("\n");
            let first = text::sentences(&joined).into_iter().take(KEPT).map(str::to_owned).collect();
            let chosen =
                [first, indexes[0].best_sentences(text, &joined, KEPT), indexes[1].best_sentences(text, &joined, KEPT)];
            for (tally, chosen) in tallies.iter_mut().zip(chosen) {
                tally.kept += chosen.len();
                tally.right += chosen.iter().filter(|sentence| of_right.contains(&sentence.as_str())).count();
            }
        }
        let shares = tallies.map(|tally| format!("{:.1} %", 100.0 * tally.right as f64 / tally.kept.max(1) as f64));
        println!("{}\t{asked}\t{}", set.display(), shares.join("\t"));
    }
    Ok(())
}

/// Each question with the place of an entry that answers it.
fn questions(set: &Path, entries: &[FaqEntry]) -> Result<Vec<(String, usize)>, Box<dyn Error>> {
    let places: HashMap<&str, usize> =
        entries.iter().zip(0..).map(|(entry, place)| (entry.id.as_str(), place)).collect();
    let mut answers: HashMap<String, usize> = HashMap::new();
    for line in std::fs::read_to_string(set.join("qrels.tsv"))?.lines() {
        let mut cells = line.split('\t');
        if let (Some(query), Some(place)) = (cells.next(), cells.next().and_then(|entry| places.get(entry))) {
            answers.entry(query.to_owned()).or_insert(*place);
        }
    }
    let queries = std::fs::read_to_string(set.join("queries.jsonl"))?;
    let queries = queries.lines().map(serde_json::from_str::<Query>).collect::<Result<Vec<_>, _>>()?;
    Ok(queries.into_iter().filter_map(|query| Some((query.text, *answers.get(&query.id)?))).collect())
}
