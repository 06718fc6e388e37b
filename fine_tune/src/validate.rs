//! `validate BOT`: what a model made from a bot's data is worth on messages it has not learned from, without a test
//! file: by cross-validation, or trained until a day and tested from it on.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use jiff::civil::Date;
use model::{Classifier, Control, Example, TrainOptions};
use serde::{Deserialize, Serialize};

use crate::args::{Base, ValidateArgs};
use crate::dataset::{BotRows, DataOptions, enough};
use crate::evaluate::{Judged, judge, predict};
use crate::events::write_whole;
use crate::folds::folds;
use crate::progress::Steps;
use crate::row::{Origin, Row};
use crate::terminal::percent;
use crate::train::learning_options;
use crate::{Evaluation, html, report, split};

/// Parts of one training that progress is told by.
pub(crate) const PARTS: usize = 100;

/// The report of `validate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// How it was tested: `folds` or `time`.
    pub by: String,
    /// Each part that was tested.
    pub parts: Vec<Part>,
    /// The mean of the parts' accuracies.
    pub mean_accuracy: f64,
    /// Their standard deviation.
    pub deviation: f64,
    /// All messages together, at the mean threshold of the parts.
    pub evaluation: Evaluation,
}

/// One model that was trained without what it was tested on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Messages learned from.
    pub trained_on: usize,
    /// Messages tested on.
    pub tested_on: usize,
    /// Share of those in scope whose best intent is right.
    pub accuracy: f64,
    /// The model's threshold.
    pub threshold: f64,
}

/// Trains on parts of a bot's data and tests on the others.
pub fn run_validate(arguments: &ValidateArgs) -> anyhow::Result<ExitCode> {
    let options = TrainOptions { base: Base::source(arguments.base.as_ref()), ..learning_options(&arguments.learning) };
    let data = DataOptions { logs: arguments.logs.clone(), seed: options.seed, ..DataOptions::default() };
    let bot = BotRows::load(&arguments.bot, &data)?;
    let accepted = arguments.accepted_error.unwrap_or(bot.accepted_error_rate);
    let options = TrainOptions { accepted_error_rate: accepted, ..options };
    let (by, plans) = match arguments.split_time {
        Some(date) => ("time", vec![by_time(&bot, date)?]),
        None => ("folds", by_folds(&bot, arguments.folds, options.seed)?),
    };
    let validation = validate(&bot, &plans, &options, by)?;
    if let Some(path) = &arguments.html {
        let title = format!("{} validated by {}", arguments.bot.display(), by);
        write_whole(path, html::page(&title, &validation.evaluation, None)?.as_bytes())?;
    }
    let words = if arguments.json { format!("{}\n", serde_json::to_string(&validation)?) } else { table(&validation) };
    let _ = std::io::stdout().write_all(words.as_bytes());
    Ok(ExitCode::SUCCESS)
}

/// Which rows are tested on; all others are learned from.
#[derive(Debug, Clone, PartialEq)]
struct Plan {
    tested: Vec<bool>,
    /// Rows that are neither: weak labels and what came too late to be learned.
    ignored: Vec<bool>,
}

/// Cross-validation: rows of one conversation stay together, and weak labels are learned from but never tested on.
fn by_folds(bot: &BotRows, n_folds: usize, seed: u64) -> anyhow::Result<Vec<Plan>> {
    let key = |row: &Row| row.conversation.as_ref().map_or_else(|| row.text.clone(), |id| format!("talk {id}"));
    let keys: Vec<(String, Option<&str>)> = bot.rows.iter().map(|row| (key(row), row.intent.as_deref())).collect();
    let rows: Vec<(&str, Option<&str>)> = keys.iter().map(|(key, intent)| (key.as_str(), *intent)).collect();
    let testable = bot.rows.iter().filter(|row| row.origin != Origin::Weak).count();
    if testable < n_folds * 2 {
        bail!("there are {testable} labelled messages; {n_folds} folds need at least {}", n_folds * 2);
    }
    let fold_of = folds(&rows, n_folds, seed);
    let plan = |fold: usize| {
        let held = |(row, own): (&Row, &usize)| (*own == fold, *own == fold && row.origin == Origin::Weak);
        let (held, ignored): (Vec<bool>, Vec<bool>) = bot.rows.iter().zip(&fold_of).map(held).unzip();
        let tested = held.iter().zip(&ignored).map(|(held, ignored)| *held && !ignored).collect();
        Plan { tested, ignored }
    };
    Ok((0..n_folds).map(plan).collect())
}

/// Tests on labelled messages of conversations from a day on, and learns from all that came before.
fn by_time(bot: &BotRows, date: Date) -> anyhow::Result<Plan> {
    let from = date.in_tz("UTC").context("there is no such day")?.timestamp();
    let began = |row: &Row| -> Option<Timestamp> { *bot.began.get(row.conversation.as_ref()?)? };
    let late: Vec<bool> = bot.rows.iter().map(|row| began(row).is_some_and(|time| time >= from)).collect();
    let pairs = || bot.rows.iter().zip(&late);
    let tested: Vec<bool> = pairs().map(|(row, late)| *late && row.origin == Origin::Labelled).collect();
    let ignored = pairs().map(|(row, late)| *late && row.origin == Origin::Weak).collect();
    if !tested.contains(&true) {
        bail!(
            "no labelled message was said on {date} or later; time-split testing needs logs whose turns have `time` and `intent`"
        );
    }
    Ok(Plan { tested, ignored })
}

fn validate(bot: &BotRows, plans: &[Plan], options: &TrainOptions, by: &str) -> anyhow::Result<Validation> {
    let steps = Steps::new("training and testing", plans.len() * PARTS);
    let (mut parts, mut all) = (Vec::new(), Vec::new());
    for (index, plan) in plans.iter().enumerate() {
        let chosen = |learn: bool| {
            let flags = plan.tested.iter().zip(&plan.ignored);
            let rows = bot.rows.iter().zip(flags);
            let rows =
                rows.filter(move |(_, (tested, ignored))| if learn { !**tested && !**ignored } else { **tested });
            rows.map(|(row, _)| row.clone()).collect::<Vec<Row>>()
        };
        let (learned, tested) = (chosen(true), chosen(false));
        let trained_on = learned.len();
        let classifier = train(bot, learned, options, &|done| steps.reach(index * PARTS + done))?;
        let judged = judged(&classifier, &tested);
        let threshold = f64::from(classifier.threshold(options.accepted_error_rate));
        let accuracy = judge(&judged, threshold, f64::from(options.accepted_error_rate)).accuracy;
        parts.push(Part { trained_on, tested_on: tested.len(), accuracy, threshold });
        all.extend(judged);
    }
    steps.finish();
    let n = parts.len().max(1) as f64;
    let mean = |of: &dyn Fn(&Part) -> f64| parts.iter().map(of).sum::<f64>() / n;
    let mean_accuracy = mean(&|part| part.accuracy);
    let variance = mean(&|part| (part.accuracy - mean_accuracy).powi(2)) * n / (n - 1.0).max(1.0);
    let threshold = mean(&|part| part.threshold);
    let evaluation = judge(&all, threshold, f64::from(options.accepted_error_rate));
    Ok(Validation { by: by.to_owned(), mean_accuracy, deviation: variance.sqrt(), parts, evaluation })
}

/// Trains on some of a bot's rows; progress is told in parts of [`PARTS`].
pub(crate) fn train(
    bot: &BotRows,
    rows: Vec<Row>,
    options: &TrainOptions,
    tell: &dyn Fn(usize),
) -> anyhow::Result<Classifier> {
    let set = bot.set(split::split(rows, &bot.began, options.seed));
    enough(&set)?;
    let trained = model::train(&set, options, &mut |progress| {
        tell((progress.step * PARTS as u64 / progress.steps.max(1)) as usize);
        Control::Continue
    });
    tell(PARTS);
    Ok(trained?)
}

/// What a model says about rows.
pub(crate) fn judged(classifier: &Classifier, rows: &[Row]) -> Vec<Judged> {
    let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    let example =
        |row: &Row| Example { text: row.text.clone(), intent: row.intent.clone(), also: row.also.clone(), weight: 1.0 };
    rows.iter().zip(&predict(classifier, &texts)).map(|(row, said)| Judged::new(&example(row), said)).collect()
}

fn table(validation: &Validation) -> String {
    let mut out = report::table(&validation.evaluation);
    let mean = percent(validation.mean_accuracy);
    let how = match validation.parts.as_slice() {
        [only] => format!(
            "{mean} (trained on {} messages from before, tested on {} from after)",
            only.trained_on, only.tested_on
        ),
        parts => {
            let each: Vec<String> = parts.iter().map(|part| percent(part.accuracy)).collect();
            format!("{mean} ± {} ({} folds: {})", percent(validation.deviation), parts.len(), each.join(", "))
        }
    };
    out.push_str(&format!("\naccuracy {how}\n"));
    out
}

#[cfg(test)]
mod tests;
