//! The table of `optimise`, for a terminal and as JSON.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::terminal::{columns, percent};

/// The report of `optimise`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Optimised {
    /// The model that was made lighter.
    pub model: PathBuf,
    /// Where the lighter one is.
    pub light: PathBuf,
    /// What the figures come from.
    pub judged_on: JudgedOn,
    /// Rows of the test.
    pub rows: Option<usize>,
    /// The model as it was, then each step on top of those before.
    pub steps: Vec<Step>,
}

/// Which messages accuracy, calibration error and answers were counted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JudgedOn {
    /// Those that were held out when the model, or the heads of a lighter one, learned.
    HeldOut,
    /// Those of `--test`.
    Test,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What was done.
    pub step: String,
    /// The version that came of it.
    pub version: String,
    /// Its files.
    pub disk_bytes: u64,
    /// Memory of a process that answers with it, where the system tells.
    pub memory_bytes: Option<u64>,
    /// Median time of one message alone.
    pub message_ms: f64,
    /// Share of messages in scope whose best intent is right.
    pub accuracy: f64,
    /// What this step took from the accuracy.
    pub lost: f64,
    /// Expected calibration error.
    pub calibration_error: f64,
    /// Share of messages answered at the accepted error rate.
    pub answered: f64,
    /// Share of wrong ones among these.
    pub wrong: f64,
}

/// The whole report for a terminal.
pub(super) fn table(optimised: &Optimised) -> String {
    let head = ["step", "disk", "memory", "one message", "accuracy", "lost", "calibration error", "answered", "wrong"];
    let row = |(index, step): (usize, &Step)| {
        let lost = if index == 0 { String::new() } else { format!("{:+.2}", step.lost * 100.0) };
        let memory = step.memory_bytes.map_or_else(|| "–".to_owned(), megabytes);
        let time = format!("{:.2} ms", step.message_ms);
        let shares = [step.calibration_error, step.answered, step.wrong].map(percent);
        let first = [step.step.clone(), megabytes(step.disk_bytes), memory, time, percent(step.accuracy), lost];
        first.into_iter().chain(shares).collect()
    };
    let rows: Vec<Vec<String>> = optimised.steps.iter().enumerate().map(row).collect();
    let judged = match (optimised.judged_on, optimised.rows) {
        (JudgedOn::Test, Some(rows)) => format!("on {rows} messages of the test"),
        _ => "on messages held out from training".to_owned(),
    };
    let light = optimised.light.display();
    format!(
        "{}\naccuracy, calibration error, answered and wrong: {judged}\n\nnext: see what changed, then put it to work\n  \
         frontdesk compare {} {light} --test FILE.jsonl\n",
        columns(&head, &rows),
        optimised.model.display()
    )
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
