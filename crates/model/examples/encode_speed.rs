//! How long one message takes a sentence encoder, tokenising included.
//! Usage: `RAYON_NUM_THREADS=1 cargo run -p model --release --example encode_speed -- ROWS.jsonl BASE...`
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::time::Instant;

use model::SentenceEncoder;
use serde::Deserialize;

/// Messages that are timed, and messages before these.
const MESSAGES: usize = 2000;
const WARM_UP: usize = 100;

#[derive(Deserialize)]
struct Row {
    text: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let file = words.next().ok_or("say a JSONL file and the bases' folders")?;
    let rows: Vec<Row> = std::fs::read_to_string(file)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    for base in words {
        let opened = Instant::now();
        let encoder = SentenceEncoder::open(Path::new(&base))?;
        let opened = opened.elapsed().as_millis();
        let mut times = Vec::with_capacity(MESSAGES);
        for row in rows.iter().cycle().take(WARM_UP + MESSAGES) {
            let begun = Instant::now();
            std::hint::black_box(encoder.encode(&[&row.text]));
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        let mut times = times.split_off(WARM_UP);
        times.sort_by(f64::total_cmp);
        let (median, high) = (times[MESSAGES / 2], times[MESSAGES * 95 / 100]);
        println!("{base}: median {median:.3} ms, 95 of 100 within {high:.3} ms, opened in {opened} ms");
    }
    Ok(())
}
