//! Learns what FAQ indexes with few questions of their own start from, by words and beside meaning, and how well it fits
//! sets that it was not learned from: `cargo run --release -p assistant --example usual_calibration -- SET_FOLDER…`
//! A set is a folder with `faq.jsonl`, `queries.jsonl` and `qrels.tsv`; each is judged by what all others teach.
#![allow(clippy::print_stdout, reason = "an example's figures are its output")]

use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use retrieval::{FaqIndex, JudgedQuestion, JudgedSearches, read_faq};
use serde::Deserialize;

const ACCEPTED: f32 = 0.1;

#[derive(Deserialize)]
struct Query {
    id: String,
    text: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let sets: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    for (name, encoder) in [("by words", None), ("beside meaning", assistant::meaning())] {
        let with_meaning = encoder.is_some();
        let mut searches = Vec::new();
        for set in &sets {
            let index = FaqIndex::in_memory_with(encoder.clone());
            index.replace_all(&read_faq(&set.join("faq.jsonl"))?, 1)?;
            searches.push(index.judged(&questions(set)?)?);
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

fn questions(set: &Path) -> Result<Vec<JudgedQuestion>, Box<dyn Error>> {
    let mut answers: HashMap<String, Vec<String>> = HashMap::new();
    for line in std::fs::read_to_string(set.join("qrels.tsv"))?.lines() {
        let mut cells = line.split('\t');
        if let (Some(query), Some(entry)) = (cells.next(), cells.next()) {
            answers.entry(query.to_owned()).or_default().push(entry.to_owned());
        }
    }
    let queries = std::fs::read_to_string(set.join("queries.jsonl"))?;
    let queries = queries.lines().map(serde_json::from_str::<Query>).collect::<Result<Vec<_>, _>>()?;
    let judged = queries
        .into_iter()
        .map(|query| JudgedQuestion { text: query.text, answers: answers.remove(&query.id).unwrap_or_default() });
    Ok(judged.collect())
}
