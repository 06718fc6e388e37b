//! Trains on the train rows of a JSONL file with splits and reports accuracy, speed and out-of-scope figures.
//! Usage: `cargo run -p model --release --example intent_sets -- FILE.jsonl [--on val|test] [--base DIR --depth D] …`
#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use model::{BaseSource, Classifier, Control, EncoderKind, Example, Prediction, TrainOptions, TrainingSet, train};
use serde::Deserialize;

/// Messages that are timed one by one.
const ALONE: usize = 300;

#[derive(Deserialize)]
struct Row {
    text: String,
    intent: Option<String>,
    split: String,
}

#[derive(Deserialize)]
struct Message {
    text: String,
}

struct Arguments {
    file: String,
    on: String,
    per_intent: usize,
    exposure: bool,
    verbose: bool,
    save: Option<PathBuf>,
    /// A JSONL file of general messages.
    general: Option<String>,
    options: TrainOptions,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = arguments()?;
    let rows: Vec<Row> =
        std::fs::read_to_string(&arguments.file)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let mut set = training_set(&rows, &arguments);
    if let Some(file) = &arguments.general {
        let messages: Vec<Message> =
            std::fs::read_to_string(file)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        set.general = messages.into_iter().map(|message| message.text).collect();
    }
    println!("{}: {} rows to train on", arguments.file, set.train.len());
    let started = Instant::now();
    let classifier = train(&set, &arguments.options, &mut |progress| {
        if let (Some(validation), true) = (progress.validation, arguments.verbose) {
            println!(
                "epoch {:2} loss {:.3} train {:.4} held out {:.4} ({:.3})",
                progress.epoch, progress.loss, progress.train_accuracy, validation.accuracy, validation.loss
            );
        }
        Control::Continue
    })?;
    println!("trained in {:.1} s wall, {:.1} s CPU", started.elapsed().as_secs_f32(), cpu_seconds());
    if let Some(dir) = &arguments.save {
        save(&classifier, dir)?;
    }
    report(&classifier, &rows, &arguments);
    Ok(())
}

fn arguments() -> Result<Arguments, Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let mut arguments = Arguments {
        file: words.next().ok_or("name a JSONL file with the fields text, intent and split")?,
        on: "val".into(),
        per_intent: usize::MAX,
        exposure: false,
        verbose: false,
        save: None,
        general: None,
        options: TrainOptions::default(),
    };
    while let Some(word) = words.next() {
        if word == "--verbose" {
            arguments.verbose = true;
            continue;
        }
        if word == "--exposure" {
            arguments.exposure = true;
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let options = &mut arguments.options;
        match word.as_str() {
            "--save" => arguments.save = Some(value.into()),
            "--general" => arguments.general = Some(value),
            "--on" => arguments.on = value,
            "--per-intent" => arguments.per_intent = value.parse()?,
            "--seed" => options.seed = value.parse()?,
            "--epochs" => options.epochs = Some(value.parse()?),
            "--batch" => options.batch_size = value.parse()?,
            "--rate" => options.learning_rate = Some(value.parse()?),
            "--dropout" => options.dropout = value.parse()?,
            "--feature-dropout" => options.feature_dropout = value.parse()?,
            "--typos" => options.typos = Some(value.parse()?),
            "--smoothing" => options.label_smoothing = value.parse()?,
            "--decay" => options.weight_decay = value.parse()?,
            "--patience" => options.patience = value.parse()?,
            "--refit" => options.refit = value.parse()?,
            "--threads" => options.threads = Some(value.parse()?),
            "--base" if value == "shipped" => options.base = Some(BaseSource::Shipped),
            "--base" => options.base = Some(BaseSource::Folder(value.into())),
            "--depth" => options.depth = Some(serde_json::from_value(value.into())?),
            "--precision" => options.precision = serde_json::from_value(value.into())?,
            "--prefix" => options.prefix = Some(value),
            "--encoder" => options.encoder = encoder(&value)?,
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    Ok(arguments)
}

fn save(classifier: &Classifier, dir: &Path) -> Result<(), Box<dyn std::error::Error>> {
    classifier.save(dir)?;
    let sizes =
        std::fs::read_dir(dir)?.map(|entry| Ok(entry?.metadata()?.len())).collect::<std::io::Result<Vec<_>>>()?;
    let started = Instant::now();
    Classifier::load(dir)?;
    let seconds = started.elapsed().as_secs_f32();
    println!("bundle of {:.1} MB, loaded in {seconds:.2} s", sizes.iter().sum::<u64>() as f64 / 1e6);
    Ok(())
}

fn encoder(name: &str) -> Result<EncoderKind, String> {
    match name {
        "ngrams" => Ok(EncoderKind::Ngrams),
        "bag" => Ok(EncoderKind::Bag),
        "cnn" => Ok(EncoderKind::Cnn),
        other => Err(format!("unknown encoder {other}: ngrams, bag or cnn")),
    }
}

/// Train rows only; without rows of the split to report on, every sixth train row is kept for that.
fn training_set(rows: &[Row], arguments: &Arguments) -> TrainingSet {
    let mut counts = std::collections::HashMap::new();
    let mut shuffled: Vec<(usize, &Row)> = rows.iter().enumerate().collect();
    if arguments.per_intent < usize::MAX {
        shuffled.sort_by_key(|(index, _)| spread(*index as u64 + (arguments.options.seed << 32)));
    }
    let train = shuffled
        .into_iter()
        .filter(|(index, row)| is_train(rows, arguments, *index, row))
        .filter(|(_, row)| {
            let count = counts.entry(row.intent.clone()).or_insert(0usize);
            *count += 1;
            *count <= arguments.per_intent
        })
        .map(|(_, row)| Example::new(&row.text, row.intent.as_deref().filter(|_| !row.split.starts_with("oos"))))
        .collect();
    TrainingSet { train, ..TrainingSet::default() }
}

/// A number that looks drawn at random, always the same for the same key.
fn spread(key: u64) -> u64 {
    let mixed = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb).rotate_left(31)
}

fn is_train(rows: &[Row], arguments: &Arguments, index: usize, row: &Row) -> bool {
    let exposed = arguments.exposure && row.split == "oos_train";
    exposed || (row.split == "train" && !is_kept(rows, arguments, index))
}

fn is_kept(rows: &[Row], arguments: &Arguments, index: usize) -> bool {
    index.is_multiple_of(6) && !rows.iter().any(|row| row.split == arguments.on)
}

fn report(classifier: &Classifier, rows: &[Row], arguments: &Arguments) {
    let inside: Vec<&Row> = rows
        .iter()
        .enumerate()
        .filter(|(index, row)| row.split == arguments.on || (row.split == "train" && is_kept(rows, arguments, *index)))
        .map(|(_, row)| row)
        .collect();
    let texts: Vec<&str> = inside.iter().map(|row| row.text.as_str()).collect();
    let started = Instant::now();
    let predictions = classifier.predict(&texts);
    let micros = started.elapsed().as_secs_f64() * 1e6 / texts.len() as f64;
    let alone = median_micros(&texts[..texts.len().min(ALONE)], classifier);
    let right = |(row, prediction): &(&&Row, &Prediction)| {
        prediction.ranking.first().is_some_and(|best| Some(&best.intent) == row.intent.as_ref())
    };
    let accuracy = inside.iter().zip(&predictions).filter(right).count() as f64 / inside.len() as f64;
    if arguments.verbose {
        for (row, prediction) in inside.iter().zip(&predictions).filter(|pair| !right(&(pair.0, pair.1))) {
            let best = &prediction.ranking[0];
            println!("wrong: {:?} is {:?}, not {} ({:.2})", row.text, row.intent, best.intent, best.probability);
        }
    }
    println!(
        "accuracy {accuracy:.4} on {} rows of {}; {micros:.0} us a message, {alone:.0} us alone",
        inside.len(),
        arguments.on
    );
    let threshold = classifier.threshold(0.05);
    let answered: Vec<_> = inside.iter().zip(&predictions).filter(|(_, p)| p.intent_at(threshold).is_some()).collect();
    let wrong = answered.iter().filter(|pair| !right(&(pair.0, pair.1))).count();
    println!(
        "threshold {threshold:.3} for 5 % errors: answers {:.4}, of which wrong {:.4}; calibration error {:.4}",
        answered.len() as f64 / inside.len() as f64,
        wrong as f64 / answered.len().max(1) as f64,
        calibration_error(
            &inside
                .iter()
                .zip(&predictions)
                .map(|pair| (pair.1.ranking[0].probability, right(&pair)))
                .collect::<Vec<_>>()
        )
    );
    let outside: Vec<&str> =
        rows.iter().filter(|row| row.split == format!("oos_{}", arguments.on)).map(|row| row.text.as_str()).collect();
    if !outside.is_empty() {
        let scores =
            |predictions: &[Prediction], of: fn(&Prediction) -> f32| predictions.iter().map(of).collect::<Vec<_>>();
        let others = classifier.predict(&outside);
        let in_scope: fn(&Prediction) -> f32 = |p| p.in_scope;
        let best: fn(&Prediction) -> f32 = |p| p.ranking[0].probability;
        println!(
            "out-of-scope AUROC {:.4} by in_scope, {:.4} by the best intent; mean in_scope inside {:.3}, outside {:.3}",
            auroc(&scores(&predictions, in_scope), &scores(&others, in_scope)),
            auroc(&scores(&predictions, best), &scores(&others, best)),
            mean(&scores(&predictions, in_scope)),
            mean(&scores(&others, in_scope)),
        );
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

/// Time of a message that comes alone, as half of them take.
fn median_micros(texts: &[&str], classifier: &Classifier) -> f64 {
    let timed = |text: &&str| {
        let started = Instant::now();
        classifier.predict(&[text]);
        started.elapsed().as_secs_f64() * 1e6
    };
    let mut times: Vec<f64> = texts.iter().map(timed).collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(0.0)
}

/// Probability that a positive scores above a negative; ties count half.
fn auroc(positive: &[f32], negative: &[f32]) -> f64 {
    let mut wins = 0.0;
    for p in positive {
        for n in negative {
            wins += if p > n {
                1.0
            } else if p == n {
                0.5
            } else {
                0.0
            };
        }
    }
    wins / (positive.len() * negative.len()) as f64
}

/// Expected calibration error over ten bins.
fn calibration_error(points: &[(f32, bool)]) -> f64 {
    let mut bins = [(0.0, 0.0, 0.0); 10];
    for (probability, right) in points {
        let bin = &mut bins[((probability * 10.0) as usize).min(9)];
        bin.0 += 1.0;
        bin.1 += f64::from(*probability);
        bin.2 += f64::from(u8::from(*right));
    }
    bins.iter().map(|(_, confidence, right)| (confidence - right).abs()).sum::<f64>() / points.len() as f64
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap_or("").split_whitespace().map(|f| f.parse().unwrap_or(0.0)).collect();
    (fields.get(11).unwrap_or(&0.0) + fields.get(12).unwrap_or(&0.0)) / 100.0
}
