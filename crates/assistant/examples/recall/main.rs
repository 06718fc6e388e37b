//! Measures retrieval beside plain BM25, on sets laid out as faq.jsonl, queries.jsonl and qrels.tsv; a folder without
//! queries is asked its own similar questions, each held out of the index:
//! `cargo run --release -p assistant --example recall -- [--encoder none|shipped|FOLDER] SET_FOLDER…`
#![allow(clippy::print_stdout, reason = "an example's figures are its output")]

mod bm25;
mod set;
mod tally;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use assistant::FolderEncoder;
use retrieval::{Change, Encoder, FaqEntry, FaqIndex, JudgedQuestion, SearchQuery, read_faq};

use bm25::PlainIndex;
use tally::Tally;

const TOP: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    println!("{}", tally::HEADER);
    let mut arguments = std::env::args().skip(1).peekable();
    let mut named = "shipped".to_owned();
    if arguments.next_if_eq("--encoder").is_some() {
        named = arguments.next().ok_or("--encoder needs none, shipped or a folder")?;
    }
    for folder in arguments.map(std::path::PathBuf::from) {
        let entries = read_faq(&folder)?;
        let encoder = encoder(&named, &entries)?;
        if folder.join("queries.jsonl").is_file() {
            ask_queries(&folder, &entries, encoder)?;
        } else {
            hold_out(&folder, &entries, encoder)?;
        }
    }
    Ok(())
}

fn encoder(named: &str, entries: &[FaqEntry]) -> Result<Option<Arc<dyn Encoder>>, Box<dyn Error>> {
    Ok(match named {
        "none" => None,
        "shipped" => assistant::meaning(),
        folder => Some(Arc::new(FolderEncoder::open(Path::new(folder), entries)?)),
    })
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn ask_queries(folder: &Path, entries: &[FaqEntry], encoder: Option<Arc<dyn Encoder>>) -> Result<(), Box<dyn Error>> {
    let index = FaqIndex::in_memory_with(encoder);
    index.replace_all(entries, 1)?;
    let plain = PlainIndex::new(entries)?;
    let (mut ours, mut theirs) = (Tally::default(), Tally::default());
    for JudgedQuestion { text, answers } in set::questions(folder)? {
        let right = |id: &str| answers.iter().any(|answer| answer == id);
        ask(&index, &text, right, &mut ours);
        ask_plain(&plain, entries, &text, right, &mut theirs)?;
    }
    for accepted in [0.05, 0.1, 0.2] {
        ours.print_coverage(accepted, index.threshold(accepted));
    }
    theirs.print(&name(folder), "BM25");
    ours.print(&name(folder), "ours");
    Ok(())
}

/// Asks each similar question while it is missing from its entry; probabilities and threshold stay as learned
/// from the whole.
fn hold_out(folder: &Path, entries: &[FaqEntry], encoder: Option<Arc<dyn Encoder>>) -> Result<(), Box<dyn Error>> {
    let index = FaqIndex::in_memory_with(encoder);
    let report = index.replace_all(entries, 1)?;
    let (mut ours, mut theirs) = (Tally::default(), Tally::default());
    let mut revision = 1;
    for place in 0..entries.len() {
        for ordinal in 0..entries[place].similar.len() {
            let mut rest = entries.to_vec();
            let asked = rest[place].similar.remove(ordinal);
            revision += 1;
            index.apply(&[Change::Put(rest[place].clone())], revision)?;
            let right = |id: &str| id == entries[place].id;
            ask(&index, &asked, right, &mut ours);
            ask_plain(&PlainIndex::new(&rest)?, &rest, &asked, right, &mut theirs)?;
        }
        revision += 1;
        index.apply(&[Change::Put(entries[place].clone())], revision)?;
    }
    theirs.print(&name(folder), "BM25");
    for accepted in [0.05, 0.1, 0.2] {
        ours.print_coverage(accepted, index.threshold(accepted));
    }
    ours.print(&name(folder), "ours");
    println!("{report:?}");
    Ok(())
}

fn ask(index: &FaqIndex, text: &str, right: impl Fn(&str) -> bool, tally: &mut Tally) {
    let language = text::detect_language(text).map(|found| found.language);
    let started = Instant::now();
    let hits = index.search(&SearchQuery { text: text.to_owned(), language, top: TOP, ..SearchQuery::default() });
    let seconds = started.elapsed().as_secs_f64();
    let place = hits.iter().position(|hit| right(&hit.id));
    tally.add(place, hits.first().map(|hit| hit.probability), seconds);
}

fn ask_plain(
    plain: &PlainIndex,
    entries: &[FaqEntry],
    text: &str,
    right: impl Fn(&str) -> bool,
    tally: &mut Tally,
) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let found = plain.search(text, TOP)?;
    let seconds = started.elapsed().as_secs_f64();
    tally.add(found.iter().position(|&number| right(&entries[number].id)), None, seconds);
    Ok(())
}
