//! Trains the sentiment head on the train rows of JSONL files with splits and reports its accuracy and macro F1.
//! Usage: `cargo run -p model --release --example sentiment_sets -- [--on val|test] [--base shipped|DIR] FILE.jsonl…`
#![allow(clippy::print_stdout)]

use std::time::Instant;

use model::{BaseSource, Control, Depth, Example, Sentiment, TrainOptions, TrainingSet, train};
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    text: String,
    label: Sentiment,
    split: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let on = value(&mut words, "--on").unwrap_or_else(|| "val".to_owned());
    let base = value(&mut words, "--base").map(|base| match base.as_str() {
        "shipped" => BaseSource::Shipped,
        _ => BaseSource::Folder(base.into()),
    });
    let depth = base.as_ref().filter(|base| **base != BaseSource::Shipped).map(|_| Depth::Frozen);
    let options = TrainOptions { base, depth, ..TrainOptions::default() };
    for file in words {
        let rows: Vec<Row> =
            std::fs::read_to_string(&file)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        report(&file, &rows, &on, &options)?;
    }
    Ok(())
}

/// Takes an option with its value out of the words.
fn value(words: &mut Vec<String>, option: &str) -> Option<String> {
    let at = words.iter().position(|word| word == option).filter(|at| at + 1 < words.len())?;
    words.drain(at..at + 2).next_back()
}

fn report(file: &str, rows: &[Row], on: &str, options: &TrainOptions) -> Result<(), model::Error> {
    let of = |split: &str| rows.iter().filter(|row| row.split == split).collect::<Vec<_>>();
    let set = TrainingSet {
        train: ["one", "two"].map(|intent| Example::new(intent, Some(intent))).to_vec(),
        sentiment: of("train").into_iter().map(|row| (row.text.clone(), row.label)).collect(),
        ..TrainingSet::default()
    };
    let started = Instant::now();
    let classifier = train(&set, options, &mut |_| Control::Continue)?;
    let seconds = started.elapsed().as_secs_f32();
    let tested = of(on);
    let texts: Vec<&str> = tested.iter().map(|row| row.text.as_str()).collect();
    let mut counts = [[0usize; 3]; 3];
    for (row, prediction) in tested.iter().zip(classifier.predict(&texts)) {
        let said = prediction.sentiment.map_or(Sentiment::Neutral, |scored| scored.sentiment);
        counts[row.label as usize][said as usize] += 1;
    }
    let right: usize = (0..3).map(|class| counts[class][class]).sum();
    println!(
        "{file}: {} rows, accuracy {:.4}, macro F1 {:.4} on {} rows of {on}, trained in {seconds:.1} s",
        set.sentiment.len(),
        right as f32 / tested.len().max(1) as f32,
        macro_f1(&counts),
        tested.len()
    );
    Ok(())
}

/// Mean F1 of the classes that occur; rows are labels, columns what was said.
fn macro_f1(counts: &[[usize; 3]; 3]) -> f32 {
    let scores: Vec<f32> = (0..3)
        .filter(|class| counts[*class].iter().sum::<usize>() > 0)
        .map(|class| {
            let labelled: usize = counts[class].iter().sum();
            let said: usize = counts.iter().map(|row| row[class]).sum();
            2.0 * counts[class][class] as f32 / (labelled + said).max(1) as f32
        })
        .collect();
    scores.iter().sum::<f32>() / scores.len().max(1) as f32
}
