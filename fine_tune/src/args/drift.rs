//! How `drift` is called.

use std::path::PathBuf;

use clap::Args;

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

    /// The model that says what messages mean and which of them it answers [default: the labels in the logs]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<PathBuf>,

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
  drift --before march.jsonl --after april.jsonl                  by the labels in the logs
  drift --before march.jsonl --after april.jsonl --model model    by what the model understands

Significance is that of 2,000 random exchanges of whole conversations; * marks what chance does not explain (p below
0.05, corrected over the intents).";
