//! How often the sentences kept of a long answer are the right ones: the answer of each question's entry is joined with that
//! of another entry, and sentences are chosen of both together.
//! `cargo run --release -p assistant --example chosen_sentences -- SET_FOLDER…`
//! A set is a folder with `faq.jsonl`, `queries.jsonl` and `qrels.tsv`.
#![allow(clippy::print_stdout, reason = "an example's figures are its output")]

#[path = "recall/set.rs"]
mod set;

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;

use retrieval::{FaqIndex, read_faq};

/// Sentences that are kept, as in a reply.
const KEPT: usize = 4;

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
        let questions = set::questions(&set)?;
        let places: HashMap<&str, usize> =
            entries.iter().enumerate().map(|(place, entry)| (entry.id.as_str(), place)).collect();
        let mut tallies: [Tally; 3] = Default::default();
        let indexes = [FaqIndex::in_memory(), FaqIndex::in_memory_with(assistant::meaning())];
        for index in &indexes {
            index.replace_all(&entries, 1)?;
        }
        let mut asked = 0;
        for (number, question) in questions.iter().enumerate() {
            let text = question.text.as_str();
            let Some(right) = question.answers.iter().find_map(|id| places.get(id.as_str()).copied()) else { continue };
            let wrong = &entries[(right * 31 + 7 * number + 1) % entries.len()];
            let right = &entries[right];
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
