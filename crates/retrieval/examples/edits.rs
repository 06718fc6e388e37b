//! Measures edits: how long until one is searchable in an index of 10,000 entries, and whether 1,000 in a row slow it:
//! `cargo run --release -p retrieval --example edits -- EMPTY_FOLDER`
#![allow(clippy::print_stdout, reason = "an example's figures are its output")]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use retrieval::{Change, FaqEntry, FaqIndex, SearchQuery};

const N_ENTRIES: usize = 10_000;
const N_EDITS: usize = 1_000;
const SUBJECTS: [&str; 8] = ["退款", "发货", "发票", "会员", "invoice", "delivery", "warranty", "优惠券"];

fn main() -> Result<(), Box<dyn Error>> {
    let dir = PathBuf::from(std::env::args().nth(1).ok_or("give an empty folder")?);
    let entries: Vec<FaqEntry> = (0..N_ENTRIES).map(|number| entry(number, "first")).collect();
    let started = Instant::now();
    let index = FaqIndex::create(&dir)?;
    index.replace_all(&entries, 1)?;
    println!("{N_ENTRIES} entries indexed in {:.2} s", started.elapsed().as_secs_f64());
    let mut milliseconds = Vec::new();
    let mut search = 0.0;
    for number in 0..N_EDITS {
        let started = Instant::now();
        index.apply(&[Change::Put(entry(number, "second"))], 2 + number as u64)?;
        milliseconds.push(started.elapsed().as_secs_f64() * 1000.0);
        let started = Instant::now();
        let text = question(number);
        let hits = index.search(&SearchQuery { text, top: 3, ..SearchQuery::default() });
        search += started.elapsed().as_secs_f64() * 1000.0;
        assert!(hits[0].answer.starts_with("second"), "edit {number} is not the next answer");
    }
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (first, last) = (mean(&milliseconds[..100]), mean(&milliseconds[N_EDITS - 100..]));
    milliseconds.sort_by(f64::total_cmp);
    println!(
        "edit: first hundred {first:.2} ms, last hundred {last:.2} ms, p99 {:.2} ms",
        milliseconds[N_EDITS * 99 / 100]
    );
    println!("search between edits: {:.3} ms", search / N_EDITS as f64);
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
