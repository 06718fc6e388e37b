//! How `curve` is called.

use std::path::PathBuf;

use clap::Args;

use super::base::base;
use super::{Base, LearningArgs};

/// What `curve` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = CURVE_EXAMPLES)]
pub struct CurveArgs {
    /// The bot folder
    pub bot: PathBuf,

    /// Labelled messages to test on [default: a fifth of the bot's own]
    #[arg(long, value_name = "FILE")]
    pub test: Option<PathBuf>,

    /// More conversations in the log format (may be given several times); the bot's own logs/ are always read
    #[arg(long, value_name = "FILE")]
    pub logs: Vec<PathBuf>,

    /// What to start from: a BERT-family checkpoint in Hugging Face layout, a base that `distil` wrote, or `none` to learn
    /// from the bot's data alone [default: shipped, the small bilingual base that comes with the program]
    #[arg(long, value_name = "DIR|none|shipped", value_parser = base)]
    pub base: Option<Base>,

    #[command(flatten)]
    pub learning: LearningArgs,

    /// Write the curve as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print the curve as JSON
    #[arg(long)]
    pub json: bool,
}

const CURVE_EXAMPLES: &str = "\
Examples:
  curve my-bot                       accuracy with 2, 5, 10, … examples per intent and with all
  curve my-bot --test test.jsonl     tested on messages of a file
  curve my-bot --encoder ngrams      quicker, and nearly the same curve";
