//! Measures edits: how long until one is searchable beside 50 searches a second, and whether 1,000 in a row slow it:
//! `cargo run --release -p retrieval --example edits -- EMPTY_FOLDER [ENTRIES]`
#![allow(clippy::print_stdout, reason = "an example's figures are its output")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use retrieval::{Change, FaqEntry, FaqIndex, SearchQuery};

const N_ENTRIES: usize = 10_000;
/// Time from one search of a customer to the next.
const BETWEEN_SEARCHES: Duration = Duration::from_millis(20);
const N_EDITS: usize = 1_000;
const SUBJECTS: [&str; 8] = ["退款", "发货", "发票", "会员", "invoice", "delivery", "warranty", "优惠券"];

fn main() -> Result<(), Box<dyn Error>> {
    let dir = PathBuf::from(std::env::args().nth(1).ok_or("give an empty folder")?);
    let n_entries = std::env::args().nth(2).map_or(Ok(N_ENTRIES), |number| number.parse())?;
    let entries: Vec<FaqEntry> = (0..n_entries).map(|number| entry(number, "first")).collect();
    let started = Instant::now();
    let index = FaqIndex::create(&dir)?;
    index.replace_all(&entries, 1)?;
    println!("{n_entries} entries indexed in {:.2} s", started.elapsed().as_secs_f64());
    let done = AtomicBool::new(false);
    let (edits, mut searches) = std::thread::scope(|scope| {
        let searches = scope.spawn(|| search_until(&index, &done));
        let edits = edit(&index);
        done.store(true, Ordering::Relaxed);
        (edits, searches.join().unwrap_or_default())
    });
    let (mut milliseconds, search) = edits?;
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (first, last) = (mean(&milliseconds[..100]), mean(&milliseconds[N_EDITS - 100..]));
    milliseconds.sort_by(f64::total_cmp);
    println!(
        "edit: first hundred {first:.2} ms, last hundred {last:.2} ms, p99 {:.2} ms",
        milliseconds[N_EDITS * 99 / 100]
    );
    println!("search between edits: {:.3} ms", search / N_EDITS as f64);
    searches.sort_by(f64::total_cmp);
    println!("{} searches beside: p99 {:.2} ms", searches.len(), searches[searches.len() * 99 / 100]);
    let started = Instant::now();
    drop(index);
    let again = FaqIndex::open(&dir)?;
    println!(
        "opened {} entries at revision {} in {:.0} ms",
        again.len(),
        again.revision(),
        started.elapsed().as_secs_f64() * 1000.0
    );
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        println!("{}", status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default());
    }
    Ok(())
}

/// Milliseconds of each edit, and of all searches between them.
fn edit(index: &FaqIndex) -> Result<(Vec<f64>, f64), retrieval::Error> {
    let (mut milliseconds, mut search) = (Vec::new(), 0.0);
    for number in 0..N_EDITS {
        let started = Instant::now();
        index.apply(&[Change::Put(entry(number, "second"))], 2 + number as u64)?;
        milliseconds.push(started.elapsed().as_secs_f64() * 1000.0);
        let started = Instant::now();
        let hits = index.search(&SearchQuery { text: question(number), top: 3, ..SearchQuery::default() });
        search += started.elapsed().as_secs_f64() * 1000.0;
        assert!(hits[0].answer.starts_with("second"), "edit {number} is not the next answer");
    }
    Ok((milliseconds, search))
}

/// Asks at a steady pace, and says how long each search took in milliseconds.
fn search_until(index: &FaqIndex, done: &AtomicBool) -> Vec<f64> {
    let mut milliseconds = Vec::new();
    for number in (0..).step_by(7) {
        let started = Instant::now();
        index.search(&SearchQuery { text: question(number), top: 3, ..SearchQuery::default() });
        milliseconds.push(started.elapsed().as_secs_f64() * 1000.0);
        if done.load(Ordering::Relaxed) {
            break;
        }
        std::thread::sleep(BETWEEN_SEARCHES.saturating_sub(started.elapsed()));
    }
    milliseconds
}

fn question(number: usize) -> String {
    format!("{} 商品 {number} 的规则是什么", SUBJECTS[number % SUBJECTS.len()])
}

fn entry(number: usize, version: &str) -> FaqEntry {
    FaqEntry::new(
        &format!("faq-{number}"),
        &question(number),
        &format!("{version} 请在订单页面查看第 {number} 条说明。"),
    )
}
