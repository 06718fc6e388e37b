//! How long suggestions take while somebody types: questions typed letter by letter into indexes of made-up entries, and
//! questions related to an entry: `cargo run --release -p assistant --example typing_speed -- [--faq FILE] ENTRIES…`
#![allow(clippy::print_stdout, reason = "an example's figures are its output")]

#[path = "faq_growth/language.rs"]
mod language;

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use retrieval::{FaqEntry, FaqIndex, RelatedQuery, SuggestQuery};

use language::Language;

/// Questions typed into each index.
const QUESTIONS: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    println!("entries\tkeystrokes\tp50 ms\tp99 ms\tmost ms\trelated p50 ms\tp99 ms");
    if arguments.next_if_eq("--faq").is_some() {
        let file = arguments.next().ok_or("name an FAQ file")?;
        let entries = retrieval::read_faq(Path::new(&file))?;
        measure(&entries, &entries.iter().map(|entry| entry.question.clone()).collect::<Vec<_>>())?;
    }
    for n in arguments {
        let n: usize = n.parse()?;
        let mut language = Language::new(n as u64);
        let entries: Vec<FaqEntry> = (0..n).map(|at| language.entry(at)).collect();
        let step = (n / QUESTIONS).max(1);
        let asked: Vec<String> = entries.iter().step_by(step).map(|entry| language.reworded(&entry.question)).collect();
        measure(&entries, &asked)?;
    }
    Ok(())
}

fn measure(entries: &[FaqEntry], asked: &[String]) -> Result<(), Box<dyn Error>> {
    let index = FaqIndex::in_memory_with(assistant::meaning());
    index.replace_all(entries, 1)?;
    let (mut typing, mut related) = (Vec::new(), Vec::new());
    for question in asked {
        for (end, _) in question.char_indices().skip(1) {
            let typed = question[..end].to_owned();
            let started = Instant::now();
            index.suggest(&SuggestQuery { typed, limit: 5, ..SuggestQuery::default() });
            typing.push(started.elapsed().as_secs_f64() * 1000.0);
        }
    }
    for entry in entries.iter().step_by((entries.len() / QUESTIONS).max(1)) {
        let started = Instant::now();
        index.related(&RelatedQuery { faq_id: entry.id.clone(), limit: 3, ..RelatedQuery::default() });
        related.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    let ([p50, p99, most], [related_p50, related_p99, _]) = (percentiles(&mut typing), percentiles(&mut related));
    let (n, keystrokes) = (entries.len(), typing.len());
    println!("{n}\t{keystrokes}\t{p50:.2}\t{p99:.2}\t{most:.2}\t{related_p50:.2}\t{related_p99:.2}");
    Ok(())
}

/// The median, the value that one in a hundred exceeds, and the largest.
fn percentiles(values: &mut [f64]) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [50, 99, 100].map(|hundredth| values[(values.len() * hundredth / 100).min(values.len() - 1)])
}
