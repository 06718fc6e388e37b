//! How fast a base is trained whole and serves, to be run beside `fine_tune/benches/torch_baseline.py`.
//! Usage: `cargo run -p model --release --example base_speed -- train|serve BASE ROWS.jsonl [--threads N] [--precision P]`
//! `--messages N` times more than 300.
#![allow(clippy::print_stdout)]

use std::path::PathBuf;
use std::time::Instant;

use model::{BaseSource, Classifier, Control, Depth, Example, TrainOptions, TrainingSet, train};
use serde::Deserialize;

/// Rows that a training learns from: some reports of fifty steps of 32.
const ROWS: usize = 8000;
/// Messages that are timed, and messages before these.
const MESSAGES: usize = 300;
const WARM_UP: usize = 20;

#[derive(Deserialize)]
struct Row {
    text: String,
    intent: Option<String>,
    #[serde(default)]
    split: Option<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let mut next = || words.next().ok_or("say train or serve, the base's folder and a JSONL file");
    let (what, base, file) = (next()?, PathBuf::from(next()?), next()?);
    let mut messages = MESSAGES;
    let mut options = TrainOptions {
        base: Some(BaseSource::Folder(base)),
        refit: false,
        batch_size: 32,
        threads: Some(2),
        ..TrainOptions::default()
    };
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--threads" => options.threads = Some(value.parse()?),
            "--precision" => options.precision = serde_json::from_value(value.into())?,
            "--messages" => messages = value.parse()?,
            "--prefix" => options.prefix = Some(value),
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    let rows: Vec<Row> = std::fs::read_to_string(file)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let rows: Vec<Row> = rows.into_iter().filter(|row| row.split.as_deref().unwrap_or("train") == "train").collect();
    match what.as_str() {
        "train" => learn(&rows, options),
        "serve" => serve(&rows, options, messages),
        other => Err(format!("unknown task {other}: train or serve").into()),
    }
}

fn set(rows: &[Row], most: usize) -> TrainingSet {
    let step = (rows.len() / most).max(1);
    let some = rows.iter().step_by(step).take(most);
    let train = some.map(|row| Example::new(&row.text, row.intent.as_deref())).collect();
    TrainingSet { train, ..TrainingSet::default() }
}

/// Examples a CPU second while everything learns, from its first report to its last.
fn learn(rows: &[Row], options: TrainOptions) -> Result<(), Box<dyn std::error::Error>> {
    let options = TrainOptions { depth: Some(Depth::Full), epochs: Some(1), validation_share: 0.02, ..options };
    let batch = options.batch_size as u64;
    let mut seen: Vec<(u64, f64)> = Vec::new();
    train(&set(rows, ROWS), &options, &mut |progress| {
        // Before it, the head alone goes over the rows again and again; its steps are not counted.
        if progress.epoch == progress.epochs && progress.validation.is_none() {
            seen.push((progress.step * batch, cpu_seconds()));
        }
        Control::Continue
    })?;
    let (Some(first), Some(last)) = (seen.first(), seen.last()) else {
        return Err("too few rows for two reports".into());
    };
    println!("frontdesk: {:.1} examples per CPU second", (last.0 - first.0) as f64 / (last.1 - first.1));
    Ok(())
}

/// The median time of a message that comes alone, and how much faster messages go sixteen at a time.
fn serve(rows: &[Row], options: TrainOptions, messages: usize) -> Result<(), Box<dyn std::error::Error>> {
    let options = TrainOptions { depth: Some(Depth::Frozen), epochs: Some(1), ..options };
    let classifier = train(&set(rows, 600), &options, &mut |_| Control::Continue)?;
    let texts: Vec<&str> = rows.iter().take(messages).map(|row| row.text.as_str()).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads.unwrap_or(1)).build()?;
    pool.install(|| report(&classifier, &texts));
    Ok(())
}

fn report(classifier: &Classifier, texts: &[&str]) {
    texts.iter().take(WARM_UP).for_each(|text| drop(classifier.predict(&[text])));
    let timed = |texts: &[&str]| {
        let started = Instant::now();
        classifier.predict(texts);
        started.elapsed().as_secs_f64()
    };
    let mut alone: Vec<f64> = texts.iter().map(|text| timed(&[text])).collect();
    let together: f64 = texts.chunks(16).map(timed).sum();
    let rate = alone.iter().sum::<f64>() / together;
    alone.sort_by(f64::total_cmp);
    println!(
        "frontdesk: p50 {:.2} ms a message; sixteen together {rate:.2} times as fast as one by one",
        alone[alone.len() / 2] * 1e3
    );
}

/// User and system time of this process so far.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<f64> = after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    fields.iter().sum::<f64>() / 100.0
}
