//! Trains the entity tagger on FOLDER/NAME.train.conll and reports entity-level precision, recall and F1.
//! Usage: `cargo run -p model --example entity_sets -- FOLDER NAME… [--on dev|test] [--base DIR --depth D] …`
#![allow(clippy::print_stdout)]

use std::time::Instant;

use model::{AnnotatedText, BaseSource, Classifier, Control, Mention, TrainOptions, TrainingSet, train};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().ok_or("name the folder of NAME.train.conll")?;
    let (mut names, mut on, mut verbose, mut options) = (Vec::new(), "dev".to_owned(), false, TrainOptions::default());
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--on" => on = value()?,
            "--seed" => options.seed = value()?.parse()?,
            "--base" => options.base = Some(BaseSource::Folder(value()?.into())),
            "--prefix" => options.prefix = Some(value()?),
            "--epochs" => options.epochs = Some(value()?.parse()?),
            "--learning-rate" => options.learning_rate = Some(value()?.parse()?),
            "--verbose" => verbose = true,
            "--depth" => options.depth = Some(serde_json::from_value(value()?.into())?),
            _ => names.push(word),
        }
    }
    for name in names {
        let annotated = read(&std::fs::read_to_string(format!("{folder}/{name}.train.conll"))?);
        let started = Instant::now();
        let set = TrainingSet { annotated, ..TrainingSet::default() };
        let classifier = train(&set, &options, &mut |progress| {
            if let (Some(validation), true) = (progress.validation, verbose) {
                println!(
                    "epoch {:2} loss {:.3} train {:.4} held out {:.4} ({:.3}), {:.0} s left",
                    progress.epoch,
                    progress.loss,
                    progress.train_accuracy,
                    validation.accuracy,
                    validation.loss,
                    progress.seconds_left
                );
            }
            Control::Continue
        })?;
        let seconds = started.elapsed().as_secs_f32();
        let checks = read(&std::fs::read_to_string(format!("{folder}/{name}.{on}.conll"))?);
        let (precision, recall, f1, spread) = measure(&classifier, &checks);
        let held_out = classifier.info().metrics.get("entity_f1").ok_or("no entity is marked")?;
        println!(
            "{name} {on} precision {precision:.4} recall {recall:.4} F1 {f1:.4}, calibration error {spread:.4}, held out {held_out:.4}, trained in {seconds:.1} s"
        );
    }
    Ok(())
}

/// Sentences of a file with a token, a tab and a tag in each line; single characters are joined without spaces.
fn read(conll: &str) -> Vec<AnnotatedText> {
    let by_character = conll.lines().all(|line| line.split('\t').next().unwrap_or("").chars().count() <= 1);
    let sentences = conll.split("\n\n").filter(|sentence| !sentence.trim().is_empty());
    sentences.map(|sentence| sentence_of(sentence, if by_character { "" } else { " " })).collect()
}

fn sentence_of(lines: &str, space: &str) -> AnnotatedText {
    let mut sentence = AnnotatedText::default();
    for (token, tag) in lines.lines().filter_map(|line| line.split_once('\t')) {
        if !sentence.text.is_empty() {
            sentence.text.push_str(space);
        }
        let start = sentence.text.len();
        sentence.text.push_str(token);
        let end = sentence.text.len();
        match (tag.split_once('-'), sentence.mentions.last_mut()) {
            (Some(("I", entity)), Some(last)) if last.entity == entity && last.end + space.len() == start => {
                last.end = end;
            }
            (Some((_, entity)), _) => sentence.mentions.push(Mention { entity: entity.to_owned(), start, end }),
            (None, _) => {}
        }
    }
    sentence
}

/// Precision, recall, F1, and the mean distance between stated and true shares of right entities in ten bins.
fn measure(classifier: &Classifier, sentences: &[AnnotatedText]) -> (f64, f64, f64, f64) {
    let (mut right, mut said, mut there) = (0.0, 0.0, 0.0);
    let mut bins = [0.0f64; 10];
    for sentence in sentences {
        there += sentence.mentions.len() as f64;
        for found in classifier.predict(&[&sentence.text]).remove(0).entities {
            let mention = Mention { entity: found.entity, start: found.start, end: found.end };
            let is_right = f64::from(u8::from(sentence.mentions.contains(&mention)));
            said += 1.0;
            right += is_right;
            bins[(found.probability * 10.0).clamp(0.0, 9.0) as usize] += f64::from(found.probability) - is_right;
        }
    }
    let (precision, recall) = (right / f64::max(said, 1.0), right / f64::max(there, 1.0));
    let f1 = 2.0 * precision * recall / f64::max(precision + recall, 1e-9);
    (precision, recall, f1, bins.iter().map(|bin| bin.abs()).sum::<f64>() / f64::max(said, 1.0))
}
