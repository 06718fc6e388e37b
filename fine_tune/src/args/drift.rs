//! How `drift` is called.

use std::path::PathBuf;

use clap::Args;

use super::Base;
use super::base::base;

/// What `drift` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = DRIFT_EXAMPLES)]
pub struct DriftArgs {
    /// Conversations of the earlier time (may be given several times)
    #[arg(long, value_name = "FILE", required = true)]
    pub before: Vec<PathBuf>,

    /// Conversations of the later time (may be given several times)
    #[arg(long, value_name = "FILE", required = true)]
    pub after: Vec<PathBuf>,

    /// The model that says what messages mean and which of them it answers [default: the labels in the
    /// logs, or groups of messages that mean the like where there are none]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<PathBuf>,

    /// Whose vectors say what messages mean, where they are grouped: a base that `distil` wrote, a BERT-family checkpoint in
    /// Hugging Face layout, or `none` for no groups [default: shipped, the base that comes with the program]
    #[arg(long, value_name = "DIR|none|shipped", value_parser = base)]
    pub base: Option<Base>,

    /// The start of the random exchanges
    #[arg(long, value_name = "N", default_value_t = 17)]
    pub seed: u64,

    /// Exit with 1 when something has changed that chance does not explain: for scripts
    #[arg(long)]
    pub require_stable: bool,

    /// Write the whole report as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

const DRIFT_EXAMPLES: &str = "\
Examples:
  drift --before march.jsonl --after april.jsonl                  by the labels in the logs, or by groups
  drift --before march.jsonl --after april.jsonl --model model    by what the model understands

Significance is that of 2,000 random exchanges of whole conversations; * marks what chance does not explain (p below
0.05, corrected over the intents).";
