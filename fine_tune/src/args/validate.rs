//! How `validate` is called.

use std::path::PathBuf;

use clap::Args;

use super::base::base;
use super::numbers::share;
use super::{Base, LearningArgs};

/// What `validate` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = VALIDATE_EXAMPLES)]
pub struct ValidateArgs {
    /// The bot folder
    pub bot: PathBuf,

    /// Train so many models, each without a part of the data that it is then tested on
    #[arg(long, value_name = "K", default_value = "5", value_parser = folds)]
    pub folds: usize,

    /// Train until this day and test on labelled messages of the logs from it on, instead of folds
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "folds", value_parser = day)]
    pub split_time: Option<jiff::civil::Date>,

    /// More conversations in the log format (may be given several times); the bot's own logs/ are always read
    #[arg(long, value_name = "FILE")]
    pub logs: Vec<PathBuf>,

    /// What to start from: a BERT-family checkpoint in Hugging Face layout, a base that `distil` wrote, or `none` to learn
    /// from the bot's data alone [default: shipped, the small bilingual base that comes with the program]
    #[arg(long, value_name = "DIR|none|shipped", value_parser = base)]
    pub base: Option<Base>,

    #[command(flatten)]
    pub learning: LearningArgs,

    /// The share of answers that may be wrong; the threshold follows [default: the bot's own, else 0.05]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub accepted_error: Option<f32>,

    /// Write the whole report as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

const VALIDATE_EXAMPLES: &str = "\
Examples:
  validate my-bot                              five models, each tested on a fifth it has not learned from
  validate my-bot --folds 10 --html cv.html    ten of them, with confusion pairs and curves, as a page
  validate my-bot --split-time 2026-04-01      trained until March, tested on the logs from April on

Messages of one conversation are never on both sides, and weak labels are never tested on.";

fn folds(value: &str) -> Result<usize, String> {
    let number: usize = value.parse().map_err(|_| "must be a number from 2 to 100, such as 5".to_owned())?;
    if (2..=100).contains(&number) { Ok(number) } else { Err("must be from 2 to 100, such as 5".to_owned()) }
}

fn day(value: &str) -> Result<jiff::civil::Date, String> {
    value.parse().map_err(|_| "must be a day, such as 2026-04-01".to_owned())
}
