//! Learns what FAQ indexes with few questions of their own start from, by words and beside meaning, and how well it fits
//! sets that it was not learned from: `cargo run --release -p assistant --example usual_calibration -- SET_FOLDER…`
//! A set is a folder with `faq.jsonl`, `queries.jsonl` and `qrels.tsv`; each is judged by what all others teach.
#![allow(clippy::print_stdout, reason = "an example's figures are its output")]

#[path = "recall/set.rs"]
mod set;

use std::error::Error;
use std::path::PathBuf;

use retrieval::{FaqIndex, JudgedQuestion, JudgedSearches, read_faq};

const ACCEPTED: f32 = 0.1;
/// So many of a set's questions are asked for each one of other sets, which none of its entries answers.
const FOREIGN: usize = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let sets: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    for (name, encoder) in [("by words", None), ("beside meaning", assistant::meaning())] {
        let with_meaning = encoder.is_some();
        let mut searches = Vec::new();
        for set in &sets {
            let index = FaqIndex::in_memory_with(encoder.clone());
            index.replace_all(&read_faq(&set.join("faq.jsonl"))?, 1)?;
            let mut questions = set::questions(set)?;
            questions.extend(foreign(&sets, set, questions.len() / FOREIGN)?);
            searches.push(index.judged(&questions)?);
        }
        println!("{name}\trecall@1\tcalibration error\tanswered at 10 %\twrong\tsaid where none answers");
        for (at, set) in sets.iter().enumerate() {
            let others: Vec<&JudgedSearches> =
                searches.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, searches)| searches).collect();
            let told = searches[at].report(&FaqIndex::calibration_from(&others, with_meaning), ACCEPTED);
            println!(
                "{}\t{:.3}\t{:.3}\t{:.3}\t{:.3}\t{:.3}",
                set.display(),
                told.recall_at_1,
                told.calibration_error,
                told.answered,
                told.wrong,
                told.uncovered
            );
        }
        let all = FaqIndex::calibration_from(&searches.iter().collect::<Vec<_>>(), with_meaning);
        println!("from all: {}", serde_json::to_string(&all)?);
    }
    Ok(())
}

/// Questions of the other sets, evenly thinned out.
fn foreign(sets: &[PathBuf], set: &PathBuf, wanted: usize) -> Result<Vec<JudgedQuestion>, Box<dyn Error>> {
    let mut all = Vec::new();
    for other in sets.iter().filter(|other| *other != set) {
        all.extend(set::questions(other)?);
    }
    let step = (all.len() / wanted.max(1)).max(1);
    Ok(all.into_iter().step_by(step).map(|question| JudgedQuestion { answers: Vec::new(), ..question }).collect())
}
