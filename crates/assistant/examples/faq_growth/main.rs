//! How an FAQ index grows: time to make it, to open it, to search it beside plain BM25, and its size, against entries:
//! `cargo run --release -p assistant --example faq_growth -- [--encoder none|shipped] EMPTY_FOLDER ENTRIES…`
//! The entries are made up, seeded: words by Zipf's law, half of them Chinese.
#![allow(clippy::print_stdout, reason = "an example's figures are its output")]

#[path = "../recall/bm25.rs"]
mod bm25;
mod language;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use retrieval::{FaqIndex, SearchQuery};

use bm25::PlainIndex;
use language::Language;

/// Questions asked of each index.
const QUESTIONS: usize = 400;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let mut with_meaning = true;
    if arguments.next_if_eq("--encoder").is_some() {
        with_meaning = arguments.next().as_deref() != Some("none");
    }
    let folder = PathBuf::from(arguments.next().ok_or("name an empty folder")?);
    println!(
        "entries\tbuild s\topen s\tMB on disk\tMB resident\tp50 ms\tp99 ms\tplain p50 ms\tplain p99 ms\tfound first %"
    );
    for entries in arguments {
        measure(&folder.join(&entries), entries.parse()?, with_meaning)?;
    }
    Ok(())
}

fn measure(folder: &Path, n: usize, with_meaning: bool) -> Result<(), Box<dyn Error>> {
    let encoder = || if with_meaning { assistant::meaning() } else { None };
    let mut language = Language::new(n as u64);
    let entries: Vec<_> = (0..n).map(|at| language.entry(at)).collect();
    let started = Instant::now();
    let index = FaqIndex::create_with(folder, encoder())?;
    index.replace_all(&entries, 1)?;
    let build = started.elapsed().as_secs_f64();
    drop(index);
    let started = Instant::now();
    let index = FaqIndex::open_with(folder, encoder())?;
    let open = started.elapsed().as_secs_f64();
    let resident = resident()?;
    let step = (n / QUESTIONS).max(1);
    let asked: Vec<(String, &str)> =
        entries.iter().step_by(step).map(|entry| (language.reworded(&entry.question), entry.id.as_str())).collect();
    let (mut ours, mut first) = (Vec::new(), 0);
    for (text, id) in &asked {
        let started = Instant::now();
        let hits = index.search(&SearchQuery { text: text.clone(), top: 5, ..SearchQuery::default() });
        ours.push(started.elapsed().as_secs_f64() * 1000.0);
        first += usize::from(hits.first().is_some_and(|hit| hit.id == *id));
    }
    let plain = PlainIndex::new(&entries)?;
    let mut theirs = Vec::new();
    for (text, _) in &asked {
        let started = Instant::now();
        plain.search(text, 5)?;
        theirs.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    let [[p50, p99], [plain_p50, plain_p99]] = [ours, theirs].map(percentiles);
    let (disk, share) = (size(folder)? as f64 / 1e6, 100.0 * first as f64 / asked.len() as f64);
    println!(
        "{n}\t{build:.1}\t{open:.2}\t{disk:.1}\t{resident:.0}\t{p50:.2}\t{p99:.2}\t{plain_p50:.2}\t{plain_p99:.2}\t{share:.1}"
    );
    Ok(())
}

fn percentiles(mut values: Vec<f64>) -> [f64; 2] {
    values.sort_by(f64::total_cmp);
    [50, 99].map(|hundredth| values[(values.len() * hundredth / 100).min(values.len() - 1)])
}

fn size(folder: &Path) -> std::io::Result<u64> {
    fs::read_dir(folder)?.map(|file| Ok(file?.metadata()?.len())).sum()
}

/// Megabytes of memory that this process holds.
fn resident() -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no resident size")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1000.0)
}
