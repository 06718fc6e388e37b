//! Measures retrieval on sets laid out as faq.jsonl, queries.jsonl and qrels.tsv:
//! `cargo run --release -p retrieval --example recall -- SET_FOLDER…`
#![allow(clippy::print_stdout, reason = "an example's figures are its output")]

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use retrieval::{FaqIndex, SearchQuery, read_faq};

const TOP: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    println!("set\tentries\tqueries\trecall@1\trecall@5\tMRR@10\tcalibration error\tqueries/s\tp99 ms");
    for folder in std::env::args().skip(1) {
        measure(Path::new(&folder))?;
    }
    Ok(())
}

fn measure(folder: &Path) -> Result<(), Box<dyn Error>> {
    let index = FaqIndex::in_memory();
    index.replace_all(&read_faq(folder)?, 1)?;
    let relevant = read_qrels(&std::fs::read_to_string(folder.join("qrels.tsv"))?);
    let mut tally = Tally::default();
    for line in std::fs::read_to_string(folder.join("queries.jsonl"))?.lines() {
        let query: serde_json::Value = serde_json::from_str(line)?;
        let (Some(id), Some(text)) = (query["id"].as_str(), query["text"].as_str()) else { continue };
        let Some(right) = relevant.get(id) else { continue };
        let language = text::detect_language(text).map(|found| found.language);
        let started = Instant::now();
        let hits = index.search(&SearchQuery { text: text.to_owned(), language, top: TOP, today: None });
        tally.seconds.push(started.elapsed().as_secs_f64());
        let place = hits.iter().position(|hit| right.contains(&hit.id));
        tally.add(place, hits.first().map_or(0.0, |hit| hit.probability));
    }
    tally.print(&folder.file_name().unwrap_or_default().to_string_lossy(), index.len());
    Ok(())
}

fn read_qrels(text: &str) -> HashMap<String, HashSet<String>> {
    let mut relevant: HashMap<String, HashSet<String>> = HashMap::new();
    for line in text.lines() {
        let mut cells = line.split('\t');
        if let (Some(query), Some(entry)) = (cells.next(), cells.next()) {
            relevant.entry(query.to_owned()).or_default().insert(entry.to_owned());
        }
    }
    relevant
}

#[derive(Default)]
struct Tally {
    first: usize,
    five: usize,
    reciprocal: f64,
    /// For each tenth of probability: how many, sum of probabilities, how many right.
    bins: [(usize, f64, usize); 10],
    seconds: Vec<f64>,
}

impl Tally {
    fn add(&mut self, place: Option<usize>, probability: f32) {
        self.first += usize::from(place == Some(0));
        self.five += usize::from(place.is_some_and(|place| place < 5));
        self.reciprocal += place.map_or(0.0, |place| 1.0 / (place + 1) as f64);
        let bin = &mut self.bins[((probability * 10.0) as usize).min(9)];
        bin.0 += 1;
        bin.1 += f64::from(probability);
        bin.2 += usize::from(place == Some(0));
    }

    fn print(mut self, name: &str, n_entries: usize) {
        let n = self.seconds.len().max(1) as f64;
        let error: f64 = self.bins.iter().map(|bin| (bin.1 - bin.2 as f64).abs()).sum::<f64>() / n;
        let total: f64 = self.seconds.iter().sum();
        self.seconds.sort_by(f64::total_cmp);
        let p99 = self.seconds.get(self.seconds.len() * 99 / 100).copied().unwrap_or_default();
        println!(
            "{name}\t{n_entries}\t{n}\t{:.2} %\t{:.2} %\t{:.4}\t{:.3}\t{:.0}\t{:.2}",
            100.0 * self.first as f64 / n,
            100.0 * self.five as f64 / n,
            self.reciprocal / n,
            error,
            n / total,
            1000.0 * p99,
        );
    }
}
