//! How `compare` is called.

use std::path::PathBuf;

use clap::Args;

use super::numbers::share;

/// What `compare` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = COMPARE_EXAMPLES)]
pub struct CompareArgs {
    /// The model that is in use
    pub a: PathBuf,

    /// The model that may take its place
    pub b: PathBuf,

    /// Labelled messages that neither has learned from: JSONL {"text","intent"}; an intent of null is out of scope
    #[arg(long, value_name = "FILE")]
    pub test: PathBuf,

    /// Only the rows whose "split" field is NAME
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,

    /// The share of answers that may be wrong; both thresholds follow [default: each model's own]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub accepted_error: Option<f32>,

    /// Resamples of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub resamples: u32,

    /// The start of its randomness
    #[arg(long, value_name = "N", default_value_t = 17)]
    pub seed: u64,

    /// Write every message that changed as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print the comparison as JSON
    #[arg(long)]
    pub json: bool,
}

const COMPARE_EXAMPLES: &str = "\
Examples:
  compare old new --test test.jsonl                    which is better, and what changed
  compare old new --test test.jsonl --html diff.html   every message that changed, as a page

Significance is that of a paired bootstrap over the messages: p below 0.05. A message is served rightly when it is
answered rightly, or has no intent and is left to a person.

Exit codes: 0 fine, 1 the second model is significantly worse, 2 the call or the input is wrong.";
