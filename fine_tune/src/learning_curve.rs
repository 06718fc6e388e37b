//! `curve BOT`: accuracy against examples per intent, so that it shows whether writing more of them still pays.

use std::collections::{BTreeMap, HashSet};
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::bail;
use model::TrainOptions;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::args::{Base, CurveArgs};
use crate::dataset::{BotRows, DataOptions};
use crate::evaluate::judge;
use crate::events::write_whole;
use crate::folds::folds;
use crate::progress::Steps;
use crate::row::{Origin, Row, Rows, read_jsonl};
use crate::significance::wilson;
use crate::source::Source;
use crate::terminal::{columns, percent};
use crate::train::learning_options;
use crate::validate::{PARTS, judged, train};
use crate::web::{self, Cell};
use crate::{Error, plots};

/// One row in so many is tested on when there is no test file.
const TEST_SHARE: usize = 5;
/// Examples per intent that are tried, up to what there are.
const SIZES: [usize; 9] = [2, 5, 10, 20, 40, 80, 160, 320, 640];
/// All rows are at least so many times those of any other size.
const CLEAR: f64 = 1.3;
/// Doubling the examples pays when it brings at least this much.
const WORTH_IT: f64 = 0.01;

/// The report of `curve`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearningCurve {
    /// Messages tested on.
    pub tested_on: usize,
    /// From few examples to all.
    pub points: Vec<CurvePoint>,
    /// How much accuracy a doubling of the examples brought at the end of the curve.
    pub last_doubling: Option<f64>,
}

/// One model of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Most examples of each intent.
    pub per_intent: usize,
    /// Messages learned from in all.
    pub trained_on: usize,
    /// Share of messages in scope whose best intent is right.
    pub accuracy: f64,
    /// The 95 % interval of that share (Wilson).
    pub interval: [f64; 2],
    /// Share of messages answered at the accepted error rate.
    pub coverage: f64,
    /// Share of wrong ones among these.
    pub error: f64,
}

/// Trains on more and more of a bot's examples.
pub fn run_curve(arguments: &CurveArgs) -> anyhow::Result<ExitCode> {
    let options = TrainOptions { base: Base::source(arguments.base.as_ref()), ..learning_options(&arguments.learning) };
    let data = DataOptions { logs: arguments.logs.clone(), seed: options.seed, ..DataOptions::default() };
    let bot = BotRows::load(&arguments.bot, &data)?;
    let options = TrainOptions { accepted_error_rate: bot.accepted_error_rate, ..options };
    let (learned, tested) = match &arguments.test {
        Some(path) => (bot.rows.clone(), read_tests(path)?),
        None => hold_out(&bot, options.seed),
    };
    if tested.is_empty() {
        bail!("no message is left to test on: give a file with --test");
    }
    let curve = curve(&bot, &learned, &tested, &options)?;
    if let Some(path) = &arguments.html {
        write_whole(path, page(&format!("Learning curve of {}", arguments.bot.display()), &curve)?.as_bytes())?;
    }
    let words = if arguments.json { format!("{}\n", serde_json::to_string(&curve)?) } else { table(&curve) };
    let _ = std::io::stdout().write_all(words.as_bytes());
    Ok(ExitCode::SUCCESS)
}

fn read_tests(path: &std::path::Path) -> Result<Vec<Row>, Error> {
    let taught = Source::read(path).map(|source| read_jsonl(&source, Rows::All));
    let taught = taught.map_err(|problem| Error::Data(vec![problem]))?;
    if taught.problems.is_empty() { Ok(taught.rows) } else { Err(Error::Data(taught.problems)) }
}

/// Rows to learn from and rows to test on, which are never weakly labelled.
fn hold_out(bot: &BotRows, seed: u64) -> (Vec<Row>, Vec<Row>) {
    let rows: Vec<(&str, Option<&str>)> =
        bot.rows.iter().map(|row| (row.text.as_str(), row.intent.as_deref())).collect();
    let fold_of = folds(&rows, TEST_SHARE, seed);
    let talks: HashSet<&String> = bot
        .rows
        .iter()
        .zip(&fold_of)
        .filter(|(_, fold)| **fold == 0)
        .filter_map(|(row, _)| row.conversation.as_ref())
        .collect();
    let is_tested = |(row, fold): &(&Row, &usize)| match &row.conversation {
        Some(talk) => talks.contains(talk),
        None => **fold == 0,
    };
    let (tested, learned): (Vec<_>, Vec<_>) = bot.rows.iter().zip(&fold_of).partition(is_tested);
    let rows = |part: Vec<(&Row, &usize)>| part.into_iter().map(|(row, _)| row.clone()).collect::<Vec<Row>>();
    let tested = rows(tested).into_iter().filter(|row| row.origin != Origin::Weak).collect();
    (rows(learned), tested)
}

fn curve(bot: &BotRows, learned: &[Row], tested: &[Row], options: &TrainOptions) -> anyhow::Result<LearningCurve> {
    let ranks = ranks(learned, options.seed);
    let sizes = sizes(&ranks);
    let steps = Steps::new("training with more and more examples", sizes.len() * PARTS);
    let mut points = Vec::new();
    for (index, per_intent) in sizes.into_iter().enumerate() {
        let rows = learned.iter().zip(&ranks).filter(|(_, rank)| **rank < per_intent);
        let rows: Vec<Row> = rows.map(|(row, _)| row.clone()).collect();
        let trained_on = rows.len();
        let classifier = train(bot, rows, options, &|done| steps.reach(index * PARTS + done))?;
        let judged = judged(&classifier, tested);
        let threshold = f64::from(classifier.threshold(options.accepted_error_rate));
        let evaluation = judge(&judged, threshold, f64::from(options.accepted_error_rate));
        let right = (evaluation.accuracy * evaluation.in_scope as f64).round() as usize;
        points.push(CurvePoint {
            per_intent,
            trained_on,
            accuracy: evaluation.accuracy,
            interval: wilson(right, evaluation.in_scope),
            coverage: evaluation.operating_point.coverage,
            error: evaluation.operating_point.error,
        });
    }
    steps.finish();
    Ok(LearningCurve { tested_on: tested.len(), last_doubling: last_doubling(&points), points })
}

/// Examples per intent to try: each size adds enough rows to the one before to tell them apart.
fn sizes(ranks: &[usize]) -> Vec<usize> {
    let largest = ranks.iter().max().map_or(0, |rank| rank + 1);
    let rows = |size: usize| ranks.iter().filter(|rank| **rank < size).count();
    let clear = |size: &usize| *size < largest && rows(*size) as f64 * CLEAR < ranks.len() as f64;
    SIZES.into_iter().filter(clear).chain([largest]).collect()
}

/// The place of each row in a random order of its intent: the first examples are in every set.
fn ranks(rows: &[Row], seed: u64) -> Vec<usize> {
    let mut by_intent: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        by_intent.entry(row.intent.as_deref()).or_default().push(index);
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut ranks = vec![0; rows.len()];
    for mut of_intent in by_intent.into_values() {
        of_intent.shuffle(&mut random);
        of_intent.into_iter().enumerate().for_each(|(rank, row)| ranks[row] = rank);
    }
    ranks
}

/// How much accuracy a doubling of the rows brought at the end of the curve.
fn last_doubling(points: &[CurvePoint]) -> Option<f64> {
    let [.., before, last] = points else { return None };
    let doublings = (last.trained_on as f64 / before.trained_on.max(1) as f64).log2();
    (doublings > 0.0).then(|| (last.accuracy - before.accuracy) / doublings)
}

impl LearningCurve {
    /// What the curve says to whoever writes examples.
    fn advice(&self) -> String {
        match self.last_doubling {
            Some(gain) if gain >= WORTH_IT => {
                format!("the last doubling of examples brought {:+.1} points: writing more still pays", gain * 100.0)
            }
            Some(gain) => format!(
                "the last doubling of examples brought {:+.1} points: more of the same hardly pays; mend labels and confusions instead",
                gain * 100.0
            ),
            None => "too few sizes to tell whether more examples pay".to_owned(),
        }
    }
}

fn table(curve: &LearningCurve) -> String {
    let row = |point: &CurvePoint| {
        let [low, high] = point.interval.map(|share| share * 100.0);
        vec![
            point.per_intent.to_string(),
            point.trained_on.to_string(),
            percent(point.accuracy),
            format!("{low:.1} to {high:.1}"),
            percent(point.coverage),
            percent(point.error),
        ]
    };
    let rows: Vec<Vec<String>> = curve.points.iter().map(row).collect();
    let head = ["examples per intent", "in all", "accuracy", "95 % interval", "answered", "wrong answers"];
    format!("{}\ntested on {} messages; {}\n", columns(&head, &rows), curve.tested_on, curve.advice())
}

fn page(title: &str, curve: &LearningCurve) -> Result<String, Error> {
    let mut body = String::new();
    let plot = plots::learning(curve)?;
    body.push_str(&format!("<p>{}</p><figure>{plot}</figure>", web::escape(&curve.advice())));
    let row = |point: &CurvePoint| {
        let [low, high] = point.interval.map(web::percent);
        let accuracy = format!("{} ({low} to {high})", web::percent(point.accuracy));
        let shares = [point.coverage, point.error].map(web::percent);
        let counts = [point.per_intent, point.trained_on].map(|count| count.to_string());
        counts.into_iter().chain([accuracy]).chain(shares).map(Cell::number).collect()
    };
    let rows: Vec<Vec<Cell>> = curve.points.iter().map(row).collect();
    let head = ["Examples per intent", "In all", "Accuracy (95 % interval)", "Answered", "Wrong answers"];
    web::table(&mut body, "Accuracy by examples", &head, &rows);
    Ok(web::page(title, &body))
}

#[cfg(test)]
mod tests;
