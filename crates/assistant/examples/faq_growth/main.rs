//! How an FAQ index grows: time to make it, to open it, to search it beside plain BM25, its size and its memory, against
//! entries, as a table and a picture:
//! `cargo run --release -p assistant --example faq_growth -- [--encoder shipped|stand-in|none] [--out FILE.svg] EMPTY_FOLDER ENTRIES…`
//! The entries are made up, seeded: words by Zipf's law, half of them Chinese. An index that is there is only opened and asked.
#![allow(clippy::print_stdout, reason = "an example's figures are its output")]

#[path = "../recall/bm25.rs"]
mod bm25;
mod language;
mod picture;
mod stand_in;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use retrieval::{Encoder, FaqIndex, SearchQuery};

use bm25::PlainIndex;
use language::Language;
use stand_in::StandIn;

/// Questions asked of each index.
const QUESTIONS: usize = 400;
/// Each is asked so often, ours of an index opened anew, and its shortest time counts: on a busy machine the others tell
/// of other work.
const PASSES: usize = 5;

/// What was measured of one index.
struct Measured {
    entries: f64,
    /// None where the index was there.
    build_seconds: Option<f64>,
    open_seconds: f64,
    megabytes_on_disk: f64,
    /// Of memory that the index takes once it is open and asked, files mapped into memory apart.
    bytes_an_entry: f64,
    /// p50 and p99 of a search in milliseconds, ours and plain BM25's.
    ours: [f64; 2],
    plain: [f64; 2],
    found_first: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let mut encoder = assistant::meaning();
    let mut out = None;
    while let Some(option) = arguments.next_if(|word| word.starts_with("--")) {
        let value = arguments.next().ok_or("an option wants a value")?;
        match (option.as_str(), value.as_str()) {
            ("--encoder", "none") => encoder = None,
            ("--encoder", "stand-in") => encoder = Some(Arc::new(StandIn)),
            ("--encoder", "shipped") => {}
            ("--out", file) => out = Some(PathBuf::from(file)),
            _ => return Err(format!("{option} {value} means nothing here").into()),
        }
    }
    let folder = PathBuf::from(arguments.next().ok_or("name an empty folder")?);
    println!(
        "entries\tbuild s\topen s\tMB on disk\tbytes an entry\tp50 ms\tp99 ms\tplain p50 ms\tplain p99 ms\tfound first %"
    );
    let mut all = Vec::new();
    for entries in arguments {
        let of = measure(&folder.join(&entries), entries.parse()?, encoder.clone())?;
        let ([p50, p99], [plain_p50, plain_p99]) = (of.ours, of.plain);
        println!(
            "{entries}\t{:.1}\t{:.3}\t{:.1}\t{:.0}\t{p50:.2}\t{p99:.2}\t{plain_p50:.2}\t{plain_p99:.2}\t{:.1}",
            of.build_seconds.unwrap_or(f64::NAN),
            of.open_seconds,
            of.megabytes_on_disk,
            of.bytes_an_entry,
            of.found_first
        );
        all.push(of);
    }
    if let Some(out) = out {
        picture::draw(&all, &out)?;
    }
    Ok(())
}

fn measure(folder: &Path, n: usize, encoder: Option<Arc<dyn Encoder>>) -> Result<Measured, Box<dyn Error>> {
    let mut language = Language::new(n as u64);
    let entries: Vec<_> = (0..n).map(|at| language.entry(at)).collect();
    let mut build_seconds = None;
    if !folder.join("meta.json").exists() {
        let started = Instant::now();
        FaqIndex::create_with(folder, encoder.clone())?.replace_all(&entries, 1)?;
        build_seconds = Some(started.elapsed().as_secs_f64());
    }
    let before = private_bytes()?;
    let started = Instant::now();
    let index = FaqIndex::open_with(folder, encoder.clone())?;
    let open_seconds = started.elapsed().as_secs_f64();
    let step = (n / QUESTIONS).max(1);
    let asked: Vec<(String, &str)> =
        entries.iter().step_by(step).map(|entry| (language.reworded(&entry.question), entry.id.as_str())).collect();
    let mut first = 0;
    let mut ours = vec![f64::INFINITY; asked.len()];
    let mut search = |index: &FaqIndex| {
        first = 0;
        for ((text, id), best) in asked.iter().zip(&mut ours) {
            let query = SearchQuery { text: text.clone(), top: 5, ..SearchQuery::default() };
            let started = Instant::now();
            let hits = index.search(&query);
            *best = best.min(started.elapsed().as_secs_f64() * 1000.0);
            first += usize::from(hits.first().is_some_and(|hit| hit.id == *id));
        }
    };
    search(&index);
    let bytes_an_entry = (private_bytes()? - before).max(0.0) / n as f64;
    drop(index);
    for _ in 1..PASSES {
        search(&FaqIndex::open_with(folder, encoder.clone())?);
    }
    let plain = PlainIndex::new(&entries)?;
    let mut theirs = vec![f64::INFINITY; asked.len()];
    for _ in 0..PASSES {
        for ((text, _), best) in asked.iter().zip(&mut theirs) {
            let started = Instant::now();
            plain.search(text, 5)?;
            *best = best.min(started.elapsed().as_secs_f64() * 1000.0);
        }
    }
    let [ours, plain] = [ours, theirs].map(percentiles);
    Ok(Measured {
        entries: n as f64,
        build_seconds,
        open_seconds,
        megabytes_on_disk: size(folder)? as f64 / 1e6,
        bytes_an_entry,
        ours,
        plain,
        found_first: 100.0 * first as f64 / asked.len() as f64,
    })
}

fn percentiles(mut values: Vec<f64>) -> [f64; 2] {
    values.sort_by(f64::total_cmp);
    [50, 99].map(|hundredth| values[(values.len() * hundredth / 100).min(values.len() - 1)])
}

fn size(folder: &Path) -> std::io::Result<u64> {
    fs::read_dir(folder)?.map(|file| Ok(file?.metadata()?.len())).sum()
}

/// Memory that this process holds and no file stands behind.
fn private_bytes() -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).ok_or("no private size")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
}
