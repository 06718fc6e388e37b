//! How `predict` is called.

use std::path::PathBuf;

use clap::Args;

use super::numbers::share;

/// What `predict` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = PREDICT_EXAMPLES)]
pub struct PredictArgs {
    /// The model folder that `train` wrote
    pub model: PathBuf,

    /// Messages: JSONL {"text"}; standard input when left out or `-`
    pub input: Option<PathBuf>,

    /// The share of answers that may be wrong; the threshold follows [default: the model's own]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub accepted_error: Option<f32>,

    /// How many intents each ranking holds
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub top: u16,

    /// Say which words spoke for the best intent and against it, and the nearest training examples
    #[arg(long)]
    pub explain: bool,
}

const PREDICT_EXAMPLES: &str = "\
Example:
  echo '{\"text\":\"where is my parcel\"}' | predict model

A line that cannot be read is named on standard error and the others are still answered; the exit code is then 2.";
